"""One error, and one coloured word before a sentence, on stderr."""

from __future__ import annotations

import shutil
import sys
import textwrap

import click

from backendctl.cli.streams import styled
from backendctl.errors import BackendctlError, BugError, SpecError
from backendctl.secrets import KNOWN
from backendctl.visible import visible

_LEAST_WIDTH = 40


def tell(error: BackendctlError) -> None:
    """The error on stderr: what happened, then what to do."""
    if isinstance(error, SpecError):
        for fault in error.faults:
            _line(str(fault))
    if isinstance(error, BugError):
        click.echo(visible(KNOWN.redact(error.trace)), err=True)
    label("Error: ", "red")
    _line(error.message, after="Error: ")
    _next(error.hint)


def warn(message: str, hint: str = "") -> None:
    """A warning on stderr, and what to do about it."""
    label("Warning: ", "yellow")
    _line(message, after="Warning: ")
    _next(hint)


def _next(hint: str) -> None:
    if hint:
        label("Next:  ", "cyan")
        _line(hint, after="Next:  ")


def label(text: str, colour: str, *, bold: bool = True) -> None:
    """A coloured beginning of a line on stderr; plain where stderr is no terminal."""
    click.secho(text, fg=colour, bold=bold, nl=False, file=styled(sys.stderr))


def _line(text: str, *, after: str = "") -> None:
    """A text without secrets and control characters; on a terminal wrapped between words."""
    text = visible(KNOWN.redact(text))
    if sys.stderr is not None and sys.stderr.isatty():
        width = max(_LEAST_WIDTH, shutil.get_terminal_size().columns)
        text = "\n".join(_wrapped(line, width, after if first else "") for first, line in _lines(text))
    click.echo(text, err=True)


def _lines(text: str) -> list[tuple[bool, str]]:
    return [(number == 0, line) for number, line in enumerate(text.split("\n"))]


def _wrapped(line: str, width: int, after: str) -> str:
    indent = " " * (len(line) - len(line.lstrip()))
    told = textwrap.fill(
        line.strip(),
        width,
        initial_indent=" " * len(after) + indent,
        subsequent_indent=" " * len(after) + indent,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return told[len(after) :]
