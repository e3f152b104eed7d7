"""What the description of an alias says of the version behind it, and when it is believed."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources.lambda_ import lambda_reads
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.alias_mark import AliasMark, held_in, holding, read_mark
from backendctl.resources.lambda_.function import Function
from tests.unit.resources.lambda_helpers import EAST, deploy, emulated, put_role, staged_context

RELEASE = "0123456789ab"
PHYSICAL = "corkhounds-places"


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


def test_the_word_is_read_as_it_was_written() -> None:
    assert held_in(f"backendctl:corkhounds 8-3f2a1c9d {holding('7', RELEASE)}", "7") == RELEASE


@pytest.mark.parametrize(
    "description",
    [
        f"backendctl:corkhounds {holding('6', RELEASE)}",  # moved by hand since
        f"somebody else's {holding('7', RELEASE)}",
        "backendctl:corkhounds 8-3f2a1c9d",
        f"backendctl:corkhounds {holding('7', RELEASE)} and more",
        "",
    ],
)
def test_what_is_not_said_of_this_version_by_us_is_not_believed(description: str) -> None:
    assert held_in(description, "7") is None


def test_what_is_no_release_of_a_function_is_not_said() -> None:
    assert holding("7", None) == holding("7", "version 7") == holding("$LATEST", RELEASE) == ""


def test_the_word_changes_nothing_of_the_rest() -> None:
    word = holding("7", RELEASE)
    assert read_mark(f"backendctl:corkhounds {word}") == AliasMark(owner="corkhounds")
    assert read_mark(f"backendctl:corkhounds 8-3f2a1c9d canary {word}") == AliasMark(
        owner="corkhounds", release="8-3f2a1c9d", canary=True
    )


def test_a_deployed_alias_tells_its_release_and_its_versions_are_not_listed(aws: Aws) -> None:
    context = staged_context()
    deploy(aws, [*Function.desired(context), *Alias.desired(context)])
    aws.forget()
    wanted = next(iter(Function.desired(context)))
    found = lambda_reads.aliases(aws, EAST, PHYSICAL)
    assert {alias.release for alias in found.values()} == {wanted.release}
    listed: list[str] = []
    aws.lambda_(EAST).meta.events.register(
        "before-call.lambda.ListVersionsByFunction", lambda **_: listed.append("listed")
    )
    live = Function.read(aws, wanted)
    assert live is not None
    assert live.release == wanted.release
    lives = [Alias.read(aws, one) for one in Alias.desired(context)]
    assert [live.release for live in lives if live is not None] == [wanted.release] * 3
    assert listed == []


def test_an_alias_that_was_moved_by_hand_is_told_by_its_version(aws: Aws) -> None:
    context = staged_context()
    deploy(aws, [*Function.desired(context), *Alias.desired(context)])
    client = aws.lambda_(EAST)
    client.update_function_configuration(FunctionName=PHYSICAL, MemorySize=2048)
    other = client.publish_version(FunctionName=PHYSICAL)["Version"]
    client.update_alias(FunctionName=PHYSICAL, Name="version1-a", FunctionVersion=other)
    aws.forget()
    slot = next(one for one in Alias.desired(context) if one.alias == "version1-a")
    live = Alias.read(aws, slot)
    assert live is not None
    assert live.release == f"version {other}"
