"""`backendctl render`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common
from backendctl.secrets import KNOWN


@click.command(name="render")
@click.option(
    "--reveal", is_flag=True, help="Show environment values and what came from outside the files; these may be secrets."
)
@common
def command(*, options: Options, reveal: bool) -> None:
    """Show the spec as backendctl understands it: defaults filled in, expressions expanded, region by region.

    AWS is not called: what only AWS knows (the account, SSM parameters) is shown as a placeholder, a number as its
    default or minimum.
    """
    import yaml

    from backendctl.checking import check_spec
    from backendctl.cli.code import tell_warnings
    from backendctl.spec import effective

    if reveal:
        KNOWN.reveal()
    config = options.load()
    checked = check_spec(options.spec_path(config), allow_runtimes=None)
    tell_warnings(checked.draft.deprecated)
    document = effective(checked.spec, reveal=reveal)
    if options.format(config) == "json":
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(yaml.safe_dump(document, sort_keys=False, allow_unicode=True), nl=False)
