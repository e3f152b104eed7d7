"""What every check may look at."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date
from typing import TYPE_CHECKING

from backendctl.doctor.finding import Finding
from backendctl.resources.lambda_ import lambda_reads

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

    from backendctl.app import Changes
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.spec.model import FunctionSpec, Spec


@dataclass(frozen=True, kw_only=True)
class Case:
    """One backend on one day.

    Attributes:
        changes: what a deploy would change. now: seconds since the epoch.
    """

    backend: Backend
    changes: Changes
    today: date
    now: float

    @property
    def aws(self) -> Aws:
        """The connection."""
        return self.backend.aws

    @property
    def spec(self) -> Spec:
        """The spec."""
        return self.backend.spec

    def within(self, region: str) -> Backend:
        """The backend in one region alone."""
        return replace(self.backend, spec=self.spec.narrowed((region,)))

    def live(self, region: str) -> list[tuple[FunctionSpec, FunctionConfigurationTypeDef]]:
        """The functions of the spec that a region has, with their configuration there."""
        found = lambda_reads.functions(self.aws, region)
        return [(one, found[one.physical]) for one in self.spec.functions_in(region) if one.physical in found]

    def reached(self, region: str) -> frozenset[str]:
        """Names in the spec of the functions that the API calls."""
        return frozenset(link.function.name for link in self.backend.context.links.get(region, ()))


Regional = Callable[[Case, str], Iterable[Finding]]
"""A check of one region."""
Whole = Callable[[Case], Iterable[Finding]]
"""A check of the whole backend."""
