"""Provisioned concurrency of slots: what is asked for, what is kept and what is given back."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from botocore.awsrequest import AWSResponse

from backendctl.aws.connection import Aws
from backendctl.engine.action import Action
from backendctl.engine.plan import Planner
from backendctl.engine.resource import Resource
from backendctl.errors import BackendctlError
from backendctl.resources import KINDS
from backendctl.resources.apigateway.stage_wanted import requirements
from backendctl.resources.deploy_context import Capacity, DeployContext
from backendctl.resources.kind import Kind
from backendctl.resources.lambda_ import baking
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.resources.lambda_.provisioned_limits import over_limits
from backendctl.resources.lambda_.provisioned_reads import recorded
from backendctl.resources.lambda_.reserved import ReservedConcurrency
from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import Event, Record, State
from backendctl.spec.model import UNRESERVED, FunctionSpec, Provisioned
from tests.unit.resources.lambda_helpers import EAST, PLACES, changed, deploy, emulated, put_role, staged_context

TWO = changed(PLACES, warm=None, provisioned=Provisioned(environments=2))
KEY = (EAST, TWO.physical, "version1")
A, B = "version1-a", "version1-b"
HOUR = 3600.0


@dataclass(kw_only=True)
class Held:
    """Lambda's provisioned concurrency, which moto lacks; answered at botocore's own seam.

    Attributes:
        found: alias → configuration. asked: what was put, in order. status: of what is put.
    """

    found: dict[str, dict[str, Any]] = field(default_factory=dict)
    asked: list[tuple[str, int]] = field(default_factory=list)
    status: str = "READY"

    def put(self, alias: str, number: int, *, modified: str = "2026-11-28T12:00:00+0000", **more: Any) -> None:
        """Somebody asks for it."""
        arn = f"arn:aws:lambda:{EAST}:123456789012:function:{TWO.physical}:{alias}"
        self.found[alias] = {
            "FunctionArn": arn,
            "RequestedProvisionedConcurrentExecutions": number,
            "Status": self.status,
            "LastModified": modified,
            **more,
        }

    def install(self, aws: Aws) -> None:
        """Answer from now on."""
        events: Any = aws.lambda_(EAST).meta.events
        for verb in ("Put", "Delete"):
            events.register(f"before-call.lambda.{verb}ProvisionedConcurrencyConfig", self._change)
        events.register("before-call.lambda.ListProvisionedConcurrencyConfigs", self._list)
        scaling: Any = aws.scaling(EAST).meta.events
        scaling.register("before-call.application-autoscaling.DescribeScalableTargets", _no_targets)

    def _list(self, **_: Any) -> tuple[AWSResponse, Any]:
        return _answer({"ProvisionedConcurrencyConfigs": list(self.found.values())})

    def _change(self, *, params: Any, **_: Any) -> tuple[AWSResponse, Any]:
        alias = params["query_string"].get("Qualifier") or parse_qs(urlsplit(params["url"]).query)["Qualifier"][0]
        if params["method"] == "DELETE":
            self.found.pop(alias, None)
            return _answer({})
        number = json.loads(params["body"])["ProvisionedConcurrentExecutions"]
        self.asked.append((alias, number))
        self.put(alias, number, **({"StatusReason": "NO_ROOM"} if self.status == "FAILED" else {}))
        return _answer({"Status": "IN_PROGRESS"})


def _answer(parsed: Any) -> tuple[AWSResponse, Any]:
    headers: Any = {}
    return AWSResponse("", 200, headers, None), parsed


def _no_targets(**_: Any) -> tuple[AWSResponse, Any]:
    return _answer({"ScalableTargets": []})


@pytest.fixture
def aws() -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        yield made


@pytest.fixture
def held(aws: Aws) -> Held:
    made = Held()
    made.install(aws)
    return made


def put(aws: Aws, context: DeployContext) -> None:
    """Function, slots and what they have provisioned, as the context has them."""
    slots = [alias for alias in Alias.desired(context) if alias.alias != "version1"]
    deploy(aws, [*Function.desired(context), *slots, *ProvisionedConcurrency.desired(context)])


def with_capacity(context: DeployContext, **given: Any) -> DeployContext:
    return replace(context, capacity={KEY: Capacity(**{"environments": 2, **given})})


def actions(aws: Aws, context: DeployContext) -> dict[str, str]:
    """Name → what a plan does about provisioned concurrency."""
    aws.forget()
    planner = Planner(kinds=[ProvisionedConcurrency], aws=aws, regions=(EAST,), workers=1, backend="corkhounds")
    plan = planner.whole(list(ProvisionedConcurrency.desired(context)))
    assert not plan.unreachable
    return {change.name: str(change.action) for change in plan.changes}


def slots(**serving: list[str]) -> baking.Slots:
    return baking.Slots(region=EAST, physical=TWO.physical, alias="version1", serving=serving)


def test_it_is_asked_for_on_the_slot_of_the_release_and_recorded(aws: Aws, held: Held) -> None:
    context = staged_context(TWO)
    put(aws, context)
    assert held.asked == [(A, 2)]
    assert recorded(aws, EAST, TWO.physical) == {A: 2}
    assert actions(aws, context) == {}


def test_a_stage_waits_for_it() -> None:
    context = staged_context(TWO)
    (stage,) = context.spec.api.stages if context.spec.api else ()
    assert f"{EAST}/provisioned/places:version1-a" in requirements(context, EAST, stage)
    assert not [one for one in requirements(staged_context(PLACES), EAST, stage) if "/provisioned/" in one]


def test_an_alias_that_moves_is_waited_for_again_though_the_number_stays(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    second = staged_context(changed(TWO, memory=2048))
    assert actions(aws, second) == {"places:version1-a": "update"}
    put(aws, second)
    assert held.asked == [(A, 2)]
    assert actions(aws, second) == {}


def test_what_is_kept_is_no_change_and_what_has_baked_is_given_back(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    second = staged_context(changed(TWO, memory=2048), target="b", idle_exists=True)
    put(aws, second)
    assert actions(aws, with_capacity(second, kept="kept until …")) == {}
    assert actions(aws, second) == {"places:version1-a": "delete"}
    (old,) = [one for one in ProvisionedConcurrency.owned(aws, EAST) if one.alias == A]
    old.delete(aws)
    aws.forget()
    assert recorded(aws, EAST, TWO.physical) == {B: 2}
    assert actions(aws, second) == {}
    assert list(held.found) == [B]


def test_what_backendctl_never_asked_for_is_left(aws: Aws, held: Held) -> None:
    context = staged_context(changed(PLACES, warm=None))
    put(aws, context)
    held.put(A, 5)
    assert actions(aws, context) == {}


def test_a_failure_is_told_with_its_reason(aws: Aws, held: Held) -> None:
    held.status = "FAILED"
    with pytest.raises(BackendctlError, match=r"could not make 2 environments of .*: NO_ROOM"):
        put(aws, staged_context(TWO))
    held.status = "READY"
    put(aws, staged_context(TWO))
    assert held.asked == [(A, 2), (A, 2)]


def test_the_slot_before_bakes_from_the_turn_on(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    put(aws, staged_context(changed(TWO, memory=2048), target="b", idle_exists=True))
    entry = Record(
        index=1,
        number=1,
        event=Event.DEPLOY,
        token="3f2a1c9d",
        targets=("prodv1",),
        time="2026-11-28T14:00:00Z",
        versions={f"{TWO.physical}:version1": "2"},
        state=State.DONE,
    )
    release_log.claim(aws, EAST, entry)
    aws.forget()
    turned = baking.serving_since(aws, slots(b=["prodv1"]), "prodv1", "b")
    assert turned is not None
    wanted = Provisioned(environments=2, bake=60)
    found = baking.capacity(aws, slots(b=["prodv1"]), wanted, target="b", now=lambda: turned + HOUR - 1)
    assert found.kept.startswith("kept until ")
    over = baking.capacity(aws, slots(b=["prodv1"]), wanted, target="b", now=lambda: turned + HOUR)
    assert over.kept == ""
    assert list(held.found) == [A, B]


def test_where_the_log_does_not_tell_the_turn_came_after_the_last_change_of_what_serves(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    put(aws, staged_context(changed(TWO, memory=2048), target="b", idle_exists=True))
    noon = 1_795_867_200.0
    held.put(B, 2, modified="2026-11-28T12:00:00+0000")
    aws.forget()
    wanted = Provisioned(environments=2, bake=60)
    moments = noon + HOUR - 1, noon + HOUR
    kept = [bool(baking.baking(aws, slots(b=["prodv1"]), wanted, slot="a", now=moment)) for moment in moments]
    assert kept == [True, False]


def test_a_slot_that_a_stage_leads_to_is_kept_whatever_the_time(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    found = baking.capacity(aws, slots(a=["prodv1"]), Provisioned(environments=2), target="b", now=lambda: 9e9)
    assert found.kept == "kept while prodv1 leads to it"
    assert list(held.found) == [A]


def test_a_number_set_by_hand_is_left_until_the_spec_changes(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    held.put(A, 5)
    aws.forget()
    found = baking.capacity(aws, slots(a=["prodv1"]), Provisioned(environments=2), target="a")
    assert (found.environments, found.left) == (5, frozenset({"a"}))
    assert "set to 5 by hand" in found.why
    assert baking.capacity(aws, slots(a=["prodv1"]), Provisioned(environments=3), target="a").environments == 3


def refused(aws: Aws, spec: FunctionSpec, *, account: int = 1000, also: Iterable[Resource] = ()) -> list[str]:
    """What the plan of a spec's concurrency is refused for, in an account with so much unreserved."""
    limits = {"AccountLimit": {"UnreservedConcurrentExecutions": account}, "AccountUsage": {}}
    events: Any = aws.lambda_(EAST).meta.events
    events.register("before-call.lambda.GetAccountSettings", lambda **_: _answer(limits))
    aws.forget()
    context = staged_context(spec)
    kinds: tuple[type[Kind], ...] = (ReservedConcurrency, ProvisionedConcurrency)
    planner = Planner(kinds=KINDS, aws=aws, regions=(EAST,), workers=1, backend="corkhounds")
    return over_limits(planner.part([*(one for kind in kinds for one in kind.desired(context)), *also]).changes, aws)


