"""Settings of a function that go together: log levels and their format, reserved and provisioned concurrency."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from backendctl.spec.warming import spelt_out

Finding = tuple[tuple[str, ...], str, bool]
"""The settings that lead to it, from the function on, what is said, and whether it is refused."""

_LEVELS = ("log-level", "system-log-level")
_TEXT, _JSON = "text", "json"


def limit_faults(
    function: Mapping[str, Any],
    *,
    aliases: int,
    refused: bool = False,
    region: str = "",
    override: Mapping[str, Any] | None = None,
) -> Iterator[Finding]:
    """All that is wrong with them, or hardly meant, for one function.

    Args:
        function: its settings, overrides applied. aliases: how many it has, without slots.
        refused: whether its log-format is given, and refused already.
        region: where it is so. override: what the spec says of that region alone.
    """
    warm = spelt_out(function.get("warm")) or {}
    if not refused:
        yield from _of_logs(function, warm, region, override or {})
    reserved, provisioned = _number(function.get("reserved-concurrency")), _number(warm.get("provisioned"))
    if reserved is None:
        return
    wanted = (provisioned or 0) * max(aliases, 1)
    if wanted > reserved:
        told = "1 alias" if aliases <= 1 else f"{aliases} aliases"
        message = (
            f"{told} with {provisioned} provisioned environments each is more than the {reserved} calls of "
            "'reserved-concurrency'"
        )  # B49
        yield ("reserved-concurrency",), message, True
    if reserved == 0 and warm:
        yield ("reserved-concurrency",), "0 lets no call through, nor the pings that keep the function warm", False


def _of_logs(
    function: Mapping[str, Any], warm: Mapping[str, Any], region: str, override: Mapping[str, Any]
) -> Iterator[Finding]:
    given = function.get("log-format", _TEXT)
    if given == _TEXT:
        for level in _LEVELS:
            if level in function:
                apart = not {"log-format", level}.isdisjoint(override)
                where, way_out = (f" in {region}", f": say `{level}: null` there") if apart else ("", "")
                told = f"'{level}' has no effect{where} without 'log-format: json', and Lambda refuses it{way_out}"
                yield (level,), told, True
    elif given != _JSON:
        return  # an expression gave it: it is refused as it stands, or not known yet
    elif function.get("system-log-level") == "warn" and warm:
        message = "with warn Lambda writes no reports: warm-status cannot tell whether this function is warm"
        yield ("system-log-level",), message, False  # K15


def _number(given: Any) -> int | None:
    """A whole number, also as 3.0, which JSON Schema takes for whole, and as the text that an expression gives."""
    text = str(int(given)) if isinstance(given, float) and given.is_integer() else str(given)
    return int(text) if text.isdecimal() and text.isascii() else None
