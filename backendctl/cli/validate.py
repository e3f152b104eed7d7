"""`backendctl validate`."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from dataclasses import asdict
from typing import TYPE_CHECKING

import click

from backendctl.cli.options import Options, common, runtimes
from backendctl.errors import SpecError
from backendctl.secrets import KNOWN

if TYPE_CHECKING:
    from backendctl.spec.config import Config


@click.command(name="validate")
@runtimes
@common
def command(*, options: Options, allow_runtimes: tuple[str, ...]) -> None:
    """Check the spec and everything it names: the definition, the code, the archives. AWS is not called.

    With -o json stdout has one document either way: `valid`, and the `faults` with file, line, column and message.
    """
    from backendctl.checking import check_spec
    from backendctl.cli import code

    config = options.load()
    in_json = options.format(config) == "json"
    tell = None if options.quiet else _telling(options, config)
    try:
        checked = check_spec(options.spec_path(config), allow_runtimes=allow_runtimes, tell=tell)
    except SpecError as error:
        if in_json:
            faults = [KNOWN.redact_data(asdict(fault)) for fault in error.faults]
            click.echo(json.dumps({"valid": False, "faults": faults}, indent=2))
        raise
    spec, artefacts = checked.spec, checked.artefacts
    if in_json:
        told = {"backend": spec.backend, "valid": True, "regions": list(spec.regions)}
        told |= {"code": code.code_documents(spec, artefacts), "warnings": code.warning_documents(checked.warnings)}
        click.echo(json.dumps(told, indent=2))
        return
    code.tell_warnings(checked.warnings)
    functions = len(spec.functions_in(spec.primary))
    size = sum(artefact.size for (region, _), artefact in artefacts.items() if region == spec.primary)
    counted = [
        _count(len(spec.regions), "region"),
        _count(functions, "function") + f" ({size / 1024:.0f} KB of code)",
        _count(len(spec.tables), "table"),
        _count(len(spec.api.stages) if spec.api else 0, "stage"),
    ]
    click.echo(f"{spec.backend} is valid: {', '.join(counted)}.")
    for line in code.code_lines(spec, artefacts):
        click.echo(f"  {line}")


def _telling(options: Options, config: Config) -> Callable[[str], None]:
    """Prints what build commands write; rich is loaded when there is something."""

    @functools.cache
    def printing() -> Callable[[str], None]:
        from backendctl.ui.build_output import build_output

        return build_output(options.screen(config).progress)

    def tell(line: str) -> None:
        printing()(line)

    return tell


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}" if number == 1 else f"{number} {noun}s"
