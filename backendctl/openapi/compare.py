"""A definition and a live API, brought to the one form in which they can be compared."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from backendctl.openapi.arns import Home
from backendctl.openapi.localise import neutralise
from backendctl.openapi.lost import surviving


def comparable(local: Mapping[str, Any], *, home: Home, bindings: Mapping[str, str] | None = None) -> dict[str, Any]:
    """What API Gateway keeps of one region's document, in canonical form and without the API's name (A8).

    The same for what is sent to a region and for the export of what it made there, when both are of one format
    (`layout.export_type`). A source must be localised first: `${AWS::Region}` may stand in places where nothing can
    turn it back (A17), an address or a text.

    Args:
        local: as `localise` gives it, or as the region exported it.
        home: that region and account. bindings: of that region.
    """
    form = surviving(neutralise(local, home=home, bindings=bindings))
    form["info"] = {key: value for key, value in form.get("info", {}).items() if key != "title"}
    return form