BELOW = (
    f"{EAST}: {TWO.physical} has 4 provisioned environments now, and Lambda takes no reserved concurrency below that: "
    "deploy the lower `warm: {provisioned: …}` first, then `reserved-concurrency`"
)


@pytest.mark.parametrize(
    ("environments", "reserved", "told"),
    [(2, 3, [BELOW]), (None, 0, [BELOW]), (None, 3, [BELOW]), (2, 4, []), (None, 4, []), (2, None, [])],
)
def test_no_reservation_goes_below_what_is_provisioned_now(
    aws: Aws, held: Held, environments: int | None, reserved: int | None, told: list[str]
) -> None:
    put(aws, staged_context(changed(TWO, provisioned=Provisioned(environments=4))))
    less = None if environments is None else Provisioned(environments=environments)
    assert [one.get("RequestedProvisionedConcurrentExecutions") for one in held.found.values()] == [4]
    assert refused(aws, changed(TWO, provisioned=less, reserved_concurrency=reserved)) == told


def test_a_reservation_that_is_too_small_for_both_slots_of_a_release_is_refused(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    held.put(B, 2)
    (told,) = refused(aws, changed(TWO, provisioned=Provisioned(environments=3), reserved_concurrency=4))
    assert f"would have 5 provisioned environments ({A} 3, {B} 2) and has reserved concurrency of 4" in told


def test_only_functions_that_ask_for_environments_are_told_to_be_too_many(aws: Aws, held: Held) -> None:
    put(aws, staged_context(TWO))
    assert held.found
    other = ReservedConcurrency(
        region=EAST, name="gulls", owner="corkhounds", physical="corkhounds-gulls", reserved=UNRESERVED
    )
    (told,) = refused(aws, changed(TWO, provisioned=Provisioned(environments=3)), account=10, also=[other])
    assert told.startswith(f"{EAST}: {TWO.physical} would have 3 provisioned environments, and the account has 10 ")


def test_more_than_the_account_has_left_is_refused_before_any_call(aws: Aws, held: Held) -> None:
    account = {"AccountLimit": {"UnreservedConcurrentExecutions": 1000}, "AccountUsage": {}}
    events: Any = aws.lambda_(EAST).meta.events
    events.register("before-call.lambda.GetAccountSettings", lambda **_: _answer(account))
    many = changed(TWO, provisioned=Provisioned(environments=901))
    context = staged_context(many)
    planner = Planner(kinds=KINDS, aws=aws, regions=(EAST,), workers=1, backend="corkhounds")
    plan = planner.part(list(ProvisionedConcurrency.desired(context)))
    assert [change.action for change in plan.changes] == [Action.CREATE]
    (told,) = over_limits(plan.changes, aws)
    assert "901 provisioned environments, and the account has 1000 unreserved" in told
    assert held.asked == []
