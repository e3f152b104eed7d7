"""A canary of Lambda's own: an alias that shares its calls between two versions (B28), for what has no stage.

Like a stage's canary it is no part of a spec's desired state; it comes and goes with the verbs of a release.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.wait import settle
from backendctl.engine.resource import address
from backendctl.errors import BackendctlError
from backendctl.resources import lambda_reads, lambda_waits, ledger
from backendctl.resources.alias import RUNNING, mark, owner_in
from backendctl.resources.canary import Canary
from backendctl.resources.prewarm import prewarm

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class Share:
    """The canary of one alias in one region; its name in addresses is "places:live".

    Attributes:
        physical: the function's name in AWS. alias: the alias's own name.
        managed: the settings that take part in the release id. warm_input, warm_count: as `Alias` has them.
        requires: addresses of what has to be done first.
        base, number: live only: the two versions' numbers.
        release: id of the release that gets the share, None leaves it.
        percent: its share of the calls; None leaves it alone.
    """

    kind: ClassVar[str] = Canary.kind
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    alias: str = field(compare=False)
    managed: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    warm_input: str | None = field(default=None, compare=False, repr=False)
    warm_count: int = field(default=1, compare=False, repr=False)
    requires: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    base: str = field(default="", compare=False)
    number: str = field(default="", compare=False)
    release: str | None = None
    percent: float | None = None

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """None: a spec asks for no canary."""
        del world
        return ()

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list of aliases and one of versions per function; None without weights."""
        found = lambda_reads.aliases(aws, desired.region, desired.physical).get(desired.alias)
        if found is None or not found.weights:
            return None
        (number, weight), *_ = found.weights.items()
        versions = {version.number: version for version in lambda_reads.versions(aws, desired.region, desired.physical)}
        version = versions.get(number)
        carries = version is not None and desired.release and version.carries(desired.release, desired.managed)
        return replace(
            desired,
            owner=owner_in(found.description),
            base=found.version,
            number=number,
            release=desired.release if carries else (version.release if version else None) or f"version {number}",
            percent=round(weight * 100, 4),
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: what no command names is left alone."""
        del aws, region
        return ()

    def needs(self) -> frozenset[str]:
        """The function, whose version it names."""
        return self.requires | {address(self.region, "function", self.name.partition(":")[0])}

    def create(self, aws: Aws) -> None:
        """The version answers the warmer first; then one UpdateAlias."""
        version = lambda_reads.newest(
            lambda_reads.versions(aws, self.region, self.physical), self.release or "", self.managed
        )
        found = lambda_reads.aliases(aws, self.region, self.physical).get(self.alias)
        if version is None or found is None:
            raise BackendctlError(
                f"{self.physical} in {self.region} has no {'version of this release' if found else 'alias'} yet",
                hint="run the same command again",
            )
        state = lambda_waits.settled(aws, self.region, self.physical, version=version.number)
        lambda_waits.refuse_failed(state["Configuration"], region=self.region)
        if self.warm_input is not None:
            payload, count = self.warm_input, self.warm_count
            prewarm(aws, self.region, self.physical, version=version.number, payload=payload, count=count)
        self._note(aws, "found", found.version)
        self._weigh(aws, {version.number: self._weight})
        self._note(aws, "canary", version.number, percent=self.percent)

    def update(self, aws: Aws, live: Self) -> None:
        """Another share.

        Raises:
            BackendctlError: the alias shares its calls with another release.
        """
        if self.release is not None and self.release != live.release:
            raise BackendctlError(
                f"{address(self.region, 'alias', self.name)} shares its calls with another release, {live.release}",
                hint="end it first: backendctl abort-canary",
            )
        self._weigh(aws, {live.number: self._weight})
        self._note(aws, "shift", live.number, percent=self.percent)

    def delete(self, aws: Aws) -> None:
        """All calls go to the base again."""
        self._weigh(aws, {})
        self._note(aws, "abort", self.base)
        settle(aws, f"{self.name} to be the same everywhere")

    def shifted(self, percent: float, *, requires: frozenset[str]) -> Self:
        """The same with another share, whatever it shows."""
        return replace(self, release=None, percent=percent, requires=requires)

    @property
    def _weight(self) -> float:
        return (self.percent or 0.0) / 100

    def _weigh(self, aws: Aws, weights: dict[str, float]) -> None:
        description = f"{mark(aws.backend)} {RUNNING}" if weights else mark(aws.backend)
        routing: Any = {"AdditionalVersionWeights": weights}  # B29: always sent
        aws.lambda_(self.region).update_alias(
            FunctionName=self.physical, Name=self.alias, Description=description, RoutingConfig=routing
        )
        aws.forget("lambda-aliases", self.region, self.physical)
        found = lambda_reads.aliases(aws, self.region, self.physical)[self.alias]
        if found.weights != weights:
            raise BackendctlError(
                f"{address(self.region, 'alias', self.name)} is not what was asked for: somebody else changes it",
                hint="look at it: backendctl canary-status",
            )

    def _note(self, aws: Aws, how: str, number: str, *, percent: float | None = None) -> None:
        entry = ledger.of_version(
            aws, self.region, physical=self.physical, alias=self.alias, number=number, how=how, percent=percent
        )
        if how == "found":
            ledger.note_found(aws, self.region, self.name, entry)
        else:
            ledger.write(aws, self.region, self.name, entry)
