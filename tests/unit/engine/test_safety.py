"""Danger is refused before the first call, with every reason."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backendctl.engine.plan import Plan
from backendctl.engine.safety import EVERYTHING, Allowed, refusal_of, refuse_danger
from backendctl.errors import Exit, RefusedError
from tests.unit.engine.things import (
    EAST,
    WEST,
    Cloud,
    Function,
    Replica,
    Table,
    creating,
    deleting,
    plan_for,
    plan_of,
    updating,
)

TABLE = Table(region=EAST, name="places")


def _refusal(plan: Plan, **allowed: object) -> RefusedError:
    plan_digest = allowed.pop("plan_digest", None)
    with pytest.raises(RefusedError) as refused:
        refuse_danger(plan, Allowed(**allowed), plan_digest=plan_digest)  # type: ignore[arg-type]  # each test names its own
    return refused.value


def _foreign(owner: str | None) -> Plan:
    cloud = Cloud()
    cloud.standing["us-east-1/function/a"] = Function(region=EAST, name="a", owner=owner)
    return plan_for(cloud, [Function(region=EAST, name="a")])


def _frozen() -> Plan:
    cloud = Cloud()
    cloud.standing["us-east-1/table/places"] = replace(TABLE, key="id S")
    return plan_for(cloud, [replace(TABLE, key="geohash S")])


def test_creates_updates_and_deletes_of_what_can_be_made_again_are_allowed() -> None:
    thing = Function(region=EAST, name="a")
    other = Function(region=EAST, name="b")
    refuse_danger(plan_of(creating(TABLE), updating(thing), deleting(other)))


def test_deleting_a_stateful_resource_is_refused_with_the_flag_that_allows_it() -> None:
    refused = _refusal(plan_of(deleting(TABLE)))
    assert refused.reasons == ["us-east-1/table/places holds data or traffic and would be deleted"]
    assert refused.hint == "add --allow-delete us-east-1/table/places"
    assert refused.exit_code is Exit.ERROR


@pytest.mark.parametrize("named", ["us-east-1/table/places", "table/places"])
def test_a_delete_is_allowed_by_its_address_or_by_kind_and_name(named: str) -> None:
    refuse_danger(plan_of(deleting(TABLE)), Allowed(delete=(named,)))


@pytest.mark.parametrize("named", ["us-west-2/table/places", "table", "places", "table/*", "replica/places", ""])
def test_a_delete_is_not_allowed_by_anything_less(named: str) -> None:
    assert len(_refusal(plan_of(deleting(TABLE)), delete=(named,)).reasons) == 1


def test_kind_and_name_allow_the_delete_in_every_region() -> None:
    plan = plan_of(deleting(TABLE), deleting(replace(TABLE, region=WEST)))
    refuse_danger(plan, Allowed(delete=("table/places",)))
    assert len(_refusal(plan, delete=("us-east-1/table/places",)).reasons) == 1


def test_what_is_not_ours_is_refused_without_adopt() -> None:
    refused = _refusal(_foreign(None))
    assert refused.reasons == ["us-east-1/function/a exists and is not ours"]
    assert "--adopt" in refused.hint


def test_the_other_owner_is_named() -> None:
    assert "belongs to another" in _refusal(_foreign("another")).reasons[0]


def test_adopt_lets_foreign_resources_be_taken_over() -> None:
    refuse_danger(_foreign(None), Allowed(adopt=(EVERYTHING,)))


def test_what_aws_cannot_change_is_refused_with_both_values() -> None:
    refused = _refusal(_frozen())
    assert refused.reasons == ["us-east-1/table/places: AWS cannot change key (id S → geohash S)"]
    assert "new name" in refused.hint


def test_an_immutable_field_of_something_new_is_allowed() -> None:
    refuse_danger(plan_for(Cloud(), [replace(TABLE, key="geohash S")]))


def test_the_reviewed_plan_is_allowed_and_any_other_refused() -> None:
    plan = plan_of(creating(TABLE))
    refuse_danger(plan, plan_digest=plan.digest)
    refused = _refusal(plan, plan_digest="0123456789ab")
    assert plan.digest in refused.message
    assert "0123456789ab" in refused.message


def test_the_reviewed_plan_still_needs_its_deletes_allowed() -> None:
    plan = plan_of(deleting(TABLE))
    assert "deleted" in _refusal(plan, plan_digest=plan.digest).reasons[0]


def test_all_reasons_are_told_at_once() -> None:
    replica = Replica(region=WEST, name="places")
    plan = plan_of(*_foreign(None).changes, *_frozen().changes, deleting(replica))
    refused = _refusal(plan)
    assert len(refused.reasons) == 3
    assert all(reason in refused.message for reason in refused.reasons)
    assert "--adopt" in refused.hint
    assert "--allow-delete us-west-2/replica/places" in refused.hint
    assert "new name" in refused.hint


def test_adopt_names_single_things_too() -> None:
    plan = _foreign(None)
    refuse_danger(plan, Allowed(adopt=("us-east-1/function/a",)))
    refuse_danger(plan, Allowed(adopt=("function/a",)))
    assert "--adopt us-east-1/function/a" in _refusal(plan, adopt=("function/b",)).hint


def test_a_plan_tells_what_is_refused_in_the_same_sentences() -> None:
    plan = plan_of(*_foreign(None).changes, *_frozen().changes, deleting(Replica(region=WEST, name="places")))
    told, refused = refusal_of(plan, Allowed()), _refusal(plan)
    assert list(told.reasons) == refused.reasons
    assert told.hint == refused.hint
    assert not refusal_of(plan_of(creating(TABLE)), Allowed())
