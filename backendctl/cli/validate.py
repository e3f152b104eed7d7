"""`backendctl validate`."""

from __future__ import annotations

import json
from dataclasses import asdict

import click

from backendctl.cli.options import Options, common
from backendctl.errors import SpecError
from backendctl.secrets import KNOWN


@click.command(name="validate")
@common
def command(*, options: Options) -> None:
    """Check the spec and everything it names: the definition, the code, the archives. Calls nothing in AWS.

    With -o json stdout has one document either way: `valid`, and the `faults` with file, line, column and message.
    """
    from backendctl.app import check  # noqa: PLC0415  # boto3 comes with it

    config = options.load()
    in_json = options.format(config) == "json"
    try:
        _, spec, artefacts = check(options.spec_path(config))
    except SpecError as error:
        if in_json:
            faults = [KNOWN.redact_data(asdict(fault)) for fault in error.faults]
            click.echo(json.dumps({"valid": False, "faults": faults}, indent=2))
        raise
    if in_json:
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
