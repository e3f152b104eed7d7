"""Integration URIs in the few words that tell them apart."""

from __future__ import annotations

import re
from typing import Any

from backendctl.openapi.integrations import parse_uri

_PART = r"(?:\$\{[^}]*\}|[^:])*"
_SERVICE = re.compile(rf"arn:{_PART}:apigateway:{_PART}:(?P<service>[^:]+):(?P<call>(?:path|action)/.+)")
_STAGE = re.compile(r"\$\{stageVariables\.(\w+)\}")


def short_uri(uri: Any) -> str:
    """`places:version1` for a Lambda function, `dynamodb PutItem` for a service, else the URI itself.

    A stage variable is shown as `{name}`.
    """
    if not isinstance(uri, str):
        return str(uri)
    found = parse_uri(uri)
    if found is not None:
        return _variables(":".join(part for part in found if part))
    service = _SERVICE.fullmatch(uri)
    if service is not None:
        return _variables(f"{service['service']} {service['call'].removeprefix('action/')}")
    return _variables(uri)


def _variables(text: str) -> str:
    return _STAGE.sub(lambda found: f"{{{found[1]}}}", text)
