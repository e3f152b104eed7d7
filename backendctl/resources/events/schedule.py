"""The schedules of EventBridge Scheduler that keep a function warm: by cron expressions in a time zone."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import ClientError, is_missing, says
from backendctl.aws.wait import until
from backendctl.engine.resource import GLOBAL, PARTIAL, address
from backendctl.engine.traits import Fix, MatrixRow, Traits, base
from backendctl.resources.events import schedule_reads
from backendctl.resources.events.warmer import canonical, one_word, paused, short_arn
from backendctl.resources.events.warmer_layout import data_before_calls, rule_prefix, schedules, state, warmer_name
from backendctl.resources.iam.role import scheduler_role
from backendctl.resources.lambda_.alias_names import qualified
from backendctl.resources.lambda_.lambda_reads import NAME
from backendctl.spec.model import FunctionSpec, Warm

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

_ARROW = " → "


@dataclass(frozen=True, kw_only=True, slots=True)
class Schedule:
    """All schedules that keep one function warm; its name is the function's.

    They lie in a group of their own: schedules have no tags and no metrics by name, groups have both. What several
    schedules say is one value here; schedules that disagree show as all of it, and become one again.

    Attributes:
        group: its name. schedules: name → "<expression> → <function>:<alias>".
        input: JSON that is sent. retries: of a call that failed; none, the next one comes soon enough.
        role: ARN of what calls (D18).
        state: None leaves the schedules as they are; new ones are then enabled.
        states: schedule → its state; live only. note: what a plan should say of it; live only.
    """

    kind: ClassVar[str] = "schedule"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(row=MatrixRow("function", base), fix=Fix.ALWAYS, region_check="warmers")

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    group: str = field(compare=False)
    after: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
    states: dict[str, str] = field(default_factory=dict, compare=False, repr=False)
    note: str = field(default="", compare=False, repr=False)

    schedules: dict[str, str] | None = None
    time_zone: str | None = None
    state: str | None = None
    description: str | None = None
    input: str | None = None
    retries: str | None = None
    role: str | None = None
    window: str | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One for every function whose pings have a time zone."""
        for region in context.spec.regions:
            for spec in context.spec.functions_in(region):
                if spec.warm is not None and spec.warm.is_scheduled:
                    yield cls._wanted(context, region, spec, spec.warm)

    @classmethod
    def _wanted(cls, context: DeployContext, region: str, spec: FunctionSpec, warm: Warm) -> Self:
        wanted = schedules(context, region, spec)
        role = scheduler_role(context.backend)
        called = {
            address(region, "alias" if qualifier else "function", qualified(spec.name, qualifier))
            for _, qualifier in wanted.values()
        }
        return cls(
            region=region,
            name=spec.name,
            owner=context.backend,
            group=warmer_name(context.backend, spec.name),
            after=frozenset(called | {address(GLOBAL, "role", role)}) | data_before_calls(context, region, spec),
            schedules={
                name: f"{expression}{_ARROW}{qualified(spec.physical, qualifier)}"
                for name, (expression, qualifier) in wanted.items()
            },
            time_zone=warm.time_zone,
            state=state(warm),
            description=f"backendctl: keeps {spec.physical} warm",
            input=canonical(warm.event(warm.instances)),
            retries="0",
            role=f"arn:{context.partition}:iam::{context.account}:role/{role}",
            window="OFF",
            tags=tagging.marked(context.backend, {**spec.tags, NAME: spec.name}),
        )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """From the list of the backend's groups, then each schedule."""
        if desired.group not in schedule_reads.groups(aws, desired.region):
            return None
        live = cls._live(aws, desired.region, desired.name, desired.group)
        return replace(live, note=paused(live.states.values(), desired.state))

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Groups called `<backend>-warm-…` that carry our mark."""
        for group in schedule_reads.groups(aws, region):
            tags = schedule_reads.tags(aws, region, group)
            if tagging.owner_of(tags) == aws.backend:
                yield cls._live(aws, region, tags.get(NAME) or group.removeprefix(rule_prefix(aws.backend)), group)

    @classmethod
    def _live(cls, aws: Aws, region: str, name: str, group: str) -> Self:
        tags = schedule_reads.tags(aws, region, group)
        found = schedule_reads.schedules(aws, region, group)
        each = list(found.values())
        targets: list[dict[str, Any]] = [one.get("Target", {}) for one in each]
        retried = [target.get("RetryPolicy", {}).get("MaximumRetryAttempts", 185) for target in targets]  # D22
        return cls(
            region=region,
            name=name,
            owner=tagging.owner_of(tags),
            group=group,
            states={key: one.get("State", "") for key, one in found.items()},
            schedules={
                key: f"{one.get('ScheduleExpression')}{_ARROW}{short_arn(one.get('Target', {}).get('Arn', ''))}"
                for key, one in found.items()
            },
            time_zone=one_word(one.get("ScheduleExpressionTimezone", "UTC") for one in each),
            state=one_word(one.get("State", "") for one in each),
            description=one_word(one.get("Description", "") for one in each),
            input=one_word(canonical(target.get("Input", "")) for target in targets),
            retries=one_word(str(count) for count in retried),
            role=one_word(target.get("RoleArn", "") for target in targets),
            window=one_word(one.get("FlexibleTimeWindow", {}).get("Mode", "") for one in each),
            tags=tags,
        )

    def needs(self) -> frozenset[str]:
        """The aliases that are called, and the role that calls them; no permission of the function is asked (D18)."""
        return self.after

    def create(self, aws: Aws) -> None:
        """The group, marked in the same call, then its schedules."""
        client, tags = aws.scheduler(self.region), tagging.to_list(self.tags or {})
        try:
            client.create_schedule_group(Name=self.group, Tags=tags)
        except ClientError as error:
            if not says(error, "ConflictException"):
                raise
            aws.forget("schedules", self.region)
            if tagging.owner_of(schedule_reads.tags(aws, self.region, self.group)) != self.owner:
                raise
        self._put(aws, {})

    def update(self, aws: Aws, live: Self) -> None:
        """Tags, then every schedule again: an update replaces all of one (D20). What is not wanted any more goes."""
        if changed := tagging.missing(self.tags, live.tags):
            arn = schedule_reads.group_arn(aws, self.region, self.group)
            aws.scheduler(self.region).tag_resource(ResourceArn=arn, Tags=tagging.to_list(changed))
        self._put(aws, live.states)

    def delete(self, aws: Aws) -> None:
        """The group; AWS takes its schedules with it, in the background."""

        def gone() -> bool | None:
            return None if self.group in schedule_reads.list_groups(aws, self.region) else True

        if gone():
            return
        try:
            aws.scheduler(self.region).delete_schedule_group(Name=self.group)
        except ClientError as error:
            if not is_missing(error):
                raise
        until(aws, f"the schedule group {self.group} to go", gone, limit=300)

    def _put(self, aws: Aws, states: Mapping[str, str]) -> None:
        usual = "DISABLED" if states and set(states.values()) == {"DISABLED"} else "ENABLED"
        for name, arguments in self._arguments(aws):
            self._put_one(aws, name, {**arguments, "State": self.state or states.get(name, usual)})
        for name in states.keys() - (self.schedules or {}).keys():
            _remove(aws, self.region, self.group, name)
        aws.forget("schedules", self.region)

    def _put_one(self, aws: Aws, name: str, arguments: dict[str, Any]) -> None:
        client = aws.scheduler(self.region)
        try:
            client.create_schedule(Name=name, GroupName=self.group, **arguments)
        except ClientError as error:
            if not says(error, "ConflictException"):  # D20
                raise
            client.update_schedule(Name=name, GroupName=self.group, **arguments)

    def _arguments(self, aws: Aws) -> Iterator[tuple[str, dict[str, Any]]]:
        prefix = f"arn:{aws.partition}:lambda:{self.region}:{aws.account}:function:"
        for name, told in (self.schedules or {}).items():
            expression, _, target = told.partition(_ARROW)
            yield (
                name,
                {
                    "ScheduleExpression": expression,
                    "ScheduleExpressionTimezone": self.time_zone,
                    "Description": self.description,
                    "FlexibleTimeWindow": {"Mode": self.window},
                    "Target": {
                        "Arn": prefix + target,
                        "RoleArn": self.role,
                        "Input": self.input,
                        "RetryPolicy": {"MaximumRetryAttempts": int(self.retries or "0")},
                    },
                },
            )


def _remove(aws: Aws, region: str, group: str, name: str) -> None:
    try:
        aws.scheduler(region).delete_schedule(Name=name, GroupName=group)
    except ClientError as error:
        if not is_missing(error):
            raise
