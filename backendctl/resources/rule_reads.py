"""What EventBridge says of the rules of a backend, read once and shared within a plan."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.resources.warmer_layout import rule_prefix

if TYPE_CHECKING:
    from mypy_boto3_events.type_defs import RuleTypeDef, TargetOutputTypeDef

    from backendctl.aws.connection import Aws


def rules(aws: Aws, region: str) -> list[RuleTypeDef]:
    """Every rule whose name begins as those of this backend do."""

    def load() -> list[RuleTypeDef]:
        pages = aws.events(region).get_paginator("list_rules").paginate(NamePrefix=rule_prefix(aws.backend))
        return [rule for page in pages for rule in page["Rules"]]

    return aws.shared(("rules", region), load)


def targets(aws: Aws, region: str, rule: str) -> list[TargetOutputTypeDef]:
    """The targets of one rule."""
    return aws.shared(("rules", region, "targets", rule), lambda: list_targets(aws, region, rule))


def list_targets(aws: Aws, region: str, rule: str) -> list[TargetOutputTypeDef]:
    """The same, asked now."""
    pages = aws.events(region).get_paginator("list_targets_by_rule").paginate(Rule=rule)
    return [target for page in pages for target in page["Targets"]]
