"""Policy documents as AWS gives them back: JSON in a text, percent-encoded by IAM, or parsed already."""

from __future__ import annotations

import json
from typing import Any
from urllib.parse import unquote

from backendctl.errors import BackendctlError


def statements(document: Any, *, of: str) -> list[dict[str, Any]]:
    """The statements of a policy; one alone needs no list around it.

    Args:
        of: whose it is, for the message.

    Raises:
        BackendctlError: it is no policy document.
    """
    try:
        parsed = json.loads(unquote(document)) if isinstance(document, str) else document
        found = parsed.get("Statement", [])
    except (ValueError, RecursionError, AttributeError) as error:
        raise _no_policy(of) from error
    listed = found if isinstance(found, list) else [found]
    if not all(isinstance(one, dict) for one in listed):
        raise _no_policy(of)
    return listed


def _no_policy(of: str) -> BackendctlError:
    return BackendctlError(
        f"the policy of {of}, as AWS gives it back, is no policy document", hint="look at it in AWS's console"
    )
