"""What `api.cors` adds to a definition: OPTIONS for browsers that ask first, and headers on the gateway's own errors.

Nothing that the definition says itself is changed. Answers of functions are theirs: the smoke test says which lack the
header (`api.smoke_test`).
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from backendctl.openapi.integrations import ANY_METHOD, INTEGRATION, METHODS
from backendctl.openapi.layout import GATEWAY_RESPONSES, is_swagger
from backendctl.openapi.neutral import json_value
from backendctl.openapi.pointer import mapping

if TYPE_CHECKING:
    from backendctl.spec.callers import Cors

ANY_ORIGIN = "*"
ALLOW_ORIGIN = "Access-Control-Allow-Origin"
ALLOW_CREDENTIALS = "Access-Control-Allow-Credentials"
_VERBS = ("DELETE", "GET", "HEAD", "OPTIONS", "PATCH", "POST", "PUT")
_ERRORS = ("DEFAULT_4XX", "DEFAULT_5XX")
_HEADER = "gatewayresponse.header."
_STATUS = "200"
_SHOWN = 4


@dataclass(frozen=True, kw_only=True, slots=True)
class Added:
    """What was added.

    Attributes:
        paths: that got an OPTIONS. before_any: those of them whose ANY got the request before.
        errors: gateway responses that got headers.
        silent: gateway responses of the definition that answer without a header a page could read them by.
        unread: whether pages that send credentials cannot read the gateway's own errors.
    """

    paths: tuple[str, ...] = ()
    before_any: tuple[str, ...] = ()
    errors: tuple[str, ...] = ()
    silent: tuple[str, ...] = ()
    unread: bool = False

    @property
    def anything(self) -> bool:
        """Whether the definition is another one now."""
        return bool(self.paths or self.errors)

    def told(self) -> Iterator[str]:
        """One sentence each, for a plan."""
        if self.paths:
            yield f"`api.cors` adds OPTIONS to {_few(self.paths)}"
        if self.before_any:
            yield f"API Gateway answers OPTIONS of {_few(self.before_any)} itself; their ANY no longer gets it"
        if self.errors:
            yield f"`api.cors` adds {ALLOW_ORIGIN} to the gateway responses {', '.join(self.errors)}"
        if self.silent:
            yield (
                f"the definition's own gateway responses {', '.join(self.silent)} have no {ALLOW_ORIGIN}: "
                "a page of another origin cannot read them"
            )
        if self.unread and self.errors:
            yield (
                "with credentials and several origins, a page that sends credentials cannot read API Gateway's own "
                "errors: their header would have to name whoever asks"
            )


def with_cors(document: Mapping[str, Any], cors: Cors | None) -> tuple[dict[str, Any], Added]:
    """A copy of a neutral definition with what its spec adds for browsers, and what that is."""
    result: dict[str, Any] = json_value(document)
    if cors is None:
        return result, Added()
    paths: list[str] = []
    before_any: list[str] = []
    for path, item in mapping(result.get("paths")).items():
        methods = [key for key in mapping(item) if key in METHODS]
        if not methods or "options" in methods:
            continue
        item["options"] = _preflight(cors, methods, swagger=is_swagger(result))
        paths.append(path)
        before_any += [path] if ANY_METHOD in methods else []
    errors = list(_with_error_headers(result, cors))
    added = Added(
        paths=tuple(paths),
        before_any=tuple(before_any),
        errors=tuple(errors),
        silent=tuple(_silent(result)),
        unread=cors.credentials and len(cors.origins) > 1,
    )
    return result, added


def _preflight(cors: Cors, methods: list[str], *, swagger: bool) -> dict[str, Any]:
    """An operation that needs neither key nor authorizer, and calls nothing."""
    headers = _preflight_headers(cors, methods)
    declared: Any = {"type": "string"} if swagger else {"schema": {"type": "string"}}
    answer: dict[str, Any] = {
        "statusCode": _STATUS,
        "responseParameters": {f"method.response.header.{name}": f"'{value}'" for name, value in headers.items()},
    }
    if len(cors.origins) > 1:
        answer["responseTemplates"] = {"application/json": _asking_origin(cors)}
    return {
        "security": [],
        "responses": {_STATUS: {"description": f"{_STATUS} response", "headers": dict.fromkeys(headers, declared)}},
        INTEGRATION: {
            "type": "mock",
            "passthroughBehavior": "when_no_match",
            # Else an API with binary media types takes the template's text for bytes, and answers 500 (K17).
            "contentHandling": "CONVERT_TO_TEXT",
            "requestTemplates": {"application/json": f'{{"statusCode": {_STATUS}}}'},
            "responses": {"default": answer},
        },
    }


def _preflight_headers(cors: Cors, methods: list[str]) -> dict[str, str]:
    verbs = _VERBS if ANY_METHOD in methods else sorted({*(method.upper() for method in methods), "OPTIONS"})
    headers = {} if len(cors.origins) > 1 else {ALLOW_ORIGIN: cors.origins[0]}
    headers["Access-Control-Allow-Headers"] = ",".join(cors.headers)
    headers["Access-Control-Allow-Methods"] = ",".join(cors.methods or verbs)
    if cors.credentials:
        headers[ALLOW_CREDENTIALS] = "true"
    if cors.max_age is not None:
        headers["Access-Control-Max-Age"] = str(cors.max_age)
    if len(cors.origins) > 1:
        headers["Vary"] = "Origin"
    return headers


def _asking_origin(cors: Cors) -> str:
    """A template that names the asking origin when it is one of ours; HTTP/2 spells header names in lower case."""
    known = " || ".join(f'$origin == "{origin}"' for origin in cors.origins)
    return (
        '#set($origin = $input.params("Origin"))'
        '#if($origin == "")#set($origin = $input.params("origin"))#end'
        f"#if({known})#set($context.responseOverride.header.{ALLOW_ORIGIN} = $origin)#end"
    )


def _with_error_headers(document: dict[str, Any], cors: Cors) -> Iterator[str]:
    """The gateway responses that got headers; one with an origin of its own is left alone.

    A gateway response can name one origin or repeat the asking one, whatever it is (K19). It never repeats it: with
    several origins everybody may read these errors, and nobody's credentials are allowed.
    """
    headers = {ALLOW_ORIGIN: cors.origins[0] if len(cors.origins) == 1 else ANY_ORIGIN}
    if cors.credentials and len(cors.origins) == 1:
        headers[ALLOW_CREDENTIALS] = "true"
    found = document.setdefault(GATEWAY_RESPONSES, {})
    for kind in _ERRORS:
        given = found.setdefault(kind, {})
        if _has_origin(given):
            continue
        parameters = given.setdefault("responseParameters", {})
        present = {name.lower() for name in parameters}
        missing = {f"{_HEADER}{name}": f"'{value}'" for name, value in headers.items()}
        parameters.update({name: value for name, value in missing.items() if name.lower() not in present})
        yield kind


def _silent(document: Mapping[str, Any]) -> Iterator[str]:
    for kind, given in mapping(document.get(GATEWAY_RESPONSES)).items():
        if not _has_origin(given):
            yield kind


def _has_origin(response: Any) -> bool:
    wanted = f"{_HEADER}{ALLOW_ORIGIN}".lower()
    return any(name.lower() == wanted for name in mapping(mapping(response).get("responseParameters")))


def unreadable(cors: Cors, origin: str, headers: Mapping[str, str]) -> str:
    """Why a page of that origin could not read an answer; empty when it can.

    Args:
        headers: of the answer, in any case.
    """
    given = {name.lower(): value for name, value in headers.items()}
    allowed = given.get(ALLOW_ORIGIN.lower())
    if allowed is None:
        return f"no {ALLOW_ORIGIN}"
    if allowed == ANY_ORIGIN and not cors.credentials:
        return ""
    if allowed != origin:
        return f"{ALLOW_ORIGIN} is not the origin of the request"
    if cors.credentials and given.get(ALLOW_CREDENTIALS.lower()) != "true":
        return f"no {ALLOW_CREDENTIALS}"
    return ""


def asking(cors: Cors) -> tuple[str, ...]:
    """The origins to ask as, one after the other."""
    return ("https://cors.example",) if cors.origins == (ANY_ORIGIN,) else cors.origins


def _few(words: tuple[str, ...]) -> str:
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more
