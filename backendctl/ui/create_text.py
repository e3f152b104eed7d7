"""What a reviewer needs to know of a resource that is created, within 80 columns."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterator, Sequence
from typing import Any

from rich.text import Text

from backendctl.engine.diff import FieldChange

_WIDTH = 80
_INDENT = " " * 19
# What decides cost, reach or behaviour, in the order in which it is told; the rest is shown by --verbose.
_TELLING = (
    *("runtime", "memory", "timeout", "architecture", "layers", "vpc", "release"),
    *("reserved", "retries", "max_age", "on_success", "on_failure"),
    *("key", "indexes", "billing", "ttl", "point_in_time_recovery", "deletion_protection"),
    *("min", "max", "target", "evaluate_target_health", "health", "probe"),
    *("definition", "variables", "tracing", "throttling", "cache", "logging"),
    *("schedule", "schedules", "time_zone", "window", "state", "targets", "every", "percent", "requested"),
    *("retention", "certificate", "security_policy"),
    *("value", "throttle", "quota", "stages", "keys"),
)
# What nobody has asked for: AWS's own defaults.
_USUAL = {("architecture", "x86_64"), ("tracing", "PassThrough"), ("state", "ENABLED")}


def created(head: Text, fields: Sequence[FieldChange], value: Callable[[FieldChange], str]) -> Iterator[Text]:
    """The line of a resource that is created; what is too long for one stands in lines below it.

    Args:
        value: a field's new value in words.
    """
    told = [f"{_name(item)} {value(item)}" for item in sorted(fields, key=_rank) if _tells(item)]
    if not told:
        yield head
    elif len(head.plain) + 2 + len(", ".join(told)) <= _WIDTH:
        yield head.append("  " + ", ".join(told), style="quiet")
    else:
        yield head
        text = "; ".join(one.replace(" ", "\N{NO-BREAK SPACE}") for one in told)
        for line in textwrap.wrap(text, _WIDTH - len(_INDENT), break_long_words=False, break_on_hyphens=False):
            yield Text(_INDENT + line.replace("\N{NO-BREAK SPACE}", " "), style="quiet")


def _name(item: FieldChange) -> str:
    """Without the ids that we give to targets ourselves."""
    return "target" if _base(item) == "targets" else item.field


def _base(item: FieldChange) -> str:
    return item.field.partition(".")[0]


def _rank(item: FieldChange) -> tuple[int, str]:
    base = _base(item)
    return (_TELLING.index(base) if base in _TELLING else len(_TELLING), item.field)


def _tells(item: FieldChange) -> bool:
    value = item.after
    empty = value is False or _is_empty(value)
    usual = isinstance(value, str) and (_base(item), value) in _USUAL
    return _base(item) in _TELLING and not empty and not usual


def _is_empty(value: Any) -> bool:
    """Whether it says nothing, such as a VPC without subnets and security groups."""
    if isinstance(value, dict):
        return all(_is_empty(one) for one in value.values())
    return value is None or value in ("", [], ())
