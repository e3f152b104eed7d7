"""Hints reach the AWS that the command reached."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backendctl.hints import aim, runnable

COMMANDS = ("warm", "warm-status", "sync-warmers", "deploy")


@pytest.fixture(autouse=True)
def back() -> Iterator[None]:
    yield
    aim(COMMANDS, "")


def test_on_aws_a_hint_is_as_it_is() -> None:
    aim(COMMANDS, "")
    assert runnable("backendctl deploy; aws events list-rules") == "backendctl deploy; aws events list-rules"


def test_in_the_sandbox_every_command_of_a_hint_names_it() -> None:
    aim(COMMANDS, "--sandbox --port 4700", endpoint="http://127.0.0.1:4700")
    assert runnable("add it, then backendctl sync-warmers -r eu-west-1; or backendctl warm x") == (
        "add it, then backendctl --sandbox --port 4700 sync-warmers -r eu-west-1; "
        "or backendctl --sandbox --port 4700 warm x"
    )
    assert runnable("aws events enable-rule --name x") == (
        "aws --endpoint-url http://127.0.0.1:4700 events enable-rule --name x"
    )


@pytest.mark.parametrize(
    "text", ["backendctl keeps it", "backendctl warmer", "backendctl: keeps x warm", "aws says no"]
)
def test_other_words_stay(text: str) -> None:
    aim(COMMANDS, "--sandbox", endpoint="http://127.0.0.1:4700")
    assert runnable(text) == text


def test_what_the_environment_says_is_not_said_again() -> None:
    aim(COMMANDS, "", endpoint="http://127.0.0.1:4700")
    assert runnable("backendctl deploy") == "backendctl deploy"
