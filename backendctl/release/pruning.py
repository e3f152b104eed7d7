"""Old versions and deployments that no way back needs, and the code storage they fill (B22)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar

from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.aws.regions import each_region, in_parallel
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Plan, operating
from backendctl.release.rewarming import given_back
from backendctl.release.targets import before, now, split
from backendctl.resources.apigateway.api_reads import list_deployments, list_stages
from backendctl.resources.apigateway.served import Served
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.releases import facts_of
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_log import RegionLog
from backendctl.resources.ssm.release_record import Record

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend
    from backendctl.engine.operation import Operation
    from backendctl.errors import BackendctlError
    from backendctl.release.running import Serving


@dataclass(frozen=True, kw_only=True, slots=True)
class _Removal:
    """Something that only ever goes: it was found by `plan_prune`."""

    action: ClassVar[Action] = Action.DELETE
    taken_back: ClassVar[str] = ""

    region: str
    name: str

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """That it goes."""
        del aws
        return (FieldChange(field="kept", before=True, after=False),)


@dataclass(frozen=True, kw_only=True, slots=True)
class VersionRemoval(_Removal):
    """A published version; its name in addresses is "places:7"."""

    kind: ClassVar[str] = "version"

    physical: str
    number: str

    def run(self, aws: Aws) -> None:
        """One that an alias has come to use meanwhile stays (B30)."""
        try:
            aws.lambda_(self.region).delete_function(FunctionName=self.physical, Qualifier=self.number)
        except ClientError as error:
            if not is_missing(error) and not says(error, "ResourceConflictException"):
                raise
        aws.forget("lambda-versions", self.region, self.physical)


@dataclass(frozen=True, kw_only=True, slots=True)
class DeploymentRemoval(_Removal):
    """A deployment of ours; its name is its id."""

    kind: ClassVar[str] = "deployment"

    api_id: str

    def run(self, aws: Aws) -> None:
        """One that a stage has come to use meanwhile stays (A49)."""
        try:
            aws.apigateway(self.region).delete_deployment(restApiId=self.api_id, deploymentId=self.name)
        except ClientError as error:
            if not is_missing(error) and not says(error, "BadRequestException", "Active stages"):
                raise


@dataclass(frozen=True, kw_only=True, slots=True)
class RecordRemoval(_Removal):
    """An entry of the release log that nobody needs; its name is its place in the log."""

    kind: ClassVar[str] = "release-record"

    index: int

    def run(self, aws: Aws) -> None:
        """Deleting what is gone is no error."""
        release_log.forget(aws, self.region, [self.index])


@dataclass(frozen=True, kw_only=True, slots=True)
class Storage:
    """Code storage of one region: bytes used by everything of the account there, and allowed."""

    region: str
    used: int
    allowed: int


def plan_prune(backend: Backend, found: Sequence[Serving], *, keep: int) -> Plan:
    """What may go: all but what serves, what a canary is made of, and the last `keep` live releases of every stage.

    Aborted canaries and other stages' releases do not count among those. Of what no release tells, the newest `keep`
    stay. The versions that an interrupted `tune` left go too, and so do the records of releases long gone, and
    provisioned concurrency whose bake time is over.

    Args:
        keep: of the live releases of each stage or alias.
    """
    regions = [region for region in backend.spec.regions if any(one.region == region for one in found)]
    by_region = {region: [one for one in found if one.region == region] for region in regions}

    def ask(region: str) -> list[Operation]:
        log = release_log.read(backend.aws, region)
        here = by_region[region]
        kept = [entry for one in here for entry in _kept(log, one, keep)]
        serving = [now(backend, one) for one in here]
        return [
            *_versions(backend, region, kept, serving, keep),
            *_deployments(backend, here, kept, serving, keep),
            *_records(log, region),
        ]

    old = [one for many in in_parallel(regions, ask, workers=backend.settings.workers) for one in many]
    changes = [operating(one, one.read(backend.aws)) for one in old]
    changes += [change for region in regions for change in given_back(backend, by_region[region], region)]
    return Plan(backend=backend.spec.backend, regions=tuple(regions), changes=tuple(changes))


def storage(backend: Backend, regions: Sequence[str]) -> tuple[list[Storage], dict[str, BackendctlError]]:
    """GetAccountSettings in these regions, and those that did not answer."""

    def ask(region: str) -> Storage:
        found = backend.aws.lambda_(region).get_account_settings()
        return Storage(
            region=region,
            used=found["AccountUsage"].get("TotalCodeSize", 0),
            allowed=found["AccountLimit"].get("TotalCodeSize", 0),
        )

    found, failed = each_region(regions, ask, workers=backend.settings.workers, doing="read the code storage of")
    return list(found.values()), failed


def _kept(log: RegionLog, one: Serving, keep: int) -> Iterator[Record]:
    """The way back: the last live releases, what they return to, and what a canary is made of."""
    lived = log.lived(one.stage)[-keep:]
    numbers = {entry.number for entry in lived} | {entry.like for entry in lived} | {split(one.tag)}
    numbers |= {split(one.canary.tag)} if one.canary is not None else set()
    numbers |= {before(log.lived(one.stage), split(one.tag))}
    yield from (entry for entry in log.releases() if entry.number in numbers)


def _versions(
    backend: Backend, region: str, kept: Sequence[Record], serving: Sequence[Served], keep: int
) -> Iterator[VersionRemoval]:
    aws, ours = backend.aws, lambda_reads.ours(backend.aws, region)
    lambda_reads.read_ahead(aws, {(region, physical) for physical in ours}, lambda_reads.aliases, lambda_reads.versions)
    for physical, name in ours.items():
        told = [*(entry.versions for entry in kept), *(each.versions for each in serving)]
        used = {number for versions in told for key, number in versions.items() if key.startswith(f"{physical}:")}
        for alias in lambda_reads.aliases(aws, region, physical).values():
            used |= {alias.version, *alias.weights}
        published = lambda_reads.versions(aws, region, physical)
        forgotten = lambda_reads.temporary_versions(aws, region, physical)
        for version in (*published[: max(0, len(published) - keep)], *forgotten):
            if version.number not in used:
                yield VersionRemoval(
                    region=region, name=f"{name}:{version.number}", physical=physical, number=version.number
                )


def _deployments(
    backend: Backend, found: Sequence[Serving], kept: Sequence[Record], serving: Sequence[Served], keep: int
) -> Iterator[DeploymentRemoval]:
    for region, api_id in dict.fromkeys((one.region, one.api_id) for one in found if one.api_id):
        used = {one for entry in kept for one in (entry.deployment, *entry.deployments.values())}
        used |= {each.deployment for each in serving}
        for stage in list_stages(backend.aws, region, api_id).values():
            used |= {stage.get("deploymentId", ""), (stage.get("canarySettings") or {}).get("deploymentId", "")}
        ours = [d["id"] for d in list_deployments(backend.aws, region, api_id) if facts_of(d.get("description", ""))]
        for deployment in ours[keep:]:
            if deployment not in used:
                yield DeploymentRemoval(region=region, name=deployment, api_id=api_id)


def _records(log: RegionLog, region: str) -> Iterator[RecordRemoval]:
    for index in release_log.expendable(log):
        yield RecordRemoval(region=region, name=str(index), index=index)
