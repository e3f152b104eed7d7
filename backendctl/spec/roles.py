"""`role` of a spec: the ARN of one that exists, or what the role that we keep shall allow besides."""

from __future__ import annotations

from typing import Any


def role_arn(given: Any) -> str | None:
    """The ARN; None where the role is ours."""
    return given if isinstance(given, str) else None


def role_statements(given: Any) -> tuple[dict[str, Any], ...]:
    """The statements in IAM's form; () where there are none."""
    if not isinstance(given, dict):
        return ()
    return tuple({"Effect": "Allow", **statement} for statement in given["statements"])
