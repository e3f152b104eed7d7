"""What every verb needs to number a release."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.engine.plan import Planner
from backendctl.release.log_reading import Logs, read_logs
from backendctl.resources import KINDS
from backendctl.resources.lambda_.alias_names import names_of, qualified
from backendctl.spec.model import by_alias

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext
    from backendctl.spec.model import Spec


@dataclass(frozen=True, kw_only=True)
class Releasing:
    """What every verb needs to number a release.

    Attributes:
        meant: the regions that were asked for, also those that do not answer; empty means those of the context.
        workers: regions at once. take_over: whether what is under way by somebody else is passed over.
    """

    aws: Aws
    context: DeployContext
    workers: int
    meant: tuple[str, ...] = ()
    take_over: bool = False

    @property
    def spec(self) -> Spec:
        """Narrowed to the chosen regions."""
        return self.context.spec

    @property
    def planner(self) -> Planner:
        """Makes the plans of it."""
        return Planner(
            kinds=KINDS,
            aws=self.aws,
            regions=self.spec.regions,
            workers=self.workers,
            backend=self.spec.backend,
        )

    def logs(self) -> Logs:
        """Of all regions of the spec."""
        return read_logs(
            self.aws,
            regions=self.spec.regions,
            beside=self.spec.all_regions,
            targets=targets_of(self.context),
            workers=self.workers,
        )


def targets_of(context: DeployContext) -> tuple[str, ...]:
    """What releases have numbers for: the stages, or aliases such as "places:live"."""
    spec = context.spec
    if not by_alias(spec):
        return tuple(stage.name for stage in spec.api.stages) if spec.api else ()
    region = spec.regions[0]
    return tuple(
        qualified(function.name, alias)
        for function in spec.functions_in(region)
        for alias in names_of(context, region, function).plain
    )
