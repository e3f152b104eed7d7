"""What is wrong with stages that have a definition of their own, or that are pinned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.openapi.whole import contradictions
from backendctl.spec.report import listed
from backendctl.whole import whole

if TYPE_CHECKING:
    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

_LATEST = "$LATEST"


def check_stages(view: View) -> None:
    """Put every fault into the view's report."""
    live = isinstance(view.plain.get("api", {}).get("definition"), dict)
    for name, stage in view.stages().items():
        way: Way = ("api", "stages", name)
        if live:
            for key in ("definition", "pinned"):
                if stage.get(key):
                    message = f"'{key}' has no effect beside an API whose definition is a live one's"
                    view.report.add((*way, key), message, key=True)
        elif "definition" in stage:
            _check_whole(view, name)
    if not live:
        _check_pinned(view)


def _check_whole(view: View, stage: str) -> None:
    """A4, A62: there is one API, and its own definition speaks for it."""
    own, api = view.own_definitions.get(stage), view.definition
    if own is None or api is None or own.file == api.file:
        return
    for way, name in contradictions(own.value, api.value):
        message = (
            f"'{name}' belongs to the API as a whole, and {api.file} says otherwise: the stage '{stage}' has it from "
            "there; leave it out here, or say it there"
        )
        view.report.put(own.fault([step if (number := whole(step)) is None else number for step in way], message))


def _check_pinned(view: View) -> None:
    """A pinned stage keeps the versions behind its aliases, so it has its aliases for itself."""
    users: dict[tuple[str, str], set[str]] = {}
    for stage, _, target, _, found in view.calls:
        if not stage or found is None:
            continue
        if found.qualifier in {None, _LATEST} and view.stages()[stage].get("pinned"):
            route = f"{target.method} {target.path}"
            message = f"'{stage}' calls '{found.function}' without an alias ({route}), which every release changes"
            view.report.add(("api", "stages", stage, "pinned"), message)
        elif found.qualifier is not None:
            users.setdefault((found.function, found.qualifier), set()).add(stage)
    for (function, alias), stages in users.items():
        pinned = sorted(stage for stage in stages if view.stages()[stage].get("pinned"))
        moving = sorted(stages - set(pinned))
        for stage in pinned if moving else ():
            message = (
                f"'{stage}' shares the alias '{alias}' of '{function}' with {listed(moving)}, which moves it: "
                "give it an alias of its own"
            )
            view.report.add(("api", "stages", stage, "pinned"), message)
