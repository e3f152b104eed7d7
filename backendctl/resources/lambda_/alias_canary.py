"""A canary of Lambda's own: an alias that splits its traffic between two versions (B28), for what has no stage.

Like a stage's canary it is no part of a spec's desired state; it comes and goes with the operations of a release.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.wait import settle
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.resource import address
from backendctl.engine.traits import Traits
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import served
from backendctl.resources.apigateway.stage_writes import changed_fields
from backendctl.resources.canary_operations import KIND, EndOf, ShiftOf
from backendctl.resources.lambda_ import lambda_reads, lambda_waits
from backendctl.resources.lambda_.alias_mark import AliasMark, mark, read_mark
from backendctl.resources.lambda_.prewarm import prewarm
from backendctl.resources.ssm import release_claim
from backendctl.resources.ssm.release_record import Record

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasCanary:
    """The canary that an alias has now; its name in addresses is "places:live".

    Attributes:
        physical: the function's name in AWS. alias: the alias's own name.
        base, number: the two versions' numbers.
        tag: of the canary's release, base_tag: of what it stands beside; empty when unknown.
        release: id of the release that has the share, "version 7" when it is none of ours.
        percent: its share of the calls.
    """

    region: str
    name: str
    owner: str | None
    physical: str
    alias: str
    base: str = ""
    number: str = ""
    tag: str = ""
    base_tag: str = ""
    release: str = ""
    percent: float = 0.0

    @classmethod
    def of_alias(cls, aws: Aws, region: str, *, name: str, physical: str, alias: str) -> Self | None:
        """From one list of aliases and one of versions per function; None without weights."""
        found = lambda_reads.aliases(aws, region, physical).get(alias)
        if found is None or not found.weights:
            return None
        (number, weight), *_ = found.weights.items()
        versions = {version.number: version for version in lambda_reads.versions(aws, region, physical)}
        version = versions.get(number)
        told = read_mark(found.description) or AliasMark(owner="")
        return cls(
            region=region,
            name=name,
            owner=told.owner or None,
            physical=physical,
            alias=alias,
            base=found.version,
            number=number,
            tag=told.next,
            base_tag=told.release,
            release=(version.release if version else None) or f"version {number}",
            percent=round(weight * 100, 4),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasCanaryStart:
    """A share of an alias's calls for the version of a release.

    Attributes:
        managed: the settings that take part in the release id. warm_input, warm_count: as `Alias` has them.
        requires: addresses of what has to be done first. entry: of the release log.
        release: id of the release that gets the share. percent: its share of the calls.
    """

    kind: ClassVar[str] = KIND
    action: ClassVar[Action] = Action.CREATE
    taken_back: ClassVar[str] = "backendctl abort-canary"
    traits: ClassVar[Traits] = Traits(of_release=True)

    region: str
    name: str
    physical: str
    alias: str
    release: str
    managed: frozenset[str] = field(default=frozenset(), repr=False)
    warm_input: str | None = field(default=None, repr=False)
    warm_count: int = field(default=1, repr=False)
    requires: frozenset[str] = field(default=frozenset(), repr=False)
    entry: Record | None = field(default=None, repr=False)
    percent: float = 0.0

    def needs(self) -> frozenset[str]:
        """The function, whose version it names."""
        return self.requires | {address(self.region, "function", self.name.partition(":")[0])}

    def running(self, aws: Aws) -> AliasCanary | None:
        """The canary that the alias has, as this plan has read it."""
        return AliasCanary.of_alias(aws, self.region, name=self.name, physical=self.physical, alias=self.alias)

    def is_on(self, aws: Aws, running: AliasCanary) -> bool:
        """Whether the canary that runs is that release."""
        versions = {v.number: v for v in lambda_reads.versions(aws, self.region, self.physical)}
        version = versions.get(running.number)
        return version is not None and version.carries(self.release, self.managed)

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What it shows, unless it is on."""
        running = self.running(aws)
        after = {"release": self.release, "percent": self.percent}
        if running is None:
            return tuple(changed_fields({}, after))
        if self.is_on(aws, running):
            return ()
        return tuple(changed_fields({"release": running.release, "percent": running.percent}, after))

    def run(self, aws: Aws) -> None:
        """The version answers the warmer first; then one UpdateAlias."""
        versions = lambda_reads.versions(aws, self.region, self.physical)
        version = lambda_reads.newest(versions, self.release, self.managed)
        aws.forget("lambda-aliases", self.region, self.physical)
        found = lambda_reads.aliases(aws, self.region, self.physical).get(self.alias)
        if version is None or found is None:
            raise BackendctlError(
                f"{self.physical} in {self.region} has no {'version of this release' if found else 'alias'} yet",
                hint="run the same command again",
            )
        if found.weights:
            raise _moved(self.region, self.name)
        state = lambda_waits.settled(aws, self.region, self.physical, version=version.number)
        lambda_waits.refuse_failed(state["Configuration"], region=self.region)
        if self.warm_input is not None:
            payload, count = self.warm_input, self.warm_count
            prewarm(aws, self.region, self.physical, version=version.number, payload=payload, count=count)
        if self.entry is not None:
            note(aws, self.region, self.entry, {f"{self.physical}:{self.alias}": version.number})
        told = read_mark(found.description)
        _weigh(
            aws,
            self,
            {version.number: self.percent / 100},
            mark(aws.backend, release=told.release if told else "", canary=self.entry.tag if self.entry else ""),
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasShift(ShiftOf[AliasCanary]):
    """Another share of an alias's calls for the canary that runs."""

    def run(self, aws: Aws) -> None:
        """One UpdateAlias, only while the same canary runs."""
        _refuse_other(aws, self.canary)
        if self.entry is not None:
            note(aws, self.region, self.entry, {})
        description = mark(aws.backend, release=self.canary.base_tag, canary=self.canary.tag)
        _weigh(aws, self.canary, {self.canary.number: self.percent / 100}, description)


@dataclass(frozen=True, kw_only=True, slots=True)
class AliasCanaryEnd(EndOf[AliasCanary]):
    """All calls go to the baseline again."""

    def run(self, aws: Aws) -> None:
        """One UpdateAlias; a canary that has gone is no error."""
        aws.forget("lambda-aliases", self.region, self.canary.physical)
        found = lambda_reads.aliases(aws, self.region, self.canary.physical).get(self.canary.alias)
        if found is None or not found.weights:
            return
        _refuse_other(aws, self.canary)
        if self.entry is not None:
            note(aws, self.region, self.entry, {})
        _weigh(aws, self.canary, {}, mark(aws.backend, release=self.canary.base_tag))
        settle(aws, f"{self.name} to be the same everywhere")


def note(aws: Aws, region: str, entry: Record, numbers: Mapping[str, str]) -> None:
    """Into the release log, before it serves. numbers: "physical:alias" → version number."""
    found = served.by_versions(aws, region, numbers)
    release_claim.ready(aws, region, replace(entry, versions=found.versions, codes=found.codes), adds=True)


def _refuse_other(aws: Aws, canary: AliasCanary) -> None:
    aws.forget("lambda-aliases", canary.region, canary.physical)
    now = AliasCanary.of_alias(aws, canary.region, name=canary.name, physical=canary.physical, alias=canary.alias)
    if now is None:
        raise BackendctlError(
            f"the canary of {address(canary.region, 'alias', canary.name)} has ended meanwhile",
            hint="look at it: backendctl canary-status",
        )
    if (now.base, now.number, now.tag) != (canary.base, canary.number, canary.tag):
        raise _moved(canary.region, canary.name)


def _weigh(aws: Aws, at: AliasCanary | AliasCanaryStart, weights: dict[str, float], description: str) -> None:
    """On the condition that nobody has moved it since it was looked at; and read back."""
    client = aws.lambda_(at.region)
    seen = client.get_alias(FunctionName=at.physical, Name=at.alias)
    guard: Any = {"RevisionId": seen["RevisionId"]} if seen.get("RevisionId") else {}
    routing: Any = {"AdditionalVersionWeights": weights}  # B29: always sent
    client.update_alias(
        FunctionName=at.physical, Name=at.alias, Description=description, RoutingConfig=routing, **guard
    )
    aws.forget("lambda-aliases", at.region, at.physical)
    found = lambda_reads.aliases(aws, at.region, at.physical)[at.alias]
    if found.weights != weights:
        raise _moved(at.region, at.name)


def _moved(region: str, name: str) -> BackendctlError:
    return BackendctlError(
        f"{address(region, 'alias', name)} is not what was looked at: somebody else changes it",
        hint="look at it: backendctl canary-status; then run the same command again",
    )
