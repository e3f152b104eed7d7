"""Policy documents: read, and asked whether they allow an action."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cache
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from pathlib import Path

    from backendctl.sandbox.iam.asked import Asked

_MEMBERS = {"Sid", "Effect", "Action", "Resource", "Condition"}
_OPERATORS: Mapping[str, Callable[[str, str], bool]] = {
    "StringEquals": lambda value, wanted: value == wanted,
    "StringLike": lambda value, wanted: _fits(wanted, value),
    "ArnLike": lambda value, wanted: _fits(wanted, value),
}
_KEYS = {"aws:requestedregion", "iam:passedtoservice", "iam:awsservicename"}


@dataclass(frozen=True, kw_only=True, slots=True)
class Statement:
    """One statement; patterns with `*` and `?`.

    Attributes:
        condition: operator, key in lower case, values; all of them must hold.
    """

    allows: bool
    actions: tuple[str, ...]
    resources: tuple[str, ...]
    condition: tuple[tuple[str, str, tuple[str, ...]], ...] = ()

    @classmethod
    def of(cls, document: Any) -> Self:
        """One member of `Statement`.

        Raises:
            ValueError: it is none, or says what nobody here can judge.
        """
        if not isinstance(document, Mapping) or document.get("Effect") not in {"Allow", "Deny"}:
            raise ValueError(f"a statement needs the Effect Allow or Deny: {json.dumps(document)[:120]}")
        if unknown := document.keys() - _MEMBERS:
            raise ValueError(f"the sandbox cannot judge {', '.join(sorted(unknown))} of a statement")
        actions, resources = _texts(document.get("Action")), _texts(document.get("Resource"))
        if not actions or not resources:
            raise ValueError("a statement needs Action and Resource")
        return cls(
            allows=document["Effect"] == "Allow",
            actions=actions,
            resources=resources,
            condition=tuple(_conditions(document.get("Condition", {}))),
        )

    def is_about(self, one: Asked) -> bool:
        """Whether it says anything of that."""
        return (
            any(_fits(pattern.lower(), one.action.lower()) for pattern in self.actions)
            and any(_fits(pattern, one.resource) for pattern in self.resources)
            and all(
                any(_OPERATORS[operator](one.context.get(key, ""), wanted) for wanted in values)
                for operator, key, values in self.condition
            )
        )


@dataclass(frozen=True, kw_only=True, slots=True)
class Policy:
    """The statements of a document."""

    statements: tuple[Statement, ...]

    @classmethod
    def of(cls, document: Any) -> Self:
        """A policy document.

        Raises:
            ValueError: it is none; the message says why.
        """
        if not isinstance(document, Mapping) or "Statement" not in document:
            raise ValueError("a policy is a JSON object with Statement")
        found = document["Statement"]
        return cls(statements=tuple(Statement.of(one) for one in (found if isinstance(found, list) else [found])))

    @classmethod
    def read(cls, file: Path) -> Self:
        """The policy in a file.

        Raises:
            ValueError: it cannot be read, or is no policy; the message names the file.
        """
        try:
            return cls.of(json.loads(file.read_text(encoding="utf-8")))
        except OSError as problem:
            raise ValueError(f"{file} cannot be read: {problem.strerror}") from problem
        except ValueError as problem:
            raise ValueError(f"{file} is no policy that the sandbox can judge: {problem}") from problem

    def refusal(self, one: Asked) -> str | None:
        """Why that is refused, in IAM's words; None when it is allowed."""
        about = [statement for statement in self.statements if statement.is_about(one)]
        if any(not statement.allows for statement in about):
            return "with an explicit deny in an identity-based policy"
        return None if about else f"because no identity-based policy allows the {one.action} action"


def _conditions(document: Any) -> list[tuple[str, str, tuple[str, ...]]]:
    found = []
    for operator, pairs in document.items():
        for key, values in pairs.items():
            if operator not in _OPERATORS or key.lower() not in _KEYS:
                raise ValueError(f"the sandbox cannot judge the condition {operator} {key}")
            found.append((operator, key.lower(), _texts(values)))
    return found


def _texts(value: Any) -> tuple[str, ...]:
    return (value,) if isinstance(value, str) else tuple(str(one) for one in value or ())


def _fits(pattern: str, text: str) -> bool:
    return _compiled(pattern).fullmatch(text) is not None


@cache
def _compiled(pattern: str) -> re.Pattern[str]:
    """IAM's wildcards, which cross every separator; brackets mean themselves."""
    parts = (".*" if one == "*" else "." if one == "?" else re.escape(one) for one in pattern)
    return re.compile("".join(parts), re.DOTALL)
