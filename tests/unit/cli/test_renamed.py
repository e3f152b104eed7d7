"""Options under their old names."""

from __future__ import annotations

import click
import pytest

from backendctl.cli.catalogue import entries
from backendctl.cli.main import cli
from backendctl.cli.renamed import RENAMED, with_new_names

_CONTEXT = click.Context(cli)


@click.command()
@click.option("--plan-digest")
@click.option("--ignore-verdict", is_flag=True)
@click.argument("words", nargs=-1)
def _command(**_: object) -> None:
    """Something that has both new names."""


@pytest.mark.parametrize(
    ("given", "meant"),
    [
        (["--expect", "0123456789ab"], ["--plan-digest", "0123456789ab"]),
        (["--expect=0123456789ab", "-y"], ["--plan-digest=0123456789ab", "-y"]),
        (["--anyway", "--anyway"], ["--ignore-verdict", "--ignore-verdict"]),
        (["--", "--anyway"], ["--", "--anyway"]),
        (["--form", "swagger"], ["--form", "swagger"]),
        (["--plan-digest", "x"], ["--plan-digest", "x"]),
    ],
)
def test_an_old_name_becomes_the_new_one_where_the_command_has_that(given: list[str], meant: list[str]) -> None:
    assert with_new_names(_command, given) == meant


def test_an_old_name_is_told_once_and_not_on_stdout(capsys: pytest.CaptureFixture[str]) -> None:
    with_new_names(_command, ["--anyway", "--anyway"])
    told = capsys.readouterr()
    assert (told.out, told.err) == ("", "Warning: --anyway is deprecated: use --ignore-verdict.\n")
    with_new_names(_command, ["--ignore-verdict"])
    assert capsys.readouterr().err == ""


def test_the_command_line_takes_old_names() -> None:
    _, command, rest = cli.resolve_command(_CONTEXT, ["promote-canary", "--anyway", "-y"])
    assert command is not None
    assert rest == ["--ignore-verdict", "-y"]


def test_every_new_name_is_an_option_and_no_old_one_is() -> None:
    commands = [cli.get_command(_CONTEXT, name) for name in entries()]
    known = {name for command in commands if command for parameter in command.params for name in parameter.opts}
    assert set(RENAMED.values()) <= known
    assert not known & RENAMED.keys()


def test_both_names_at_once_are_refused() -> None:
    deploy = cli.get_command(click.Context(cli), "deploy")
    assert deploy is not None
    for given in (["--expect", "a", "--plan-digest=b"], ["--plan-digest", "b", "--expect=a"]):
        with pytest.raises(click.UsageError, match="--expect is the old name of --plan-digest"):
            with_new_names(deploy, given)
