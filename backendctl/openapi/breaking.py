"""Whether a difference breaks a caller who did everything right before, and why, in one sentence."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from backendctl.openapi.canonical_parts import GATEWAY_STATUS
from backendctl.openapi.integrations import ANY_METHOD, METHODS
from backendctl.openapi.layout import (
    GATEWAY_RESPONSES,
    KEY_SOURCE,
    VALIDATORS,
    answer_schemas,
    body_schemas,
    schemas,
    schemas_way,
    schemes_way,
)
from backendctl.openapi.leaves import MISSING, Leaf, leaves
from backendctl.openapi.neutral import AUTHORIZER, ENDPOINT, operations
from backendctl.openapi.pointer import Way, at, mapping
from backendctl.openapi.schema_change import Effect, Models, schema_effect
from backendctl.openapi.schemas import models_within

_TELLING = frozenset({"name", "type", "identitySource", "identityValidationExpression", AUTHORIZER, "providerARNs"})
"""Members of an authorizer that callers notice."""


@dataclass(frozen=True, kw_only=True)
class Context:
    """Both documents, and what they say about each other."""

    before: Mapping[str, Any]
    after: Mapping[str, Any]

    @cached_property
    def models(self) -> Models:
        """Of both documents."""
        return Models(before=schemas(self.before), after=schemas(self.after))

    @cached_property
    def in_requests(self) -> set[str]:
        """Models that requests must be of, directly or within others."""
        return self._used(body_schemas)

    @cached_property
    def in_responses(self) -> set[str]:
        """Models that responses are of."""
        return self._used(answer_schemas)

    @cached_property
    def schemes_in_use(self) -> set[str]:
        """Security schemes that methods ask for afterwards."""
        return {
            name
            for _, _, operation in operations(self.after)
            for requirement in operation.get("security") or ()
            for name in mapping(requirement)
        }

    def _used(self, those: Callable[[Mapping[str, Any]], Any]) -> set[str]:
        found: set[str] = set()
        for document in (self.before, self.after):
            roots = [schema for _, _, operation in operations(document) for _, schema in those(operation)]
            found |= models_within({"allOf": roots}, schemas(document))
        return found


def breaking(leaf: Leaf, context: Context) -> str | None:
    """The sentence; None when no caller is harmed."""
    way = leaf.way
    if way[:1] == ("paths",):
        return _in_paths(leaf, context)
    if way[:-1] and way[: len(schemas_way(context.after))] == schemas_way(context.after):
        return _in_model(leaf, context)
    if way[: len(schemes_way(context.after))] == schemes_way(context.after):
        return _in_scheme(leaf, context)
    rule = _ROOT.get(way[0]) if way else None
    return rule(leaf, context) if rule else None


def _in_paths(leaf: Leaf, context: Context) -> str | None:
    way = leaf.way
    if len(way) <= _METHOD:
        return _route(leaf, context)
    if way[2] not in METHODS:
        return None
    rule = _OPERATION.get(way[3])
    return rule(leaf, context) if rule else None


_METHOD = 3
"""Length of the way to an operation."""


def _route(leaf: Leaf, context: Context) -> str | None:
    way = leaf.way
    if leaf.after is not MISSING or len(way) == 1:
        return None
    if len(way) == _METHOD - 1:
        return _path_gone(way[1], leaf.before, context)
    if way[2] not in METHODS:
        return None
    left = mapping(mapping(mapping(context.after).get("paths")).get(way[1]))
    if ANY_METHOD in left:
        return None  # ANY still answers it
    return f"{verb(way[2])} {way[1]} is removed"


def _path_gone(path: str, item: Any, context: Context) -> str | None:
    """A path that is there under other names of its variables is compared with that one."""
    shape = _VARIABLE.sub("", path)
    for other, there in mapping(context.after.get("paths")).items():
        if _VARIABLE.sub("", other) == shape:
            found = (
                breaking(each, context) for each in leaves(item, there, ("paths", other)) if not _is_variable(each)
            )
            return next((f"{path} is {other} now, and {why}" for why in found if why), None)
    return f"the path {path} is removed"


_VARIABLE = re.compile(r"(?<=\{)[^}+]+")
"""The name of a variable of a path; the + of one that takes all stays."""


def _is_variable(leaf: Leaf) -> bool:
    return mapping(leaf.after if leaf.before is MISSING else leaf.before).get("in") == "path"


def verb(method: str) -> str:
    """`get` → GET, the extension for any method → ANY."""
    return "ANY" if method == ANY_METHOD else method.upper()


def _parameters(leaf: Leaf, context: Context) -> str | None:
    holder = parameter_of(leaf, context)
    told = f"the {holder.get('in')} parameter {holder.get('name')}"
    inner = leaf.way[_PARAMETER:]
    if holder.get("in") == "body":
        return _body_parameter(leaf, inner, context)
    if not inner:
        return f"{told} is new and required" if leaf.before is MISSING and holder.get("required") is True else None
    if inner == ("required",):
        return f"{told} is required now" if leaf.after is True else None
    return _because("", _schema(leaf, inner[1:] if inner[0] == "schema" else inner, context).narrows, told)


_PARAMETER = 5
"""Length of the way to one parameter."""


def parameter_of(leaf: Leaf, context: Context) -> Mapping[str, Any]:
    """The parameter that the leaf is, or is part of."""
    if len(leaf.way) > _PARAMETER:
        return mapping(at(context.after, leaf.way[:_PARAMETER]))  # a part differs, so it is in both
    return mapping(leaf.before if leaf.after is MISSING else leaf.after)


def _body_parameter(leaf: Leaf, inner: Way, context: Context) -> str | None:
    if not inner:
        needed = leaf.before is MISSING and mapping(leaf.after).get("required") is True
        return "a request body is required now" if needed else None
    if inner == ("required",):
        return "the request body is required now" if leaf.after is True else None
    return _because("request body", _schema(leaf, inner[1:], context).narrows) if inner[0] == "schema" else None


def _request_body(leaf: Leaf, context: Context) -> str | None:
    inner = leaf.way[4:]
    if not inner:
        needed = leaf.before is MISSING and mapping(leaf.after).get("required") is True
        return "a request body is required now" if needed else None
    if inner == ("required",):
        return "the request body is required now" if leaf.after is True else None
    if inner[0] != "content":
        return None
    if len(inner) <= len(("content", "kind")):
        kinds = inner[1] if inner[1:] else "content"
        return f"a request body of type {kinds} is no longer taken" if leaf.after is MISSING else None
    return _because("request body", _schema(leaf, inner[3:], context).narrows) if inner[2] == "schema" else None


def _consumes(leaf: Leaf, _context: Context) -> str | None:
    gone = leaf.after is MISSING and isinstance(leaf.before, str)
    return f"a request body of type {leaf.before} is no longer taken" if gone else None


def _produces(leaf: Leaf, _context: Context) -> str | None:
    gone = leaf.after is MISSING and isinstance(leaf.before, str)
    return f"responses of type {leaf.before} are no longer given" if gone else None


def _responses(leaf: Leaf, context: Context) -> str | None:
    inner = leaf.way[4:]
    for start, place in ((2, inner[1:2]), (4, inner[1:2] + inner[3:4])):
        if place in {("schema",), ("content", "schema")} and len(inner) >= start:
            return _because(f"response {inner[0]}", _schema(leaf, inner[start:], context).widens)
    return _gone(inner) if leaf.after is MISSING else None


def _gone(inner: Way) -> str | None:
    match inner:
        case ():
            return "its responses are removed"
        case (status,):
            return f"the response {status} is removed"
        case (status, "headers", *name):
            return f"the response {status} no longer has {' '.join(['the header', *name[:1]]) if name else 'headers'}"
        case (status, "content", *kind):
            return f"the response {status} no longer has content{' of type ' + kind[0] if kind else ''}"
    return None


def _security(leaf: Leaf, context: Context) -> str | None:
    inner = leaf.way[4:]
    if len(inner) <= 1:
        added = leaf.after if leaf.before is MISSING else None
        names = [each for item in (added if isinstance(added, list) else [added]) for each in mapping(item)]
        return f"callers must pass {' and '.join(names)} now" if names else None
    if leaf.after is MISSING:
        return f"the scope {leaf.before} no longer opens it"
    scopes = at(context.before, leaf.way[:4])
    asked = [each for item in scopes or () for each in mapping(item).get(inner[1], ())]
    return None if asked else f"callers need the scope {leaf.after} now"


def _validator(leaf: Leaf, context: Context) -> str | None:
    old, new = (
        mapping(mapping(document.get(VALIDATORS)).get(str(name)))
        for document, name in ((context.before, leaf.before), (context.after, leaf.after))
    )
    stricter = [word for key, word in _SWITCHES.items() if new.get(key) is True and old.get(key) is not True]
    return f"{' and '.join(stricter)} are validated now" if stricter else None


_SWITCHES = {"validateRequestBody": "request bodies", "validateRequestParameters": "request parameters"}

_OPERATION: Mapping[str, Callable[[Leaf, Context], str | None]] = {
    "parameters": _parameters,
    "requestBody": _request_body,
    "consumes": _consumes,
    "produces": _produces,
    "responses": _responses,
    "security": _security,
    "x-amazon-apigateway-request-validator": _validator,
}


def _schema(leaf: Leaf, way: Way, context: Context) -> Effect:
    return schema_effect(Leaf(way=way, before=leaf.before, after=leaf.after), context.models)


def _because(where: str, effect: str | None, subject: str = "") -> str | None:
    if effect is None:
        return None
    said = effect.replace("the value", subject) if subject else effect
    if subject and subject not in said:
        said = f"{subject}: {said}"
    return f"{where}: {said}" if where else said


def _in_model(leaf: Leaf, context: Context) -> str | None:
    length = len(schemas_way(context.after))
    name, inner = leaf.way[length], leaf.way[length + 1 :]
    if not inner and MISSING in (leaf.before, leaf.after):
        return None  # whoever used it differs too
    effect = _schema(leaf, inner, context)
    if effect.narrows and name in context.in_requests:
        return f"requests of model {name}: {effect.narrows}"
    if effect.widens and name in context.in_responses:
        return f"responses of model {name}: {effect.widens}"
    return None


def _in_scheme(leaf: Leaf, context: Context) -> str | None:
    length = len(schemes_way(context.after))
    name, inner = leaf.way[length] if leaf.way[length:] else "", leaf.way[length + 1 :]
    if name not in context.schemes_in_use or not inner:
        return None
    if "providerARNs" in inner:
        return f"the authorizer {name} no longer trusts {leaf.before}" if leaf.after is MISSING else None
    return f"the authorizer {name} reads other credentials: {inner[-1]}" if inner[-1] in _TELLING else None


def _gateway_response(leaf: Leaf, _context: Context) -> str | None:
    if len(leaf.way) == 1:
        return None
    kind = leaf.way[1]
    whole = len(leaf.way) == len(("responses", "kind"))
    if not whole and leaf.way[2] != "statusCode":
        return None
    usual = GATEWAY_STATUS.get(kind)
    old, new = (
        mapping(side).get("statusCode", usual) if whole else (usual if side is MISSING else side)
        for side in (leaf.before, leaf.after)
    )
    return None if old == new else f"{kind} answers {new or 'its own status'}, it was {old or 'its own status'}"


def _validators(leaf: Leaf, _context: Context) -> str | None:
    word = _SWITCHES.get(leaf.way[-1])
    return f"{word} are validated now" if word and leaf.after is True and leaf.before is not MISSING else None


def _policy(leaf: Leaf, _context: Context) -> str | None:
    if len(leaf.way) == 1:
        return "a resource policy decides now who may call" if leaf.before is MISSING else None
    if leaf.before is MISSING:
        return "the policy denies what it did not deny" if mapping(leaf.after).get("Effect") == "Deny" else None
    if mapping(leaf.before).get("Effect") == "Deny" and leaf.after is MISSING:
        return None
    return "the policy no longer allows all that it allowed" if "Statement" in leaf.way else None


def _key_source(leaf: Leaf, _context: Context) -> str | None:
    place = "the authorizer's answer" if leaf.after == "AUTHORIZER" else "the header x-api-key"
    return f"the API key is read from {place} now"


def _servers(leaf: Leaf, _context: Context) -> str | None:
    settings = leaf.after
    if len(leaf.way) == 1 and isinstance(settings, list):
        settings = mapping(settings[0]).get(ENDPOINT) if settings else None
    closed = settings is True if leaf.way[-1] == "disableExecuteApiEndpoint" else None
    if closed is None:
        closed = mapping(settings).get("disableExecuteApiEndpoint") is True and leaf.before is MISSING
    return "the execute-api address is closed" if closed else None


_ROOT: Mapping[str, Callable[[Leaf, Context], str | None]] = {
    GATEWAY_RESPONSES: _gateway_response,
    VALIDATORS: _validators,
    "x-amazon-apigateway-policy": _policy,
    KEY_SOURCE: _key_source,
    "servers": _servers,
    ENDPOINT: _servers,
}
