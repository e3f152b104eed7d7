"""What `sync-tables` takes for finished by an earlier run."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any, cast

import pytest

from backendctl.engine.plan import Plan
from backendctl.errors import UsageError
from backendctl.tables.syncing import gone_before, keeping

ADDRESS = "us-west-2/replica/places"
NOTHING = Plan(backend="shop", regions=("us-east-1",), changes=())


def test_a_replica_that_an_earlier_run_deleted_and_that_is_not_there_has_gone() -> None:
    assert gone_before(NOTHING, [ADDRESS], {ADDRESS}) == [ADDRESS]
    assert keeping(NOTHING, gone=True) == NOTHING


@pytest.mark.parametrize("named", [ADDRESS, "replica/places"])
def test_one_that_has_been_made_again_has_not(named: str) -> None:
    again = cast("Any", SimpleNamespace(region="us-west-2", kind="replica", name="places"))
    assert not gone_before(replace(NOTHING, unchanged=(again,)), [named], {named})
    with pytest.raises(UsageError, match="no replica is to be removed"):
        keeping(NOTHING)
