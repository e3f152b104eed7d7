"""What backends of ended tests would go on to cost: probes of their health checks, and the processes of their handlers.

A sandbox asks each health check once a second, through API Gateway and a handler, for as long as it is there. Nobody
destroys a backend at the end of a test, for a destroy costs as much as a deploy; this leaves all of it that only lies.
"""

from __future__ import annotations

import contextlib

import urllib3
from botocore.exceptions import ClientError

from tests.functional.sandboxed import stock_client

REGIONS = ("us-east-1", "us-west-2", "eu-west-1")
"""Where tests have functions; a handler elsewhere ends when nobody has asked it for minutes."""

_OK = 200


def quiet(url: str, *, backend: str = "") -> None:
    """Delete health checks and functions of a backend of that name, of all without one; nothing where no sandbox is."""
    if not _is_up(url):
        return
    route53 = stock_client(url, "route53", REGIONS[0])
    for page in route53.get_paginator("list_health_checks").paginate():
        for check in page["HealthChecks"]:
            if not backend or check["CallerReference"].startswith(f"backendctl/{backend}/"):
                route53.delete_health_check(HealthCheckId=check["Id"])
    for region in REGIONS:
        functions = stock_client(url, "lambda", region)
        for page in functions.get_paginator("list_functions").paginate():
            for function in page["Functions"]:
                if function["FunctionName"].startswith(f"{backend}-" if backend else ""):
                    with contextlib.suppress(ClientError):  # a test may have left it where AWS deletes nothing
                        functions.delete_function(FunctionName=function["FunctionName"])


def _is_up(url: str) -> bool:
    try:
        return urllib3.request("GET", f"{url}/_sandbox/health", retries=False).status == _OK
    except urllib3.exceptions.HTTPError:
        return False
