"""What forbids tuning, and what the user should know of it."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

import pytest

from backendctl.backend import Backend
from backendctl.resources.lambda_.lambda_reads import AliasInfo
from backendctl.warmth.targets import Hit
from backendctl.warmth.tune import looking
from backendctl.warmth.tune.latest import VARIABLE
from tests.unit.warmth.tune.fakes import NAME

LIVE = Hit(stage="prod", alias="live", qualifier="live-a")


def config(**more: Any) -> Any:
    return {"FunctionName": NAME, "MemorySize": 1024, "Timeout": 10, **more}


def backend(*, provisioned: bool = False) -> Backend:
    """One whose Lambda tells of provisioned concurrency only."""
    pages = SimpleNamespace(paginate=lambda **_: [{"ProvisionedConcurrencyConfigs": [{}] if provisioned else []}])
    client = SimpleNamespace(get_paginator=lambda _: pages)
    return cast("Backend", SimpleNamespace(aws=SimpleNamespace(lambda_=lambda _: client)))


def notes(
    found: Any, *, reserved: int | None = None, at_once: int = 10, shared: bool = False, provisioned: bool = False
) -> list[str]:
    one = backend(provisioned=provisioned)
    return list(looking._notes(one, "us-east-1", found, reserved, at_once, is_shared=shared))


def test_users_who_call_latest_forbid_it() -> None:
    raw = AliasInfo(name="raw", version="$LATEST", description="", weights={})
    assert list(looking._touching_users("us-east-1", NAME, [LIVE], [])) == []
    (bare,) = looking._touching_users("us-east-1", NAME, [LIVE, Hit(stage=None, alias=None, qualifier=None)], [])
    (alias,) = looking._touching_users("us-east-1", NAME, [LIVE], [raw])
    assert "without an alias" in bare
    assert "the alias raw" in alias


@pytest.mark.parametrize(("reserved", "refused"), [(None, False), (0, True), (1, True), (2, False)])
def test_a_reservation_that_users_need_whole_forbids_it(reserved: int | None, *, refused: bool) -> None:
    assert bool(list(looking._unfit(config(), reserved))) is refused


def test_an_environment_that_cannot_be_kept_forbids_it() -> None:
    (sealed,) = looking._unfit(config(Environment={"Error": {"ErrorCode": "AccessDeniedException"}}), None)
    assert "kms:Decrypt" in sealed
    full = {"KEY": "x" * 4000}
    (no_room,) = looking._unfit(config(Environment={"Variables": full}), None)
    assert "no room for tune's note" in no_room
    assert "xxx" not in no_room
    assert list(looking._unfit(config(Environment={"Variables": {**full, VARIABLE: "run=1"}}), None)) == []
    assert list(looking._unfit(config(Environment={"Variables": {"KEY": "x" * 3000}}), None)) == []


def test_versions_that_would_fill_the_storage_forbid_it() -> None:
    (told,) = looking._no_room("us-east-1", needed=300 * 2**20, free=100 * 2**20)
    assert "need 300 MB" in told
    assert list(looking._no_room("us-east-1", needed=100, free=100)) == []


def test_a_plain_function_needs_no_note() -> None:
    assert notes(config()) == []


def test_what_differs_from_what_users_meet_is_told() -> None:
    (canary,) = notes(config(), shared=True)
    (snapshot,) = notes(config(SnapStart={"ApplyOn": "PublishedVersions", "OptimizationStatus": "On"}))
    (storage,) = notes(config(EphemeralStorage={"Size": 2048}))
    (provisioned,) = notes(config(), provisioned=True)
    (reserved,) = notes(config(), reserved=6, at_once=3)
    (account,) = notes(config(), at_once=5)
    assert "a canary runs" in canary
    assert "cold starts are restores" in snapshot
    assert "above 512 MB" in storage
    assert "without provisioned concurrency" in provisioned
    assert "at most 3 calls at once, half of its reserved concurrency" in reserved
    assert "half of what the account has left" in account
