"""Old versions and deployments that no way back needs, and the code storage they fill (B22)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.engine.plan import Action, Change, Plan
from backendctl.release.rewarming import given_back
from backendctl.release.targets import before, now
from backendctl.resources import lambda_reads, ledger
from backendctl.resources.api_reads import list_deployments, list_stages
from backendctl.resources.releases import facts_of

if TYPE_CHECKING:
    from backendctl.app import Backend
    from backendctl.aws.connection import Aws
    from backendctl.release.running import Serving
    from backendctl.resources.world import World


@dataclass(frozen=True, kw_only=True, slots=True)
class _Old:
    """Something that only ever goes: no spec asks for it."""

    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)

    @classmethod
    def desired(cls, world: World) -> Iterable[Self]:
        """None."""
        del world
        return ()

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """Itself: it was found by whoever asks."""
        del aws
        return desired

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: what may go is chosen by `plan_prune`."""
        del aws, region
        return ()

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Never."""

    def update(self, aws: Aws, live: Self) -> None:
        """Never."""


@dataclass(frozen=True, kw_only=True, slots=True)
class OldVersion(_Old):
    """A published version; its name in addresses is "places:7"."""

    kind: ClassVar[str] = "version"

    physical: str = field(compare=False)
    number: str = field(compare=False)

    def delete(self, aws: Aws) -> None:
        """One that an alias has come to use meanwhile stays (B30)."""
        try:
            aws.lambda_(self.region).delete_function(FunctionName=self.physical, Qualifier=self.number)
        except ClientError as error:
            if not is_missing(error) and not says(error, "ResourceConflictException"):
                raise


@dataclass(frozen=True, kw_only=True, slots=True)
class OldDeployment(_Old):
    """A deployment of ours; its name is its id."""

    kind: ClassVar[str] = "deployment"

    api_id: str = field(compare=False)

    def delete(self, aws: Aws) -> None:
        """One that a stage has come to use meanwhile stays (A49)."""
        try:
            aws.apigateway(self.region).delete_deployment(restApiId=self.api_id, deploymentId=self.name)
        except ClientError as error:
            if not is_missing(error) and not says(error, "BadRequestException", "Active stages"):
                raise


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """Code storage of one region: bytes used by everything of the account there, and allowed."""

    region: str
    used: int
    allowed: int


def plan_prune(backend: Backend, found: Sequence[Serving], *, keep: int) -> Plan:
    """What may go: all but the newest `keep`, and what an alias, a stage, a canary or the next rollback uses.

    The versions that an interrupted `tune` left go too, and provisioned concurrency whose bake time is over.

    Args:
        keep: of each function and of each API, beside those in use.
    """
    regions = backend.spec.regions
    by_region = {region: [one for one in found if one.region == region] for region in regions}

    def ask(region: str) -> list[OldVersion | OldDeployment]:
        kept = [entry for one in by_region[region] for entry in _kept(backend, one)]
        return [*_versions(backend, region, kept, keep), *_deployments(backend, by_region[region], kept, keep)]

    with ThreadPoolExecutor(max_workers=backend.settings.workers, thread_name_prefix="prune") as pool:
        old = [one for many in pool.map(ask, regions) for one in many]
    changes = [Change(action=Action.DELETE, desired=None, live=one) for one in old]
    changes += [change for region, here in by_region.items() if here for change in given_back(backend, here, region)]
    return Plan(backend=backend.spec.backend, regions=regions, changes=tuple(changes))


def storage(backend: Backend) -> list[Storage]:
    """GetAccountSettings in every region."""

    def ask(region: str) -> Storage:
        found = backend.aws.lambda_(region).get_account_settings()
        return Storage(
            region=region,
            used=found["AccountUsage"].get("TotalCodeSize", 0),
            allowed=found["AccountLimit"].get("TotalCodeSize", 0),
        )

    with ThreadPoolExecutor(max_workers=backend.settings.workers, thread_name_prefix="storage") as pool:
        return list(pool.map(ask, backend.spec.regions))


def _kept(backend: Backend, one: Serving) -> Iterator[ledger.Entry]:
    """What serves, and what a rollback would go back to."""
    present = now(backend, one)
    yield present
    entries = [entry for entry in ledger.read(backend.aws, one.region, one.stage) if entry.is_live]
    if target := before(entries, present):
        yield target


def _versions(backend: Backend, region: str, kept: Sequence[ledger.Entry], keep: int) -> Iterator[OldVersion]:
    aws = backend.aws
    for physical, name in lambda_reads.ours(aws, region).items():
        used = {number for entry in kept for key, number in entry.versions.items() if key.startswith(f"{physical}:")}
        for alias in lambda_reads.aliases(aws, region, physical).values():
            used |= {alias.version, *alias.weights}
        published = lambda_reads.versions(aws, region, physical)
        forgotten = lambda_reads.temporary_versions(aws, region, physical)
        for version in (*published[: max(0, len(published) - keep)], *forgotten):
            if version.number not in used:
                yield OldVersion(
                    region=region,
                    name=f"{name}:{version.number}",
                    owner=aws.backend,
                    physical=physical,
                    number=version.number,
                )


def _deployments(
    backend: Backend, found: Sequence[Serving], kept: Sequence[ledger.Entry], keep: int
) -> Iterator[OldDeployment]:
    for region, api_id in dict.fromkeys((one.region, one.api_id) for one in found):
        used = {entry.deployment for entry in kept}
        for stage in list_stages(backend.aws, region, api_id).values():
            used |= {stage.get("deploymentId", ""), (stage.get("canarySettings") or {}).get("deploymentId", "")}
        ours = [d["id"] for d in list_deployments(backend.aws, region, api_id) if facts_of(d.get("description", ""))]
        for deployment in ours[keep:]:
            if deployment not in used:
                yield OldDeployment(region=region, name=deployment, owner=backend.spec.backend, api_id=api_id)
