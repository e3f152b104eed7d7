"""`backendctl export-api`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from backendctl.cli.options import Options, without_spec
from backendctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from backendctl.sync.adoption import Adoption

_SUFFIXES = (".json", ".yaml", ".yml")


@click.command(name="export-api")
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--from", "source", required=True, metavar="REGION[/STAGE]", help="The live API's region and stage.")
@click.option("--api", required=True, metavar="NAME", help="The live API's name or id.")
@click.option(
    "--export-type",
    type=click.Choice(["oas30", "swagger"]),
    default="oas30",
    show_default=True,
    help="The format, as API Gateway names it.",
)
@click.option("--force", is_flag=True, help="Overwrite FILE.")
@without_spec
def command(*, options: Options, file: Path, source: str, api: str, export_type: str, force: bool) -> int:
    """Export what a live API's stage serves to FILE (YAML or JSON by its suffix), without region-specific ids.

    Needs no spec, and prints the `api` section for one. Ids that are valid in one region only get a name in FILE,
    and their values in `bindings`.
    """
    from backendctl.account import refuse_account
    from backendctl.aws.connection import Aws
    from backendctl.sync.adoption import adopt
    from backendctl.sync.request import place

    if file.suffix not in _SUFFIXES:
        raise UsageError(f"{file}: the suffix says the form: {', '.join(_SUFFIXES)}")
    if file.exists() and not force:
        raise UsageError(f"{file} already exists", hint="--force overwrites it")
    where = place(source)
    config = options.load()
    settings = options.settings(config, spec=Path())
    aws = Aws(settings.access, backend="")
    refuse_account(aws, (where.region,), allowed=settings.accounts)
    found = adopt(aws, where, api=api, form=export_type)
    file.parent.mkdir(parents=True, exist_ok=True)
    file.write_text(_text(found.document, file), encoding="utf-8")
    _tell(found, file, options.format(config))
    return Exit.OK


def _text(document: dict[str, Any], file: Path) -> str:
    if file.suffix == ".json":
        return json.dumps(document, indent=2, ensure_ascii=False) + "\n"
    import yaml

    return yaml.safe_dump(document, sort_keys=False, allow_unicode=True, width=120)


def _tell(found: Adoption, file: Path, form: str) -> None:
    import yaml

    from backendctl.sync.adoption import spec_of
    from backendctl.ui.api_diff import diff_data

    section = spec_of(found, file=file.name)
    if form == "json":
        document = {
            "file": str(file),
            "api": found.api,
            "definition": found.digest,
            "spec": {"api": section},
            "calls": list(found.calls),
            "repairs": [{"rule": one.rule, "pointer": one.pointer, "what": one.what} for one in found.repairs],
            "methods": dict(found.methods),
            "edited": diff_data(found.edited)["differences"],
            "unreachable": {},  # of one region, which answered
        }
        click.echo(json.dumps(document, indent=2))
        return
    text = yaml.safe_dump({"api": section}, sort_keys=False, allow_unicode=True).rstrip()
    click.echo(f"```yaml\n{text}\n```" if form == "markdown" else text)
    click.echo(f"wrote {file}: definition {found.digest}; above is what a spec beside it needs", err=True)
    if found.calls:
        click.echo(f"every region must have {', '.join(found.calls)}", err=True)
    for one in found.repairs:
        click.echo(f"repaired {one.pointer}: {one.what}", err=True)
    for setting, value in found.methods.items():
        if "/throttling/" in setting:
            continue
        click.echo(f"a spec has no words for {setting} = {value}; a sync from there brings it along", err=True)
    if found.edited:
        click.echo(f"{len(found.edited)} edits were never deployed, and are not in it: sync-api --check", err=True)
