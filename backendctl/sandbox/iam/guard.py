"""The operator's IAM policy: notes what each call needs, and refuses what the operator's policy does not allow."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.sandbox import dialect
from backendctl.sandbox.dialect import Kind
from backendctl.sandbox.iam.asked import Asked, asked
from backendctl.sandbox.iam.policy import Policy
from backendctl.sandbox.iam.resources import Place
from backendctl.sandbox.world import ACCOUNT, DEFAULT_REGION

if TYPE_CHECKING:
    from backendctl.sandbox.faults import Call
    from backendctl.sandbox.http import Request, Response

SETTING_UP = "sandbox-setup"
"""The command, in a user agent, of what a sandbox is furnished with: a real account has it already."""
_USER = f"arn:aws:iam::{ACCOUNT}:user/sandbox"
_COMMAND = re.compile(r"md/backendctl#([a-z-]+)")


@dataclass(kw_only=True, slots=True)
class Guard:
    """Judges the calls of whoever runs a backend; handlers and API Gateway's callers are not its concern.

    Attributes:
        policy: the file with the operator's policy, read again whenever it changes; None allows everything.
        calls: a file that gets one line per command, action and resource; None notes nothing.
    """

    policy: Path | None = None
    calls: Path | None = None
    _read: tuple[int, Policy | str] | None = None
    _noted: set[tuple[str, str, str]] = field(default_factory=set)

    @property
    def armed(self) -> bool:
        """Whether there is anything to do."""
        return self.policy is not None or self.calls is not None

    def refusal(self, call: Call, request: Request) -> Response | None:
        """What AWS would answer instead of doing it; None when it may be done."""
        command = (_COMMAND.search(request.headers.get("user-agent", "")) or ("", ""))[1]
        if call.traffic or command == SETTING_UP:
            return None
        place = Place(region=DEFAULT_REGION if call.region == "global" else call.region, account=ACCOUNT)
        needed = asked(call.service, call.operation, request, place)
        if self.calls is not None:
            self._note(self.calls, command, needed)
        refused = self._refused(needed)
        if refused is None:
            return None
        return dialect.answer(Kind.DENIED, service=call.service, request=request, message=refused)

    def _refused(self, needed: list[Asked]) -> str | None:
        policy = self._policy()
        if policy is None:
            return None
        if isinstance(policy, str):
            return policy
        for one in needed:
            if (reason := policy.refusal(one)) is not None:
                where = "" if one.resource == "*" else f" on resource: {one.resource}"
                return f"User: {_USER} is not authorized to perform: {one.action}{where} {reason}"
        return None

    def _policy(self) -> Policy | str | None:
        """The policy; what is wrong with its file; None when there is none."""
        if self.policy is None:
            return None
        try:
            changed = self.policy.stat().st_mtime_ns
        except OSError as problem:
            return f"{self.policy} cannot be read: {problem.strerror}"
        if self._read is None or self._read[0] != changed:
            try:
                self._read = (changed, Policy.read(self.policy))
            except ValueError as problem:
                self._read = (changed, str(problem))
        return self._read[1]

    def _note(self, file: Path, command: str, needed: list[Asked]) -> None:
        new = [(command, one.action, one.resource) for one in needed]
        new = [one for one in dict.fromkeys(new) if one not in self._noted]
        if new:
            self._noted.update(new)
            with file.open("a", encoding="utf-8") as lines:
                lines.writelines(f"{json.dumps(one)}\n" for one in new)
