"""How Lambda treats the asynchronous calls of an alias: retries, the age of events, and where their results go."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws.errors import ClientError, is_missing
from backendctl.engine.resource import GLOBAL, address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_names import names_of, qualified, reached
from backendctl.resources.lambda_.held_by_function import HeldByFunction
from backendctl.spec.model import Asynchronous
from backendctl.spec.rows import build_from_aws, values, written

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

_LATEST = "$LATEST"


@dataclass(frozen=True, kw_only=True, slots=True)
class EventInvokeConfig(Asynchronous, HeldByFunction):
    """The settings of one alias, or of the function itself; its name in addresses is the alias's, "places:version1".

    AWS has them by qualifier, so both slots of a staged alias have the same.

    Attributes:
        physical: the function's name in AWS. qualifier: the alias, None for the function itself.
        role: the name of the role that sends to the destinations.
    """

    kind: ClassVar[str] = "event-invoke-config"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(row=MatrixRow("function", base))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    qualifier: str | None = field(compare=False)
    role: str = field(compare=False)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every alias of a function that says `async`, and for the function itself where it is called."""
        for region in context.spec.regions:
            for spec in context.spec.functions_in(region):
                if spec.asynchronous is None:
                    continue
                qualifiers = (*reached(context, region, spec), *names_of(context, region, spec).staged)
                for qualifier in dict.fromkeys(qualifiers):
                    yield cls(
                        region=region,
                        name=qualified(spec.name, qualifier),
                        owner=context.backend,
                        physical=spec.physical,
                        qualifier=qualifier,
                        role=context.role_arn(spec).rsplit("/", 1)[-1],
                        **values(spec.asynchronous),
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per function."""
        if desired.physical not in lambda_reads.functions(aws, desired.region):
            return None
        found = _configs(aws, desired.region, desired.physical).get(desired.qualifier or _LATEST)
        if found is None:
            return None
        return build_from_aws(
            cls,
            found,
            region=desired.region,
            name=desired.name,
            owner=desired.owner,  # it has no mark of its own; its alias has
            physical=desired.physical,
            qualifier=desired.qualifier,
            role=desired.role,
        )

    def needs(self) -> frozenset[str]:
        """Its alias or function, and the role, which must be allowed to send to the destinations."""
        kind = "function" if self.qualifier is None else "alias"
        return frozenset({address(self.region, kind, self.name), address(GLOBAL, "role", self.role)})

    def create(self, aws: Aws) -> None:
        """Put them whole, which is safe to repeat."""
        qualifier: dict[str, Any] = {} if self.qualifier is None else {"Qualifier": self.qualifier}
        settings = written(type(self), {name: None if one == "" else one for name, one in values(self).items()})
        aws.lambda_(self.region).put_function_event_invoke_config(FunctionName=self.physical, **qualifier, **settings)
        aws.forget("lambda-event-invoke", self.region, self.physical)


def _configs(aws: Aws, region: str, physical: str) -> Mapping[str, Mapping[str, Any]]:
    """Alias, version or $LATEST → its settings; {} when there is no such function."""

    def load() -> dict[str, Mapping[str, Any]]:
        pages = aws.lambda_(region).get_paginator("list_function_event_invoke_configs").paginate(FunctionName=physical)
        try:
            every = [one for page in pages for one in page["FunctionEventInvokeConfigs"]]
        except ClientError as error:
            if is_missing(error):
                return {}
            raise
        return {one["FunctionArn"].rpartition(":")[2]: one for one in every}

    return aws.shared(("lambda-event-invoke", region, physical), load)
