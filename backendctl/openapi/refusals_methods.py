"""What of a method would be refused, or would leave it open or unanswered."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.nearest import nearest
from backendctl.openapi.canonical_parts import canonical_kind
from backendctl.openapi.integrations import ANY_METHOD, INTEGRATION, MEMBERS
from backendctl.openapi.layout import VALIDATOR, VALIDATORS, answer_schemas, body_schemas, is_swagger, schemes
from backendctl.openapi.neutral import AUTHORIZER, operations
from backendctl.openapi.pointer import Way, mapping, pointer
from backendctl.openapi.refusal import Refusal

TYPES = ("aws", "aws_proxy", "http", "http_proxy", "mock")
_RESPONSE = frozenset({"statusCode", "responseParameters", "responseTemplates", "contentHandling"})
_WORDS: Mapping[str, tuple[str, ...]] = {
    "passthroughBehavior": ("when_no_match", "when_no_templates", "never"),
    "contentHandling": ("CONVERT_TO_BINARY", "CONVERT_TO_TEXT"),
    "connectionType": ("INTERNET", "VPC_LINK"),
    "responseTransferMode": ("BUFFERED", "STREAM"),
}
_AWS_URI = re.compile(r"arn:.+:apigateway:.+:(path|action)/.+|\$\{binding:.+", re.DOTALL)
_UNRENDERED = re.compile(r"\$\{(?!stageVariables\.|AWS::|binding:)")  # `unrendered` tells of it
_MAX_TEMPLATE = 300 * 1024  # A43; bytes
_JSON = re.compile(r"application/(.+\+)?json(;.*)?")


def method_refusals(document: Mapping[str, Any]) -> Iterator[Refusal]:
    """Method by method."""
    if not any(True for _ in operations(document)):
        yield Refusal(pointer="/paths", message="no path has a method: such an API cannot be deployed", fact="A50")
    for path, method, operation in operations(document):
        way = ("paths", path, method)
        where = f"{'ANY' if method == ANY_METHOD else method.upper()} {path}"
        yield from _integration(way, where, operation)
        yield from _validator(document, way, where, operation)
        yield from _security(document, way, where, operation)
        yield from _models(document, way, where, operation)


def _integration(way: Way, where: str, operation: Mapping[str, Any]) -> Iterator[Refusal]:
    integration = operation.get(INTEGRATION)
    if not isinstance(integration, dict) or not integration:
        told = f"{where} has no {INTEGRATION}: an API with such a method cannot be deployed"
        yield Refusal(pointer=pointer(way), message=told, fact="A50")
        return
    way = (*way, INTEGRATION)
    for key in integration:
        if key not in MEMBERS and not key.startswith("x-"):  # what is like no member is left out by a repair
            told = f"{where}: {key} is not known to API Gateway{nearest(key, MEMBERS)}"
            yield Refusal(pointer=pointer((*way, key)), message=told)
    yield from _target(way, where, integration)
    for key, words in _WORDS.items():
        value = integration.get(key)
        if isinstance(value, str) and value.lower() not in {word.lower() for word in words}:
            told = f"{where}: {key} {value} is none of {', '.join(words)}"
            yield Refusal(pointer=pointer((*way, key)), message=told)
    for key in ("requestParameters", "requestTemplates"):
        yield from _texts((*way, key), where, integration.get(key))
    yield from _responses((*way, "responses"), where, integration.get("responses"))


def _target(way: Way, where: str, integration: Mapping[str, Any]) -> Iterator[Refusal]:
    kind = str(integration.get("type", "")).lower()
    if kind not in TYPES:
        told = f"{where}: the integration's type is one of {', '.join(TYPES)}, not {kind or 'missing'}"
        yield Refusal(pointer=pointer((*way, "type")), message=told)
        return
    if kind == "mock":
        return
    if not integration.get("httpMethod"):
        yield Refusal(pointer=pointer(way), message=f"{where}: the integration has no httpMethod", fact="A98")
    uri = integration.get("uri")
    place = pointer((*way, "uri"))
    if not uri:
        yield Refusal(pointer=pointer(way), message=f"{where}: the integration has no uri")
    elif isinstance(uri, str) and kind.startswith("aws") and not (_AWS_URI.fullmatch(uri) or _UNRENDERED.match(uri)):
        told = f"{where}: {uri} is not an ARN of a service or function (arn:…:apigateway:…:path/… or action/…)"
        yield Refusal(pointer=place, message=told, fact="A26")
    elif isinstance(uri, str) and kind.startswith("http") and not re.match(r"https?://|\$\{", uri):
        yield Refusal(pointer=place, message=f"{where}: {uri} is not an HTTP address")
    if str(integration.get("connectionType")).upper() == "VPC_LINK" and not integration.get("connectionId"):
        yield Refusal(pointer=pointer(way), message=f"{where}: a VPC_LINK needs a connectionId", fact="A27")


def _texts(way: Way, where: str, members: Any) -> Iterator[Refusal]:
    for name, value in mapping(members).items():
        place = pointer((*way, name))
        if not isinstance(value, str) and not isinstance(value, dict):  # an object is told as what it is, elsewhere
            yield Refusal(
                pointer=place, message=f"{where}: {name} must be a text; an import drops {value!r}", fact="A11"
            )
        elif isinstance(value, str) and len(value.encode()) > _MAX_TEMPLATE:
            yield Refusal(pointer=place, message=f"{where}: a mapping template has at most 300 KB", fact="A43")


def _responses(way: Way, where: str, responses: Any) -> Iterator[Refusal]:
    """API Gateway knows a response by its status: of two patterns with one status the last is kept."""
    seen: dict[str, str] = {}
    for pattern, response in mapping(responses).items():
        for key in mapping(response):
            if key not in _RESPONSE:
                told = f"{where}: {key} is not known to API Gateway{nearest(key, _RESPONSE)}"
                yield Refusal(pointer=pointer((*way, pattern, key)), message=told)
        status = str(mapping(response).get("statusCode", "200"))
        if status in seen:
            told = (
                f"{where}: the patterns {seen[status]} and {pattern} both give {status}; API Gateway keeps one of them"
            )
            yield Refusal(pointer=pointer((*way, pattern)), message=told)
        seen[status] = pattern
        for key in ("responseParameters", "responseTemplates"):
            yield from _texts((*way, pattern, key), where, mapping(response).get(key))


def _validator(document: Mapping[str, Any], way: Way, where: str, operation: Mapping[str, Any]) -> Iterator[Refusal]:
    name = operation.get(VALIDATOR) or document.get(VALIDATOR)
    known = mapping(document.get(VALIDATORS))
    if name and name not in known:
        told = f"{where}: there is no request validator {name}{nearest(str(name), known)}"
        at_root = VALIDATOR not in operation
        yield Refusal(pointer=pointer((VALIDATOR,) if at_root else (*way, VALIDATOR)), message=told)


def _security(document: Mapping[str, Any], way: Way, where: str, operation: Mapping[str, Any]) -> Iterator[Refusal]:
    """What API Gateway cannot enforce it ignores, and the method is open (A14)."""
    holder, home = (operation, way) if "security" in operation else (document, ())
    listed = holder.get("security")
    known = schemes(document)
    authorizers = set()
    for index, requirement in enumerate(listed if isinstance(listed, list) else ()):
        for name in mapping(requirement):
            place = pointer((*home, "security", str(index), name))
            scheme = mapping(known.get(name))
            if name not in known:
                told = f"{where}: there is no security scheme {name}{nearest(name, known)}; it would be open"
                yield Refusal(pointer=place, message=told, fact="A14")
            elif AUTHORIZER in scheme:
                authorizers.add(name)
            elif canonical_kind(scheme) is None:
                told = f"{where}: API Gateway cannot enforce {name} without an {AUTHORIZER}; the method would be open"
                yield Refusal(pointer=place, message=told, fact="A14")
    if len(authorizers) > 1:
        told = f"{where}: a method has one authorizer, not {' and '.join(sorted(authorizers))}"
        yield Refusal(pointer=pointer((*home, "security")), message=told)


def _models(document: Mapping[str, Any], way: Way, where: str, operation: Mapping[str, Any]) -> Iterator[Refusal]:
    """A model for non-JSON content alone can be imported but makes every later export fail (A24).

    Not so for the responses of OpenAPI 3: exports themselves have such models (K3).
    """
    answers = answer_schemas(operation) if is_swagger(document) else ()
    for key, found in (("consumes", body_schemas(operation)), ("produces", answers)):
        places = [inner for inner, _ in found]
        kinds: dict[Way, list[str]] = {}
        for inner in places:
            if "content" in inner:
                kinds.setdefault(inner[:-3], []).append(inner[-2])
            else:
                kinds[inner[:-1]] = [str(k) for k in operation.get(key) or document.get(key) or ["application/json"]]
        for inner, names in kinds.items():
            if not any(_JSON.fullmatch(name) for name in names):
                told = f"{where}: a model for {', '.join(names)} needs one for application/json beside it"
                yield Refusal(pointer=pointer((*way, *inner)), message=told, fact="A24")
