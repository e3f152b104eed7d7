"""What is wrong with what the API's callers get: CORS, API keys, usage plans, limits of single methods."""

from __future__ import annotations

import contextlib
import re
from typing import TYPE_CHECKING, Any

from backendctl.nearest import nearest
from backendctl.openapi.integrations import ANY_METHOD
from backendctl.spec.loader import MISSING
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_ORIGIN = re.compile(r"^[a-z][a-z0-9+.-]*://[^/\s'\"\\?#@,*$<>]+$")
_HEADER = re.compile(r"^[A-Za-z0-9!#$%&*+.^_`|~-]+$")
_NAME = re.compile(r"^[A-Za-z0-9][A-Za-z0-9._-]{0,127}$")
_ROUTE = re.compile(r"^(GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH|ANY) (/\S*)$")
_ANY = "*"
_NOWHERE = "null"
"""The origin of a page in a sandboxed frame, or from a file."""
_SHORTEST, _LONGEST = 20, 128  # characters of an API key (K18)
_SENT = re.compile(r"[!-~](?:[ -~]*[!-~])?")
"""What a header can carry to its end: a client trims blanks around it."""
_WEB = re.compile(r"^(https?)://(.*?)(?::(\d+))?$", re.IGNORECASE)
_USUAL_PORTS = {"http": 80, "https": 443}
_LAST_PORT = 65535


def check_callers(view: View) -> None:
    """Put every fault into the view's report."""
    api = view.plain.get("api", {})
    _check_cors(view, api.get("cors", {}))
    _check_keys(view, api.get("keys", {}))
    _check_plans(view, api)
    for name, stage in view.stages().items():
        way: Way = ("api", "stages", name, "method-throttling")
        _check_routes(view, way, stage.get("method-throttling", {}), stage=name)


def _check_cors(view: View, cors: dict[str, Any]) -> None:
    given = cors.get("origins", [])
    origins, way = ([given], ("api", "cors", "origins")) if isinstance(given, str) else (given, None)
    for index, origin in enumerate(origins):
        fault = _origin_fault(origin, alone=len(origins) == 1, credentials=bool(cors.get("credentials")))
        if fault:
            view.report.add(way or ("api", "cors", "origins", index), fault)
    for index, header in enumerate(cors.get("headers", ())):
        place = ("api", "cors", "headers", index)
        if not _HEADER.match(header):
            view.report.add(place, f"'{header}' is not a name of a header")
        elif header == _ANY and cors.get("credentials"):
            view.report.add(place, "with credentials, browsers take '*' for the name of a header: name them")
    for index, method in enumerate(cors.get("methods", ())):
        if method == _ANY and cors.get("credentials"):
            place = ("api", "cors", "methods", index)
            view.report.add(place, "with credentials, browsers take '*' for the name of a method: name them")


def _origin_fault(origin: str, *, alone: bool, credentials: bool) -> str:
    if origin == _ANY and credentials:
        return "'*' with credentials: any page could act as whoever visits it; name the origins"
    if origin == _ANY:
        return "" if alone else "'*' is every origin: write it alone"
    if origin == _NOWHERE:
        return "'null' with credentials: any page can have that origin, in a frame of its own" if credentials else ""
    if _ORIGIN.match(_sent_as(origin)):
        sent = _sent_as(origin)
        return "" if sent == origin else f"'{origin}' is never sent by a browser; write '{sent}'"
    if "*" in origin:
        return f"'{origin}' is not an origin: browsers know '*' alone, not a pattern; name each"
    plain = re.match(r"^([a-z][a-z0-9+.-]*://[^/\s'\"\\?#@,]+)/", origin, re.IGNORECASE)
    hint = f"; write '{plain[1]}'" if plain else ": write scheme://host or scheme://host:port"
    return f"'{origin}' is not an origin{hint}"


def _sent_as(origin: str) -> str:
    """An origin of the web as a browser writes it (RFC 6454); empty for a port that there is not."""
    found = _WEB.match(origin)
    if found is None:
        return origin
    scheme, host, port = found[1].lower(), found[2].lower(), found[3]
    if port is not None and not 0 < int(port) <= _LAST_PORT:
        return ""
    with contextlib.suppress(UnicodeError):  # such a host is refused by its characters
        host = host if host.isascii() else host.encode("idna").decode()
    return f"{scheme}://{host}" + (f":{int(port)}" if port is not None and int(port) != _USUAL_PORTS[scheme] else "")


