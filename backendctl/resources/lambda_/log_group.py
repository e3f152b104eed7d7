"""The log group of a function, made before its first invocation so that logs do not stay for ever (B64)."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.aws import tag_index
from backendctl.aws import tags as tagging
from backendctl.aws.crew import together
from backendctl.aws.errors import ClientError, code_of, gone_already
from backendctl.engine.diff import differences
from backendctl.engine.resource import PARTIAL
from backendctl.engine.traits import Fix, MatrixRow, Traits
from backendctl.resources.lambda_ import lambda_reads

if TYPE_CHECKING:
    from mypy_boto3_logs.type_defs import LogGroupTypeDef

    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

PREFIX = "/aws/lambda/"


def _function(name: str, backend: str) -> str:
    return name.removeprefix(PREFIX).removeprefix(f"{backend}-")


@dataclass(frozen=True, kw_only=True, slots=True)
class LogGroup:
    """`/aws/lambda/<function>` with a retention.

    Attributes:
        name: the log group's name. retention: days.
    """

    kind: ClassVar[str] = "log-group"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(
        reads_early=True,
        beside_canary=True,
        made_if_missing=True,
        row=MatrixRow("function", _function),
        fix=Fix.CREATED,
    )

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    retention: int | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every function that names a retention."""
        for region in context.spec.regions:
            for function in context.spec.functions_in(region):
                if function.log_retention is not None:
                    yield cls(
                        region=region,
                        name=PREFIX + function.physical,
                        owner=context.backend,
                        retention=function.log_retention,
                        tags=tagging.marked(context.backend, function.tags),
                    )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From one list per region, and the tags of the group where the tagging service leaves something to do."""
        found = _groups(aws, desired.region, _prefix(aws, desired.name)).get(desired.name)
        if found is None:
            return None
        known = cls._live(desired.region, found, tag_index.known_tags(aws, desired.region, _arn(found)))
        if known.owner == desired.owner and not differences(desired, known):
            return known
        return cls._live(desired.region, found, _tags(aws, desired.region, found))

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those under /aws/lambda/<backend>-, and those of our functions that are called otherwise, with our mark."""
        others = [PREFIX + physical for physical in lambda_reads.ours(aws, region)]
        named = [name for name in others if not name.startswith(_ours(aws))]
        found = [_groups(aws, region, name).get(name) for name in named]
        groups = [*_groups(aws, region, _ours(aws)).values(), *(group for group in found if group is not None)]
        for group, tags in zip(
            groups, together(partial(_told_tags, aws, region, group) for group in groups), strict=True
        ):
            if tagging.owner_of(tags) == aws.backend:
                yield cls._live(region, group, tags)

    @classmethod
    def _live(cls, region: str, group: LogGroupTypeDef, tags: Mapping[str, str]) -> Self:
        return cls(
            region=region,
            name=group["logGroupName"],
            owner=tagging.owner_of(tags),
            retention=group.get("retentionInDays"),
            tags=dict(tags),
        )

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Made with its tags in one call; the retention follows, and a kill in between shows as a difference.

        One that exists by now and carries our mark is ours: the answer to an earlier try was lost.
        """
        try:
            aws.logs(self.region).create_log_group(logGroupName=self.name, tags=self.tags or {})
        except ClientError as error:
            if code_of(error) != "ResourceAlreadyExistsException" or not self._is_there(aws):
                raise
        self._put_retention(aws)

    def _is_there(self, aws: Aws) -> bool:
        aws.forget("log-groups", self.region)
        aws.forget("log-group-tags", self.region, self.name)
        live = type(self).read(aws, self)
        return live is not None and live.owner == self.owner

    def update(self, aws: Aws, live: Self) -> None:
        """Retention and tags."""
        if self.retention != live.retention:
            self._put_retention(aws)
        if changed := tagging.missing(self.tags, live.tags):
            aws.logs(self.region).tag_resource(resourceArn=self._arn(aws), tags=changed)

    def delete(self, aws: Aws) -> None:
        """The group and what it holds; a deleted function leaves it behind (B14)."""
        aws.forget("log-group-tags", self.region, self.name)
        arn = self._arn(aws)
        with gone_already():
            tags = _tags_at(aws, self.region, self.name, arn)
            tagging.require_mark(tags, aws.backend, f"log group {self.name} in {self.region}")
        with gone_already():
            aws.logs(self.region).delete_log_group(logGroupName=self.name)

    def _arn(self, aws: Aws) -> str:
        return f"arn:{aws.partition}:logs:{self.region}:{aws.account}:log-group:{self.name}"

    def _put_retention(self, aws: Aws) -> None:
        if self.retention is not None:
            aws.logs(self.region).put_retention_policy(logGroupName=self.name, retentionInDays=self.retention)


def called(aws: Aws, region: str, prefix: str) -> Iterator[tuple[str, dict[str, str]]]:
    """Name and tags of the log groups of functions whose names begin so."""
    for name, group in _groups(aws, region, _prefix(aws, PREFIX + prefix)).items():
        if name.startswith(PREFIX + prefix):
            yield name, _tags(aws, region, group)


def described(aws: Aws, region: str, name: str) -> LogGroupTypeDef | None:
    """Any log group, of a function or not, as it is now; None when there is none."""
    return _groups(aws, region, _prefix(aws, name)).get(name)


def _tags(aws: Aws, region: str, group: LogGroupTypeDef) -> dict[str, str]:
    return _tags_at(aws, region, group["logGroupName"], _arn(group))


def _told_tags(aws: Aws, region: str, group: LogGroupTypeDef) -> Mapping[str, str]:
    """As the tagging service tells them, where it does."""
    return tag_index.known_tags(aws, region, _arn(group)) or _tags(aws, region, group)


def _tags_at(aws: Aws, region: str, name: str, arn: str) -> dict[str, str]:
    def load() -> dict[str, str]:
        return tagging.own_tags(aws.logs(region).list_tags_for_resource(resourceArn=arn)["tags"])

    return aws.shared(("log-group-tags", region, name), load)


def _ours(aws: Aws) -> str:
    return f"{PREFIX}{aws.backend}-"


def _prefix(aws: Aws, name: str) -> str:
    """What to list to find one: all that are called as ours are, or else the one that the spec calls otherwise."""
    return _ours(aws) if name.startswith(_ours(aws)) else name


def _groups(aws: Aws, region: str, prefix: str) -> dict[str, LogGroupTypeDef]:
    """By name; never all of the region, which may be thousands of others'."""

    def load() -> dict[str, LogGroupTypeDef]:
        pages = aws.logs(region).get_paginator("describe_log_groups").paginate(logGroupNamePrefix=prefix)
        return {group["logGroupName"]: group for page in pages for group in page["logGroups"]}

    return aws.shared(("log-groups", region, prefix), load)


def _arn(group: LogGroupTypeDef) -> str:
    return group["arn"].removesuffix(":*")
