"""A change of domains that is killed at any call is finished by the same command."""

from __future__ import annotations

import pytest

from tests.chaos.ground import Ground
from tests.chaos.kills import kills
from tests.chaos.verbs import DOMAINS

pytestmark = [pytest.mark.chaos, pytest.mark.full, pytest.mark.xdist_group("chaos")]


@pytest.mark.parametrize("name", DOMAINS)
def test_killed_before_and_after_every_call_the_same_command_finishes_it(ground: Ground, seed: int, name: str) -> None:
    assert [str(one) for one in kills(ground, [name], sample=None, seed=seed) if one.faults] == []
