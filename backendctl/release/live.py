"""What serves now, held against the release log: which release that is, or that no release is it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from backendctl.resources.apigateway import served
from backendctl.resources.apigateway.api_reads import require_api, stages
from backendctl.resources.apigateway.served import Served
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.ssm.release_record import VARIABLE, Event, Record, State, split_tag, token_of

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.resource import Resource
    from backendctl.release.log_reading import Logs
    from backendctl.release.releasing import Releasing
    from backendctl.resources.ssm.release_log import RegionLog


def release_of(logs: Logs, region: str, target: str, tag: str, found: Served) -> Record | None:
    """The release that serves: by its tag, if that is what serves; without a tag, the newest that is the same.

    Args:
        tag: in the stage or the alias; empty for none.
    """
    log = logs.regions.get(region)
    if log is None:
        return None
    told = split_tag(tag)
    if told is not None:
        entry = log.release(told[0])
        return entry if entry is not None and entry.token == told[1] and is_same(entry, target, found) else None
    return next((e for e in reversed(log.releases()) if target in e.targets and is_same(e, target, found)), None)


def is_same(entry: Record, target: str, found: Served) -> bool:
    """Whether that release is what serves a stage or an alias."""
    if ":" in target:
        return all(entry.versions.get(key) == number for key, number in found.versions.items())
    if entry.deployments:  # of several stages, each with its own
        told = {key: entry.versions.get(key) for key in found.versions}
        return (entry.deployment_of(target), told) == (found.deployment, found.versions)
    return (entry.deployment, entry.versions) == (found.deployment, found.versions)


def served_now(aws: Aws, live: Resource, log: RegionLog | None = None) -> Served:
    """What a live stage or alias serves. log: see `served.by_stage`."""
    if isinstance(live, Alias):
        return served.by_versions(aws, live.region, {f"{live.physical}:{live.alias}": live.version or ""})
    if not isinstance(live, Stage):
        raise TypeError(live)
    api_id = require_api(aws, live.region, live.api)
    stage = stages(aws, live.region, api_id)[live.name]
    variables = {key: value for key, value in (stage.get("variables") or {}).items() if key != VARIABLE}
    return served.by_stage(
        aws,
        live.region,
        api_id,
        deployment=stage.get("deploymentId", ""),
        variables=variables,
        routes=live.routes,
        log=log,
    )


def tag_of(live: Resource) -> str:
    """The tag in a live stage or alias; empty for none."""
    if isinstance(live, Stage):
        return live.release or ""
    return (live.tag or "") if isinstance(live, Alias) else ""


def drifted(releasing: Releasing, logs: Logs, lives: Sequence[Resource], target: str) -> bool:
    """Whether what serves a stage or an alias in some region is no release that the log knows."""
    return any(
        release_of(logs, live.region, target, tag_of(live), served_now(releasing.aws, live, log)) is None
        for live in lives
        if live.name == target and (log := logs.regions.get(live.region)) is not None
    )


def found_entries(
    releasing: Releasing, lives: Sequence[Resource], target: str, *, index: int, number: int
) -> dict[str, Record]:
    """What serves now as a release of its own, so that there is a way back to it."""
    here = [live for live in lives if live.name == target]
    entries: dict[str, Record] = {}
    for live in here:
        found = served_now(releasing.aws, live)
        entries[live.region] = Record(
            index=index,
            number=number,
            event=Event.FOUND,
            token=token_of(str(Event.FOUND), target, number),
            targets=(target,),
            regions=tuple(one.region for one in here),
            time=found.time,
            commit=found.commit,
            author=found.author,
            deployment=found.deployment,
            definition=found.definition,
            localised=found.localised,
            versions=found.versions,
            codes=found.codes,
            state=State.DONE,
        )
    return entries


def number_before(
    logs: Logs, lives: Sequence[Resource], targets: Sequence[str], earlier: Mapping[str, Sequence[Record]]
) -> int | None:
    """Number of the release that serves before a new one."""
    found = [e.number for entries in earlier.values() for e in entries if set(e.targets) & set(targets)]
    found += [told[0] for live in lives if live.name in targets and (told := split_tag(tag_of(live)))]
    if not found:
        lived = [e.number for log in logs.regions.values() for target in targets for e in log.lived(target)]
        found = lived
    return max(found, default=None)
