"""What is told of functions' code: warnings, and what went into the archives."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from backendctl.package import left_out_clause

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from backendctl.errors import Fault
    from backendctl.package import Artefact
    from backendctl.spec.model import Spec

_KB = 1024


def tell_warnings(warnings: Iterable[Fault]) -> None:
    """One line each, on stderr."""
    for warning in warnings:
        click.echo(f"warning: {warning}", err=True)


def warning_documents(warnings: Iterable[Fault]) -> list[dict[str, Any]]:
    """The same for a JSON document."""
    return [{"file": one.file, "line": one.line, "column": one.column, "message": one.message} for one in warnings]


def code_lines(spec: Spec, artefacts: Mapping[tuple[str, str], Artefact]) -> Iterator[str]:
    """`code of places: 12 files, 34 KB, 3 left out by .backendctlignore`; once per archive, not per region."""
    for name, artefact in _archives(spec, artefacts):
        files = "1 file" if artefact.files == 1 else f"{artefact.files} files"
        yield f"code of {name}: {files}, {_size(artefact.size)}{left_out_clause(artefact.left_out)}"


def _size(number: int) -> str:
    return f"{number} bytes" if number < _KB else f"{number / _KB:.0f} KB"


def code_documents(spec: Spec, artefacts: Mapping[tuple[str, str], Artefact]) -> list[dict[str, Any]]:
    """The same for a JSON document; sizes in bytes."""
    return [
        {
            "function": name,
            "files": artefact.files,
            "bytes": artefact.size,
            "unzipped": artefact.unzipped,
            "sha256": artefact.sha256,
            "left_out": dict(artefact.left_out),
        }
        for name, artefact in _archives(spec, artefacts)
    ]


def _archives(spec: Spec, artefacts: Mapping[tuple[str, str], Artefact]) -> Iterator[tuple[str, Artefact]]:
    seen = set()
    for region in spec.regions:
        for function in spec.functions_in(region):
            artefact = artefacts.get((region, function.name))
            if artefact is not None and (function.name, artefact.sha256) not in seen:
                seen.add((function.name, artefact.sha256))
                yield function.name, artefact
