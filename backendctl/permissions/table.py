"""The table: which action which command needs, on what. A test holds it against every call that tests make.

F22: the actions of API Gateway are HTTP methods. F28: most lists know no resource.
"""

from __future__ import annotations

from collections.abc import Iterator

from backendctl.permissions.arns import EVERYTHING
from backendctl.permissions.row import Row

# Which commands do what; several lines of the table share these.
_PLAN = frozenset({"plan", "deploy", "destroy", "status", "doctor"})
_CANARY = frozenset({"canary-status", "promote-canary", "abort-canary"})
_RELEASE = frozenset({"start-canary", "promote-canary", "abort-canary", "rollback"})
_SERVED = _CANARY | {"start-canary", "rollback", "history", "diff", "prune", "publish"}
_API = frozenset({"sync-api", "export-api", "grant", "sdk"})
_WARM = frozenset({"warm-status", "warm", "sync-warmers"})
_LOOK = frozenset({"logs", "invoke", "test", "traces"})
_DEPLOY, _DESTROY = frozenset({"deploy"}), frozenset({"destroy"})
_CHANGE = _DEPLOY | {"start-canary"}
_JUDGE = frozenset({"canary-status", "promote-canary"})

_TABLE: dict[str, tuple[tuple[str, frozenset[str]], ...]] = {
    EVERYTHING: (
        ("lambda:ListFunctions", _PLAN | _SERVED | _API | _WARM | {"tune", "cost", "invoke"}),
        ("lambda:GetAccountSettings", _PLAN | {"start-canary", "prune", "tune"}),
        ("dynamodb:ListTables", _PLAN),
        ("application-autoscaling:DescribeScalableTargets", _PLAN),
        ("application-autoscaling:DescribeScalingPolicies", _PLAN),
        ("application-autoscaling:RegisterScalableTarget", _DEPLOY),
        ("application-autoscaling:PutScalingPolicy", _DEPLOY),
        ("application-autoscaling:DeregisterScalableTarget", _DEPLOY | _DESTROY),
        ("logs:DescribeLogGroups", _PLAN | {"start-canary", "logs", "cost"}),
        ("logs:GetQueryResults", _JUDGE | {"warm-status"}),
        ("events:ListRules", _PLAN | _WARM | {"start-canary"}),
        ("events:ListRuleNamesByTarget", frozenset({"warm-status"})),
        ("scheduler:ListScheduleGroups", _PLAN | _WARM),
        ("scheduler:ListSchedules", _PLAN | _WARM),
        ("acm:ListCertificates", _PLAN),
        ("cloudwatch:GetMetricData", _JUDGE | {"warm-status", "cost", "doctor"}),
        ("cloudwatch:ListMetrics", _JUDGE),
        ("xray:GetTraceSummaries", frozenset({"traces"})),
        ("xray:BatchGetTraces", frozenset({"traces"})),
    ),
}


def _rows() -> Iterator[Row]:
    for on, actions in _TABLE.items():
        for action, commands in actions:
            yield Row(action=action, on=on, commands=commands)


ROWS: tuple[Row, ...] = tuple(_rows())
