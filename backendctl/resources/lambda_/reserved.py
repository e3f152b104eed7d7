"""Reserved concurrency: how many calls of a function may run at once, kept for it alone (B51)."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.engine.resource import address
from backendctl.engine.traits import MatrixRow, Traits, base
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.held_by_function import HeldByFunction
from backendctl.spec.model import UNRESERVED

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext


@dataclass(frozen=True, kw_only=True, slots=True)
class ReservedConcurrency(HeldByFunction):
    """Of one function and all its versions: no part of a release, so that only `deploy` changes it.

    Attributes:
        name: the function's in the spec. physical: AWS's.
        reserved: calls at once, or `UNRESERVED`.
    """

    kind: ClassVar[str] = "reserved-concurrency"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(row=MatrixRow("function", base))

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    physical: str = field(compare=False)
    reserved: int | str

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every function that names it."""
        for region in context.spec.regions:
            for spec in context.spec.functions_in(region):
                if spec.reserved_concurrency is not None:
                    yield cls(
                        region=region,
                        name=spec.name,
                        owner=context.backend,
                        physical=spec.physical,
                        reserved=spec.reserved_concurrency,
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From GetFunction; None where there is no such function."""
        if desired.physical not in lambda_reads.functions(aws, desired.region):
            return None
        found = lambda_reads.described(aws, desired.region, desired.physical)
        return cls(
            region=desired.region,
            name=desired.name,
            owner=desired.owner,  # it has no mark of its own; its function has
            physical=desired.physical,
            reserved=found.get("Concurrency", {}).get("ReservedConcurrentExecutions", UNRESERVED),
        )

    def needs(self) -> frozenset[str]:
        """Its function."""
        return frozenset({address(self.region, "function", self.name)})

    def create(self, aws: Aws) -> None:
        """Put it, or give it back; safe to repeat."""
        client = aws.lambda_(self.region)
        if isinstance(self.reserved, int):
            client.put_function_concurrency(FunctionName=self.physical, ReservedConcurrentExecutions=self.reserved)
        else:
            client.delete_function_concurrency(FunctionName=self.physical)
        aws.forget("lambda-function", self.region, self.physical)
