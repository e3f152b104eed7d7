"""What the command line names is there, or it is refused with the nearest that is."""

from __future__ import annotations

from dataclasses import replace

import pytest

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.engine.safety import EVERYTHING
from backendctl.errors import Exit, UsageError
from backendctl.resources.lambda_.function import Function as Lambda
from backendctl.resources.lambda_.log_group import LogGroup
from backendctl.selecting import Selection, sparing_history
from tests.unit.engine.things import EAST, WEST, Cloud, Function, Table, creating, plan_for, plan_of

TABLE = Table(region=EAST, name="places")
PLAN = plan_of(creating(TABLE), creating(Function(region=WEST, name="search")))


def _refused(selection: Selection, plan: Plan = PLAN) -> str:
    with pytest.raises(UsageError) as refused:
        selection.refuse_unmatched(plan)
    assert refused.value.exit_code is Exit.USAGE
    return refused.value.message


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        (Selection(only=("table/plaecs",)),
         "--only table/plaecs: shop has nothing of that name; did you mean 'table/places'"),
        (Selection(skip=("function/serch",)), "did you mean 'function/search'?"),
        (Selection(skip=("function/[0-9][0-9]*",)),
         "--skip function/[0-9][0-9]*: shop has nothing of that name; there is function/search"),
        (Selection(only=("domain",)), "--only domain: shop has no domain; leave it out"),
        (Selection(delete=("table/plaecs",)), "did you mean 'table/places'?"),
        (Selection(delete=("us-west-2/table/places",)), "did you mean 'us-east-1/table/places'?"),
        (Selection(adopt=("us-east-1/table/place",)), "did you mean 'us-east-1/table/places'?"),
    ],
)  # fmt: skip
def test_a_name_that_matches_nothing_is_refused_with_the_nearest(selection: Selection, told: str) -> None:
    assert told in _refused(selection)


@pytest.mark.parametrize(
    "selection",
    [
        Selection(only=("table",)),
        Selection(only=("table/pl*",), skip=("function/search",)),
        Selection(only=("table", "domain"), skip=("replica",)),
        Selection(delete=("table/places", "us-east-1/table/places"), adopt=(EVERYTHING, "function/search")),
        Selection(delete=("us-east-1/table/old",), deleted=frozenset({"us-east-1/table/old"})),
    ],
)
def test_what_is_there_or_was_allowed_to_go_is_accepted(selection: Selection) -> None:
    selection.check()
    selection.refuse_unmatched(PLAN)


def test_nothing_is_said_of_a_region_that_did_not_answer() -> None:
    cloud = Cloud()
    cloud.down.add(WEST)
    plan = plan_for(cloud, [TABLE])
    Selection(delete=("us-west-2/table/gone",), only=("replica",)).refuse_unmatched(plan)


def test_of_a_backend_that_is_gone_nothing_can_be_named_and_nothing_is_refused() -> None:
    Selection(delete=("us-east-1/table/places",), skip=("domain",)).refuse_unmatched(plan_of())


@pytest.mark.parametrize(
    ("selection", "told"),
    [
        (Selection(only=("tabel/x",)), "--only tabel/x: 'tabel' is not a kind of resource; did you mean 'table'?"),
        (Selection(skip=("lambda",)), "'lambda' is not a kind of resource; the kinds are"),
        (Selection(delete=("places",)), "--allow-delete places: an ADDRESS is REGION/KIND/NAME or KIND/NAME"),
        (Selection(adopt=("us-east-1/tabel/x",)), "--adopt us-east-1/tabel/x: 'tabel' is not a kind of resource"),
    ],
)
def test_what_can_mean_nothing_is_refused_before_aws_is_asked(selection: Selection, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        selection.check()
    assert told in refused.value.message


def _group(name: str) -> LogGroup:
    return LogGroup(region=EAST, name=f"/aws/lambda/shop-{name}", owner="shop", retention=14)


def _lambda(name: str, code: str) -> Lambda:
    return Lambda(region=EAST, name=name, owner="shop", physical=f"shop-{name}", code=code)


def test_logs_of_what_is_gone_are_kept_and_told_unless_they_are_named() -> None:
    gone = Change(action=Action.DELETE, desired=None, live=_group("a"))
    plan = replace(PLAN, changes=(*PLAN.changes, gone))
    spared = sparing_history(plan, ())
    assert gone not in spared.changes
    assert spared.remarks == (
        f"the logs of functions that are gone are kept: {gone.address}; --allow-delete {gone.address} deletes one",
    )
    assert sparing_history(plan, [gone.address]) == plan


def test_a_rename_says_that_history_stays_behind() -> None:
    old = Change(action=Action.DELETE, desired=None, live=_lambda("a", "sha"))
    new = Change(action=Action.CREATE, desired=_lambda("b", "sha"), live=None)
    other = Change(action=Action.CREATE, desired=_lambda("c", "other"), live=None)
    (told,) = sparing_history(replace(PLAN, changes=(old, new, other)), ()).remarks
    assert told.startswith("b has the code of a: if it is renamed, the logs, metrics and versions of a stay behind")
