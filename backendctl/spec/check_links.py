"""How the definition, the functions and the stages hang together: who calls what through which alias."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from backendctl.nearest import nearest
from backendctl.openapi.integrations import stage_variables
from backendctl.spec.check_names import alias_fault
from backendctl.spec.model import SLOTS
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.openapi.integrations import Target
    from backendctl.spec.loader import Document, Way
    from backendctl.spec.view import Call, View

_VARIABLE = re.compile(r"^\$\{stageVariables\.(\w+)\}$")
_LATEST = "$LATEST"


def aliases(view: View, region: str, name: str) -> tuple[str, ...]:
    """The aliases of a function: its own list, or else those that the definition and the stages call."""
    function = view.functions[region][name]
    if "aliases" in function:
        return tuple(function["aliases"])
    physical = view.physical(name, function)
    called: dict[str, None] = {}
    for call in view.calls_by_function.get(physical, ()):
        if call.stage and call.found is not None and _is_alias(call.found.qualifier):
            called[str(call.found.qualifier)] = None
    return tuple(called)


def calls_latest(view: View, region: str, name: str) -> bool:
    """Whether some stage leads to the function itself, which is its unpublished version."""
    physical = view.physical(name, view.functions[region][name])
    found = [call.found for call in view.calls_by_function.get(physical, ())]
    return any(one is not None and not _is_alias(one.qualifier) for one in found)


def waits(view: View, physical: str, *, default: int) -> Iterator[int]:
    """The milliseconds that each of the API's routes to a function waits. physical: its name in AWS."""
    for call in view.calls_by_function.get(physical, ()):
        if call.target.method != "AUTHORIZER":
            given = call.document.raw((*call.target.way[:-1], "timeoutInMillis"))
            yield given if isinstance(given, int) else default


def check_links(view: View) -> None:
    """Put every fault into the view's report."""
    for stage in view.stages():
        if (document := view.definition_of(stage)) is not None:
            _check_variables(view, document, stage)
    if not view.backend:
        return  # it is faulty, and the functions' names with it
    for call in view.calls:
        if call.target.variables and call.stage:
            _check_target(view, call, ("api", "stages", call.stage, "variables"))
        elif not call.target.variables:
            _check_target(view, call, ())
    _check_slots(view)


def _check_slots(view: View) -> None:
    """No alias has the name of another one's slot: a release would move it, whoever else calls it."""
    called = [
        (one, stage, document, target)
        for stage, document, target, _, one in view.calls
        if stage and one is not None and _is_alias(one.qualifier)
    ]
    slots = {
        (one.function, f"{one.qualifier}-{slot}"): one.qualifier
        for one, _, _, target in called
        if _VARIABLE.match(target.qualifier or "")
        for slot in SLOTS
    }
    for one, stage, document, target in called:
        if of := slots.get((one.function, str(one.qualifier))):
            way: Way = ("api", "stages", stage, "variables")
            _blame(view, document, target, _slot_fault(one.qualifier, of), (way, target.qualifier or ""))
    for region, functions in view.functions.items():
        for name, function in functions.items():
            for index, alias in enumerate(function.get("aliases", ())):
                if of := slots.get((view.physical(name, function), alias)):
                    view.report.add(view.way(region, name, "aliases", index), _slot_fault(alias, of))


def _slot_fault(alias: str | None, of: str) -> str:
    return f"'{alias}' is a name that releases of the alias '{of}' use: give this alias another name"


def _check_variables(view: View, definition: Document, stage: str) -> None:
    way: Way = ("api", "stages", stage)
    given = view.document.raw((*way, "variables"))
    known = {**view.stages()[stage].get("variables", {}), **(given if isinstance(given, dict) else {})}
    for variable in sorted(stage_variables(definition.value)):
        if variable not in known:
            hint = nearest(variable, known)
            message = f"the stage '{stage}' has no variable '{variable}', which the definition uses{hint}"
            view.report.add((*way, "variables"), message, key=True)


def _check_target(view: View, call: Call, way: Way) -> None:
    found, target, definition, names = call.found, call.target, call.document, view.names
    if found is None:
        return  # an undefined variable is reported already
    if found.function not in names and (view.elsewhere or not _by_name(view, found.function)):
        return  # whether it is there, only AWS knows
    if found.function not in names:
        hint = nearest(found.function, names) or f"; functions: {listed(names)}"
        message = f"{target.method} {target.path} calls '{found.function}', which is not a function of this spec{hint}"
        _blame(view, definition, target, message, (way, target.function))
    elif found.qualifier is not None and _is_alias(found.qualifier):
        message = _alias_fault(view, names[found.function], found.qualifier)
        if message:
            _blame(view, definition, target, message, (way, target.qualifier or target.function))


def _by_name(view: View, function: str) -> bool:
    """Whether a function's name says that it is one of this spec's."""
    return function.startswith(f"{view.backend}-")


def _alias_fault(view: View, name: str, alias: str) -> str:
    if fault := alias_fault(alias):
        return fault
    for functions in view.functions.values():
        own = functions[name].get("aliases")
        if own is not None and alias not in own:
            return f"the function '{name}' has no alias '{alias}'{nearest(alias, own) or '; aliases: ' + listed(own)}"
    return ""


def _blame(view: View, definition: Document, target: Target, message: str, source: tuple[Way, str]) -> None:
    """Put the fault at the stage variable that holds the word, or else at the URI."""
    way, text = source
    variable = _VARIABLE.match(text)
    if variable:
        view.report.add((*way, variable[1]), message, free=True)
    else:
        view.report.put(definition.fault(target.way, message))


def _is_alias(qualifier: str | None) -> bool:
    return qualifier is not None and qualifier != _LATEST and not qualifier.isdigit()
