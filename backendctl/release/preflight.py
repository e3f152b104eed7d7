"""What forbids a canary, found before the first call that changes something, all reasons at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import TYPE_CHECKING

from backendctl.engine.plan import Plan
from backendctl.errors import RefusedError
from backendctl.resources.apigateway.canary import CanaryStart
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias_names import slots_of
from backendctl.resources.lambda_.provisioned_limits import lost_by_turning, over_limits

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.resources.deploy_context import DeployContext, Link


def refuse(plan: Plan, canaries: Sequence[CanaryStart], context: DeployContext, backend: Backend) -> None:
    """Raise unless every canary may be started.

    Raises:
        RefusedError: aliases share out calls themselves, or capacity is kept for one slot only.
    """
    names = {(canary.region, canary.name) for canary in canaries}
    links = [
        (region, link)
        for region, found in context.links.items()
        for link in found
        if (region, link.stage.name) in names and region in plan.regions
    ]
    running = list(_weighted(links, backend.aws))
    reasons = [*running, *_foreign(plan)]
    reasons += lost_by_turning(context, backend.aws, stages={canary.name for canary in canaries})
    reasons += over_limits(plan.changes, backend.aws)
    if reasons:
        raise RefusedError(
            list(dict.fromkeys(reasons)),
            hint="see what is running: backendctl canary-status; end it: backendctl abort-canary"
            if running
            else "correct what is named, then run the same command again",
        )


def _foreign(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.foreign:
            yield f"{change.address} exists and is not ours"


def _weighted(links: Sequence[tuple[str, Link]], aws: Aws) -> Iterator[str]:
    """The two shares would multiply (A78); CodeDeploy works with such weights, so this is its sign as well."""
    places = {(region, link.function.physical) for region, link in links}
    lambda_reads.read_ahead(aws, places, lambda_reads.aliases)
    for region, link in links:
        for name, alias in lambda_reads.aliases(aws, region, link.function.physical).items():
            if alias.weights and link.alias is not None and name in {link.alias, *slots_of(link.alias)}:
                shares = ", ".join(f"version {version}: {weight:.0%}" for version, weight in alias.weights.items())
                yield (
                    f"{region}: alias {link.function.physical}:{name} splits its traffic itself ({shares}), "
                    "by hand or by CodeDeploy"
                )
