"""Rules as EventBridge has them, and whether a function's policy lets them call."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from backendctl.aws.connection import Aws
from backendctl.resources.events.warmer_layout import WarmTarget
from backendctl.warmth.rules import found_rules, permits, wanted_rules
from tests.unit.resources.lambda_helpers import EAST, emulated

RULE = "arn:aws:events:us-east-1:123456789012:rule/corkhounds-warm-places"
WANTED = {"corkhounds-warm-one": [WarmTarget(id="version1-a-1", qualifier="version1-a")]}
NOWHERE = {
    "corkhounds-warm-nowhere": [WarmTarget(id="version1-a-1", qualifier="version1-a")],
    "corkhounds-warm-nowhere-2": [WarmTarget(id="version1-b-1", qualifier="version1-b")],
}
SERVICE = {"Service": "events.amazonaws.com"}


@pytest.fixture(scope="module")
def aws() -> Iterator[Aws]:
    with emulated() as made:
        yield made


def allowed(*statements: dict[str, Any]) -> bool:
    usual = {"Effect": "Allow", "Principal": SERVICE, "Action": "lambda:InvokeFunction"}
    return permits({str(n): usual | one for n, one in enumerate(statements)}, RULE)


def on(operator: str, key: str, value: object) -> dict[str, Any]:
    return {"Condition": {operator: {key: value}}}


@pytest.mark.parametrize(
    "statement",
    [
        {},
        {"Principal": "*"},
        {"Principal": {"AWS": "*"}},
        {"Principal": {"Service": ["apigateway.amazonaws.com", "events.amazonaws.com"]}},
        {"Action": ["lambda:GetFunction", "lambda:Invoke*"]},
        {"Action": "*"},
        {"Action": "Lambda:invokefunction"},
        on("ArnLike", "AWS:SourceArn", RULE),
        on("ArnLike", "aws:sourcearn", "arn:aws:events:*:*:rule/corkhounds-*"),
        on("StringEquals", "aws:SourceArn", ["arn:aws:events:us-east-1:123456789012:rule/other", RULE]),
        on("StringEquals", "aws:SourceAccount", "123456789012"),
        on("StringNotEquals", "aws:SourceAccount", "999999999999"),
        on("StringEqualsIfExists", "aws:PrincipalOrgID", "o-1"),
    ],
)
def test_a_statement_that_fits_permits(statement: dict[str, Any]) -> None:
    assert allowed(statement)


@pytest.mark.parametrize(
    "statement",
    [
        {"Effect": "Deny"},
        {"Principal": {"Service": "apigateway.amazonaws.com"}},
        {"Principal": {"AWS": "arn:aws:iam::123456789012:root"}},
        {"Principal": {"Service": "scheduler.amazonaws.com"}},
        {"Action": "lambda:GetFunction"},
        {"Action": ["lambda:Get*"]},
        on("ArnLike", "AWS:SourceArn", "arn:aws:events:us-west-2:123456789012:rule/corkhounds-warm-places"),
        on("StringEquals", "aws:SourceArn", "arn:aws:events:us-east-1:123456789012:rule/*"),
        on("StringEquals", "AWS:SourceAccount", "999999999999"),
        on("StringNotEquals", "aws:SourceAccount", "123456789012"),
        on("StringEquals", "aws:PrincipalOrgID", "o-1"),
        {"Condition": {"ArnLike": {"AWS:SourceArn": RULE}, "StringEquals": {"AWS:SourceAccount": "999999999999"}}},
    ],
)
def test_a_statement_that_does_not_fit_does_not_permit(statement: dict[str, Any]) -> None:
    assert not allowed(statement)


def test_a_statement_that_denies_wins_where_it_fits() -> None:
    assert not allowed({}, {"Effect": "Deny"})
    assert allowed({}, {"Effect": "Deny", **on("ArnLike", "aws:SourceArn", f"{RULE}-2")})


def test_a_policy_without_statements_permits_nothing() -> None:
    assert not permits({}, RULE)


def _put_rule(aws: Aws, name: str, *targets: tuple[str, str], schedule: str = "rate(5 minutes)") -> None:
    events: Any = aws.events(EAST)
    events.put_rule(Name=name, ScheduleExpression=schedule)
    base = f"arn:aws:lambda:{EAST}:123456789012:function"
    given = [{"Id": str(n), "Arn": f"{base}:{arn}", "Input": text} for n, (arn, text) in enumerate(targets)]
    events.put_targets(Rule=name, Targets=given)
    aws.forget()


def test_a_rule_is_read_with_its_targets_of_this_function_alone(aws: Aws) -> None:
    hold = json.dumps({"instruction": "warmer", "holdMs": 75})
    long = json.dumps({"holdMs": 900})
    _put_rule(
        aws,
        "corkhounds-warm-one",
        ("corkhounds-places:version1-a", hold),
        ("corkhounds-places:version1-a", hold),
        ("corkhounds-places:version1-b", "[]"),
        ("corkhounds-places-2:version1-a", long),
    )
    (rule,) = wanted_rules(aws, EAST, WANTED, physical="corkhounds-places", alias="version1-a")
    assert (rule.targets, rule.all_targets) == ({"version1-a": 2, "version1-b": 1}, 4)
    assert (rule.hold_ms, rule.interval, rule.is_enabled) == (75, 300, True)


def test_a_rule_that_the_spec_wants_and_eventbridge_has_not_is_told(aws: Aws) -> None:
    (rule,) = wanted_rules(aws, EAST, NOWHERE, physical="corkhounds-places", alias="version1-a")
    assert (rule.name, rule.is_there, rule.is_enabled) == ("corkhounds-warm-nowhere", False, False)


def test_rules_that_are_missing_count_where_no_layout_names_what_users_hit(aws: Aws) -> None:
    found = wanted_rules(aws, EAST, NOWHERE, physical="corkhounds-places", alias="version1")
    assert [rule.name for rule in found] == list(NOWHERE)


def test_any_scheduled_rule_that_calls_a_function_by_hand_is_found(aws: Aws) -> None:
    _put_rule(aws, "mine", ("handmade:live", "{}"), schedule="cron(0/5 8 * * ? *)")
    _put_rule(aws, "latest", ("handmade:$LATEST", "{}"))
    aws.events(EAST).put_rule(Name="pattern", EventPattern='{"source": ["x"]}')
    aws.events(EAST).put_targets(
        Rule="pattern", Targets=[{"Id": "1", "Arn": f"arn:aws:lambda:{EAST}:123456789012:function:handmade:live"}]
    )
    found = found_rules(aws, EAST, physical="handmade", qualifiers=["live", None])
    assert {rule.name: (dict(rule.targets), rule.interval) for rule in found} == {
        "mine": ({"live": 1}, None),
        "latest": ({None: 1}, 300),
    }
