"""Which earlier release a stage goes back to, read from the ledger."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.engine.resource import address
from backendctl.errors import RefusedError, UsageError
from backendctl.resources import lambda_reads, ledger
from backendctl.resources.api_reads import list_deployments
from backendctl.resources.turn import ROLLBACK

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.release.running import Serving


@dataclass(frozen=True, kw_only=True, slots=True)
class Way:
    """One stage in one region, and the release it is to go back to."""

    one: Serving
    target: ledger.Entry


def choose(backend: Backend, found: Sequence[Serving], *, to: str | None) -> list[Way]:
    """Where each stage goes back to, the same release in every region.

    Args:
        to: a commit, "FUNCTION:VERSION", or None for the release before the present one.

    Raises:
        RefusedError: a canary runs, a region does not know that release, or some of it has been pruned.
        UsageError: there is no such function.
    """
    reasons = [
        f"a canary runs on {address(one.region, 'stage', one.stage)}: abort-canary gives its requests back"
        for one in found
        if one.canary is not None
    ]
    ways: list[Way] = []
    for one in [] if reasons else found:
        present = now(backend, one)
        entries = [entry for entry in ledger.read(backend.aws, one.region, one.stage) if entry.is_live]
        target = before(entries, present) if to is None else _named(backend, entries, to)
        if target is None:
            what = "no release before the present one" if to is None else f"no release {to}"
            reasons.append(f"{address(one.region, 'stage', one.stage)} remembers {what}")
        else:
            reasons += _gone(backend, one, target)
            ways.append(Way(one=one, target=target))
    reasons += _disagreement(ways)
    if reasons:
        raise RefusedError(reasons, hint="look at what there is: backendctl history")
    return ways


def now(backend: Backend, one: Serving) -> ledger.Entry:
    """What a stage serves now, beside any canary."""
    if not one.api_id:
        (route,) = one.routes
        number = lambda_reads.aliases(backend.aws, one.region, route.physical)[route.alias].version
        return ledger.of_version(
            backend.aws, one.region, physical=route.physical, alias=route.alias, number=number, how="found"
        )
    return ledger.describe(
        backend.aws,
        one.region,
        one.api_id,
        deployment=one.deployment,
        variables=one.variables,
        routes=one.routes,
        how="found",
    )


def before(entries: Sequence[ledger.Entry], present: ledger.Entry) -> ledger.Entry | None:
    """The release before the present one; one that was rolled back from is never the way back.

    Args:
        entries: the newest first.
    """
    trail: list[ledger.Entry] = []
    for entry in reversed(entries):
        known = next((place for place, earlier in enumerate(trail) if earlier.serves_like(entry)), None)
        if known is not None and entry.how == ROLLBACK:
            del trail[known + 1 :]
        elif not (trail and trail[-1].serves_like(entry)):
            trail.append(entry)
    while trail and trail[-1].serves_like(present):
        trail.pop()
    return trail[-1] if trail else None


def _named(backend: Backend, entries: Sequence[ledger.Entry], to: str) -> ledger.Entry | None:
    function, _, version = to.rpartition(":")
    if function or (version.isdigit() and _only_function(backend)):
        physical = _physical(backend, function) if function else _only_function(backend)
        return next(
            (
                entry
                for entry in entries
                for name, number in entry.versions.items()
                if name.partition(":")[0] == physical and number == version
            ),
            None,
        )
    return next((entry for entry in entries if entry.commit and entry.commit.startswith(to)), None)


def _only_function(backend: Backend) -> str:
    functions = backend.spec.functions_in(backend.spec.regions[0])
    return functions[0].physical if len(functions) == 1 else ""


def _physical(backend: Backend, name: str) -> str:
    for function in backend.spec.functions_in(backend.spec.regions[0]):
        if name in {function.name, function.physical}:
            return function.physical
    raise UsageError(f"--to: the spec has no function {name!r}")


def _gone(backend: Backend, one: Serving, target: ledger.Entry) -> Iterator[str]:
    """What of a release is not there any more."""
    if one.api_id and target.deployment not in {d["id"] for d in list_deployments(backend.aws, one.region, one.api_id)}:
        yield f"{address(one.region, 'stage', one.stage)}: deployment {target.deployment} of that release is gone"
    for name, number in target.versions.items():
        physical = name.partition(":")[0]
        if number not in {version.number for version in lambda_reads.versions(backend.aws, one.region, physical)}:
            yield f"{one.region}: version {number} of {physical} is gone"


def _disagreement(ways: Sequence[Way]) -> Iterator[str]:
    """Every region says the same, also after a rollback."""
    by_stage: dict[str, dict[tuple[str, str | None], list[str]]] = {}
    for way in ways:
        release = (way.target.commit, way.target.definition)
        by_stage.setdefault(way.one.stage, {}).setdefault(release, []).append(way.one.region)
    for stage, releases in by_stage.items():
        if len(releases) > 1:
            told = "; ".join(
                f"{', '.join(regions)} to commit {commit or '?'}, definition {definition or '?'}"
                for (commit, definition), regions in releases.items()
            )
            yield f"stage {stage} would go back to different releases: {told}. Name one with --to, or a region with -r"
