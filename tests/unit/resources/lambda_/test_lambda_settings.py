"""Settings of a spec as Lambda's calls take them, and back."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.resources.lambda_ import lambda_settings
from backendctl.spec.model import NO_VPC, Vpc
from tests.unit.resources.lambda_helpers import PLACES, changed

EVERY = changed(
    PLACES,
    memory=512,
    timeout=5,
    ephemeral_storage=1024,
    environment={"A": "b"},
    layers=("arn:1",),
    vpc=Vpc(subnets=("s-2", "s-1"), security_groups=("sg",)),
    tracing="Active",
    snapstart=True,
    role="arn:role",
    log_format="JSON",
    log_level="DEBUG",
    system_log_level="WARN",
)


def test_what_is_written_is_read_as_the_same() -> None:
    wanted = lambda_settings.wanted_of(EVERY)
    made = lambda_settings.arguments(wanted, live={})
    assert made["EphemeralStorage"] == {"Size": 1024}
    assert made["LoggingConfig"] == {"LogFormat": "JSON", "ApplicationLogLevel": "DEBUG", "SystemLogLevel": "WARN"}
    assert made["VpcConfig"] == {"SubnetIds": ["s-1", "s-2"], "SecurityGroupIds": ["sg"]}
    answer = {**made, "Layers": [{"Arn": arn} for arn in made["Layers"]], "CodeSha256": "x"}
    assert lambda_settings.settings_of(answer) == {**wanted, "code": "x"}


def test_what_aws_does_not_tell_is_its_default() -> None:
    found = lambda_settings.settings_of({})
    assert (found["memory"], found["timeout"], found["ephemeral_storage"], found["vpc"]) == (128, 3, 512, NO_VPC)
    assert (found["log_format"], found["log_level"], found["tracing"]) == ("Text", "INFO", "PassThrough")


LIVE = {"LogFormat": "JSON", "ApplicationLogLevel": "WARN", "SystemLogLevel": "DEBUG", "LogGroup": "/own"}


@pytest.mark.parametrize(
    ("settings", "live", "sent"),
    [
        ({"log_level": "ERROR"}, LIVE, {**LIVE, "ApplicationLogLevel": "ERROR"}),
        ({"log_format": "Text"}, LIVE, {"LogFormat": "Text", "LogGroup": "/own"}),
        (
            {"log_format": "JSON"},
            {"LogFormat": "Text", "LogGroup": "/own"},
            {"LogFormat": "JSON", "LogGroup": "/own"},
        ),
    ],
)
def test_a_structure_is_sent_whole_with_what_nobody_says_of_it(
    settings: dict[str, Any], live: dict[str, Any], sent: dict[str, Any]
) -> None:
    assert lambda_settings.arguments(settings, live={"LoggingConfig": live}) == {"LoggingConfig": sent}


@pytest.mark.parametrize(("subnets", "kept"), [(("s-2",), {"Ipv6AllowedForDualStack": True}), ((), {})])
def test_ipv6_of_dual_stack_subnets_stays_as_long_as_there_are_subnets(
    subnets: tuple[str, ...], kept: dict[str, bool]
) -> None:
    live = {"VpcId": "vpc-1", "SubnetIds": ["s-1"], "SecurityGroupIds": ["sg"], "Ipv6AllowedForDualStack": True}
    made = lambda_settings.arguments({"vpc": Vpc(subnets=subnets, security_groups=())}, live={"VpcConfig": live})
    assert made == {"VpcConfig": {"SubnetIds": list(subnets), "SecurityGroupIds": [], **kept}}


def test_members_that_only_answers_have_are_not_sent() -> None:
    live = {"VpcConfig": {"VpcId": "vpc-1", "SubnetIds": ["s"]}, "SnapStart": {"OptimizationStatus": "Off"}}
    made = lambda_settings.arguments({"vpc": NO_VPC, "snapstart": "PublishedVersions"}, live=live)
    assert made == {
        "VpcConfig": {"SubnetIds": [], "SecurityGroupIds": []},
        "SnapStart": {"ApplyOn": "PublishedVersions"},
    }
