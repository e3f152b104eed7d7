"""What EventBridge says of the rules of a backend, read once and shared within a plan."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from backendctl.aws import tag_index
from backendctl.aws import tags as tagging
from backendctl.resources.events.warmer_layout import rule_prefix

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import RuleTypeDef, TargetOutputTypeDef

    from backendctl.aws.connection import Aws


CHANGED = "backendctl:changed"
"""The tag of a rule that says when it was changed: EventBridge itself does not tell."""


def rules(aws: Aws, region: str) -> list[RuleTypeDef]:
    """Every rule whose name begins as those of this backend do."""

    def load() -> list[RuleTypeDef]:
        pages = aws.events(region).get_paginator("list_rules").paginate(NamePrefix=rule_prefix(aws.backend))
        return [rule for page in pages for rule in page["Rules"]]

    return aws.shared(("rules", region), load)


def tags(aws: Aws, region: str, rule: RuleTypeDef) -> dict[str, str]:
    """The tags of one rule."""
    return aws.shared(("rules", region, "tags", rule["Name"]), lambda: list_tags(aws, region, rule["Name"]))


def list_tags(aws: Aws, region: str, rule: str) -> dict[str, str]:
    """The same, asked now."""
    arn = f"arn:{aws.partition}:events:{region}:{aws.account}:rule/{rule}"
    found: Any = aws.events(region).list_tags_for_resource(ResourceARN=arn)["Tags"]
    return tagging.from_list(found)


def told_tags(aws: Aws, region: str, rule: RuleTypeDef) -> Mapping[str, str]:
    """As the tagging service tells them, where it does: not good enough to change or delete a rule."""
    return tag_index.known_tags(aws, region, rule["Arn"]) or tags(aws, region, rule)


def changed(aws: Aws, region: str, rule: RuleTypeDef) -> float:
    """When backendctl changed a rule that was there already, seconds since the epoch; 0 when it never did."""
    told = tags(aws, region, rule).get(CHANGED)
    try:
        return 0.0 if told is None else datetime.fromisoformat(told).timestamp()
    except ValueError:
        return 0.0


def targets(aws: Aws, region: str, rule: str) -> list[TargetOutputTypeDef]:
    """The targets of one rule."""
    return aws.shared(("rules", region, "targets", rule), lambda: list_targets(aws, region, rule))


def list_targets(aws: Aws, region: str, rule: str) -> list[TargetOutputTypeDef]:
    """The same, asked now."""
    pages = aws.events(region).get_paginator("list_targets_by_rule").paginate(Rule=rule)
    return [target for page in pages for target in page["Targets"]]


def count_rules(aws: Aws, region: str) -> int:
    """How many rules the default event bus has, whoever's they are."""

    def load() -> int:
        pages = aws.events(region).get_paginator("list_rules").paginate()
        return sum(len(page["Rules"]) for page in pages)

    return aws.shared(("rules", region, "count"), load)
