"""A release that takes long gives signs of life, so that its announcement does not expire under it."""

from __future__ import annotations

import threading
from collections.abc import Iterator

import pytest

from backendctl.aws.connection import Aws
from backendctl.engine.plan import Plan, operating
from backendctl.release.heartbeat import beating
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_claim import Announce
from backendctl.resources.ssm.release_record import Event, Record
from tests.unit.resources.lambda_helpers import EAST, emulated

ENTRY = Record(index=1, number=1, event=Event.DEPLOY, token="3f2a1c9d", targets=("prod",), regions=(EAST,))


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def test_the_entry_is_written_again_as_it_is_while_the_block_lasts(aws: Aws) -> None:
    announce = Announce(name="v1", entries={EAST: ENTRY})
    announce.run(aws)
    plan = Plan(backend="corkhounds", regions=(EAST,), changes=(operating(announce, announce.summary),))
    beaten = threading.Event()
    waits = iter([False, True])

    def wait(enough: threading.Event, seconds: float) -> bool:
        assert seconds == 300
        del enough
        ended = next(waits)
        if ended:
            beaten.set()
        return ended

    with beating(plan, aws, waits=wait):
        assert beaten.wait(30)
    found = aws.ssm(EAST).get_parameter(Name=f"{release_log.root(aws.backend)}1")["Parameter"]
    assert found["Version"] == 2
    assert release_log.read_now(aws, EAST).entries == {1: ENTRY}
