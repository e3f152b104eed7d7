"""`backendctl iam-policy`."""

from __future__ import annotations

import json
from typing import Any

import click

from backendctl.cli.catalogue import entries
from backendctl.cli.options import Options, common
from backendctl.errors import Exit, UsageError
from backendctl.nearest import refuse_unknown

_OFFLINE = frozenset({"validate", "render", "sandbox"})


@click.command(name="iam-policy")
@click.option("--for", "wanted", multiple=True, metavar="COMMAND", help="Only what this command needs; repeatable.")
@click.option("--ci", is_flag=True, help="What a pipeline needs: to plan, deploy, release and test, not to destroy.")
@click.option("--function", metavar="NAME", help="What the role of this function needs.")
@common
def command(*, options: Options, wanted: tuple[str, ...], ci: bool, function: str | None) -> int:
    """Print the least-privilege IAM policy of an operator, a pipeline, or a function's role.

    It is limited to this backend's names, regions and account; -o markdown shows which command needs which action.
    """
    if sum((bool(wanted), ci, function is not None)) > 1:
        raise UsageError("give one of --for, --ci and --function")
    known = [name for name in entries() if name not in _OFFLINE]
    refuse_unknown("--for", wanted, known, what="the commands that need rights are")

    from backendctl.cli.code import tell_warnings
    from backendctl.permissions.policy import CI, MANAGED_LIMIT, document, rows_of, size
    from backendctl.permissions.reading import read
    from backendctl.spec.function_names import check_functions

    config = options.load()
    settings = options.settings(config)
    found = read(settings)
    tell_warnings(found.context.spec.deprecated)
    if function is not None:
        check_functions(found.context.spec, [function])
        _print(found.role_policy(function))
        return Exit.OK
    commands = wanted or (CI if ci else known)
    policy = document(commands, found.scope)
    if options.format(config) == "markdown":
        from backendctl.ui.iam_view import rights_markdown

        click.echo(rights_markdown(rows_of(commands)))
    else:
        _print(policy)
    for note in found.notes:
        click.echo(f"note: {note}", err=True)
    if (length := size(policy)) > MANAGED_LIMIT:
        told = f"the policy has {length:,} characters and a managed policy takes {MANAGED_LIMIT:,}"
        click.echo(f"note: {told}: print it in parts with --for, or put it inline into a role", err=True)
    return Exit.OK


def _print(policy: dict[str, Any]) -> None:
    click.echo(json.dumps(policy, indent=2))
