"""Reserved concurrency, and settings for asynchronous calls: what is put, and when nothing is."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse

from backendctl.aws.connection import Aws
from backendctl.engine.diff import differences
from backendctl.engine.plan import Planner
from backendctl.resources import KINDS
from backendctl.resources.iam.role_policy import normalised, statements_of
from backendctl.resources.kind import Kind
from backendctl.resources.lambda_.event_invoke import EventInvokeConfig
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.resources.lambda_.provisioned_limits import over_limits
from backendctl.resources.lambda_.reserved import ReservedConcurrency
from backendctl.spec.model import UNRESERVED, Asynchronous, FunctionSpec, Provisioned
from tests.unit.resources.lambda_helpers import (
    EAST,
    PLACES,
    changed,
    context_of,
    deploy,
    emulated,
    put_role,
    staged_context,
)

KINDS_TRIED: tuple[type[Kind], ...] = (Function, EventInvokeConfig, ReservedConcurrency)
QUEUE = "arn:aws:sqs:us-east-1:123456789012:failed"


def answer(parsed: Any) -> tuple[AWSResponse, Any]:
    """What botocore takes for an answer."""
    headers: Any = {}
    return AWSResponse("", 200, headers, None), parsed


@dataclass(kw_only=True)
class Held:
    """Settings for asynchronous calls by ARN, of which moto knows no qualifiers; answered at botocore's own seam."""

    found: dict[str, dict[str, Any]] = field(default_factory=dict)

    def install(self, aws: Aws) -> None:
        """Answer from now on."""
        events: Any = aws.lambda_(EAST).meta.events
        events.register("before-call.lambda.PutFunctionEventInvokeConfig", self._put)
        events.register(
            "before-call.lambda.ListFunctionEventInvokeConfigs",
            lambda **_: answer({"FunctionEventInvokeConfigs": list(self.found.values())}),
        )
        events.register(
            "before-call.lambda.ListProvisionedConcurrencyConfigs",
            lambda **_: answer({"ProvisionedConcurrencyConfigs": []}),
        )

    def _put(self, *, params: Any, **_: Any) -> tuple[AWSResponse, Any]:
        arn = f"arn:aws:lambda:{EAST}:123456789012:function:{PLACES.physical}:$LATEST"
        self.found[arn] = {"DestinationConfig": {}, **json.loads(params["body"]), "FunctionArn": arn}
        return answer(self.found[arn])


@pytest.fixture
def held() -> Held:
    return Held()


@pytest.fixture
def aws(held: Held) -> Iterator[Aws]:
    with emulated() as made:
        put_role(made)
        held.install(made)
        yield made


def pending(aws: Aws, spec: FunctionSpec) -> list[str]:
    """The fields of the function and of its settings for asynchronous calls that differ."""
    context = context_of(spec)
    wanted = [one for kind in KINDS_TRIED for one in kind.desired(context)]
    aws.forget()
    return [change.field for one in wanted for change in differences(one, type(one).read(aws, one))]


def put(aws: Aws, spec: FunctionSpec) -> None:
    """As an apply would, function first."""
    context = context_of(spec)
    deploy(aws, [one for kind in KINDS_TRIED for one in kind.desired(context)])


def test_every_alias_has_them_both_slots_too() -> None:
    spec = changed(PLACES, asynchronous=Asynchronous(retries=0), aliases=("jobs",))
    found = list(EventInvokeConfig.desired(staged_context(spec)))
    assert sorted(one.name for one in found) == [
        *("places:jobs", "places:version1", "places:version1-a", "places:version1-b")
    ]
    assert {one.retries for one in found} == {0}
    assert "us-east-1/alias/places:jobs" in found[0].needs() | found[1].needs() | found[2].needs() | found[3].needs()


