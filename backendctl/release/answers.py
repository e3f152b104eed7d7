"""Whether the canary answers a request as it should: held against an expectation and against the baseline; pure."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from backendctl.comparing import ABSENT, differences
from backendctl.json_path import parse
from backendctl.release.outcome import Finding, Outcome
from backendctl.secrets import KNOWN
from backendctl.spec.analysis import AnswerCheck
from backendctl.whole import whole

_BAD_GATEWAY = 502
_SHOWN = 3
"""Differences that are told one by one."""
_LONGEST = 60
_NO_JSON = object()


@dataclass(frozen=True, kw_only=True, slots=True)
class Said:
    """One answer. headers: names in lower case. trouble: why there is none; empty when there is one."""

    status: int = 0
    body: str = ""
    trouble: str = ""
    headers: Mapping[str, str] = field(default_factory=dict)

    @property
    def document(self) -> Any:
        """The body as JSON; `_NO_JSON` where it is none."""
        try:
            return json.loads(self.body)
        except (ValueError, RecursionError):
            return _NO_JSON


def from_proxy(payload: str, *, fault: str) -> Said:
    """What API Gateway would make of a proxy handler's answer.

    Args:
        fault: "Unhandled" or the like when the function itself failed.
    """
    try:
        given = json.loads(payload)
    except (ValueError, RecursionError):
        given = None
    status = whole(str(given.get("statusCode", ""))) if isinstance(given, dict) else None
    if fault or status is None:
        return Said(status=_BAD_GATEWAY, body=payload)
    return Said(status=status, body=str(given.get("body") or ""), headers=_headers_of(given))


def _headers_of(given: Mapping[str, Any]) -> dict[str, str]:
    single, several = given.get("headers"), given.get("multiValueHeaders")
    found = {name: values[-1] for name, values in several.items() if values} if isinstance(several, dict) else {}
    found |= single if isinstance(single, dict) else {}
    return {str(name).lower(): str(value) for name, value in found.items()}


def compared(check: AnswerCheck, *, base: Sequence[Said], canary: Sequence[Said]) -> Finding:
    """The answer to a check.

    Args:
        base, canary: several answers of each, of which the baseline's tell what differs by itself.
    """
    trouble = next((one.trouble for one in (*canary, *base) if one.trouble), "")
    if trouble or not base or not canary:
        return _open(check, trouble or f"{'the baseline' if canary else 'the canary'} has not answered")
    wrong = [told for one in canary for told in _unexpected(check, one)]
    if wrong and any(told for one in base for told in _unexpected(check, one)):
        return _open(check, f"neither canary nor baseline answer as expected: {wrong[0]}")
    if not wrong and check.against_base:
        if len({one.status for one in base}) > 1:
            return _open(check, "the baseline itself answers now with one status, now with another")
        if _is_unsteady(base) and any(one.body not in {said.body for said in base} for one in canary):
            return _open(check, "the baseline itself answers now with one text, now with another")
        wrong = [told for one in canary for told in _different(check, base, one)]
    if wrong:
        told = "; ".join(list(dict.fromkeys(wrong))[:_SHOWN])
        return Finding(outcome=Outcome.FAIL, told=f"{_name(check)}: {told}")
    how = "as the baseline does" if check.against_base else "as expected"
    return Finding(outcome=Outcome.PASS, told=f"{_name(check)}: answers {how}")


def _is_unsteady(base: Sequence[Said]) -> bool:
    """Whether it is text, which has no parts that could be left out, and differs by itself."""
    return base[0].document is _NO_JSON and len({one.body for one in base}) > 1


def _name(check: AnswerCheck) -> str:
    return f"{check.name} ({check.method} {check.path})"


def _open(check: AnswerCheck, why: str) -> Finding:
    return Finding(outcome=Outcome.INCONCLUSIVE, told=f"{_name(check)}: cannot tell: {why}")


def _unexpected(check: AnswerCheck, said: Said) -> Iterator[str]:
    if check.status is not None and said.status != check.status:
        yield f"status {said.status}, expected {check.status}"
    if check.expected_body is not None and said.body != check.expected_body:
        yield f"the body is {_short(said.body)}, expected {_short(check.expected_body)}"
    document = said.document
    for path, wanted in check.json.items():
        found = [] if document is _NO_JSON else [value for _, value in parse(path).select(document)]
        if not found or any(differences({"found": one, "wanted": wanted}) for one in found):
            shown = ", ".join(_short(json.dumps(one)) for one in found) or "nothing"
            yield f"{path} is {shown}, expected {_short(json.dumps(wanted))}"


def _different(check: AnswerCheck, base: Sequence[Said], said: Said) -> Iterator[str]:
    """Where it differs from the baseline's first answer, where its own answers do not differ from each other."""
    first = base[0]
    if said.status != first.status:
        yield f"status {said.status}, baseline {first.status}"
        return
    mine, yours = said.document, first.document
    if mine is _NO_JSON or yours is _NO_JSON:
        if said.body != first.body and all(one.body == first.body for one in base):
            yield f"the body is {_short(said.body)}, baseline {_short(first.body)}"
        return
    ignored = [parse(path) for path in check.ignore]
    unsteady = [
        one.path for other in base[1:] for one in differences({"first": yours, "other": other.document}, ignored)
    ]
    for one in differences({"base": yours, "canary": mine}, ignored):
        if not any(one.path == known or one.path.startswith((f"{known}.", f"{known}[")) for known in unsteady):
            yield f"{one.path} is {_value(one.values['canary'])}, baseline {_value(one.values['base'])}"


def _value(value: Any) -> str:
    return "missing" if value is ABSENT else _short(json.dumps(value))


def _short(text: str) -> str:
    return KNOWN.redact_short(text, _LONGEST)
