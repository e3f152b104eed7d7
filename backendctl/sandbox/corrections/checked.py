"""What each correction corrects, and against which version of what stands behind it was held.

Whoever changes a pinned version goes through the rows of the old one, which a test then lists: what the new one does
by itself is removed here, and the rest is held against it and moves to the new version.
"""

from __future__ import annotations

from collections.abc import Mapping

CORRECTS: Mapping[tuple[str, str], Mapping[str, str]] = {
    ("ministack", "1.5.33"): {
        "acm": "certificates are issued at once, deleted in use, told in other shapes; tokens are ignored",
        "awslambda": "states last half a second; aliases have no weights; dry runs take the code; refusals lack parts",
        "calls": "names are not taken apart; functions of other regions and accounts are not refused in AWS's words",
        "cloudwatch": "metrics are read without pages, extended statistics and limits; alarms show what was not set",
        "concurrency": "provisioned concurrency is ready at once; neither kind has limits",
        "constraints": "the constraints of AWS's models are not enforced",
        "dynamodb": "several changes go into one UpdateTable, all done at once; groups do not share settings",
        "event_invoke": "settings of asynchronous calls are not kept per version and alias",
        "events": "rules and targets have no limits; PutRule keeps what is left out",
        "function_checks": "roles, layers, code in S3 and aliases are not looked at",
        "function_records": "RevisionIds do not change with policies, tags and versions",
        "function_rules": "values of a function's settings are not judged",
        "function_shape": "functions are Active and updated at once; unset members are shown; lists tell states",
        "health/check": "health checks are not judged; lists of regions and children are not read",
        "health/prober": "no endpoint is asked",
        "health/service": "health checks have no defaults, statuses and versions",
        "health/states": "no check ever changes its status",
        "iam": "roles reach other services at once; sessions are not judged",
        "lambda_model": "runtimes are not judged; limits are those of managed instances",
        "lambda_others": "mappings, layers and tags are refused in other words, or not at all",
        "logs": "FilterLogEvents loses what is beyond its limit; StartQuery ignores its query",
        "parameters": "values have no limits of size; names and versions none of length and number",
        "permissions": "a policy is the function's, not the alias's; principals are not judged",
        "readiness": "provisioned concurrency loads nothing",
        "records": "a batch of records is not judged on the zone",
        "route53": "changes are INSYNC at once; names are kept as written",
        "scheduler": "expressions, time zones and roles are not judged",
        "table_items": "tables and indexes that are being made can be used; CloudWatch hears of no lag and no progress",
        "table_limits": "billing and capacity change without end",
        "table_own": "replicas have nothing of their own",
        "table_replicas": "replicas are neither judged nor kept apart",
        "table_rules": "changes of tables are not judged",
        "table_settings": "expiry, recovery and tags change at once and without pause",
        "table_shape": "descriptions tell what AWS leaves out",
        "table_strong": "there is no strong consistency",
        "table_times": "all changes of tables are done at once",
        "tagging": "the index has changes at once, no pages and no log groups",
        "validation": "certificates wait for no record",
        "waf": "web ACLs are not associated",
    },
    ("moto", "5.2.5"): {
        "scaling": "targets and policies are not judged and have no alarms, and stay when a table leaves",
    },
}
"""By package and version: file by file, what it does that AWS does not, or does not do."""

SHARED = frozenset({"__init__", "answers", "checked", "health/__init__", "service"})
"""Files that correct nothing by themselves."""
