"""Options under the names that they had in the version before: they still work, with a line on stderr."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

import click

RENAMED: dict[str, str] = {
    "--expect": "--plan-digest",
    "--anyway": "--ignore-verdict",
    "--form": "--export-type",
}
"""By old name; to be removed after one version."""


def with_new_names(command: click.Command, arguments: Sequence[str]) -> list[str]:
    """The arguments of a command, with old names of its options replaced; each is told once on stderr."""
    replaced = list(_renamed(command, arguments))
    for old, new in RENAMED.items():
        if {old, new} <= {_name(word) for word in arguments[: _end(arguments)]}:
            raise click.UsageError(f"{old} is the old name of {new}: give one of them")
        if any(word != after and _name(word) == old for word, after in zip(arguments, replaced, strict=True)):
            click.echo(f"Warning: {old} is deprecated: use {new}.", err=True)
    return replaced


def _renamed(command: click.Command, arguments: Sequence[str]) -> Iterator[str]:
    known = {name for parameter in command.params for name in parameter.opts}
    options = True
    for word in arguments:
        options = options and word != "--"
        new = RENAMED.get(_name(word), "") if options else ""
        yield new + word.removeprefix(_name(word)) if new in known and _name(word) not in known else word


def _end(arguments: Sequence[str]) -> int:
    """Where the options end."""
    return arguments.index("--") if "--" in arguments else len(arguments)


def _name(word: str) -> str:
    return word.partition("=")[0]
