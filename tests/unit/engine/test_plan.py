"""The plan: sorted, stable, data; and empty once it has been carried out."""

from __future__ import annotations

import json
import threading

from backendctl.engine.action import Action
from backendctl.engine.events import Done, Started
from backendctl.engine.executor import apply
from backendctl.engine.plan import Planner
from backendctl.engine.resource import GLOBAL, Resource
from backendctl.errors import AwsError, BugError
from tests.unit.engine.things import EAST, ORDER, WEST, Alias, Cloud, Function, Role, Table, Thing, plan_for


def _shop() -> list[Resource]:
    """A role, and in both regions a function, its alias and a table."""
    wanted: list[Resource] = [Role(region=GLOBAL, name="runner", size=1)]
    for region in (EAST, WEST):
        function = f"{region}/function/places"
        wanted += [
            Function(region=region, name="places", size=1024, requires=frozenset({"global/role/runner"})),
            Alias(region=region, name="places:version1", key="a", requires=frozenset({function})),
            Table(region=region, name="places", tags={"team": "x"}, environment={"TOKEN": "s3cret"}),
        ]
    return wanted


def _deploy(cloud: Cloud, desired: list[Resource]) -> None:
    events = apply(plan_for(cloud, desired), aws=cloud, order=ORDER, workers=4, stop=threading.Event())
    assert all(isinstance(event, Started | Done) for event in events)


def test_an_empty_context_gets_everything_created() -> None:
    plan = plan_for(Cloud(), _shop())
    assert plan.summary() == {"create": 7, "update": 0, "delete": 0, "unchanged": 0}


def test_the_plan_is_sorted_by_place_then_creation_order_then_name() -> None:
    *most, last = [*_shop(), Function(region=EAST, name="archive")]
    shuffled = [last, *reversed(most)]
    assert [change.address for change in plan_for(Cloud(), shuffled).changes] == [
        "global/role/runner",
        "us-east-1/function/archive",
        "us-east-1/function/places",
        "us-east-1/alias/places:version1",
        "us-east-1/table/places",
        "us-west-2/function/places",
        "us-west-2/alias/places:version1",
        "us-west-2/table/places",
    ]


def test_the_primary_region_comes_first_whatever_its_name() -> None:
    plan = plan_for(Cloud(), _shop(), regions=(WEST, EAST))
    assert [change.region for change in plan.changes] == [GLOBAL, *[WEST] * 3, *[EAST] * 3]


def test_the_second_plan_is_empty() -> None:
    cloud = Cloud()
    _deploy(cloud, _shop())
    again = plan_for(cloud, _shop())
    assert again.changes == ()
    assert len(again.unchanged) == 7


def test_the_second_plan_is_empty_after_an_update_that_keeps_tags_of_others() -> None:
    cloud = Cloud()
    cloud.standing["us-east-1/table/a"] = Table(region=EAST, name="a", size=1, tags={"theirs": "kept"})
    wanted: list[Resource] = [Table(region=EAST, name="a", size=2, tags={"ours": "set"})]
    _deploy(cloud, wanted)
    assert cloud.standing["us-east-1/table/a"].tags == {"theirs": "kept", "ours": "set"}
    assert plan_for(cloud, wanted).changes == ()


def test_the_digest_is_the_same_for_the_same_changes_whatever_the_run() -> None:
    desired = _shop()
    first = plan_for(Cloud(), desired)
    second = plan_for(Cloud(), list(reversed(desired)))
    assert first.digest == second.digest
    assert len(first.digest) == 12


def test_the_digest_does_not_depend_on_what_is_unchanged() -> None:
    cloud = Cloud()
    cloud.standing["us-east-1/function/old"] = Function(region=EAST, name="old", size=1)
    stays = Function(region=EAST, name="old", size=1)
    assert plan_for(cloud, [*_shop(), stays]).digest == plan_for(Cloud(), _shop()).digest


def test_the_digest_changes_with_a_value_an_action_and_the_backend() -> None:
    base: list[Resource] = [Function(region=EAST, name="a", size=1)]
    standing = Cloud()
    standing.standing["us-east-1/function/a"] = Function(region=EAST, name="a", size=2)
    digests = {
        plan_for(Cloud(), base).digest,
        plan_for(Cloud(), [Function(region=EAST, name="a", size=3)]).digest,
        plan_for(Cloud("other"), base).digest,
        plan_for(standing, base).digest,
        plan_for(standing, []).digest,
    }
    assert len(digests) == 5


