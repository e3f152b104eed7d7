"""Hints reach what the command reached, and are true when they are pasted."""

from __future__ import annotations

from pathlib import Path

import click
import pytest
from click.testing import CliRunner

from backendctl.cli.options import Options, common, common_with_names
from backendctl.hints import aim, aim_aws, runnable

COMMANDS = ("warm", "warm-status", "sync-warmers", "deploy", "export-api")


def test_on_aws_a_hint_is_as_it_is() -> None:
    aim(COMMANDS)
    assert runnable("backendctl deploy; aws events list-rules") == "backendctl deploy; aws events list-rules"


def test_every_command_of_a_hint_repeats_what_was_typed() -> None:
    aim(COMMANDS, ["--sandbox", "--port", "4700"])
    aim_aws(endpoint="http://127.0.0.1:4700")
    assert runnable("add it, then backendctl sync-warmers -r eu-west-1; or backendctl warm x") == (
        "add it, then backendctl --sandbox --port 4700 sync-warmers -r eu-west-1; "
        "or backendctl --sandbox --port 4700 warm x"
    )
    assert runnable("aws events enable-rule --name x") == (
        "aws --endpoint-url http://127.0.0.1:4700 events enable-rule --name x"
    )


def test_spec_follows_the_command_that_takes_one() -> None:
    aim(COMMANDS, ["--profile", "two words"], spec="my specs/a.yaml", without_spec=("export-api",))
    assert runnable("backendctl deploy --only x; backendctl export-api") == (
        "backendctl --profile 'two words' deploy 'my specs/a.yaml' --only x; "
        "backendctl --profile 'two words' export-api"
    )


@pytest.mark.parametrize(
    "text", ["backendctl keeps it", "backendctl warmer", "backendctl: keeps x warm", "aws says no"]
)
def test_other_words_stay(text: str) -> None:
    aim(COMMANDS, ["--sandbox"], spec="a.yaml")
    aim_aws(endpoint="http://127.0.0.1:4700")
    assert runnable(text) == text


@click.group()
def _group() -> None:
    """A command line as small as can be."""


@_group.command(name="deploy")
@common
def _deploy(options: Options) -> None:
    click.echo(f"{options.spec} {runnable('backendctl canary-status')}")


@_group.command(name="warm")
@common_with_names
def _warm(names: tuple[str, ...], options: Options) -> None:
    click.echo(f"{names} {options.spec} {runnable('backendctl deploy')}")


@pytest.mark.parametrize(
    ("typed", "hint"),
    [
        (["deploy"], "None backendctl canary-status"),
        (["deploy", "a.yaml", "-r", "eu-west-1", "-r", "us-east-1"],
         "a.yaml backendctl --region eu-west-1 --region us-east-1 canary-status a.yaml"),
        (["deploy", "-c", "my.yaml", "--profile", "p", "--environment", "e"],
         "None backendctl --config my.yaml --environment e --profile p canary-status"),
        (["warm", "search", "b.yaml", "--sandbox", "--port", "4700"],
         "('search',) b.yaml backendctl --sandbox --port 4700 deploy b.yaml"),
    ],
)  # fmt: skip
def test_a_hint_has_spec_and_options_as_they_were_typed(typed: list[str], hint: str) -> None:
    assert CliRunner().invoke(_group, typed).output.strip() == hint


def test_what_the_environment_says_is_not_said_again(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("BACKENDCTL_SANDBOX_PORT", "4700")
    monkeypatch.setenv("BACKENDCTL_SPEC", str(tmp_path / "s.yaml"))
    assert CliRunner().invoke(_group, ["deploy"]).output.strip() == "None backendctl canary-status"
