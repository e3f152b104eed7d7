"""Sessions that ask once for the name of an event, where botocore asks for each client."""

from __future__ import annotations

from typing import Any

from botocore.hooks import EventAliaser, HierarchicalEmitter
from botocore.session import Session

_KNOWN: dict[str, str] = {}


class _Names(EventAliaser):
    """botocore compares each event's name with thirty old ones: an eighth of the processor time of a command."""

    def _alias_event_name(self, event_name: str) -> str:
        if (known := _KNOWN.get(event_name)) is not None:
            return known
        name: str = super()._alias_event_name(event_name)  # type: ignore[misc]  # its stubs leave it out
        _KNOWN[event_name] = name
        return name


def session(**given: Any) -> Session:
    """A session as botocore makes it; of its clients each knows the names that any of them has asked for."""
    emitter = HierarchicalEmitter()
    made = Session(event_hooks=emitter, **given)
    made.register_component("event_emitter", _Names(emitter))
    return made