def test_a_function_that_nobody_names_an_alias_for_has_them_itself(aws: Aws, held: Held) -> None:
    spec = changed(PLACES, asynchronous=Asynchronous(retries=1, on_failure=QUEUE))
    put(aws, spec)
    assert pending(aws, spec) == []
    (found,) = held.found.values()
    assert found["DestinationConfig"]["OnFailure"] == {"Destination": QUEUE}


def test_a_destination_that_is_taken_out_of_the_spec_goes_and_no_settings_at_all_are_left_alone(aws: Aws) -> None:
    put(aws, changed(PLACES, asynchronous=Asynchronous(retries=1, on_failure=QUEUE)))
    less = changed(PLACES, asynchronous=Asynchronous(retries=1))
    assert pending(aws, less) == ["on_failure"]
    put(aws, less)
    assert pending(aws, less) == []
    assert pending(aws, PLACES) == []


def test_environments_wait_for_what_is_reserved_for_the_function() -> None:
    spec = changed(PLACES, warm=None, provisioned=Provisioned(environments=2), reserved_concurrency=4)
    for one in ProvisionedConcurrency.desired(staged_context(spec)):
        assert "us-east-1/reserved-concurrency/places" in one.needs()


def test_reserved_concurrency_is_put_changed_given_back_and_no_release(aws: Aws) -> None:
    put(aws, PLACES)
    release = next(iter(Function.desired(context_of(PLACES)))).release
    for wanted in (5, 7, UNRESERVED):
        spec = changed(PLACES, reserved_concurrency=wanted)
        assert pending(aws, spec) == ["reserved"]
        put(aws, spec)
        assert pending(aws, spec) == []
        assert next(iter(Function.desired(context_of(spec)))).release == release
    listed = aws.lambda_(EAST).list_versions_by_function(FunctionName=PLACES.physical)["Versions"]
    assert len(listed) == 2


def test_reserved_concurrency_that_the_spec_does_not_name_stays(aws: Aws) -> None:
    put(aws, changed(PLACES, reserved_concurrency=5))
    assert pending(aws, PLACES) == []
    put(aws, PLACES)
    found = aws.lambda_(EAST).get_function_concurrency(FunctionName=PLACES.physical)
    assert found["ReservedConcurrentExecutions"] == 5


@pytest.mark.parametrize(
    ("account", "reserved", "left"),
    [
        *((900, 801, 99), (900, 800, None), (900, UNRESERVED, None), (900, 0, None)),
        *((10, 0, None), (10, UNRESERVED, None), (10, 1, 9)),
    ],
)
def test_a_hundred_stay_unreserved(aws: Aws, account: int, reserved: int | str, left: int | None) -> None:
    if reserved in {0, UNRESERVED}:  # a difference to what it has
        put(aws, changed(PLACES, reserved_concurrency=5))
    events: Any = aws.lambda_(EAST).meta.events
    limits = {"AccountLimit": {"UnreservedConcurrentExecutions": account}, "AccountUsage": {}}
    events.register("before-call.lambda.GetAccountSettings", lambda **_: answer(limits))
    spec = changed(PLACES, reserved_concurrency=reserved)
    planner = Planner(kinds=KINDS, aws=aws, regions=(EAST,), workers=1, backend="corkhounds")
    plan = planner.part(list(ReservedConcurrency.desired(context_of(spec))))
    assert len(plan.changes) == 1
    told = over_limits(plan.changes, aws)
    assert [f"leave {left} concurrent executions" in one for one in told] == ([] if left is None else [True])


def test_the_role_may_send_to_the_destinations() -> None:
    spec = changed(PLACES, asynchronous=Asynchronous(on_success=QUEUE, on_failure="arn:aws:s3:::failed"))
    found = normalised({"Statement": statements_of(context_of(spec))})
    assert found["DestinationsSqs"] == {"Effect": "Allow", "Action": "sqs:SendMessage", "Resource": QUEUE}
    assert found["DestinationsS3"]["Resource"] == ["arn:aws:s3:::failed", "arn:aws:s3:::failed/*"]
    assert "DestinationsSns" not in found
