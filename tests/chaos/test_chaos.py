"""A small sample, drawn anew each time; `python -m tests.chaos` takes everything."""

from __future__ import annotations

import logging
import random

import pytest

from tests.chaos.documents import AGAIN, documents
from tests.chaos.faults import FAULTS, Fault, meet
from tests.chaos.ground import Ground
from tests.chaos.hangs import hangs
from tests.chaos.hostile import PLANTS, READERS, hostile
from tests.chaos.kills import Kill, kill, undisturbed_run
from tests.chaos.verbs import COMMANDS, VERBS, asking_aws

pytestmark = [pytest.mark.chaos, pytest.mark.xdist_group("chaos")]

logger = logging.getLogger(__name__)


def test_killed_or_troubled_the_same_command_leaves_all_regions_as_if_undisturbed(ground: Ground, seed: int) -> None:
    """Either of both, as the seed draws; the whole run does both."""
    assert _disturbed(ground, seed, kills=random.Random(seed).random() < 0.5) == ()  # noqa: S311  # no secret


@pytest.mark.full
@pytest.mark.parametrize("kills", [True, False])
def test_killed_and_troubled_the_same_command_leaves_all_regions_as_if_undisturbed(
    ground: Ground, seed: int, *, kills: bool
) -> None:
    assert _disturbed(ground, seed, kills=kills) == ()


def _disturbed(ground: Ground, seed: int, *, kills: bool) -> tuple[str, ...]:
    dice = random.Random(seed)  # noqa: S311  # no secret
    name = dice.choice(list(VERBS))
    wanted = undisturbed_run(ground, VERBS[name])
    if kills:
        number, done = dice.randrange(1, wanted.calls + 1), dice.random() < 0.5
        met: Kill | Fault = kill(ground, name, wanted, number=number, done=done)
    else:
        met = meet(ground, name, wanted, fault=dice.choice(list(FAULTS)), seed=f"{seed}")
    logger.warning("seed %d: %s", seed, met)
    return met.faults


def test_the_hangs_of_every_command_that_asks_aws_are_tried() -> None:
    assert set(COMMANDS) == asking_aws()


@pytest.mark.full
@pytest.mark.parametrize("name", COMMANDS)
def test_while_a_region_hangs_a_command_ends_in_time_with_a_sentence(ground: Ground, name: str) -> None:
    assert [str(one) for one in hangs(ground, [name]) if one.faults] == []


def test_while_a_region_hangs_one_of_the_commands_ends_in_time_with_a_sentence(ground: Ground, seed: int) -> None:
    name = random.Random(seed).choice(sorted(set(COMMANDS) - set(VERBS)))  # noqa: S311  # no secret
    assert [str(one) for one in hangs(ground, [name]) if one.faults] == []


@pytest.mark.full
@pytest.mark.parametrize("name", AGAIN)
def test_a_region_that_does_not_answer_is_in_the_document_of_every_command(ground: Ground, name: str) -> None:
    assert [str(one) for one in documents(ground, [name]) if one.faults] == []


def test_a_region_that_does_not_answer_is_in_the_document_of_one_of_them(ground: Ground, seed: int) -> None:
    name = random.Random(seed).choice(sorted(AGAIN))  # noqa: S311  # no secret
    assert [str(one) for one in documents(ground, [name]) if one.faults] == []


def test_what_another_hand_left_in_aws_is_no_traceback_and_is_not_printed_raw(ground: Ground, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311  # no secret
    met = hostile(ground, [dice.choice(list(PLANTS))], dice.sample(READERS, 3))
    assert [str(one) for one in met if one.faults] == []
