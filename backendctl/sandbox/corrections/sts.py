"""STS: what AssumeRole refuses of a role's ARN, of a session's name and of its tags."""

from __future__ import annotations

import re
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import constraints
from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.corrections.service import CorrectedService, Doc, Handled, operations

if TYPE_CHECKING:
    from backendctl.sandbox.http import Request

_NAMESPACE = "https://sts.amazonaws.com/doc/2011-06-15/"
_ROLE = re.compile(r"arn:aws[a-z-]*:iam::\d{12}:role/.+")
_JUDGE = constraints.Judge(service="sts")


@dataclass(kw_only=True, slots=True)
class Sessions(CorrectedService):
    """STS in front of the emulated one."""

    async def _assume(self, _request: Request, asked: Doc) -> Handled:
        return _refusal(asked)

    service = "sts"
    dialect = partial(Refusal.rest_xml, namespace=_NAMESPACE)
    handlers = operations(AssumeRole=_assume)


def _refusal(asked: dict[str, str]) -> Refusal | None:
    values: dict[str, Any] = {**asked}
    if asked.get("DurationSeconds", "").isdigit():
        values["DurationSeconds"] = int(asked["DurationSeconds"])
    broken = constraints.refusal(_JUDGE.faults("AssumeRole", values))
    if broken is not None:
        return replace(broken, code="ValidationError")
    if not _ROLE.fullmatch(asked["RoleArn"]):
        return Refusal(code="ValidationError", message=f"{asked['RoleArn']} is invalid")
    return _tags(asked)


def _tags(asked: dict[str, str]) -> Refusal | None:
    """Keys of tags are the same in any case of their letters."""
    keys = [value.lower() for name, value in asked.items() if re.fullmatch(r"Tags\.member\.\d+\.Key", name)]
    kept = [value.lower() for name, value in asked.items() if re.fullmatch(r"TransitiveTagKeys\.member\.\d+", name)]
    if len(set(keys)) < len(keys):
        return _bad("Duplicate tag keys found. Please note that Tag keys are case insensitive.")
    if not set(kept) <= set(keys):
        return _bad("The specified transitive tag key must be included in the requested tags.")
    return None


def _bad(message: str) -> Refusal:
    return Refusal(code="InvalidParameterValue", message=message)
