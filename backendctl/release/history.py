"""Every release of every stage, across regions, from the ledgers."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import explain
from backendctl.errors import BackendctlError
from backendctl.release.targets import now
from backendctl.resources import ledger

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.release.running import Serving


@dataclass(kw_only=True, slots=True)
class Release:
    """One release of one stage, as far as the regions remember it.

    Attributes:
        time: UTC, ISO 8601, of the first region that wrote it.
        percent: the canary's share, for what tells of a canary.
        versions: region → "function:alias" → version number.
        live: regions whose stage serves it now.
    """

    stage: str
    how: str
    time: str
    commit: str
    by: str
    definition: str | None
    percent: float | None
    versions: dict[str, dict[str, str]] = field(default_factory=dict)
    live: list[str] = field(default_factory=list)


@dataclass(frozen=True, kw_only=True, slots=True)
class History:
    """All releases, the newest first. unreadable: regions that did not answer."""

    backend: str
    regions: tuple[str, ...]
    releases: tuple[Release, ...]
    unreadable: dict[str, BackendctlError]


def history(backend: Backend, found: Sequence[Serving]) -> History:
    """Read every stage's ledger in every region, in parallel."""
    failed: dict[str, BackendctlError] = {}

    def ask(one: Serving) -> tuple[Serving, list[ledger.Entry], ledger.Entry | None]:
        try:
            return one, ledger.read(backend.aws, one.region, one.stage), now(backend, one)
        except Exception as error:  # noqa: BLE001  # one region's failure is that region's
            failed[one.region] = explain(error, doing=f"read {one.region}/history")
            return one, [], None

    with ThreadPoolExecutor(max_workers=backend.settings.workers, thread_name_prefix="history") as pool:
        told = list(pool.map(ask, found))
    return History(
        backend=backend.spec.backend,
        regions=backend.spec.regions,
        releases=tuple(_merged(told)),
        unreadable=failed,
    )


def _merged(told: Sequence[tuple[Serving, Sequence[ledger.Entry], ledger.Entry | None]]) -> list[Release]:
    """The same event of several regions is one release; the newest come first."""
    releases: list[Release] = []
    for one, entries, present in told:
        live = next((e for e in entries if present is not None and e.is_live and e.serves_like(present)), None)
        used: set[int] = set()
        for entry in reversed(entries):
            place = _place(releases, one, entry, used)
            if place is None:
                releases.append(_release(one, entry))
                place = len(releases) - 1
            used.add(place)
            releases[place].versions[one.region] = entry.versions
            if entry is live:
                releases[place].live.append(one.region)
    ordered = sorted(enumerate(releases), key=lambda pair: (pair[1].time, pair[0]), reverse=True)
    return [release for _, release in ordered]


def _place(releases: Sequence[Release], one: Serving, entry: ledger.Entry, used: set[int]) -> int | None:
    """The event of another region that is the same one: the first that fits and is not taken yet."""
    facts = (one.stage, entry.how, entry.commit, entry.definition, entry.percent)
    for place, release in enumerate(releases):
        known = (release.stage, release.how, release.commit, release.definition, release.percent)
        if place not in used and one.region not in release.versions and known == facts:
            return place
    return None


def _release(one: Serving, entry: ledger.Entry) -> Release:
    return Release(
        stage=one.stage,
        how=entry.how,
        time=entry.time,
        commit=entry.commit,
        by=entry.by,
        definition=entry.definition,
        percent=entry.percent,
    )


def history_document(found: History) -> dict[str, Any]:
    """The JSON document of `history`: the same keys for ever."""
    return {
        "backend": found.backend,
        "releases": [
            {
                "time": release.time,
                "stage": release.stage,
                "how": release.how,
                "percent": release.percent,
                "commit": release.commit,
                "by": release.by,
                "definition": release.definition,
                "regions": {
                    region: {"live": region in release.live, "versions": versions}
                    for region, versions in release.versions.items()
                },
            }
            for release in found.releases
        ],
    }
