"""The table: which action which command needs, on what. A test holds it against every call that tests make.

F22: the actions of API Gateway are HTTP methods. F28: most lists know no resource. A command that is not here needs
nothing: `validate` and `render` ask AWS for what expressions in the spec name, and for no more.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from backendctl.permissions.row import Right

Commands = frozenset[str]

# What several lines share.
_DEPLOY, _DESTROY = frozenset({"deploy"}), frozenset({"destroy"})
_REMOVE = _DEPLOY | _DESTROY
_PLAN = _REMOVE | {"plan", "status", "doctor"}
_READ = _PLAN | {"start-canary"}
_DNS_READ = _READ | {"sync-dns"}
_DNS_WRITE, _DNS_REMOVE = _DEPLOY | {"sync-dns"}, _REMOVE | {"sync-dns"}
_RELEASE = _DEPLOY | {"start-canary", "promote-canary", "abort-canary", "rollback"}
_PUBLISH = _DEPLOY | {"start-canary", "publish"}
_PUT = _DEPLOY | {"start-canary", "sync-api"}
_JUDGE = frozenset({"canary-status", "promote-canary"})
_SERVED = _RELEASE | _PLAN | {"canary-status", "history", "diff", "prune", "publish"}
_WARM = frozenset({"warm-status", "sync-warmers"})
_LOOK = frozenset({"logs", "invoke", "test", "traces", "warm", "warm-status", "tune", "cost"})
_API = frozenset({"sync-api", "export-api", "grant", "sdk"})
_ROLES = _READ | {"publish", "sync-warmers"}
_TABLES = frozenset({"sync-tables"})
_MAKE_TABLES, _REMOVE_TABLES, _READ_TABLES = _DEPLOY | _TABLES, _REMOVE | _TABLES, _READ | _TABLES
_LAG = frozenset({"test-replication"})
_DRAIN = frozenset({"drain", "restore", "game-day"})
_BACK = frozenset({"restore", "game-day"})
_CHECK = frozenset({"check-regions"})
_MEASURE = _JUDGE | {"warm-status", "cost", "doctor", "logs"}

_TABLE: Mapping[str, tuple[tuple[str, Commands], ...]] = {
    "everything": (
        ("lambda:ListFunctions", _SERVED | _WARM | _API | {"logs", "traces", "invoke", "tune", "warm", "cost"} | _BACK),
        ("lambda:GetAccountSettings", _READ | {"prune", "tune"} | _CHECK),
        ("dynamodb:ListTables", _PLAN | _TABLES | {"sync-dns"}),
        ("application-autoscaling:DescribeScalableTargets", _READ_TABLES | {"prune"}),
        ("application-autoscaling:DescribeScalingPolicies", _PLAN | _TABLES),
        ("application-autoscaling:RegisterScalableTarget", _MAKE_TABLES),
        ("application-autoscaling:PutScalingPolicy", _MAKE_TABLES),
        ("application-autoscaling:DeleteScalingPolicy", _REMOVE_TABLES),
        ("application-autoscaling:DeregisterScalableTarget", _REMOVE_TABLES),
        ("logs:DescribeLogGroups", _READ | {"publish"}),
        ("logs:GetQueryResults", _JUDGE | {"warm-status"}),
        ("events:ListRules", _READ | _WARM | _CHECK),
        ("scheduler:ListScheduleGroups", _PLAN | _WARM | _CHECK),
        ("scheduler:ListSchedules", _PLAN | _WARM | _CHECK),
        ("acm:ListCertificates", _DNS_READ | _CHECK),
        ("acm:RequestCertificate", _DNS_WRITE),
        ("acm:AddTagsToCertificate", _DNS_WRITE),  # of one that has no ARN yet
        ("cloudwatch:GetMetricData", _MEASURE | _MAKE_TABLES | _LAG | _CHECK | {"drain", "game-day"}),
        ("cloudwatch:ListMetrics", _JUDGE),
        ("xray:GetTraceSummaries", frozenset({"traces"})),
        ("xray:BatchGetTraces", frozenset({"traces"})),
        ("tag:GetResources", _READ | _WARM | _CHECK | {"publish"}),
        ("lambda:ListEventSourceMappings", _LAG),
        ("wafv2:DisassociateWebACL", _REMOVE),
    ),
    "all of the account": (
        ("route53:ListHostedZones", _DNS_READ | {"iam-policy"} | _CHECK | _DRAIN),
        ("route53:ListHealthChecks", _DNS_READ | _CHECK | _DRAIN),
        ("route53:CreateHealthCheck", _DNS_WRITE),
    ),
    "functions": (
        ("lambda:GetFunction", _SERVED | {"sync-warmers", "tune"}),
        ("lambda:GetFunctionConcurrency", _READ | {"tune"}),
        ("lambda:GetPolicy", _READ | _WARM | {"grant", "publish", "sync-api"}),
        ("lambda:GetAlias", _RELEASE | {"publish"}),
        ("lambda:ListAliases", _SERVED | _WARM | _API | _LOOK | _BACK | _CHECK),
        ("lambda:ListVersionsByFunction", _SERVED | _WARM | {"sync-api", "tune"}),
        ("lambda:ListProvisionedConcurrencyConfigs", _SERVED | {"cost", "tune", "warm-status"}),
        ("lambda:ListFunctionEventInvokeConfigs", _READ - _DESTROY),
        ("lambda:CreateFunction", _DEPLOY),
        ("lambda:UpdateFunctionCode", _PUBLISH),
        ("lambda:UpdateFunctionConfiguration", _PUBLISH | {"tune"}),
        ("lambda:PublishVersion", _PUBLISH | {"tune"}),
        ("lambda:DeleteFunction", _REMOVE | {"prune", "tune"}),
        ("lambda:CreateAlias", _PUBLISH),
        ("lambda:UpdateAlias", _RELEASE | {"publish"}),
        ("lambda:DeleteAlias", _REMOVE),
        ("lambda:AddPermission", _PUT | {"grant", "sync-warmers"}),
        ("lambda:RemovePermission", _PUT | {"destroy", "grant", "sync-warmers"}),
        ("lambda:PutProvisionedConcurrencyConfig", _RELEASE),
        ("lambda:DeleteProvisionedConcurrencyConfig", _RELEASE | {"destroy", "prune"}),
        ("lambda:PutFunctionConcurrency", _DEPLOY),
        ("lambda:DeleteFunctionConcurrency", _DEPLOY),
        ("lambda:PutFunctionEventInvokeConfig", _DEPLOY),
        ("lambda:TagResource", _RELEASE),
        ("lambda:UntagResource", _RELEASE | {"prune"}),
        (
            "lambda:InvokeFunction",
            _RELEASE - {"abort-canary"} | {"invoke", "publish", "warm", "tune"} | _BACK,
        ),
    ),
    "tables": (
        ("dynamodb:DescribeTable", _READ_TABLES | _LAG | {"cost"} | _BACK | _CHECK),
        ("dynamodb:DescribeKinesisStreamingDestination", _LAG),
        ("dynamodb:PutItem", _LAG),
        ("dynamodb:GetItem", _LAG),
        ("dynamodb:DeleteItem", _LAG),
        ("dynamodb:DescribeTimeToLive", _READ_TABLES),
        ("dynamodb:DescribeContinuousBackups", _READ_TABLES),
        ("dynamodb:ListTagsOfResource", _READ_TABLES),
        ("dynamodb:GetResourcePolicy", _READ_TABLES),
        ("dynamodb:CreateTable", _MAKE_TABLES),
        ("dynamodb:CreateTableReplica", _MAKE_TABLES),
        ("dynamodb:UpdateTable", _REMOVE_TABLES),
        ("dynamodb:UpdateTimeToLive", _MAKE_TABLES),
        ("dynamodb:UpdateContinuousBackups", _MAKE_TABLES),
        ("dynamodb:TagResource", _MAKE_TABLES),
        ("dynamodb:UntagResource", _TABLES),
        ("dynamodb:PutResourcePolicy", _MAKE_TABLES),
        ("dynamodb:DeleteResourcePolicy", _MAKE_TABLES),
        ("dynamodb:DeleteTable", _REMOVE_TABLES),
        ("dynamodb:DeleteTableReplica", _REMOVE_TABLES),
        ("dynamodb:DisassociateTableReplica", _TABLES),
    ),
    "keys of tables": (("kms:DescribeKey", _READ_TABLES),),
    "logs of all functions": (("logs:ListTagsForResource", _READ | {"publish"}),),  # whose of them are ours is a tag
    "function logs": (
        ("logs:FilterLogEvents", frozenset({"logs", "warm-status"})),
        ("logs:StartQuery", frozenset({"warm-status"})),
        ("logs:CreateLogGroup", _DEPLOY | {"publish"}),
        ("logs:PutRetentionPolicy", _DEPLOY | {"publish"}),
        ("logs:TagResource", _DEPLOY | {"publish"}),
        ("logs:DeleteLogGroup", _REMOVE),
    ),
    "API logs": (
        ("logs:CreateLogGroup", _PUT),
        ("logs:TagResource", _PUT),
        ("logs:PutRetentionPolicy", _DEPLOY),
        ("logs:FilterLogEvents", _JUDGE | {"logs", "warm-status"}),
        ("logs:StartQuery", _JUDGE),
    ),
    "rules": (
        ("events:ListTargetsByRule", _READ | _WARM | _CHECK),
        ("events:ListTagsForResource", _READ | _WARM | _CHECK),
        ("events:PutRule", _DEPLOY | {"sync-warmers"}),
        ("events:PutTargets", _DEPLOY | {"sync-warmers"}),
        ("events:TagResource", _DEPLOY | {"sync-warmers"}),
        ("events:RemoveTargets", _REMOVE | {"sync-warmers"}),
        ("events:DeleteRule", _REMOVE | {"sync-warmers"}),
    ),
    "schedules": (
        ("scheduler:GetSchedule", _READ | _WARM | _CHECK),
        ("scheduler:ListTagsForResource", _READ | _WARM | _CHECK),
        ("scheduler:CreateScheduleGroup", _DEPLOY | {"sync-warmers"}),
        ("scheduler:TagResource", _DEPLOY | {"sync-warmers"}),
        ("scheduler:CreateSchedule", _DEPLOY | {"sync-warmers"}),
        ("scheduler:UpdateSchedule", _DEPLOY | {"sync-warmers"}),
        ("scheduler:DeleteSchedule", _REMOVE | {"sync-warmers"}),
        ("scheduler:DeleteScheduleGroup", _REMOVE | {"sync-warmers"}),
    ),
    "parameters": (
        (
            "ssm:GetParametersByPath",
            _SERVED | _API | _WARM | _TABLES | {"iam-policy", "sync-dns", "tune"} | _CHECK | _DRAIN,
        ),
        ("ssm:GetParameter", _RELEASE | {"publish", "prune", "diff"}),
        ("ssm:GetParameters", _RELEASE | {"publish", "sync-api"}),
        ("ssm:GetParameterHistory", _SERVED),
        ("ssm:PutParameter", _RELEASE | {"publish", "sync-api", "sync-warmers", "sync-tables"} | _DRAIN),
        ("ssm:AddTagsToResource", _RELEASE | {"publish", "sync-api", "sync-warmers", "sync-tables"}),
        ("ssm:DeleteParameter", _REMOVE),
        ("ssm:DeleteParameters", _RELEASE | {"destroy", "prune"}),
    ),
    "parameters of the spec": (("ssm:GetParameter", _SERVED | _API | _LOOK | _WARM | _CHECK | _BACK | {"sync-dns"}),),
    "APIs": (
        ("apigateway:GET", _SERVED | _API | _LOOK | _WARM | {"sync-dns"} | _CHECK | _DRAIN),
        ("apigateway:POST", _PUT | {"test"}),
        ("apigateway:PUT", _PUT),
        ("apigateway:PATCH", _RELEASE | _DRAIN | {"publish", "sync-api"}),
        ("apigateway:DELETE", _RELEASE | {"destroy", "prune", "sync-api"}),
    ),
    "domains": (
        ("apigateway:GET", _DNS_READ | _BACK | _CHECK),
        ("apigateway:POST", _DNS_WRITE),
        ("apigateway:PATCH", _DNS_WRITE),
        ("apigateway:DELETE", _DNS_REMOVE),
    ),
    "API keys": (
        ("apigateway:GET", _READ | _PUT | _CHECK),
        ("apigateway:POST", _DEPLOY),
        ("apigateway:PATCH", _DEPLOY),
        ("apigateway:DELETE", _REMOVE),
    ),
    "usage plans": (
        ("apigateway:GET", _READ | _PUT | _CHECK),
        ("apigateway:POST", _DEPLOY),
        ("apigateway:PATCH", _REMOVE),
        ("apigateway:DELETE", _REMOVE),
    ),
    "settings of API Gateway": (
        ("apigateway:GET", _READ),
        ("apigateway:PATCH", _DEPLOY),
    ),
    "API tags": (("apigateway:PUT", _PUT | {"sync-dns"}), ("apigateway:DELETE", _REMOVE)),
    "web ACLs": (("wafv2:AssociateWebACL", _DEPLOY | {"sync-api"}),),
    "certificates": (("acm:DescribeCertificate", _DNS_READ | _CHECK),),
    "zone": (
        ("route53:ListResourceRecordSets", _DNS_READ | _DRAIN | _CHECK),
        ("route53:ChangeResourceRecordSets", _DNS_REMOVE | _DRAIN),
    ),
    "health checks": (
        ("route53:UpdateHealthCheck", _DNS_WRITE | _DRAIN),
        ("route53:DeleteHealthCheck", _DNS_REMOVE),
    ),
    "DNS changes": (("route53:GetChange", _DNS_REMOVE | _DRAIN),),
    "roles": (
        ("iam:GetRole", _ROLES),
        ("iam:GetRolePolicy", _ROLES),
        ("iam:ListRolePolicies", _REMOVE | {"doctor", "sync-warmers"}),
        ("iam:ListAttachedRolePolicies", _REMOVE | {"doctor", "sync-warmers"}),
        ("iam:CreateRole", _DEPLOY | {"sync-warmers"}),
        ("iam:TagRole", _DEPLOY | {"sync-warmers"}),
        ("iam:PutRolePolicy", _DEPLOY | {"sync-warmers"}),
        ("iam:UpdateAssumeRolePolicy", _DEPLOY | {"sync-warmers"}),
        ("iam:DeleteRolePolicy", _REMOVE | {"sync-warmers"}),
        ("iam:DetachRolePolicy", _REMOVE | {"sync-warmers"}),
        ("iam:DeleteRole", _REMOVE | {"sync-warmers"}),
        ("iam:SimulatePrincipalPolicy", frozenset({"doctor"})),
    ),
    "given roles": (
        ("iam:GetRolePolicy", frozenset({"doctor"})),
        ("iam:ListRolePolicies", frozenset({"doctor"})),
        ("iam:ListAttachedRolePolicies", frozenset({"doctor"})),
        ("iam:SimulatePrincipalPolicy", frozenset({"doctor"})),
    ),
    "log role of API Gateway": (
        ("iam:GetRole", _DESTROY),
        ("iam:CreateRole", _DEPLOY),
        ("iam:PutRolePolicy", _DEPLOY),
    ),
    "code in S3": (
        ("s3:GetObject", _PLAN | _PUBLISH),
        ("s3:ListBucket", _PLAN | _PUBLISH),
        ("s3:PutObject", _PUBLISH),
    ),
}


def _rows() -> Iterator[Right]:
    for on, actions in _TABLE.items():
        for action, commands in actions:
            yield Right(action=action, on=on, commands=commands)


ROWS: tuple[Right, ...] = tuple(_rows())
