"""What EventBridge Scheduler says of the schedule groups of a backend, read once and shared within a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from backendctl.aws import tags as tagging
from backendctl.resources.events.warmer_layout import rule_prefix

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws


def groups(aws: Aws, region: str) -> tuple[str, ...]:
    """Names of every group that begins as those of this backend do."""
    return aws.shared(("schedules", region), lambda: list_groups(aws, region))


def list_groups(aws: Aws, region: str) -> tuple[str, ...]:
    """The same, asked now."""
    pages = aws.scheduler(region).get_paginator("list_schedule_groups").paginate(NamePrefix=rule_prefix(aws.backend))
    return tuple(group["Name"] for page in pages for group in page["ScheduleGroups"])


def tags(aws: Aws, region: str, group: str) -> dict[str, str]:
    """The tags of a group."""

    def load() -> dict[str, str]:
        arn = group_arn(aws, region, group)
        return tagging.from_list(aws.scheduler(region).list_tags_for_resource(ResourceArn=arn)["Tags"])

    return aws.shared(("schedules", region, "tags", group), load)


def schedules(aws: Aws, region: str, group: str) -> dict[str, dict[str, Any]]:
    """Name → schedule, as GetSchedule tells it: the list leaves out nearly everything."""

    def load() -> dict[str, dict[str, Any]]:
        client = aws.scheduler(region)
        pages = client.get_paginator("list_schedules").paginate(GroupName=group)
        names = [one["Name"] for page in pages for one in page["Schedules"]]
        return {name: client.get_schedule(Name=name, GroupName=group) for name in sorted(names)}

    return aws.shared(("schedules", region, "group", group), load)


def group_arn(aws: Aws, region: str, group: str) -> str:
    """The ARN that tags hang on."""
    return f"arn:{aws.partition}:scheduler:{region}:{aws.account}:schedule-group/{group}"
