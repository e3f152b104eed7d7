"""What is worth knowing before a definition is put: whom it calls abroad, what is left out, what AWS drops."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import TYPE_CHECKING

from backendctl.openapi.arns import ACCOUNT, PARTITION, REGION, Foreign
from backendctl.openapi.canonical_parts import scheme_names
from backendctl.openapi.integrations import METHODS
from backendctl.openapi.layout import schemas_way
from backendctl.openapi.lost import losses
from backendctl.openapi.neutral import foreign_arns, operations
from backendctl.openapi.pointer import Way, mapping, pointer
from backendctl.openapi.repair import repaired

if TYPE_CHECKING:
    from backendctl.api.body import Wanted

_IGNORED = frozenset({"ignored-member", "ignored-extension"})
_SHOWN = 4
_WORDS = re.compile(r"/responses/[^/]+/description$")  # the format asks for one, and an export writes its own
_THINGS = {"lambda": "a function", "sqs": "a queue", "sns": "a topic", "states": "a state machine", "iam": "a role"}


def notes(wanted: Wanted, *, put: bool) -> list[str]:
    """One sentence each.

    Args:
        put: whether the definition is about to be put; else only what is told of every plan.
    """
    found = list(_abroad(wanted))
    if put:
        found += wanted.added.told()
        found += _closed(wanted)
        found += [one.what for one in repaired(wanted.source.document)[1] if one.rule in _IGNORED]
        found += wanted.source.unseen
        found += _dropped(wanted)
    return list(dict.fromkeys(found))


def _closed(wanted: Wanted) -> Iterator[str]:
    """Stages whose callers need a key that nothing of the spec gives them."""
    api = wanted.api
    names = {name for name, kind in scheme_names(api.definition).items() if kind == "api_key"} | {"api_key"}
    asking = [
        f"{'ANY' if key.startswith('x-') else key.upper()} {path}"
        for path, key, operation in operations(api.definition)
        if any(names & mapping(one).keys() for one in operation.get("security") or ())
    ]
    opened = {stage for plan in api.usage_plans if plan.keys for stage in plan.stages}
    closed = [stage.name for stage in api.stages if stage.name not in opened]
    if asking and closed and not wanted.source.plans:
        yield (
            f"{_few(asking)} asks for an API key, and no usage plan of the spec has one for {', '.join(closed)}: "
            "callers without a key of another plan get 403"
        )


def _abroad(wanted: Wanted) -> Iterator[str]:
    by_arn: dict[str, tuple[Foreign, list[str]]] = {}
    for way, one in foreign_arns(wanted.api.definition, wanted.source.home):
        by_arn.setdefault(one.arn, (one, []))[1].append(_route(way))
    for one, routes in by_arn.values():
        whose = " and ".join(
            part for part in (one.account and f"account {one.account}", one.region and f"region {one.region}") if part
        )
        places = list(dict.fromkeys(routes))
        more = f" and {len(places) - 1} more" if len(places) > 1 else ""
        thing = _THINGS.get(one.service, one.service)
        yield (
            f"{places[0]}{more} calls {thing} of {whose}, kept as it is: {one.arn}; "
            f"if it should be each region's own, write {_own(one)}"
        )


def _own(one: Foreign) -> str:
    text = one.arn.replace(one.account, ACCOUNT) if one.account else one.arn
    match text.split(":", 5):
        case ["arn", _, service, region, *rest] if rest:
            return ":".join(["arn", PARTITION, service, REGION if region else "", *rest])
    return text


def _route(way: Way) -> str:
    if way[:1] == ("paths",) and way[2:3] and way[2] in METHODS:
        return f"{'ANY' if way[2].startswith('x-') else way[2].upper()} {way[1]}"
    if "securitySchemes" in way or "securityDefinitions" in way:
        return f"the authorizer {way[1] if way[0] == 'securityDefinitions' else way[2]}"
    return pointer(way)


def _dropped(wanted: Wanted) -> Iterator[str]:
    """Grouped by why: a definition may hold hundreds of descriptions."""
    document = wanted.api.definition
    models = pointer(schemas_way(document))
    unused: list[str] = []
    by_why: dict[str, dict[str, None]] = {}
    ours = tuple(pointer(("paths", path, "options")) for path in wanted.added.paths)
    for loss in losses(document):
        if _WORDS.search(loss.pointer) or loss.pointer.startswith(ours):
            continue
        name = loss.pointer.removeprefix(f"{models}/")
        if loss.pointer.startswith(f"{models}/") and "/" not in name:
            unused.append(name)
        else:
            by_why.setdefault(loss.why, {})[loss.pointer.rsplit("/", 1)[-1]] = None
    if unused:
        yield f"no method uses the models {_few(unused)}: AWS keeps them, and no export carries them"
    for why, keys in by_why.items():
        yield f"not in what AWS serves or exports: {_few(list(keys))} ({why})"


def _few(words: list[str]) -> str:
    more = f" and {len(words) - _SHOWN} more" if len(words) > _SHOWN else ""
    return ", ".join(words[:_SHOWN]) + more
