"""`backendctl validate`."""

from __future__ import annotations

import json

import click

from backendctl.cli.options import Options, common


@click.command(name="validate")
@common
def command(*, options: Options) -> None:
    """Check the spec and everything it names: the definition, the code, the archives. Calls nothing in AWS."""
    from backendctl.app import check  # noqa: PLC0415  # boto3 comes with it

    config = options.load()
    _, spec, artefacts = check(options.spec_path(config))
    if options.format(config) == "json":
        click.echo(json.dumps({"backend": spec.backend, "valid": True, "regions": list(spec.regions)}, indent=2))
        return
    functions = len(spec.functions_in(spec.primary))
    size = sum(artefact.size for (region, _), artefact in artefacts.items() if region == spec.primary)
    counted = [
        _count(len(spec.regions), "region"),
        _count(functions, "function") + f" ({size / 1024:.0f} KB of code)",
        _count(len(spec.tables), "table"),
        _count(len(spec.api.stages) if spec.api else 0, "stage"),
    ]
    click.echo(f"{spec.backend} is valid: {', '.join(counted)}.")


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
