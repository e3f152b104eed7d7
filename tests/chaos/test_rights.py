"""The printed policies run every verb, and each action taken away makes its verb fail with a sentence that names it."""

from __future__ import annotations

import os
from collections.abc import Iterator

import pytest

from backendctl.permissions.table import ROWS
from tests.chaos.ground import Ground
from tests.chaos.rights import SWEPT, guarded, rights, without

EVERY = "BACKENDCTL_TEST_EVERY_ACTION" in os.environ
SAMPLE = 4
"""Actions that are taken from a verb which changes something, where not every one is."""


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One whose sandbox has a policy."""
    with guarded(tmp_path_factory.mktemp("rights")) as made:
        yield made


@pytest.mark.full
@pytest.mark.xdist_group("rights")
@pytest.mark.parametrize("name", SWEPT)
def test_a_verb_runs_under_its_policy_and_names_each_action_that_it_lacks(ground: Ground, name: str, seed: int) -> None:
    sample = SAMPLE if SWEPT[name].changes and not EVERY else None
    assert [str(one) for one in rights(ground, [name], sample=sample, seed=seed) if one.faults] == []


def test_every_command_that_needs_a_right_is_swept() -> None:
    assert {one.line[0] for one in SWEPT.values()} == {command for row in ROWS for command in row.commands}


def test_an_action_is_taken_out_wherever_it_stands() -> None:
    given = {"Statement": [{"Action": ["a:B", "a:C"], "Resource": "x"}, {"Action": ["a:B"], "Resource": "*"}]}
    assert without(given, "a:B") == {"Statement": [{"Action": ["a:C"], "Resource": "x"}]}
