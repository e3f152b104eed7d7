"""Parameter mappings of integration requests and responses: where a value comes from."""

from __future__ import annotations

from dataclasses import dataclass, field

from backendctl.sandbox.apigateway.event import template_context
from backendctl.sandbox.apigateway.exchange import Exchange, NotEmulatedError
from backendctl.sandbox.apigateway.model import Doc
from backendctl.sandbox.apigateway.template import Scope, json_path
from backendctl.sandbox.apigateway.velocity_values import shown


@dataclass(frozen=True, kw_only=True, slots=True)
class Answer:
    """What the endpoint of an integration has answered.

    Attributes:
        subject: what selection patterns are held against: a status, or the error message of a function.
        headers: lower-case names, with all their values.
    """

    subject: str
    body: str = ""
    headers: dict[str, list[str]] = field(default_factory=dict)


def scope_of(exchange: Exchange, body: str) -> Scope:
    """What templates of a request may name; `body` is behind `$input`."""
    return Scope(
        context=template_context(exchange),
        variables=exchange.variables,
        body=body,
        path=exchange.path_parameters,
        query={name: values[-1] for name, values in exchange.request.query.items()},
        headers={name.title(): value for name, value in exchange.request.headers.items()},
    )


def request_parameters(exchange: Exchange) -> dict[str, dict[str, list[str]]]:
    """The mapped values of an integration request, by place (`header`, `querystring`, `path`) and name."""
    found: dict[str, dict[str, list[str]]] = {"header": {}, "querystring": {}, "path": {}}
    for target, source in exchange.integration.get("requestParameters", {}).items():
        place, _, name = str(target).removeprefix("integration.request.").partition(".")
        if place not in found:
            raise NotEmulatedError(f"the request parameter mapping to {target} is not emulated")
        values = _request_values(exchange, str(source))
        if values:
            found[place][name] = values
    return found


def _request_values(exchange: Exchange, source: str) -> list[str]:
    several = source.removeprefix("method.request.multivaluequerystring.")
    if several != source:
        return exchange.request.query.get(several, [])
    if source.startswith("method.request.body"):
        text = exchange.request.body.decode("utf-8", errors="replace")
        return _listed(_of_body(text, source.removeprefix("method.request.body")))
    return _listed(plain_value(exchange, source.replace("multivalueheader.", "header.")))


def response_parameter(exchange: Exchange, source: str, answer: Answer) -> str | None:
    """The value for a header of the response; None leaves it out."""
    if source.startswith("integration.response.body"):
        return _of_body(answer.body, source.removeprefix("integration.response.body"))
    for prefix, joined in (("integration.response.header.", False), ("integration.response.multivalueheader.", True)):
        if source.startswith(prefix):
            values = answer.headers.get(source.removeprefix(prefix).lower(), [])
            return (", ".join(values) if joined else values[-1]) if values else None
    return plain_value(exchange, source)


def plain_value(exchange: Exchange, source: str, context: Doc | None = None) -> str | None:
    """The value of `'text'`, `method.request.…`, `stageVariables.x` or `context.x`; None when there is none.

    Raises:
        NotEmulatedError: for any other source.
    """
    if source.startswith("'"):
        return source[1:-1]
    if source.startswith("method.request."):
        return request_value(exchange, source.removeprefix("method.request."))
    if source.startswith("stageVariables."):
        return exchange.variables.get(source.removeprefix("stageVariables.")) or None
    if source.startswith("context."):
        return _of_context(context or template_context(exchange), source.split(".")[1:])
    raise NotEmulatedError(f"the parameter mapping from {source} is not emulated")


def request_value(exchange: Exchange, name: str) -> str | None:
    """The value of `header.X`, `querystring.x` or `path.x` of the request."""
    place, _, key = name.partition(".")
    if place == "header":
        return exchange.request.headers.get(key.lower())
    if place == "querystring":
        return exchange.request.first(key)
    return exchange.path_parameters.get(key)


def _of_context(context: Doc, names: list[str]) -> str | None:
    value: object = context
    for name in names:
        value = value.get(name) if isinstance(value, dict) else None
    return shown(value) or None


def _of_body(text: str, path: str) -> str | None:
    if not path:
        return text
    value = json_path(text, "$" + path)
    return None if value is None else shown(value)


def _listed(value: str | None) -> list[str]:
    return [] if value is None else [value]
