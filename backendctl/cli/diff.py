"""`backendctl diff`."""

from __future__ import annotations

import json
from functools import partial

import click

from backendctl.cli.options import Options, common_with_names
from backendctl.errors import Exit, UsageError

_TWO = 2


@click.command(name="diff")
@partial(common_with_names, metavar="[SPEC] vN vM")
def command(*, options: Options, names: tuple[str, ...]) -> int:
    """Compare release vM with vN: the definition, and each function's configuration and code.

    Values of environment variables are not shown, only that they differ.
    """
    from backendctl.cli.opening import opened_api
    from backendctl.cli.releasing import tell_silent
    from backendctl.release.comparing import compare, comparison_document, comparison_lines

    if len(names) != _TWO:
        raise UsageError("diff takes two releases", hint="backendctl diff v5 v7; see them: backendctl history")
    ready = opened_api(options)
    found = compare(ready.backend, *names)
    if ready.format == "json":
        click.echo(json.dumps(comparison_document(found), indent=2))
    else:
        for line in comparison_lines(found):
            click.echo(f"- {line}" if ready.format == "markdown" else line)
    return Exit.PARTIAL if tell_silent(found.unreachable) else Exit.OK
