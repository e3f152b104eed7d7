"""What one release has that another has not: the definition, and each function's configuration and code."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.api.taken import OPEN, Routes, routes
from backendctl.aws.errors import ClientError, is_missing
from backendctl.engine.diff import plain
from backendctl.errors import BackendctlError, UsageError, unreachable_data
from backendctl.release.log_reading import Logs
from backendctl.release.releasing import Releasing
from backendctl.resources.apigateway.api_reads import find_api
from backendctl.resources.apigateway.served import short_code
from backendctl.resources.lambda_ import lambda_reads, lambda_settings
from backendctl.secrets import digest
from backendctl.whole import whole

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.resources.ssm.release_record import Record

_ENVIRONMENT = "environment"


@dataclass(frozen=True, kw_only=True, slots=True)
class Difference:
    """One thing that differs in one region.

    Attributes:
        what: "definition", or a function's name. field: empty for the digest of the definition; else its route.
        before, after: as they are shown; values of the environment are hidden. None for what was not there.
    """

    region: str
    what: str
    field: str
    before: Any
    after: Any


@dataclass(frozen=True, kw_only=True, slots=True)
class Comparison:
    """Two releases.

    Attributes:
        regions: where both are remembered. gone: what cannot be compared any more, one line each.
        unreachable: regions that did not answer.
    """

    before: int
    after: int
    regions: tuple[str, ...]
    differences: tuple[Difference, ...]
    gone: tuple[str, ...]
    unreachable: Mapping[str, BackendctlError] = field(default_factory=dict)


def compare(backend: Backend, before: str, after: str) -> Comparison:
    """Hold two releases against each other, region by region.

    Args:
        before, after: "v5" or "5".

    Raises:
        UsageError: there is no such release. BackendctlError: no region that answered knows it.
    """
    logs = Releasing(aws=backend.aws, context=backend.context, workers=backend.settings.workers).logs()
    first, second = _number(logs, before), _number(logs, after)
    known = (logs.numbered(first), logs.numbered(second))
    regions = tuple(r for r in backend.spec.regions if r in known[0] and r in known[1])
    silent = {region: error for region, error in logs.unreachable.items() if region in backend.spec.regions}
    if not regions:
        raise UsageError(f"no region remembers both v{first} and v{second}", hint="see them: backendctl history")
    gone: list[str] = []
    found = [d for r in regions for d in _of_region(backend, r, known[0][r], known[1][r], gone)]
    return Comparison(
        before=first, after=second, regions=regions, differences=tuple(found), gone=tuple(gone), unreachable=silent
    )


def _number(logs: Logs, told: str) -> int:
    number = whole(told.lower().removeprefix("v"))
    if number is not None and logs.numbered(number):
        return number
    if logs.unreachable:  # which may be those that know it
        raise next(iter(logs.unreachable.values()))
    raise UsageError(f"there is no release {told!r}", hint="see the releases: backendctl history")


def _of_region(backend: Backend, region: str, one: Record, other: Record, gone: list[str]) -> Iterator[Difference]:
    if one.definition != other.definition:
        yield Difference(region=region, what="definition", field="", before=one.definition, after=other.definition)
        yield from _routes(backend, region, one, other, gone)
    keys = sorted({*one.versions, *other.versions})
    changed = {key.rpartition(":")[0] for key in keys if one.versions.get(key) != other.versions.get(key)}
    lambda_reads.read_ahead(backend.aws, {(region, physical) for physical in changed}, lambda_reads.versions)
    for key in keys:
        physical = key.rpartition(":")[0]
        name = physical.removeprefix(f"{backend.spec.backend}-")
        numbers = one.versions.get(key), other.versions.get(key)
        if numbers[0] == numbers[1]:
            continue
        sides = [_settings(backend, region, physical, number) for number in numbers]
        for number, side in zip(numbers, sides, strict=True):
            if number is not None and side is None:
                gone.append(f"{region}: version {number} of {physical} is gone")
        yield Difference(region=region, what=name, field="version", before=numbers[0], after=numbers[1])
        if sides[0] is not None and sides[1] is not None:
            yield from _fields(region, name, sides[0], sides[1])


def _routes(backend: Backend, region: str, one: Record, other: Record, gone: list[str]) -> Iterator[Difference]:
    """The routes that only one of the two has, or that ask other callers; AWS exports no deployment by itself (A20)."""
    api_id = find_api(backend.aws, region, backend.spec.api.name) if backend.spec.api is not None else None
    if api_id is None or not (one.deployment and other.deployment):
        return
    sides: list[Routes] = []
    for record in (one, other):
        try:
            sides.append(routes(backend.aws, region, api_id, record.deployment))
        except ClientError as error:
            if not is_missing(error):
                raise
            gone.append(f"{region}: deployment {record.deployment} of v{record.number} is gone")
    if len(sides) != len((one, other)):
        return
    before, after = ({key: _callers(asked) for key, asked in side.items()} for side in sides)
    for method, path in sorted({*before, *after}, key=lambda key: (key[1], key[0])):
        was, now = before.get((method, path)), after.get((method, path))
        if was != now:
            yield Difference(region=region, what="definition", field=f"{method} {path}", before=was, after=now)
    gone.append(f"{region}: of deployments AWS tells only the routes; `backendctl plan` compares what is served whole")


def _callers(asked: Mapping[str, Any]) -> str:
    """Whom a route lets in."""
    kind = str(asked.get("authorizationType", OPEN))
    told = "open" if kind == OPEN else kind
    return f"{told} with an API key" if asked.get("apiKeyRequired") else told


def _settings(backend: Backend, region: str, physical: str, number: str | None) -> dict[str, Any] | None:
    versions = lambda_reads.versions(backend.aws, region, physical)
    version = next((one for one in versions if one.number == number), None)
    if version is None:
        return None
    settings = {
        key: plain(value) for key, value in lambda_settings.settings_of(version.config, image=version.image).items()
    }
    settings["code"] = short_code(version.code_sha256) or settings["code"]
    hidden: Mapping[str, str] = settings.pop(_ENVIRONMENT)
    return settings | {f"{_ENVIRONMENT}.{key}": digest(value, of=key) for key, value in hidden.items()}


def _fields(region: str, name: str, before: Mapping[str, Any], after: Mapping[str, Any]) -> Iterator[Difference]:
    for key in sorted({*before, *after}):
        if before.get(key) != after.get(key):
            yield Difference(region=region, what=name, field=key, before=before.get(key), after=after.get(key))


def comparison_document(found: Comparison) -> dict[str, Any]:
    """The JSON document of `diff`: the same keys for ever."""
    return {
        "before": found.before,
        "after": found.after,
        "regions": list(found.regions),
        "differences": [
            {"region": d.region, "what": d.what, "field": d.field, "before": d.before, "after": d.after}
            for d in found.differences
        ],
        "gone": list(found.gone),
        "unreachable": unreachable_data(found.unreachable),
    }


def comparison_lines(found: Comparison) -> list[str]:
    """For people: a line per difference; regions that differ alike share it."""
    alike: dict[tuple[str, str, str, str], list[str]] = {}
    for one in found.differences:
        told = (one.what, one.field, _shown(one.before), _shown(one.after))
        alike.setdefault(told, []).append(one.region)
    lines = [
        f"{' '.join(word for word in (what, field) if word)}: {before} → {after}{_where(found.regions, regions)}"
        for (what, field, before, after), regions in alike.items()
    ]
    return [*(lines or [f"v{found.before} and v{found.after} are the same."]), *found.gone]


def _shown(value: Any) -> str:
    return "none" if value in (None, "", [], {}) else str(value)


def _where(all_regions: Sequence[str], regions: Sequence[str]) -> str:
    return "" if set(regions) == set(all_regions) else f"  ({', '.join(regions)})"
