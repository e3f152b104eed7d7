"""An alias of a function: what traffic names, so that a release is a pointer that moves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from functools import partial
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.crew import together
from backendctl.aws.errors import ClientError, code_of, is_missing, says
from backendctl.aws.wait import settle
from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.errors import BackendctlError
from backendctl.resources.apigateway import served
from backendctl.resources.apigateway.api_reads import find_api, list_stages
from backendctl.resources.lambda_ import lambda_reads, lambda_waits
from backendctl.resources.lambda_.alias_mark import holding, mark, owner_in, read_mark
from backendctl.resources.lambda_.alias_names import names_of, qualified, slots_of
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.prewarm import prewarm
from backendctl.resources.ssm import release_claim
from backendctl.resources.ssm.release_record import Record
from backendctl.spec.model import SLOTS, FunctionSpec, Warm

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import AliasConfigurationResponseTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Alias:
    """One alias; its name in addresses is "places:version1-a".

    Attributes:
        physical: the function's name in AWS. alias: the alias's own name.
        managed: the settings that take part in the release id.
        warm_input: JSON sent to a version before traffic gets to it; None sends nothing.
        warm_count: in so many calls at once.
        turned_to: a slot that a stage turns to as soon as it stands.
        guard: name of an API and the stage variables that lead to this function: none of its stages may name the alias
            by them while it moves. None for an alias that is no slot.
        entry: the entry of the release log that its move is, where no stage leads to it.
        shared: whether a canary of ours has a share of its calls; live only.
        after: addresses of the slots and stages that must have moved first, and of the tables that must be there.
        release: id of the release it points to, None leaves it where it is; live: "version 7" or "$LATEST" when
            what it points to is no release of ours.
        version: number of the version it points to, for what goes back to a version rather than on to a release.
        weights: shares of further versions; none but for a canary that is one of Lambda's own (A78).
        tag: of the release it serves, which rides in its description; None leaves it alone, empty when it has none.
        description: the mark of ownership, for aliases have no tags (B32).
    """

    kind: ClassVar[str] = "alias"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(beside_canary=True, of_release=True, row=MatrixRow("function", base))

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
    guard: tuple[str, frozenset[str]] | None = field(default=None, compare=False, repr=False)
    entry: Record | None = field(default=None, compare=False, repr=False)
    shared: bool = field(default=False, compare=False)

    release: str | None = None
    version: str | None = None
    weights: dict[str, float] | None = None
    tag: str | None = None
    description: str | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """Two slots and the plain name of each staged alias, and the aliases no stage variable names."""
        for region in context.spec.regions:
            for spec in context.spec.functions_in(region):
                yield from cls._of_function(context, region, spec)

    @classmethod
    def _of_function(cls, context: DeployContext, region: str, spec: FunctionSpec) -> Iterator[Self]:
        names = names_of(context, region, spec)
        function = Function.wanted(context, region, spec)
        # No traffic, nor the warmer's input, for code whose data is not there yet: a replica takes minutes. Slots that
        # no stage names yet get neither before their stage is made, which waits for the data and warms them.
        tables = context.data_of(region)
        for alias in (*names.staged, *names.plain):
            if context.is_kept(region, spec.physical, alias):
                yield from cls._kept(context, function, spec, alias, staged=alias in names.staged)
        for alias, links in names.staged.items():
            if context.is_kept(region, spec.physical, alias):
                continue
            function = Function.behind_alias(context, region, spec, alias)
            choice = context.slots[region, spec.physical, alias]
            variables = frozenset(link.variable for link in links if link.variable is not None)
            guard = (context.spec.api.name, variables) if context.spec.api else None
            for slot in SLOTS:
                keep = slot != choice.target and choice.idle_exists
                yield cls._wanted(
                    function,
                    f"{alias}-{slot}",
                    release=None if keep else function.release,
                    # Environments belong to a version, so the other slot of a first deploy is warm with it.
                    warm=spec.warm if slot == choice.target and choice.has_stage else None,
                    turned_to=slot == choice.target,
                    guard=guard,
                    after=tables if choice.has_stage else frozenset(),
                )
            before = {address(region, "stage", link.stage.name) for link in links}
            before |= {address(region, "alias", qualified(spec.name, slot)) for slot in slots_of(alias)}
            yield cls._wanted(function, alias, release=function.release, after=tables | before)
        for alias in names.plain:
            function = Function.behind_alias(context, region, spec, alias)
            if not context.is_kept(region, spec.physical, alias):
                yield cls._wanted(function, alias, release=function.release, after=tables)

    @classmethod
    def _kept(
        cls, context: DeployContext, function: Function, spec: FunctionSpec, alias: str, *, staged: bool
    ) -> Iterator[Self]:
        """At the version that a pinned stage serves; the slot that is idle is left as it is."""
        key = (function.region, spec.physical, alias)
        version = context.versions[key]
        if staged:
            choice = context.slots[key]
            for slot in SLOTS:
                if slot == choice.target:
                    yield replace(cls._wanted(function, f"{alias}-{slot}", release=None), version=version)
                elif choice.idle_exists:
                    yield cls._wanted(function, f"{alias}-{slot}", release=None)
        yield replace(cls._wanted(function, alias, release=None), version=version)

    @classmethod
    def _wanted(
        cls,
        function: Function,
        alias: str,
        *,
        release: str | None,
        warm: Warm | None = None,
        turned_to: bool = False,
        guard: tuple[str, frozenset[str]] | None = None,
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
            guard=guard,
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

        def of_function(physical: str, name: str) -> list[Self]:
            return [
                cls._live(aws, region, physical, found, qualified(name, found.name))
                for found in lambda_reads.aliases(aws, region, physical).values()
                if owner_in(found.description) == aws.backend
            ]

        each = together(partial(of_function, *one) for one in lambda_reads.ours(aws, region).items())
        return [live for lives in each for live in lives]

    @classmethod
    def _live(cls, aws: Aws, region: str, physical: str, found: lambda_reads.AliasInfo, wanted: Self | str) -> Self:
        desired = None if isinstance(wanted, str) else wanted
        told = read_mark(found.description)
        shared = told is not None and told.canary and bool(found.weights)  # weights taken off by hand end a canary
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
            tag=told.release if told is not None else "",
            description=found.description if told is None else mark(told.owner),
        )

    def needs(self) -> frozenset[str]:
        """The function, whose version it names, and its data; the plain name of a staged alias moves last."""
        return self.after | {address(self.region, "function", self.name.partition(":")[0])}

    def create(self, aws: Aws) -> None:
        """Made on a version that is Active (B25) and answers; one of ours that exists by now is moved instead."""
        version = self._ready_version(aws)
        self._note(aws, version)
        try:
            aws.lambda_(self.region).create_alias(
                FunctionName=self.physical, FunctionVersion=version, **self._rest(self.tag or "", version, self.release)
            )
        except ClientError as error:
            if not (code_of(error).endswith("ConflictException") and says(error, code_of(error), "already exists")):
                raise  # B27
            aws.forget("lambda-aliases", self.region, self.physical)
            live = type(self).read(aws, self)
            if live is None or live.owner != self.owner:
                raise
            self._move(aws, version, live)
        aws.forget("lambda-aliases", self.region, self.physical)
        self._settle(aws)

    def update(self, aws: Aws, live: Self) -> None:
        """Moved in one call, with the weights of anybody else taken off (B29)."""
        moves = self._differs(live, "release") or self._differs(live, "version")
        if live.shared and self.version is None:
            raise BackendctlError(
                f"a canary gets part of the traffic of {self.physical}:{self.alias} in {self.region}",
                hint="promote it or end it first: backendctl canary-status",
            )
        self._move(aws, self._ready_version(aws) if moves else None, live)
        if moves:
            self._settle(aws)

    def delete(self, aws: Aws) -> None:
        """Nobody reaches the function by this name any more."""
        if not lambda_reads.still_named(aws, self.region, self.physical, self.name.partition(":")[0]):
            return
        try:
            aws.lambda_(self.region).delete_alias(FunctionName=self.physical, Name=self.alias)
            aws.forget("lambda-aliases", self.region, self.physical)
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

    def _move(self, aws: Aws, version: str | None, live: Self) -> None:
        """One call, on the condition that nobody has moved it since it was looked at."""
        target: Any = {} if version is None else {"FunctionVersion": version}
        stage = self._serves(aws) if version is not None else None
        if stage is not None and self._look(aws)["FunctionVersion"] != version:
            raise BackendctlError(
                f"{address(self.region, self.kind, self.name)} serves stage {stage} by now, and is not moved",
                hint="somebody else has released meanwhile; look at it: backendctl history",
            )
        self._note(aws, version or live.version or "")
        tag = self.tag if self.tag is not None else (live.tag or "")
        target |= self._rest(tag, version or live.version or "", self.release or live.release)
        listed = lambda_reads.aliases(aws, self.region, self.physical).get(self.alias)
        try:
            self._put(aws, target, listed.revision if listed is not None else "")
        except ClientError as error:
            # Its policy may change the revision too (unconfirmed for aliases): what was listed may be the same still.
            if not says(error, "PreconditionFailedException"):
                raise
            now = self._look(aws)
            if listed is not None and now["FunctionVersion"] not in {listed.version, version}:
                raise  # it was moved, which is somebody else's release
            weights = (now.get("RoutingConfig") or {}).get("AdditionalVersionWeights") or {}
            if weights not in ({}, listed.weights if listed is not None else {}, self.weights):
                raise  # a canary was started meanwhile; self.weights: this very call, whose answer was lost
            self._put(aws, target, now.get("RevisionId", ""))
        aws.forget("lambda-aliases", self.region, self.physical)

    def _put(self, aws: Aws, target: Mapping[str, Any], revision: str) -> None:
        guard: Any = {"RevisionId": revision} if revision else {}
        aws.lambda_(self.region).update_alias(FunctionName=self.physical, **target, **guard)

    def _look(self, aws: Aws) -> AliasConfigurationResponseTypeDef:
        return aws.lambda_(self.region).get_alias(FunctionName=self.physical, Name=self.alias)

    def _serves(self, aws: Aws) -> str | None:
        """The stage that names this slot now, itself or by a canary; None for none.

        A slot that users reach is never moved under them: a stage may have turned to it since the plan was made.
        """
        if self.guard is None:
            return None
        api, names = self.guard
        api_id = find_api(aws, self.region, api)
        for name, stage in (list_stages(aws, self.region, api_id) if api_id is not None else {}).items():
            overrides = (stage.get("canarySettings") or {}).get("stageVariableOverrides") or {}
            values = [*(stage.get("variables") or {}).items(), *overrides.items()]
            if any(key in names and value.rpartition(":")[2] == self.alias for key, value in values):
                return name
        return None

    def _note(self, aws: Aws, version: str) -> None:
        """Into the release log, before it serves; of an alias that no stage leads to."""
        if self.entry is None:
            return
        found = served.by_versions(aws, self.region, {f"{self.physical}:{self.alias}": version})
        entry = replace(self.entry, versions=found.versions, codes=found.codes)
        release_claim.ready(aws, self.region, entry, adds=True)

    def _rest(self, tag: str, version: str, release: str | None) -> dict[str, Any]:
        words = (self.description, tag, holding(version, None if self.version else release))
        return {
            "Name": self.alias,
            "Description": " ".join(word for word in words if word),
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
        return lambda_reads.number_of(aws, self.region, self.physical, release=self.release or "", managed=self.managed)