def test_a_change_is_data_with_these_keys() -> None:
    plan = plan_for(Cloud(), [Function(region=EAST, name="places", size=1)])
    assert plan.changes[0].data() == {
        "address": "us-east-1/function/places",
        "region": EAST,
        "kind": "function",
        "name": "places",
        "action": "create",
        "fields": [{"field": "size", "before": None, "after": 1}],
    }
    assert json.loads(json.dumps(plan.changes[0].data())) == plan.changes[0].data()


def test_no_secret_is_in_the_data_of_a_plan() -> None:
    data = json.dumps([change.data() for change in plan_for(Cloud(), _shop()).changes])
    assert "TOKEN" in data
    assert "s3cret" not in data


def test_what_is_ours_and_not_desired_gets_deleted() -> None:
    cloud = Cloud()
    cloud.standing["us-west-2/function/old"] = Function(region=WEST, name="old")
    (change,) = plan_for(cloud, []).changes
    assert (change.action, change.address, change.desired) == (Action.DELETE, "us-west-2/function/old", None)


def test_what_is_not_ours_is_not_deleted() -> None:
    cloud = Cloud()
    cloud.standing["us-west-2/function/theirs"] = Function(region=WEST, name="theirs", owner="another")
    cloud.standing["us-west-2/function/nobodys"] = Function(region=WEST, name="nobodys", owner=None)
    assert plan_for(cloud, []).changes == ()


def test_what_stands_in_the_way_unmarked_is_a_foreign_update_even_when_it_is_equal() -> None:
    cloud = Cloud()
    cloud.standing["us-east-1/function/a"] = Function(region=EAST, name="a", size=1, owner=None)
    (change,) = plan_for(cloud, [Function(region=EAST, name="a", size=1)]).changes
    assert change.foreign
    assert change.data()["fields"] == [{"field": "owner", "before": None, "after": "shop"}]


def test_what_belongs_to_another_backend_is_foreign() -> None:
    cloud = Cloud()
    cloud.standing["us-east-1/function/a"] = Function(region=EAST, name="a", size=2, owner="another")
    (change,) = plan_for(cloud, [Function(region=EAST, name="a", size=1)]).changes
    assert change.foreign
    assert [item.field for item in change.fields] == ["owner", "size"]


def test_a_region_that_does_not_answer_is_named_and_the_others_are_planned() -> None:
    cloud = Cloud()
    cloud.standing["us-west-2/function/old"] = Function(region=WEST, name="old")
    cloud.down.add(WEST)
    plan = plan_for(cloud, _shop())
    assert {change.region for change in plan.changes} == {GLOBAL, EAST}
    assert plan.regions == (EAST,)
    assert list(plan.unreachable) == [WEST]
    error = plan.unreachable[WEST]
    assert isinstance(error, AwsError)
    assert error.message.startswith("read us-west-2/")


def test_nothing_is_deleted_in_a_region_of_which_one_kind_could_not_be_listed() -> None:
    class Stubborn(Table):
        __slots__ = ()

        @classmethod
        def owned(cls, aws: object, region: str) -> list[Stubborn]:
            del aws
            raise ValueError(region)

    cloud = Cloud()
    cloud.standing["us-east-1/function/old"] = Function(region=EAST, name="old")

    plan = Planner(kinds=(Function, Stubborn), aws=cloud, regions=(EAST,), workers=2, backend=cloud.backend).whole([])
    assert plan.changes == ()
    error = plan.unreachable[EAST]
    assert isinstance(error, BugError)
    assert "ValueError" in error.trace


def test_reads_of_different_regions_run_at_the_same_time() -> None:
    both = threading.Barrier(2, timeout=10)

    class Slow(Thing):
        __slots__ = ()

        @classmethod
        def owned(cls, aws: object, region: str) -> list[Slow]:
            del aws, region
            both.wait()
            return []

    plan = Planner(kinds=(Slow,), aws=Cloud(), regions=(EAST, WEST), workers=2, backend="shop").whole([])
    assert plan.unreachable == {}


def test_a_restricted_plan_keeps_only_what_is_asked_for_and_has_a_digest_of_its_own() -> None:
    plan = plan_for(Cloud(), _shop())
    tables = plan.restricted(lambda change: change.kind == "table")
    assert [change.kind for change in tables.changes] == ["table", "table"]
    assert tables.digest != plan.digest
