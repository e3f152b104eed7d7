"""Which command runs."""

from __future__ import annotations

import click


def command_name() -> str:
    """As it is typed; "" outside of one."""
    context = click.get_current_context(silent=True)
    return (context.info_name or "") if context is not None else ""
