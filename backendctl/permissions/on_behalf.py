"""Rights for what AWS checks or does on a caller's behalf: no call of ours has their name.

The facts are the numbers of the project's collection of how AWS behaves.
"""

from __future__ import annotations

from backendctl.permissions.row import Right

_DEPLOY = frozenset({"deploy"})
_DOMAINS = frozenset({"deploy", "sync-dns"})
_TABLES = frozenset({"deploy", "sync-tables"})

ON_BEHALF: tuple[Right, ...] = (
    Right(  # F24
        action="iam:PassRole",
        on="roles of functions",
        service="lambda.amazonaws.com",
        commands=frozenset({"deploy", "publish", "start-canary", "tune"}),
        reason="Lambda takes a function's role only from a caller who may pass it on",
    ),
    Right(  # F26
        action="iam:PassRole",
        on="role of Scheduler",
        service="scheduler.amazonaws.com",
        commands=frozenset({"deploy", "sync-warmers"}),
        reason="EventBridge Scheduler takes the role by which it calls only from a caller who may pass it on",
    ),
    Right(  # F23, A57
        action="iam:PassRole",
        on="log role of API Gateway",
        service="apigateway.amazonaws.com",
        commands=_DEPLOY,
        reason="API Gateway takes its log role only from a caller who may pass it on",
    ),
    Right(  # F24
        action="lambda:GetLayerVersion",
        on="layers",
        commands=frozenset({"deploy", "start-canary", "publish", "tune"}),
        reason="Lambda looks at a function's layers as its caller",
    ),
    Right(  # C21
        action="iam:CreateServiceLinkedRole",
        on="all of the account",
        service="replication.dynamodb.amazonaws.com",
        commands=_TABLES,
        reason="the first replica of an account makes DynamoDB's role for replication",
    ),
    Right(  # F25
        action="iam:CreateServiceLinkedRole",
        on="all of the account",
        service="dynamodb.application-autoscaling.amazonaws.com",
        commands=_TABLES,
        reason="the first scaled table of an account makes the role of Application Auto Scaling",
    ),
    Right(  # F23
        action="iam:CreateServiceLinkedRole",
        on="all of the account",
        service="ops.apigateway.amazonaws.com",
        commands=_DOMAINS,
        reason="the first custom domain of an account makes API Gateway's own role",
    ),
    Right(  # F23
        action="apigateway:SetWebACL",
        on="stages",
        commands=frozenset({"deploy", "destroy", "sync-api"}),
        reason="WAF changes the web ACL of a stage only for a caller who may set it",
    ),
    Right(  # F23
        action="acm:DescribeCertificate",
        on="certificates",
        commands=_DOMAINS,
        reason="API Gateway looks at the certificate of a domain as its caller",
    ),
    Right(  # F23
        action="apigateway:AddCertificateToDomain",
        on="domains",
        commands=_DOMAINS,
        reason="a domain with mutual TLS is made by a caller who may give it certificates",
    ),
    Right(  # A86
        action="s3:GetObject",
        on="truststores",
        commands=_DOMAINS,
        reason="API Gateway reads the truststore of a domain with mutual TLS as its caller",
    ),
    *(
        Right(  # C21
            action=f"dynamodb:{action}",
            on="tables",
            commands=_TABLES,
            reason="DynamoDB fills a new replica as the caller who asked for it",
        )
        for action in ("BatchWriteItem", "DeleteItem", "GetItem", "PutItem", "Query", "Scan", "UpdateItem")
    ),
    Right(  # C55
        action="kms:CreateGrant",
        on="keys of tables",
        commands=_TABLES,
        reason="DynamoDB uses a key of the account by a grant that the caller makes who names the key",
    ),
    *(
        Right(  # F25, C17
            action=f"cloudwatch:{action}",
            on="everything",
            commands=_TABLES if action != "DeleteAlarms" else _TABLES | {"destroy"},
            reason="Application Auto Scaling keeps the alarms of a scaling policy as its caller",
        )
        for action in ("DeleteAlarms", "DescribeAlarms", "PutMetricAlarm")
    ),
)
"""Each with its reason; B58 asks nothing of the caller here: a function's role is checked for its tracing rights."""
