"""Every release, across regions, from the release log; what serves is told by the stages themselves."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.aws.regions import each
from backendctl.errors import BackendctlError, unreachable_data
from backendctl.release.live import release_of
from backendctl.release.log_reading import Logs
from backendctl.release.releasing import Releasing
from backendctl.release.running import Serving, look_behind
from backendctl.release.targets import now, split
from backendctl.resources.ssm.release_record import Event, Record, State

if TYPE_CHECKING:
    from backendctl.backend import Backend


@dataclass(frozen=True, kw_only=True, slots=True)
class Release:
    """One release of one or several stages.

    Attributes:
        stages: or aliases. what: "rollback to v5", "canary, promoted". event: deploy, canary, rollback or found.
        time: UTC, ISO 8601. author: of the commit. operator: who released it.
        before: number of the release that served; None for none. like: of the one it returns to.
        percent: the canary's last share.
        versions: region → "function:alias" → version number. live: regions whose stages serve it now.
        unfinished: regions where something is left to be done for it.
    """

    number: int
    stages: tuple[str, ...]
    event: str
    what: str
    time: str
    commit: str
    author: str
    operator: str
    definition: str | None
    before: int | None
    like: int | None
    percent: float | None
    versions: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    live: tuple[str, ...] = ()
    unfinished: tuple[str, ...] = ()


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """All releases, the newest first.

    Attributes:
        strange: regions and stages that serve what is no release, as they are named in addresses.
        damaged: regions with entries that cannot be read. unreachable: regions that did not answer.
    """

    backend: str
    regions: tuple[str, ...]
    releases: tuple[Release, ...]
    strange: tuple[str, ...] = ()
    damaged: tuple[str, ...] = ()
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)


def history(backend: Backend, found: Sequence[Serving], *, newest: int | None = None) -> History:
    """Every release of these stages.

    Args:
        newest: only so many.
    """
    releasing = Releasing(aws=backend.aws, context=backend.context, workers=backend.settings.workers)
    logs = releasing.logs()
    failed = {region: error for region, error in logs.unreachable.items() if region in backend.spec.regions}
    strange: list[str] = []
    live: dict[int, set[str]] = {}

    places = {one.address: one for one in found}
    look_behind(backend, found)

    def ask(place: str) -> Record | None:
        one = places[place]
        return release_of(logs, one.region, one.stage, one.tag, now(backend, one))

    served, silent = each(
        list(places), ask, workers=backend.settings.workers, doing=lambda place: f"read {places[place].region}/history"
    )
    failed |= {places[place].region: error for place, error in silent.items()}
    for place, serving in served.items():
        if serving is None:
            strange.append(place)
        else:
            live.setdefault(serving.number, set()).add(places[place].region)
    stages = {one.stage for one in found}
    on = {split(one.canary.tag) for one in found if one.canary is not None}
    told = [entry for entry in reversed(logs.releases()) if not found or stages & set(entry.targets)]
    return History(
        backend=backend.spec.backend,
        regions=backend.spec.regions,
        releases=tuple(_release(logs, entry, live, on) for entry in told[:newest]),
        strange=tuple(sorted(strange)),
        damaged=tuple(region for region, log in logs.regions.items() if log.damaged),
        unreachable=failed,
    )


def _release(logs: Logs, entry: Record, live: Mapping[int, set[str]], on: set[int | None]) -> Release:
    known = logs.numbered(entry.number)
    steps = [step for log in logs.regions.values() for step in log.canary_steps(entry.number)]
    serving = live.get(entry.number, set())
    percents = [step.percent for step in steps if step.event is Event.SHIFT and step.percent is not None]
    return Release(
        number=entry.number,
        stages=entry.targets,
        event=str(entry.event),
        what=_what(entry, steps, on=entry.number in on),
        time=entry.time,
        commit=entry.commit,
        author=entry.author,
        operator=entry.operator,
        definition=entry.definition,
        before=entry.before,
        like=entry.like,
        percent=percents[-1] if percents else entry.percent,
        versions={region: record.versions for region, record in known.items()},
        live=tuple(region for region in logs.regions if region in serving),
        unfinished=tuple(region for region, record in known.items() if record.state in {State.CLAIMED, State.READY}),
    )


def _what(entry: Record, steps: Sequence[Record], *, on: bool) -> str:
    if entry.event is Event.ROLLBACK:
        return f"rollback to v{entry.like}" if entry.like is not None else "rollback"
    if entry.event is not Event.CANARY:
        return str(entry.event)
    percents = [step.percent for step in steps if step.event is Event.SHIFT and step.percent is not None]
    percent = percents[-1] if percents else entry.percent
    if any(step.event is Event.PROMOTE for step in steps):
        return "canary, promoted"
    if any(step.event is Event.ABORT for step in steps):
        return "canary, aborted"
    if not on:
        return "canary, ended"
    return "canary" if percent is None else f"canary {percent:g} %"


def history_document(found: History) -> dict[str, Any]:
    """The JSON document of `history`: the same keys for ever."""
    return {
        "backend": found.backend,
        "unreachable": unreachable_data(found.unreachable),
        "releases": [
            {
                "release": release.number,
                "time": release.time,
                "stages": list(release.stages),
                "event": release.event,
                "what": release.what,
                "percent": release.percent,
                "before": release.before,
                "restores": release.like,
                "commit": release.commit,
                "author": release.author,
                "operator": release.operator,
                "definition": release.definition,
                "regions": {
                    region: {
                        "live": region in release.live,
                        "finished": region not in release.unfinished,
                        "versions": dict(versions),
                    }
                    for region, versions in release.versions.items()
                },
            }
            for release in found.releases
        ],
        "no_release": list(found.strange),
        "damaged": list(found.damaged),
    }
