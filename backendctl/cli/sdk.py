"""`backendctl sdk`."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common
from backendctl.errors import Exit, UsageError

if TYPE_CHECKING:
    from collections.abc import Mapping

_TYPES = ("javascript", "java", "android", "swift", "objectivec", "ruby")


@click.command(name="sdk")
@click.option("--type", "kind", required=True, type=click.Choice(_TYPES), help="Language or platform of the SDK.")
@click.option(
    "--parameter",
    "parameters",
    multiple=True,
    metavar="NAME=VALUE",
    help="Parameter of that SDK type; may be repeated.",
)
@click.option("--stage", metavar="STAGE", help="The stage it calls [the spec's only one].")
@click.option("--file", type=click.Path(path_type=Path, dir_okay=False), help="Where to write [<backend>-<type>.zip].")
@common
def command(*, options: Options, kind: str, parameters: tuple[str, ...], stage: str | None, file: Path | None) -> int:
    """Generate a client SDK, after checking that every region serves the same definition.

    It calls the name that all regions share (`domain` and the stage's `path` in the spec); with -r that region's own
    endpoint. The file's sha256 is written beside it, in the format of `sha256sum -c`.

    Some types take parameters: java serviceName and javaPackageName; android groupId, artifactId, artifactVersion and
    invokerPackage; swift and objectivec classPrefix.
    """
    from backendctl.cli.opening import opened_api
    from backendctl.sync.sdk import check_parameters, generate

    given = _pairs(parameters)
    check_parameters(kind, given)
    ready = opened_api(options)
    made = generate(ready.backend, kind=kind, stage=stage, parameters=given)
    path = file or Path(f"{ready.backend.spec.backend}-{kind}.zip")
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(made.body)
    path.with_name(f"{path.name}.sha256").write_text(f"{made.sha256}  {path.name}\n", encoding="utf-8")
    definition = next(iter(made.definitions.values()))
    if ready.format == "json":
        document = {
            "file": str(path),
            "sha256": made.sha256,
            "type": kind,
            "region": made.region,
            "url": made.url,
            "shared": made.shared,
            "stage": made.stage,
            "definition": definition,
            "regions": dict(made.definitions),
            "unreachable": {},  # else nothing is written
        }
        click.echo(json.dumps(document, indent=2))
    else:
        click.echo(f"{path}  sha256 {made.sha256}")
        click.echo(f"definition {definition}, the same in {', '.join(made.definitions)}")
        click.echo(f"it calls {made.url}" + ("" if made.shared else f", in {made.region} only"))
    if made.why:
        click.echo(f"note: {made.why}", err=True)
    return Exit.OK


def _pairs(parameters: tuple[str, ...]) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for text in parameters:
        name, equals, value = text.partition("=")
        if not equals or not name:
            raise UsageError(f"--parameter {text}: write NAME=VALUE")
        found[name] = value
    return found
