from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from backendctl.doctor.case import Case
from backendctl.doctor.drift import drift
from backendctl.doctor.finding import Severity
from backendctl.doctor.fixing import is_safe, safe_part
from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.resources.lambda_.log_group import LogGroup

EAST, WEST = "us-east-1", "us-west-2"


def group(region: str, retention: int | None = 30) -> LogGroup:
    return LogGroup(region=region, name="/aws/lambda/shop-orders", owner="shop", retention=retention)


def plan(*changes: Change, unchanged: tuple[LogGroup, ...] = (), refusals: tuple[str, ...] = ()) -> Plan:
    return Plan(backend="shop", regions=(EAST, WEST), changes=changes, unchanged=unchanged, refusals=refusals)


def case(made: Plan) -> Case:
    return cast("Case", SimpleNamespace(changes=SimpleNamespace(plan=made)))


def change(region: str, action: Action) -> Change:
    live: Any = None if action is Action.CREATE else group(region, None)
    desired: Any = None if action is Action.DELETE else group(region)
    return Change(action=action, desired=desired, live=live)


def test_what_only_one_region_lacks_is_bad_and_what_all_lack_is_a_warning() -> None:
    (one,) = drift(case(plan(change(WEST, Action.CREATE), unchanged=(group(EAST),))))
    assert one.severity is Severity.BAD
    assert one.what == "is missing, and is as it should be in us-east-1"
    assert one.next_step == "backendctl plan -r us-west-2, then backendctl deploy -r us-west-2"
    (both,) = drift(case(plan(change(EAST, Action.CREATE), change(WEST, Action.CREATE))))
    assert both.severity is Severity.WARNING


def test_what_a_deploy_would_refuse_is_told() -> None:
    (one,) = drift(case(plan(refusals=("a canary is on",))))
    assert "a deploy would be refused: a canary is on" in one.what


def test_only_what_adds_is_mended_without_being_asked() -> None:
    made = plan(change(EAST, Action.CREATE), change(WEST, Action.DELETE), refusals=("something else",))
    assert [is_safe(one) for one in made.changes] == [True, False]
    part = safe_part(made)
    assert [one.region for one in part.changes] == [EAST]
    assert part.refusals == ()


def test_a_retention_that_would_delete_lines_is_not_mended_without_being_asked() -> None:
    assert not is_safe(change(EAST, Action.UPDATE))
