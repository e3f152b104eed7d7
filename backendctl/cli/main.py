"""The way in, and the one place where an error becomes a sentence and an exit code."""

from __future__ import annotations

import errno
import gc
import importlib
import os
import sys
import traceback
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import cast

import click

from backendctl import __version__
from backendctl.cli.catalogue import CATALOGUE, entries
from backendctl.cli.options import everywhere
from backendctl.cli.renamed import with_new_names
from backendctl.cli.saying import tell
from backendctl.cli.streams import OutputError, guarded
from backendctl.errors import BackendctlError, BugError, Exit
from backendctl.nearest import nearest
from backendctl.secrets import KNOWN, register_credentials

__all__ = ["Commands", "cli", "main", "run", "tell"]

_INTERRUPTED = 130
_GARBAGE = (50_000, 20, 100)
"""Thresholds of Python's cyclic garbage collector: its own, 700 objects, costs a plan a quarter of its time."""
_SPACE = "free some space, or set TMPDIR and XDG_STATE_HOME to other folders"
_ALLOWED = "check its owner and permissions, or set TMPDIR and XDG_STATE_HOME to other folders"
_LIMITS = "raise the limit (ulimit -n, ulimit -u), or add --max-parallel 4"
_MACHINE = {
    errno.ENOSPC: _SPACE,
    errno.EDQUOT: _SPACE,
    errno.EROFS: _ALLOWED,
    errno.EACCES: _ALLOWED,
    errno.EMFILE: _LIMITS,
    errno.ENFILE: _LIMITS,
}
"""Errors of the system, with what helps."""


class Commands(click.Group):
    """Loads a command's module when that command is called, so that --help stays instant."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """In the order of the catalogue."""
        del ctx
        return list(entries())

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import one command."""
        entry = entries().get(cmd_name)
        if entry is None:
            return super().get_command(ctx, cmd_name)
        module = importlib.import_module(f"backendctl.cli.{entry.module}")
        return cast("click.Command", module.command)

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """An unknown command gets the nearest one; old names of options become the new ones."""
        if args and not args[0].startswith("-") and args[0] not in entries():
            raise click.UsageError(f"No such command '{args[0]}'{nearest(args[0], entries()) or '.'}", ctx)
        name, command, rest = super().resolve_command(ctx, args)
        return name, command, rest if command is None else with_new_names(command, rest)

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Grouped by purpose."""
        del ctx
        for title, group in CATALOGUE.items():
            with formatter.section(title):
                formatter.write_dl([(entry.name, entry.help) for entry in group])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 110})
@click.version_option(__version__, prog_name="backendctl", message="%(prog)s %(version)s")
@everywhere
def cli(**_: object) -> None:
    """One serverless REST backend, the same in every AWS region.

    SPEC is a YAML file; it may be left out where config.yaml (or BACKENDCTL_SPEC) names one. The options below may
    stand before a command or after it.
    """


def main(arguments: Sequence[str] | None = None) -> None:
    """Run, and exit with one of `errors.Exit`."""
    gc.set_threshold(*_GARBAGE)
    sys.exit(run(lambda: cli.main(args=arguments, prog_name="backendctl", standalone_mode=False), bugs=_tell_bug))


def _tell_bug(error: Exception) -> int:
    """The traceback as the interpreter would show it, without secrets."""
    sys.stderr.write(KNOWN.redact("".join(traceback.format_exception(error))))
    return Exit.ERROR


def _flushed(code: int) -> int:
    try:
        sys.stdout.flush()
    except OutputError as error:
        return _unwritten(error) if code == Exit.OK else code
    return code


def _unwritten(error: OutputError) -> int:
    """Nobody reads on, which needs no words; or the disk is full, which does."""
    if error.errno not in {errno.EPIPE, errno.EBADF}:
        tell(BackendctlError(f"cannot write the result: {error.strerror}"))
    return Exit.ERROR


def _reraised(error: Exception) -> int:
    raise error


def run(body: Callable[[], object], *, bugs: Callable[[Exception], int] = _reraised) -> int:
    """Call with guarded streams, and turn every expected failure into a sentence and a code.

    Args:
        bugs: what becomes of any other exception.
    """
    KNOWN.forget()
    register_credentials(os.environ)
    with guarded():
        return _flushed(_run(body, bugs))


def _run(body: Callable[[], object], bugs: Callable[[Exception], int]) -> int:
    try:
        result = body()
    except click.exceptions.Exit as leaving:
        return leaving.exit_code
    except (click.Abort, KeyboardInterrupt):
        click.echo("Interrupted.", err=True)
        return _INTERRUPTED
    except click.ClickException as error:
        error.show(file=sys.stderr)
        return Exit.USAGE if isinstance(error, click.UsageError) else Exit.ERROR
    except Exception as error:  # noqa: BLE001  # the one boundary
        return _failed(error, bugs)
    return int(result) if isinstance(result, int) else Exit.OK


def _failed(error: Exception, bugs: Callable[[Exception], int]) -> int:
    if isinstance(error, OutputError):
        return _unwritten(error)
    known = _expected(error)
    if known is None:
        return bugs(error)
    tell(known)
    return known.exit_code


def _expected(error: Exception) -> BackendctlError | None:
    """The error as one of ours; None for a bug."""
    if isinstance(error, BackendctlError):
        return error
    if isinstance(error, OSError) and (told := _of_the_machine(error)):
        return told
    if "botocore" not in sys.modules:
        return None
    from backendctl.aws.errors import explain

    explained = explain(error, doing="ask AWS")
    return None if isinstance(explained, BugError) else explained


def _of_the_machine(error: OSError) -> BackendctlError | None:
    """What this machine refuses every program, such as a full disk; None for any other error."""
    try:
        Path.cwd()
    except FileNotFoundError:
        return BackendctlError("the current directory no longer exists", hint="cd to one that exists")
    if error.errno not in _MACHINE:
        return None
    named = f" {os.fsdecode(error.filename)}" if isinstance(error.filename, str | bytes) else ""
    return BackendctlError(
        f"the operating system reported an error{named}: {error.strerror}", hint=_MACHINE[error.errno]
    )
