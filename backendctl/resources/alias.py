"""An alias of a function: what traffic names, so that a release is a pointer that moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.errors import ClientError, code_of, is_missing, says
from backendctl.aws.wait import settle
from backendctl.engine.resource import address
from backendctl.errors import BackendctlError
from backendctl.resources import lambda_reads, lambda_waits, ledger
from backendctl.resources.alias_names import names_of, qualified, slots_of
from backendctl.resources.function import Function
from backendctl.resources.prewarm import prewarm
from backendctl.resources.world import SLOTS
from backendctl.spec.model import Function as Spec
from backendctl.spec.model import Warm

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.world import World

RUNNING = "canary"
"""Follows the mark in the description of an alias that shares its calls in a canary of ours (see `share`)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Alias:
    """One alias; its name in addresses is "places:version1-a".

    Attributes:
        physical: the function's name in AWS. alias: the alias's own name.
        managed: the settings that take part in the release id.
        warm_input: JSON sent to a version before traffic gets to it; None sends nothing.
        warm_count: in so many calls at once.
        turned_to: a slot that a stage turns to as soon as it stands.
        how: what the ledger is told of a move of an alias that no stage leads to; empty tells nothing.
        shared: whether a canary of ours has a share of its calls; live only.
        after: addresses of the slots and stages that must have moved first, and of the tables that must be there.
        release: id of the release it points to, None leaves it where it is; live: "version 7" or "$LATEST" when
            what it points to is no release of ours.
        version: number of the version it points to, for what goes back to a version rather than on to a release.
        weights: shares of further versions; none but for a canary that is one of Lambda's own (A78).
        description: the mark of ownership, for aliases have no tags (B32).
    """

    kind: ClassVar[str] = "alias"
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
    turned_to: bool = field(default=False, compare=False, repr=False)
    after: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    how: str = field(default="", compare=False, repr=False)
    shared: bool = field(default=False, compare=False)

    release: str | None = None
    version: str | None = None
    weights: dict[str, float] | None = None
    description: str | None = None

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """Two slots and the plain name of each staged alias, and the aliases no stage variable names."""
        for region in world.spec.regions:
            for spec in world.spec.functions_in(region):
                yield from cls._of_function(world, region, spec)

    @classmethod
    def _of_function(cls, world: World, region: str, spec: Spec) -> Iterator[Self]:
        names = names_of(world, region, spec)
        function = Function.wanted(world, region, spec)
        # No traffic, nor the warmer's input, for code whose data is not there yet: a replica takes minutes.
        tables = frozenset(
            address(region, kind, table.name) for table in world.spec.tables for kind in ("table", "replica")
        )
        for alias, links in names.staged.items():
            choice = world.slots[region, spec.physical, alias]
            for slot in SLOTS:
                keep = slot != choice.target and choice.idle_exists
                yield cls._wanted(
                    function,
                    f"{alias}-{slot}",
                    release=None if keep else function.release,
                    # Environments belong to a version, so the other slot of a first deploy is warm with it.
                    warm=spec.warm if slot == choice.target else None,
                    turned_to=slot == choice.target,
                    after=tables,
                )
            before = {address(region, "stage", link.stage.name) for link in links}
            before |= {address(region, "alias", qualified(spec.name, slot)) for slot in slots_of(alias)}
            yield cls._wanted(function, alias, release=function.release, after=tables | before)
        for alias in names.plain:
            yield cls._wanted(function, alias, release=function.release, after=tables)

    @classmethod
    def _wanted(
        cls,
        function: Function,
        alias: str,
        *,
        release: str | None,
        warm: Warm | None = None,
        turned_to: bool = False,
        after: frozenset[str] = frozenset(),
    ) -> Self:
        return cls(
            region=function.region,
            name=qualified(function.name, alias),
            owner=function.owner,
            physical=function.physical,
            alias=alias,
            managed=function.managed,
            warm_input=warm.event(warm.instances) if warm else None,
            warm_count=warm.instances if warm else 1,
            turned_to=turned_to,
            after=after,
            release=release,
            weights={},
            description=mark(function.owner or ""),
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list of aliases and one of versions per function."""
        if desired.physical not in lambda_reads.functions(aws, desired.region):
            return None
        found = lambda_reads.aliases(aws, desired.region, desired.physical).get(desired.alias)
        return None if found is None else cls._live(aws, desired.region, desired.physical, found, desired)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those of our functions that carry our mark."""
        for physical, name in lambda_reads.ours(aws, region).items():
            for found in lambda_reads.aliases(aws, region, physical).values():
                if owner_in(found.description) == aws.backend:
                    yield cls._live(aws, region, physical, found, qualified(name, found.name))

    @classmethod
    def _live(cls, aws: Aws, region: str, physical: str, found: lambda_reads.AliasInfo, wanted: Self | str) -> Self:
        desired = None if isinstance(wanted, str) else wanted
        shared = found.description.endswith(f" {RUNNING}")
        return cls(
            region=region,
            name=wanted if isinstance(wanted, str) else wanted.name,
            owner=owner_in(found.description),
            physical=physical,
            alias=found.name,
            release=lambda_reads.release_behind(
                aws,
                region,
                physical,
                found.version,
                release=desired.release if desired else None,
                managed=desired.managed if desired else frozenset(),
            ),
            version=found.version,
            shared=shared,
            weights={} if shared else found.weights,  # a canary's own business, which no plan but its own is to end
            description=found.description.removesuffix(f" {RUNNING}"),
        )

    def needs(self) -> frozenset[str]:
        """The function, whose version it names, and its data; the plain name of a staged alias moves last."""
        return self.after | {address(self.region, "function", self.name.partition(":")[0])}

    def create(self, aws: Aws) -> None:
        """Made on a version that is Active (B25) and answers; one of ours that exists by now is moved instead."""
        version = self._ready_version(aws)
        try:
            aws.lambda_(self.region).create_alias(FunctionName=self.physical, FunctionVersion=version, **self._rest())
        except ClientError as error:
            if not (code_of(error).endswith("ConflictException") and says(error, code_of(error), "already exists")):
                raise  # B27
            live = type(self).read(aws, self)
            if live is None or live.owner != self.owner:
                raise
            self._move(aws, version)
        aws.forget("lambda-aliases", self.region, self.physical)
        self._settle(aws)

    def update(self, aws: Aws, live: Self) -> None:
        """Moved in one call, with the weights of anybody else taken off (B29)."""
        moves = self._differs(live, "release") or self._differs(live, "version")
        if live.shared and self.version is None:
            raise BackendctlError(
                f"a canary has a share of the calls of {self.physical}:{self.alias} in {self.region}",
                hint="promote it or end it first: backendctl canary-status",
            )
        self._move(aws, self._ready_version(aws) if moves else None)
        if moves:
            self._settle(aws)

    def delete(self, aws: Aws) -> None:
        """Nobody reaches the function by this name any more."""
        if not lambda_reads.still_named(aws, self.region, self.physical, self.name.partition(":")[0]):
            return
        try:
            aws.lambda_(self.region).delete_alias(FunctionName=self.physical, Name=self.alias)
        except ClientError as error:
            if not is_missing(error):
                raise

    def _differs(self, live: Self, name: str) -> bool:
        wanted = getattr(self, name)
        return wanted is not None and wanted != getattr(live, name)

    def _settle(self, aws: Aws) -> None:
        """Alias moves and stage changes reach AWS's hosts at different moments (A51): this one has to be first."""
        if self.turned_to:
            settle(aws, f"{self.name} to be the same everywhere")

    def _move(self, aws: Aws, version: str | None) -> None:
        target: Any = {} if version is None else {"FunctionVersion": version}
        aws.lambda_(self.region).update_alias(FunctionName=self.physical, **target, **self._rest())
        aws.forget("lambda-aliases", self.region, self.physical)
        if self.how and version is not None:
            entry = ledger.of_version(
                aws, self.region, physical=self.physical, alias=self.alias, number=version, how=self.how
            )
            ledger.write(aws, self.region, self.name, entry)

    def _rest(self) -> dict[str, Any]:
        return {
            "Name": self.alias,
            "Description": self.description or "",
            "RoutingConfig": {"AdditionalVersionWeights": self.weights or {}},  # B29: always sent
        }

    def _ready_version(self, aws: Aws) -> str:
        """The number of the version that is this release, once it is Active and has answered the warmer's input.

        The version is asked before the alias moves: what cannot answer the warmer gets no traffic, and the next run
        asks again.
        """
        number = self.version or self._released(aws)
        found = lambda_waits.settled(aws, self.region, self.physical, version=number)
        lambda_waits.refuse_failed(found["Configuration"], region=self.region)
        lambda_waits.tell_if_not_optimized(found["Configuration"])
        if self.warm_input is not None:
            payload, count = self.warm_input, self.warm_count
            prewarm(aws, self.region, self.physical, version=number, payload=payload, count=count)
        return number

    def _released(self, aws: Aws) -> str:
        published = lambda_reads.versions(aws, self.region, self.physical)
        version = lambda_reads.newest(published, self.release or "", self.managed)
        if version is None:
            raise BackendctlError(
                f"{self.physical} in {self.region} has no version of release {self.release or '(none)'}",
                hint="run the same command again, without --only, so that the function is published first",
            )
        return version.number


def mark(backend: str) -> str:
    """The description of an alias of ours."""
    return f"backendctl:{backend}"


def owner_in(description: str) -> str | None:
    """The backend whose mark the description of an alias carries."""
    first = description.split(" ", 1)[0]
    return first.removeprefix("backendctl:") if first.startswith("backendctl:") else None
