"""The access log of a stage as a source for a verdict: which one it is, and what its lines tell.

A line is written in a format of the user's own (JSON, CSV, CLF, XML), with `$context` variables in it. The format is
turned into a pattern with one group for each variable that matters, so that no format needs a reader of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backendctl.spec.check_api import TELLS_CANARY
from backendctl.whole import whole

_VARIABLE = re.compile(r"\$context((?:\.[A-Za-z0-9_-]+)+)")
_KNOWN = {
    "isCanaryRequest": "canary",
    "status": "status",
    "responseLatency": "latency",
    "resourcePath": "path",
    "httpMethod": "method",
    "requestId": "request",
    "stage": "stage",
    "apiId": "api",
}
"""$context variable → group of the pattern. Names are letters only, as Logs Insights wants them."""
_GROUP_ARN = ":log-group:"


@dataclass(frozen=True, kw_only=True, slots=True)
class Line:
    """What one request left.

    Attributes:
        status: of the answer. latency: milliseconds; None where the format does not have it.
        route: `GET /places/{id}`; empty where the format has no resource path.
        request: its id; empty where the format has none.
    """

    is_canary: bool
    status: int
    latency: float | None = None
    route: str = ""
    request: str = ""


@dataclass(frozen=True, kw_only=True)
class AccessLog:
    """An access log that tells canary requests from the baseline's.

    Attributes:
        group: the log group. format: of its lines, as API Gateway has it.
        stage, api_id: whose lines to read, where the format names them.
    """

    group: str
    format: str
    stage: str
    api_id: str

    @property
    def groups(self) -> tuple[str, str]:
        """Where its lines may be: API Gateway may write a canary's to a group of its own (A76)."""
        return self.group, f"{self.group}/Canary"

    @property
    def named(self) -> frozenset[str]:
        """The groups of the pattern: what its lines tell."""
        return frozenset(self.pattern.groupindex)

    @property
    def own(self) -> dict[str, str]:
        """What its lines have to say of stage and API, as far as they do, to be this stage's."""
        return {name: value for name, value in (("stage", self.stage), ("api", self.api_id)) if name in self.named}

    @cached_property
    def pattern(self) -> re.Pattern[str]:
        """What a whole line looks like."""
        return re.compile(_pattern(self.format), re.DOTALL)

    def line(self, message: str, *, in_canary_group: bool) -> Line | None:
        """One line; None when it is another stage's, or not in this format.

        Args:
            in_canary_group: whether it lies in the group that only canary requests go to.
        """
        found = self.pattern.fullmatch(message.strip())
        if found is None:
            return None
        told = found.groupdict()
        status = whole(told["status"])
        if status is None or any(told[name] != value for name, value in self.own.items()):
            return None
        return Line(
            is_canary=in_canary_group or told["canary"] == "true",
            status=status,
            latency=_number(told.get("latency")),
            route=f"{told.get('method', '')} {told['path']}".strip() if told.get("path") else "",
            request=told.get("request", ""),
        )


def of_stage(live: Mapping[str, Any], *, api_id: str, others: Iterable[Mapping[str, Any]]) -> AccessLog | str:
    """The access log of a live stage; or why there is none that tells, as a clause.

    Args:
        live: a stage as GetStages has it. others: the API's other stages.
    """
    stage, group, line = str(live["stageName"]), group_of(live), _format(live)
    if group is None:
        return f"stage {stage} has no access log in CloudWatch Logs"
    lacking = missing_from(line)
    if lacking:
        return f"the access log {group} has no {' and no '.join(lacking)} in its format"
    log = AccessLog(group=group, format=line, stage=stage, api_id=api_id)
    sharing = sorted(str(other["stageName"]) for other in others if group_of(other) == group)
    if sharing and "stage" not in log.named:
        return f"the access log {group} also has the requests of stage {', '.join(sharing)}, and no $context.stage"
    return log


def missing_from(line: str) -> tuple[str, ...]:
    """The variables that a format lacks to tell a canary's answers."""
    held = {f"$context{name}" for name in _VARIABLE.findall(line)}
    return tuple(name for name in TELLS_CANARY if name not in held)


def group_of(live: Mapping[str, Any]) -> str | None:
    """The log group that a live stage writes its access log to; None for none, or for a Firehose stream."""
    arn = str((live.get("accessLogSettings") or {}).get("destinationArn", ""))
    return arn.partition(_GROUP_ARN)[2].removesuffix(":*") if _GROUP_ARN in arn else None


def _format(live: Mapping[str, Any]) -> str:
    return str((live.get("accessLogSettings") or {}).get("format", ""))


def _pattern(line: str) -> str:
    """A regular expression with a group for each known variable, the first time it comes."""
    parts: list[str] = []
    end, named = 0, set[str]()
    for found in _VARIABLE.finditer(line):
        parts.append(re.escape(line[end : found.start()]))
        name = _KNOWN.get(found[1].removeprefix("."))
        parts.append(f"(?P<{name}>.*?)" if name is not None and name not in named else ".*?")
        named.add(name or "")
        end = found.end()
    return "".join([*parts, re.escape(line[end:].strip())])


def _number(text: str | None) -> float | None:
    try:
        return float(text) if text is not None else None
    except ValueError:
        return None  # "-": API Gateway had nothing to say