def _check_keys(view: View, keys: dict[str, Any]) -> None:
    values: dict[str, str] = {}
    for name, key in keys.items():
        way: Way = ("api", "keys", name)
        _check_name(view, way, name, "an API key")
        raw = view.document.raw((*way, "value"))
        if raw is not MISSING and "{{" not in str(raw):
            message = (
                "a key written in the spec is not secret: use an expression, or leave it out to have one generated"
            )
            view.report.add((*way, "value"), message)
        value = key.get("value")
        if value is not None and not _SHORTEST <= len(value) <= _LONGEST:
            message = f"the value of a key has {_SHORTEST} to {_LONGEST} characters, and this one has {len(value)}"
            view.report.add((*way, "value"), message, free=True)
        elif value is not None and not _SENT.fullmatch(value):
            message = "the value of a key has a blank at its end, a line break or another character no header carries"
            view.report.add((*way, "value"), message, free=True)
        if value is not None and value in values and not view.report.stand_ins:
            view.report.add((*way, "value"), f"'{name}' and '{values[value]}' have the same value", free=True)
        values.setdefault(str(value), name)


def _check_name(view: View, way: Way, name: str, what: str) -> None:
    if not _NAME.match(name):
        view.report.add(
            way, f"'{name}' is not a valid name of {what}: at most 128 letters, digits, '.', '_' and '-'", key=True
        )


def _check_plans(view: View, api: dict[str, Any]) -> None:
    keys: dict[str, Any] = api.get("keys", {})
    claimed: dict[str, str] = {}
    for name, plan in api.get("usage-plans", {}).items():
        way: Way = ("api", "usage-plans", name)
        _check_name(view, way, name, "a usage plan")
        _check_plan_stages(view, (*way, "stages"), plan.get("stages", ()))
        if "stages" in plan and not plan["stages"]:
            view.report.warn((*way, "stages"), f"the usage plan '{name}' has no stages, so its keys open nothing")
        for index, key in enumerate(plan.get("keys", ())):
            place = (*way, "keys", index)
            if key not in keys:
                known = nearest(key, keys) or (f"; keys: {listed(keys)}" if keys else "; `api` has no `keys`")
                view.report.add(place, f"there is no key '{key}'{known}")
            elif key in claimed and claimed[key] != name:
                view.report.add(place, f"the usage plan '{claimed[key]}' has the key '{key}' already")
            claimed.setdefault(key, name)
    for key in keys:
        if key not in claimed:
            view.report.warn(("api", "keys", key), f"no usage plan has the key '{key}', so it opens nothing", key=True)


def _check_plan_stages(view: View, way: Way, given: list[str] | dict[str, Any]) -> None:
    stages = _stages(view)
    for index, stage in enumerate(given):
        by_name = isinstance(given, dict)
        if stage not in stages:
            known = nearest(stage, stages) or (f"; stages: {listed(stages)}" if stages else "; `api` has no `stages`")
            view.report.add((*way, stage if by_name else index), f"there is no stage '{stage}'{known}", key=by_name)
        if isinstance(given, dict):
            _check_routes(view, (*way, stage), given[stage], stage=stage)


def _stages(view: View) -> list[str]:
    """Those of the spec, or else the one of the live API that the definition is taken from."""
    definition = view.plain.get("api", {}).get("definition")
    live = [definition["stage"]] if isinstance(definition, dict) and "stage" in definition else []
    return list(view.stages()) or live


def _check_routes(view: View, way: Way, limits: Mapping[str, Any], *, stage: str) -> None:
    definition = view.definition_of(stage)
    document = definition.value if definition else {}
    paths = document.get("paths")
    preflight = "cors" in view.plain.get("api", {})
    for route in limits:
        found = _ROUTE.match(route)
        if found is None:
            view.report.add((*way, route), f"'{route}' is not a route: write 'GET /places/{{id}}'", key=True)
        elif isinstance(paths, dict) and paths:
            fault = _route_fault(found[1], found[2], paths)
            if fault and not (preflight and found[1] == "OPTIONS" and found[2] in paths):
                view.report.add((*way, route), fault, key=True)


def _route_fault(verb: str, path: str, paths: Mapping[str, Any]) -> str:
    item = paths.get(path)
    if not isinstance(item, dict):
        return f"the definition has no path '{path}'{nearest(path, [str(one) for one in paths])}"
    if (ANY_METHOD if verb == "ANY" else verb.lower()) in item:
        return ""
    hint = f"; write 'ANY {path}'" if ANY_METHOD in item else ""
    return f"the definition has no {verb} {path}{hint}"
