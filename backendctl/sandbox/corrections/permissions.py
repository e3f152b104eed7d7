"""Lambda's resource policies, one per qualifier (B31).

The emulated Lambda keeps one list of statements per function and wants their ids to differ in all of it. So a
statement of a qualifier is kept under an id with the qualifier behind a dot, which no real id can contain (B37).
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from urllib.parse import quote, unquote

from backendctl.sandbox.corrections import calls
from backendctl.sandbox.corrections import function_records as records
from backendctl.sandbox.corrections import function_rules as rules
from backendctl.sandbox.corrections.answers import Refusal, carrying
from backendctl.sandbox.corrections.lambda_others import nothing
from backendctl.sandbox.http import CREATED, NO_CONTENT, NOT_FOUND, Response
from backendctl.sandbox.timing import FAR

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.calls import Call
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.timing import Propagation

POLICY_BYTES = 20480  # B40
_ACCOUNT = re.compile(r"\d{12}|arn:aws[a-z-]*:(iam|sts)::\d{12}:.+|\*|[a-z0-9.-]+\.amazonaws\.com(\.cn)?|AROA\w+")


@dataclass(frozen=True, kw_only=True, slots=True)
class Permissions:
    """AddPermission, RemovePermission and GetPolicy.

    Attributes:
        statements: those which serve calls hear of a statement later (B43); by region, function, qualifier and id.
    """

    inner: Inner
    statements: Propagation[tuple[str, str, str | None, str], dict[str, Any] | None]

    async def handle(self, call: Call) -> Response:
        """Answer a request about a policy."""
        if call.request.method == "POST":
            return await self._add(call)
        if call.request.method == "DELETE":
            return await self._remove(call)
        return self._get(call)

    async def _add(self, call: Call) -> Response:
        asked = call.request.json()
        statement_id = asked.get("StatementId", "")
        refusal = _refusal(call.qualifier, asked)
        if refusal is None and len(json.dumps(asked)) > POLICY_BYTES:
            refusal = _too_long(len(json.dumps(asked)))
        policy = self._policy(call)
        refusal = refusal or _no_alias(call) or _guard(call, asked.get("RevisionId"))
        if refusal is None and isinstance(policy, dict):
            refusal = _clash(policy, asked)
        if refusal is not None:
            return refusal.rest_json()
        whole = {**asked, "StatementId": _hidden(statement_id, call.qualifier), "Principal": _principal(asked)}
        answer = await self.inner.forward(carrying(call.request, whole))
        if answer.status != CREATED:
            return answer
        records.policy_changed(call.place, call.qualifier, is_left=True)
        statement = json.loads(json.loads(answer.body)["Statement"])
        statement = {**statement, "Sid": statement_id}
        self.statements.change((*call.place, call.qualifier, statement_id), before=None, after=statement)
        document = {"Statement": json.dumps(statement)}
        return replace(answer, body=json.dumps(document).encode())

    async def _remove(self, call: Call) -> Response:
        statement_id = unquote(call.rest.removeprefix("/policy/"))
        policy = self._policy(call)
        if not isinstance(policy, dict):
            return _nothing_to_remove(call).rest_json()
        had = next((statement for statement in policy["Statement"] if statement["Sid"] == statement_id), None)
        if had is None:
            return Refusal(  # B39
                code="ResourceNotFoundException",
                message=f"Statement {statement_id} is not found in resource policy.",
                status=NOT_FOUND,
            ).rest_json()
        refusal = _guard(call, call.request.first("RevisionId"))
        if refusal is not None:
            return refusal.rest_json()
        path = f"/2015-03-31/functions/{call.name}/policy/{quote(_hidden(statement_id, call.qualifier))}"
        answer = await self.inner.forward(replace(call.request, path=unquote(path), raw_path=path))
        if answer.status == NO_CONTENT:
            records.policy_changed(call.place, call.qualifier, is_left=len(policy["Statement"]) > 1)
            self.statements.change((*call.place, call.qualifier, statement_id), before=had, after=None)
        return answer

    def _get(self, call: Call) -> Response:
        policy = self._policy(call)
        if FAR in call.request.headers:
            return self._far(call, policy)
        if not isinstance(policy, dict):
            return policy
        return Response.of_json(
            {"Policy": json.dumps(policy), "RevisionId": records.policy_revision(call.place, call.qualifier)}
        )

    def _far(self, call: Call, policy: dict[str, Any] | Response) -> Response:
        """The policy as whoever serves calls knows it by now: some statements not yet, others still."""
        found = policy["Statement"] if isinstance(policy, dict) else []
        present: dict[str, dict[str, Any] | None] = {statement["Sid"]: statement for statement in found}
        mine = (*call.place, call.qualifier)
        for *where, sid in self.statements.on_the_way():
            if tuple(where) == mine:
                present.setdefault(sid, None)
        seen = [self.statements.seen((*mine, sid), statement) for sid, statement in present.items()]
        if not any(seen):
            return policy if not isinstance(policy, dict) else nothing().rest_json()
        document = {"Version": "2012-10-17", "Id": "default", "Statement": [one for one in seen if one]}
        return Response.of_json({"Policy": json.dumps(document)})

    def _policy(self, call: Call) -> dict[str, Any] | Response:
        """The policy of exactly this qualifier with its ids as they were given, or the refusal to read one."""
        mine = [
            {**statement, "Sid": statement["Sid"].partition(".")[0]}
            for statement in records.statements(call.place, call.qualifier)
        ]
        return {"Version": "2012-10-17", "Id": "default", "Statement": mine} if mine else nothing().rest_json()


def _hidden(statement_id: str, qualifier: str | None) -> str:
    return statement_id if qualifier is None else f"{statement_id}.{qualifier}"


def _refusal(qualifier: str | None, asked: dict[str, Any]) -> Refusal | None:
    if qualifier == "$LATEST":  # B44
        return Refusal(
            code="InvalidParameterValueException",
            message="We currently do not support adding policies for $LATEST.",
        )
    if not _ACCOUNT.fullmatch(asked.get("Principal", "")):  # B44
        return Refusal(
            code="InvalidParameterValueException",
            message="The provided principal was invalid. Please check the principal and try again.",
        )
    return None


def _no_alias(call: Call) -> Refusal | None:
    """An alias which its function does not have."""
    is_alias = call.qualifier is not None and not call.qualifier.isdigit()
    is_missing = records.has(call.place, None) and not records.has(call.place, call.qualifier)
    return calls.no_alias(call.arn, call.qualifier) if is_alias and is_missing else None


def _nothing_to_remove(call: Call) -> Refusal:
    words = "No policy is associated with the given resource."
    if not records.has(call.place, None):
        words = f"No policy found for: {call.arn}"
    return _no_alias(call) or Refusal(code="ResourceNotFoundException", message=words, status=NOT_FOUND)


def _guard(call: Call, given: str | None) -> Refusal | None:
    """The RevisionId of what the policy belongs to: a change of the policy changes it (B10)."""
    now = {"RevisionId": records.policy_revision(call.place, call.qualifier)}
    return rules.revision({"RevisionId": given}, now, read="GetPolicy")


def _principal(asked: dict[str, Any]) -> str:
    """A bare account stands for its root."""
    given: str = asked["Principal"]
    return f"arn:aws:iam::{given}:root" if given.isdigit() else given


def _clash(policy: dict[str, Any], asked: dict[str, Any]) -> Refusal | None:
    statement_id = asked["StatementId"]
    if any(statement["Sid"] == statement_id for statement in policy["Statement"]):  # B38
        return Refusal(
            code="ResourceConflictException",
            message=f"The statement id ({statement_id}) provided already exists. Please provide a new statement id, "
            "or remove the existing statement.",
            status=409,
        )
    size = len(json.dumps(policy, separators=(",", ":"))) + len(json.dumps(asked, separators=(",", ":")))
    return _too_long(size) if size > POLICY_BYTES else None


def _too_long(size: int) -> Refusal:
    return Refusal(
        code="PolicyLengthExceededException",
        message=f"The final policy size ({size}) is bigger than the limit ({POLICY_BYTES}).",
    )
