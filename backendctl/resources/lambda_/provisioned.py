"""Provisioned concurrency of an alias that users reach: environments that Lambda keeps ready."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.aws.errors import ClientError, gone_already, says
from backendctl.aws.wait import until
from backendctl.engine.resource import address
from backendctl.engine.traits import Traits
from backendctl.errors import BackendctlError
from backendctl.resources.deploy_context import Capacity
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_ import provisioned_reads as reads
from backendctl.resources.lambda_.alias_names import names_of, qualified
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.reserved import ReservedConcurrency
from backendctl.spec.model import SLOTS

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import FunctionSpec

_LIMIT = 1200.0
"""Seconds; AWS takes one to three minutes, more for hundreds of environments (B47)."""
_GIVEN_BACK = (
    "given back: its bake time is over and no stage leads to it, or the spec asks for no provisioned concurrency there"
)


@dataclass(frozen=True, kw_only=True, slots=True)
class ProvisionedConcurrency:
    """What one alias has; its name in addresses is the alias's, "places:version1-a".

    Attributes:
        physical: the function's name in AWS. alias: the alias's own name.
        managed: the settings that take part in the release id.
        after: addresses of what must have been done first.
        waits: whether it is done only once it is READY.
        note: what a plan should say of it.
        requested: environments; None leaves everything as it is.
        release, version: what the alias points to, since AWS allocates anew when it moves (B50).
        status: READY once all of them are there.
        recorded: the spec's number when backendctl last asked, by which a change by hand is known.
    """

    kind: ClassVar[str] = "provisioned"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(beside_canary=True)

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    alias: str = field(compare=False)
    managed: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    after: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    waits: bool = field(default=True, compare=False, repr=False)
    note: str = field(default="", compare=False, repr=False)

    requested: int | None = None
    release: str | None = None
    version: str | None = None
    status: str | None = None
    recorded: int | None = None

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every alias that users reach of a function that asks for it, and what is kept for a rollback."""
        for region in context.spec.regions:
            for spec in context.spec.functions_in(region):
                if spec.provisioned is not None:
                    yield from cls._of_function(
                        context, region, spec, Capacity(environments=spec.provisioned.environments)
                    )

    @classmethod
    def _of_function(cls, context: DeployContext, region: str, spec: FunctionSpec, usual: Capacity) -> Iterator[Self]:
        names = names_of(context, region, spec)
        for alias in names.staged:
            function = Function.behind_alias(context, region, spec, alias)
            key = (region, spec.physical, alias)
            target, capacity = context.slots[key].target, context.capacity.get(key, usual)
            left = target in capacity.left
            ready = cls.on(
                function,
                f"{alias}-{target}",
                environments=capacity.environments,
                recorded=usual.environments,
                note=capacity.why if left else "",
            )
            ready = replace(ready, after=ready.after | context.data_before_calls(*key))
            yield replace(ready, release=None) if context.is_kept(*key) else ready
            if capacity.kept:
                other = next(slot for slot in SLOTS if slot != target)
                told = f"{capacity.kept}; {capacity.why}" if other in capacity.left else capacity.kept
                yield cls.kept(function, f"{alias}-{other}", why=told)
        for alias in names.plain:
            function = Function.behind_alias(context, region, spec, alias)
            yield cls.on(function, alias, environments=usual.environments, recorded=usual.environments)

    @classmethod
    def on(cls, function: Function, alias: str, *, environments: int, recorded: int | None, note: str = "") -> Self:
        """So many on an alias of a function, at its release."""
        return cls(
            region=function.region,
            name=qualified(function.name, alias),
            owner=function.owner,
            physical=function.physical,
            alias=alias,
            managed=function.managed,
            note=note,
            requested=environments,
            release=function.release,
            status=reads.READY,
            recorded=recorded,
        )

    @classmethod
    def kept(cls, function: Function, alias: str, *, why: str) -> Self:
        """Whatever an alias has, left as it is."""
        return cls(
            region=function.region,
            name=qualified(function.name, alias),
            owner=function.owner,
            physical=function.physical,
            alias=alias,
            note=why,
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From the lists of a function's configurations, aliases and versions, and its tags."""
        if desired.physical not in lambda_reads.functions(aws, desired.region):
            return None
        found = reads.configs(aws, desired.region, desired.physical).get(desired.alias)
        if found is None:
            return None
        number = lambda_reads.version_behind(aws, desired.region, desired.physical, desired.alias)
        return cls(
            region=desired.region,
            name=desired.name,
            owner=desired.owner,  # it has no mark of its own; its alias has
            physical=desired.physical,
            alias=desired.alias,
            note=desired.note,
            requested=found.requested,
            release=lambda_reads.release_behind(
                aws, desired.region, desired.physical, number, release=desired.release, managed=desired.managed
            ),
            version=number,
            status=found.status,
            recorded=reads.recorded(aws, desired.region, desired.physical).get(desired.alias),
        )

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """What backendctl has asked for, of our functions, and nobody scales."""
        ours = lambda_reads.ours(aws, region)
        held = {physical for physical in ours if reads.recorded(aws, region, physical)}
        lambda_reads.read_ahead(aws, {(region, physical) for physical in held}, reads.configs)
        for physical, name in ours.items():
            recorded = reads.recorded(aws, region, physical)
            found = reads.configs(aws, region, physical) if physical in held else {}
            scaled = reads.scaled(aws, region, physical) if found else frozenset[str]()
            for alias, config in found.items():
                if alias in recorded and alias not in scaled:
                    yield cls(
                        region=region,
                        name=qualified(name, alias),
                        owner=aws.backend,
                        physical=physical,
                        alias=alias,
                        note=_GIVEN_BACK,
                        requested=config.requested,
                        status=config.status,
                        recorded=recorded[alias],
                    )

    def needs(self) -> frozenset[str]:
        """Its alias, where that is to stand, and what is reserved for the function, which it must be within (B49)."""
        function = self.name.partition(":")[0]
        return self.after | {
            address(self.region, "alias", self.name),
            address(self.region, ReservedConcurrency.kind, function),
        }

    def create(self, aws: Aws) -> None:
        """Ask for it, and wait until it is READY; safe to repeat."""
        if self.requested is None:
            return
        now = self._now(aws)
        if now is None or (now.requested, now.status == reads.FAILED) != (self.requested, False):
            self._ask(aws, self.requested)
        if self.recorded is not None:
            tags = {f"{reads.RECORD}{self.alias}": str(self.recorded)}
            aws.lambda_(self.region).tag_resource(Resource=self._function_arn(aws), Tags=tags)
        if self.waits:
            self._ready(aws)
        aws.forget("lambda-provisioned", self.region, self.physical)
        aws.forget("lambda-function", self.region, self.physical)

    def update(self, aws: Aws, live: Self) -> None:
        """The same: what is as asked for already is only waited for."""
        del live
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """Give it back; AWS bills it until then."""
        client, arn, keys = aws.lambda_(self.region), self._function_arn(aws), [f"{reads.RECORD}{self.alias}"]
        with gone_already():
            client.delete_provisioned_concurrency_config(FunctionName=self.physical, Qualifier=self.alias)
        with gone_already():
            client.untag_resource(Resource=arn, TagKeys=keys)

    def _function_arn(self, aws: Aws) -> str:
        return f"arn:{aws.partition}:lambda:{self.region}:{aws.account}:function:{self.physical}"

    def _now(self, aws: Aws) -> reads.Config | None:
        aws.forget("lambda-provisioned", self.region, self.physical)
        return reads.configs(aws, self.region, self.physical).get(self.alias)

    def _ask(self, aws: Aws, environments: int) -> None:
        """PutProvisionedConcurrencyConfig, once the alias shares its calls with no second version (B50)."""
        alias = lambda_reads.aliases(aws, self.region, self.physical).get(self.alias)
        if alias is not None and alias.weights:
            raise BackendctlError(
                f"{self._called} splits its traffic between two versions, and Lambda refuses some changes of its "
                "provisioned concurrency meanwhile",
                hint="promote the canary or end it first: backendctl canary-status",
            )
        try:
            aws.lambda_(self.region).put_provisioned_concurrency_config(
                FunctionName=self.physical, Qualifier=self.alias, ProvisionedConcurrentExecutions=environments
            )
        except ClientError as error:
            if not says(error, "InvalidParameterValueException") and not says(error, "LimitExceededException"):
                raise
            raise BackendctlError(
                f"{self._called} cannot get {environments} provisioned environments: "
                f"{error.response.get('Error', {}).get('Message', '')}",
                hint="ask for fewer (`provisioned` under `warm`), or raise the account's limit of concurrent "
                "executions: aws lambda get-account-settings",
            ) from error

    def _ready(self, aws: Aws) -> None:
        """Wait for all of them; while an alias moves, those of the version before stay until then (B50)."""

        def probe() -> bool | None:
            found = self._now(aws)
            if found is None:
                raise BackendctlError(
                    f"the provisioned concurrency of {self._called} has been removed meanwhile",
                    hint="somebody else changes it; run the same command again",
                )
            if found.status == reads.FAILED:
                raise BackendctlError(
                    f"Lambda could not make {found.requested} environments of {self._called} ready: "
                    f"{found.reason or 'no reason given'}",
                    hint=f"no stage was switched to it; its log: /aws/lambda/{self.physical}",
                )
            return True if found.status == reads.READY else None

        until(aws, f"{self._called} to be READY", probe, limit=_LIMIT, step=2)

    @property
    def _called(self) -> str:
        return f"{self.physical}:{self.alias} in {self.region}"


def ready_before_turn(region: str, function: FunctionSpec, alias: str) -> frozenset[str]:
    """Addresses of what must be READY before a stage leads to an alias; none without provisioned concurrency.

    Args:
        function: the one that the stage calls. alias: as the stage names it, the slot of a staged one.
    """
    if function.provisioned is None:
        return frozenset()
    return frozenset({address(region, ProvisionedConcurrency.kind, qualified(function.name, alias))})
