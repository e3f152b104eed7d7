"""A plan for one stage alone, and selections that would leave out what a stage turns to."""

from __future__ import annotations

from dataclasses import replace

from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import Resource
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.iam.role import Role
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.wafv2.web_acl import WebAcl
from backendctl.stage_alone import parts, served_only, turned_without

EAST = "us-east-1"
API = "execute-api:shop/prodv1/*"


def stage(**settings: object) -> Stage:
    made = Stage(
        region=EAST,
        name="prodv1",
        owner="shop",
        api="shop",
        requires=frozenset({f"{EAST}/alias/one:version1-b", f"{EAST}/role/x"}),
        definition="new",
        tracing=False,
    )
    return replace(made, **settings)  # type: ignore[arg-type]  # by name


def permission(**statements: str) -> Permission:
    return Permission(
        region=EAST, name="one:v", owner="shop", physical="shop-one", qualifier="v", statements=statements
    )


def plan(*changes: Change, unchanged: tuple[Resource, ...] = ()) -> Plan:
    return Plan(backend="shop", regions=(EAST,), changes=changes, unchanged=unchanged)


def update(desired: Resource, live: Resource, *fields: str) -> Change:
    told = tuple(FieldChange(field=name, before="a", after="b") for name in fields)
    return Change(action=Action.UPDATE, desired=desired, live=live, fields=told)


def test_settings_of_a_stage_that_is_there_are_not_compared() -> None:
    live = stage(definition="old", tracing=True)
    desired = stage()
    restricted, wanted = served_only(plan(update(desired, live, "definition", "tracing")), [desired])
    (change,) = restricted.changes
    assert [field.field for field in change.fields] == ["definition"]
    assert wanted[0].tracing is None  # type: ignore[attr-defined]


def test_what_only_differs_beside_what_is_served_is_left() -> None:
    live = stage(tracing=True)
    restricted, _ = served_only(plan(update(stage(), live, "tracing")), [stage()])
    assert restricted.changes == ()
    assert restricted.unchanged == (live,)


def test_permissions_of_others_stay() -> None:
    desired, live = permission(new=API), permission(theirs="execute-api:shop/beta/*")
    restricted, wanted = served_only(plan(update(desired, live, "statements")), [desired])
    assert restricted.changes[0].desired == wanted[0]
    assert wanted[0].statements == {"new": API, "theirs": "execute-api:shop/beta/*"}  # type: ignore[attr-defined]


def test_what_the_warmer_may_call_is_no_part() -> None:
    assert parts([permission(warm="events:rule")]) == []
    (kept,) = parts([permission(warm="events:rule", api=API)])
    assert kept.statements == {"api": API}  # type: ignore[attr-defined]


def test_a_role_is_made_for_a_new_function_and_never_changed() -> None:
    role = Role(region="global", name="shop-lambda", owner="shop")
    one = Function(region=EAST, name="one", owner="shop", physical="shop-one", role="arn:aws:iam::1:role/shop-lambda")
    made = Change(action=Action.CREATE, desired=role, live=None)
    new = Change(action=Action.CREATE, desired=one, live=None)
    assert kinds(served_only(plan(made, new), [role, one])[0]) == ["role", "function"]
    assert kinds(served_only(plan(made), [role])[0]) == []
    assert kinds(served_only(plan(update(role, role, "trust"), new), [role, one])[0]) == ["function"]


def kinds(found: Plan) -> list[str]:
    return [change.kind for change in found.changes]


def test_a_stage_does_not_turn_to_what_a_selection_leaves_out() -> None:
    turning = update(stage(), stage(definition="old"), "definition")
    one = Function(region=EAST, name="one", owner="shop", physical="shop-one")
    moved = Alias(region=EAST, name="one:version1-b", owner="shop", physical="shop-one", alias="version1-b")
    whole = plan(Change(action=Action.CREATE, desired=one, live=None), update(moved, moved, "release"), turning)
    (reason,) = turned_without(whole, plan(turning))
    assert "--only alias/one:version1-b" in reason
    assert "--stage prodv1" in reason
    assert turned_without(whole, whole) == []


def test_nor_to_an_alias_whose_function_is_left_out() -> None:
    turning = update(stage(), stage(definition="old"), "definition")
    one = Function(region=EAST, name="one", owner="shop", physical="shop-one")
    moved = Alias(region=EAST, name="one:version1-b", owner="shop", physical="shop-one", alias="version1-b")
    moving = update(moved, moved, "release")
    whole = plan(update(one, one, "code", "release"), moving, turning)
    of_alias, of_stage = turned_without(whole, plan(moving, turning))
    assert of_alias == (
        f"{EAST}/alias/one:version1-b would switch to what is left out here: {EAST}/function/one; "
        "add --only function/one"
    )
    assert f"{EAST}/function/one; add --only function/one, or release the stage" in of_stage

    settings = plan(update(one, one, "tags"), moving, turning)
    assert turned_without(settings, plan(moving, turning)) == []


def test_a_web_acl_comes_with_its_stage_also_when_a_run_before_was_killed_in_between() -> None:
    guard = WebAcl(region=EAST, name="prodv1", owner="shop", api="shop", arn="arn", marked=True)
    other = replace(guard, name="prodv2")
    create = Change(action=Action.CREATE, desired=stage(), live=None)
    guards = [Change(action=Action.CREATE, desired=one, live=None) for one in (guard, other)]
    assert parts([guard, stage()]) == [guard, stage()]
    restricted, _ = served_only(plan(create, *guards), [stage(), guard, other])
    assert [change.address for change in restricted.changes] == [create.address, f"{EAST}/web-acl/prodv1"]
    restricted, _ = served_only(plan(*guards, unchanged=(stage(),)), [stage(), guard, other])
    assert [change.address for change in restricted.changes] == [f"{EAST}/web-acl/prodv1"]
