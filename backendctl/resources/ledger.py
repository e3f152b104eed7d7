"""What a stage has served, release by release: the memory that `history` and `rollback` read.

A deployment tells of a definition and a version of a function, but nothing in AWS tells which of them served
together. So whatever turns a stage over writes it into one SSM parameter per stage and region, whose own history AWS
keeps: the last hundred values.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import ClientError, is_missing
from backendctl.resources import lambda_reads
from backendctl.resources.api_reads import list_deployments
from backendctl.resources.releases import facts_of

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_FOUND = "found"
LIVE = frozenset({"deploy", "promote", "rollback", _FOUND})
"""What an entry may be when all requests go to what it names; the others tell of a canary."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Route:
    """A stage variable leads to a function through an alias.

    Attributes:
        variable: None when the definition spells the alias out.
        physical: the function's name in AWS. alias: the plain one.
    """

    variable: str | None
    physical: str
    alias: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Entry:
    """What a stage serves from a moment on.

    Attributes:
        how: deploy, promote, rollback; found: it was there before anybody wrote; or canary, shift, abort.
        time: UTC, ISO 8601, of the writing; of a "found" one, of its youngest part.
        commit, by: whose release it is; empty when unknown.
        definition: digest, None for a deployment that is not ours. deployment: id.
        versions: "function:plain alias" → version number.
        percent: the canary's share of the requests, for entries that tell of a canary.
    """

    how: str
    time: str = ""
    commit: str = ""
    by: str = ""
    definition: str | None = None
    deployment: str = ""
    versions: dict[str, str] = field(default_factory=dict)
    percent: float | None = None

    @property
    def is_live(self) -> bool:
        """Whether all requests go to what it names."""
        return self.how in LIVE

    def serves_like(self, other: Entry) -> bool:
        """Whether the same answers: deployment and versions."""
        return (self.deployment, self.versions) == (other.deployment, other.versions)


def path(backend: str, stage: str) -> str:
    """The parameter's name.

    Args:
        stage: or an alias that no stage leads to, such as "places:live"; a parameter's name takes no colon.
    """
    return f"/backendctl/{backend}/releases/{stage.replace(':', '/')}"


def read(aws: Aws, region: str, stage: str) -> list[Entry]:
    """Everything that is remembered of a stage, the newest first."""
    pages = aws.ssm(region).get_paginator("get_parameter_history")
    try:
        found = [
            (item["Version"], _entry(item.get("Value", "")))
            for page in pages.paginate(Name=path(aws.backend, stage))
            for item in page["Parameters"]
        ]
    except ClientError as error:
        if is_missing(error):
            return []
        raise
    return [entry for _, entry in sorted(found, key=lambda pair: -pair[0]) if entry is not None]


def write(aws: Aws, region: str, stage: str, entry: Entry) -> None:
    """Add an entry; the same as the newest one is not written again, so that a repeated command tells nothing twice."""
    newest = _newest(aws, region, stage)
    if newest is not None and replace(newest, time=entry.time) == entry:
        return
    if entry.how != _FOUND:
        entry = replace(entry, time=datetime.now(tz=UTC).strftime("%Y-%m-%dT%H:%M:%SZ"))
    aws.ssm(region).put_parameter(
        Name=path(aws.backend, stage),
        Value=json.dumps({key: value for key, value in asdict(entry).items() if value}, separators=(",", ":")),
        Type="String",
        Tier="Intelligent-Tiering",  # a backend of a hundred functions has more than 4 KB to tell
        Overwrite=True,
    )


def note_found(aws: Aws, region: str, stage: str, serving: Entry) -> None:
    """Before a stage turns over: what it serves now, unless that is what was written last of all that served."""
    last = next((entry for entry in read(aws, region, stage) if entry.is_live), None)
    if last is None or not last.serves_like(serving):
        write(aws, region, stage, serving)


def describe(
    aws: Aws,
    region: str,
    api_id: str,
    *,
    deployment: str,
    variables: Mapping[str, str],
    routes: Iterable[Route],
    how: str,
) -> Entry:
    """The entry for a deployment behind these variables; time, commit and author are those of its youngest part."""
    told = {item["id"]: item.get("description", "") for item in list_deployments(aws, region, api_id)}
    facts = [facts_of(told.get(deployment, ""))]
    versions: dict[str, str] = {}
    for route in routes:
        alias = lambda_reads.aliases(aws, region, route.physical).get(qualifier(route, variables))
        if alias is None:
            continue
        versions[f"{route.physical}:{route.alias}"] = alias.version
        published = {version.number: version for version in lambda_reads.versions(aws, region, route.physical)}
        if alias.version in published:
            facts.append(facts_of(published[alias.version].description))
    youngest = max(facts, key=lambda each: each.get("time", ""))
    return Entry(
        how=how,
        time=youngest.get("time", ""),
        commit=youngest.get("commit", ""),
        by=youngest.get("by", ""),
        definition=facts[0].get("definition"),
        deployment=deployment,
        versions=versions,
    )


def of_version(
    aws: Aws, region: str, *, physical: str, alias: str, number: str, how: str, percent: float | None = None
) -> Entry:
    """The entry for an alias that no stage leads to, at one version of its function."""
    published = {version.number: version for version in lambda_reads.versions(aws, region, physical)}
    facts = facts_of(published[number].description) if number in published else {}
    return Entry(
        how=how,
        time=facts.get("time", ""),
        commit=facts.get("commit", ""),
        by=facts.get("by", ""),
        versions={f"{physical}:{alias}": number},
        percent=percent,
    )


def qualifier(route: Route, variables: Mapping[str, str]) -> str:
    """The alias that a route leads to now; a variable may hold "function:alias" (A28)."""
    if route.variable is None:
        return route.alias
    return variables.get(route.variable, route.alias).rpartition(":")[2]


def forget(aws: Aws, region: str, stage: str) -> None:
    """The stage is gone, and what it served with it."""
    try:
        aws.ssm(region).delete_parameter(Name=path(aws.backend, stage))
    except ClientError as error:
        if not is_missing(error):
            raise


def _newest(aws: Aws, region: str, stage: str) -> Entry | None:
    try:
        found = aws.ssm(region).get_parameter(Name=path(aws.backend, stage))["Parameter"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    return _entry(found.get("Value", ""))


def _entry(text: str) -> Entry | None:
    """An entry as it was written; None for what another hand wrote: unknown words, or values of other types."""
    try:
        value: dict[str, Any] = json.loads(text)
        entry = Entry(**{key: item for key, item in value.items() if item is not None})
    except (ValueError, TypeError, AttributeError):
        return None
    return entry if _is_sound(entry) else None


def _is_sound(entry: Entry) -> bool:
    words = (entry.how, entry.time, entry.commit, entry.by, entry.definition or "", entry.deployment)
    versions: Any = entry.versions
    return (
        all(isinstance(word, str) for word in words)
        and isinstance(versions, dict)
        and all(isinstance(number, str) for number in versions.values())
        and isinstance(entry.percent, int | float | None)
        and not isinstance(entry.percent, bool)
    )
