"""What forbids a canary, found before the first call that changes something, all reasons at once."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

from backendctl.aws.errors import ClientError, explain
from backendctl.engine.plan import Plan
from backendctl.errors import RefusedError
from backendctl.resources import lambda_reads
from backendctl.resources.alias_names import slots_of
from backendctl.resources.canary import CanaryStart

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.aws.connection import Aws
    from backendctl.resources.world import Link, World


def refuse(plan: Plan, canaries: Sequence[CanaryStart], world: World, backend: Backend) -> None:
    """Raise unless every canary may be started.

    Raises:
        RefusedError: aliases share out calls themselves, or capacity is kept for one slot only.
    """
    names = {(canary.region, canary.name) for canary in canaries}
    links = [
        (region, link)
        for region, found in world.links.items()
        for link in found
        if (region, link.stage.name) in names and region in plan.regions
    ]
    reasons = [*_foreign(plan), *_weighted(links, backend.aws)]
    reasons += _provisioned(links, world, backend)
    if reasons:
        raise RefusedError(
            list(dict.fromkeys(reasons)), hint="look at what runs: backendctl canary-status; end it: abort-canary"
        )


def _foreign(plan: Plan) -> Iterator[str]:
    for change in plan.changes:
        if change.foreign:
            yield f"{change.address} exists and is not ours"


def _weighted(links: Sequence[tuple[str, Link]], aws: Aws) -> Iterator[str]:
    """The two shares would multiply (A78); CodeDeploy works with such weights, so this is its sign as well."""
    for region, link in links:
        for name, alias in lambda_reads.aliases(aws, region, link.function.physical).items():
            if alias.weights and link.alias is not None and name in {link.alias, *slots_of(link.alias)}:
                shares = ", ".join(f"version {version}: {weight:.0%}" for version, weight in alias.weights.items())
                yield (
                    f"{region}: alias {link.function.physical}:{name} shares out its calls itself ({shares}), "
                    "by hand or by CodeDeploy"
                )


def _provisioned(links: Sequence[tuple[str, Link]], world: World, backend: Backend) -> list[str]:
    """Capacity that is kept for the serving alias only would be lost to all users at the promotion (B46, B48)."""
    functions = {(region, link.function.physical): link for region, link in links if link.variable is not None}

    def ask(key: tuple[str, str]) -> list[str]:
        region, physical = key
        alias = functions[key].alias or ""
        try:
            kept = set(lambda_reads.provisioned(backend.aws, region, physical)) & set(slots_of(alias))
        except ClientError as error:
            raise explain(error, doing=f"read the provisioned concurrency of {physical} in {region}") from error
        target = world.slot_alias(region, functions[key].function, alias)
        if not kept or target in kept:
            return []
        told = ", ".join(f"{physical}:{name}" for name in sorted(kept))
        return [
            f"{region}: {told} has provisioned concurrency and {physical}:{target}, where the release goes, has none"
        ]

    with ThreadPoolExecutor(max_workers=backend.settings.workers, thread_name_prefix="preflight") as pool:
        return [reason for found in pool.map(ask, sorted(functions)) for reason in found]
