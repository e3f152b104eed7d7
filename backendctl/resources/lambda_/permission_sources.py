"""Where calls of a function may come from: the sources a spec implies, and what they are in AWS.

A source is told without the ids that AWS invents: "execute-api:<api name>/<stage>/*" or "events:<rule>".
"""

from __future__ import annotations

import hashlib
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.openapi.integrations import resolve
from backendctl.resources.deploy_context import DeployContext, Link
from backendctl.resources.events.warmer_layout import layout
from backendctl.resources.lambda_.alias_names import slots_of
from backendctl.spec.model import FunctionSpec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_API = "execute-api"
_EVENTS = "events"
_PRINCIPALS = {_API: "apigateway.amazonaws.com", _EVENTS: "events.amazonaws.com"}
_KINDS = ("api", "authorizer", "warm")
TEST_STAGE = "test-invoke-stage"
"""The stage that TestInvokeMethod calls from (B41); only who may call API Gateway's own API can do that."""
_LONGEST = 100
"""Characters of a statement id (B37)."""


def sources_of(context: DeployContext, region: str, function: FunctionSpec) -> dict[str | None, dict[str, str]]:
    """Qualifier → statement id → source, for everything that calls this function."""
    found: dict[str | None, dict[str, str]] = {}
    api = context.spec.api
    for link in context.links_to(region, function):
        if api is None:
            break
        sources = {
            ("api", link.stage.name): f"{_API}:{api.name}/{link.stage.name}/*",
            ("api", TEST_STAGE): f"{_API}:{api.name}/{TEST_STAGE}/*",  # B41
        }
        if _is_authorizer(context, region, link):
            sources["authorizer", api.name] = f"{_API}:{api.name}/authorizers/*"  # B41
        for qualifier in _qualifiers(context, region, link):
            statements = found.setdefault(qualifier, {})
            for (kind, what), source in sources.items():
                statements[statement_id(context.backend, kind, what, qualifier)] = source
    for rule, targets in layout(context, region, function).items():
        for qualifier in {target.qualifier for target in targets}:
            sid = statement_id(context.backend, "warm", rule, qualifier)
            found.setdefault(qualifier, {})[sid] = f"{_EVENTS}:{rule}"
    return found


def _qualifiers(context: DeployContext, region: str, link: Link) -> Iterator[str | None]:
    """Both slots where a stage variable names the alias, for either may be next.

    The plain name beside them is called only by a stage that serves it: one that `sync-api` makes, or that somebody has
    set by hand. `sync-api` and `grant` see that, and grant it too; a deploy turns such a stage to a slot.
    """
    if link.variable is None or link.alias is None:
        yield link.alias
        return
    yield from slots_of(link.alias)
    says = context.serving.get((region, link.stage.name, link.variable), "")
    if says.rpartition(":")[2] == link.alias:
        yield link.alias


def idle_slots(context: DeployContext, region: str, function: FunctionSpec) -> frozenset[str]:
    """The slots of a function that no stage leads to before another release turns to them."""
    return frozenset(
        slot
        for alias in context.staged(region, function)
        if (choice := context.slots.get((region, function.physical, alias))) is not None and not choice.has_stage
        for slot in slots_of(alias)
        if not slot.endswith(f"-{choice.target}")
    )


def _is_authorizer(context: DeployContext, region: str, link: Link) -> bool:
    """Whether the definition calls this function as an authorizer, which is a source of its own."""
    resolved = [
        resolve(target, link.stage.variables)
        for target in context.targets_of(link.stage)
        if target.method == "AUTHORIZER"
    ]
    return any(
        found is not None and found.is_in(region, context.account) and found.function == link.function.physical
        for found in resolved
    )


def statement_id(backend: str, kind: str, what: str, qualifier: str | None) -> str:
    """`backendctl-<backend>-<kind>-…`, the same on every run; at most 100 of `[A-Za-z0-9-_]` (B37).

    The qualifier is in it although policies are per qualifier (B31), so that no two statements of a function share
    an id.
    """
    told = f"backendctl-{backend}-{kind}-{what}" + (f"-{qualifier}" if qualifier else "")
    clean = re.sub(r"[^A-Za-z0-9_-]", "-", told)
    if clean == told and len(told) <= _LONGEST:
        return told
    return f"{clean[: _LONGEST - 9]}-{hashlib.sha256(told.encode()).hexdigest()[:8]}"


def is_ours(sid: str, backend: str) -> bool:
    """Whether a statement id is one that we make for this backend."""
    return sid.startswith(tuple(f"backendctl-{backend}-{kind}-" for kind in _KINDS))


def is_warmer_s(sid: str, backend: str) -> bool:
    """Whether a statement id is one by which our rules may call."""
    return sid.startswith(f"backendctl-{backend}-warm-")


@dataclass(frozen=True, kw_only=True, slots=True)
class Places:
    """What ARNs are made from in one region. api_id: of the present API of that name, None when there is none."""

    partition: str
    region: str
    account: str
    api: str | None
    api_id: str | None

    @classmethod
    def of(cls, aws: Aws, region: str, *, api: str | None, api_id: str | None) -> Places:
        """Of this connection."""
        return cls(partition=aws.partition, region=region, account=aws.account, api=api, api_id=api_id)

    def arguments(self, sid: str, source: str) -> dict[str, Any]:
        """A source as AddPermission takes it; always with the ARN it comes from (B45)."""
        service, _, rest = source.partition(":")
        prefix = self._prefix(service)
        if service == _API:
            rest = rest.removeprefix(f"{self.api}/")
        return {
            "StatementId": sid,
            "Action": "lambda:InvokeFunction",
            "Principal": _PRINCIPALS[service],
            "SourceArn": f"{prefix}{rest}",
        }

    def source(self, statement: Mapping[str, Any]) -> str:
        """The source of a live statement; the raw text of what it says when it is none that we would write."""
        principal = statement.get("Principal", {})
        service = principal.get("Service", "") if isinstance(principal, dict) else str(principal)
        arn = _source_arn(statement)
        usual = statement.get("Effect") == "Allow" and statement.get("Action") == "lambda:InvokeFunction"
        for kind, expected in _PRINCIPALS.items():
            prefix = self._prefix(kind)
            if usual and service == expected and arn.startswith(prefix) and (kind != _API or self.api_id):
                named = f"{self.api}/" if kind == _API else ""
                return f"{kind}:{named}{arn.removeprefix(prefix)}"
        return f"{statement.get('Effect')} {statement.get('Action')} {service} {arn}"

    def _prefix(self, service: str) -> str:
        tail = f"{self.api_id}/" if service == _API else "rule/"
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{tail}"


def _source_arn(statement: Mapping[str, Any]) -> str:
    conditions = statement.get("Condition", {}).values()
    found = {key.lower(): value for condition in conditions for key, value in condition.items()}
    return str(found.get("aws:sourcearn", ""))
