from __future__ import annotations

from xml.etree import ElementTree as ET

import pytest

from backendctl.sandbox.corrections.health.check import refuse_new, refuse_update
from backendctl.sandbox.corrections.records import NAMESPACE

ENDPOINT = "<Type>HTTPS</Type><FullyQualifiedDomainName>api.example</FullyQualifiedDomainName>"
TWO_REGIONS = "<Regions><Region>us-east-1</Region><Region>us-west-2</Region></Regions>"
CHECKERS = "<Regions><Region>us-east-1</Region><Region>us-west-2</Region><Region>eu-central-1</Region></Regions>"
CHILD = "<ChildHealthChecks><ChildHealthCheck>{}</ChildHealthCheck></ChildHealthChecks>"


def _new(config: str) -> str | None:
    members = f"<CallerReference>r</CallerReference><HealthCheckConfig>{config}</HealthCheckConfig>"
    asked = ET.fromstring(f'<A xmlns="{NAMESPACE}">{members}</A>')  # noqa: S314 - its own
    refusal = refuse_new(asked, known={"known"})
    return None if refusal is None else f"{refusal.code} {refusal.message}"


def _update(members: str) -> str | None:
    asked = ET.fromstring(f'<A xmlns="{NAMESPACE}">{members}</A>')  # noqa: S314 - its own
    config = {"Type": "HTTPS", "FullyQualifiedDomainName": "api.example", "RequestInterval": 30}
    refusal = refuse_update(asked, identifier="id", version=4, config=config, known=set())
    return None if refusal is None else f"{refusal.code} {refusal.status} {refusal.message}"


@pytest.mark.parametrize(
    ("config", "told"),
    [
        (f"{ENDPOINT}<FailureThreshold>11</FailureThreshold>", "less than or equal to 10"),
        (f"{ENDPOINT}<FailureThreshold>0</FailureThreshold>", "greater than or equal to 1"),
        (f"{ENDPOINT}<RequestInterval>20</RequestInterval>", "RequestInterval must be 10 or 30"),
        (f"{ENDPOINT}{TWO_REGIONS}", "length greater than or equal to 3"),
        (f"{ENDPOINT}{CHECKERS}", "enum value set"),
        (f"{ENDPOINT}<Port>70000</Port>", "less than or equal to 65535"),
        ("<Type>HTTPS</Type>", "Either IPAddress or FullyQualifiedDomainName"),
        ("<Type>HTTPS</Type><IPAddress>10.0.0.1</IPAddress>", "reserved or private range"),
        ("<Type>PING</Type>", "enum value set"),
        (f"{ENDPOINT.replace('HTTPS', 'HTTPS_STR_MATCH')}", "SearchString must be specified"),
        (f"<Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold>{CHILD.format('no')}", "no does not exist"),
        ("<Type>CALCULATED</Type>", "ChildHealthChecks must be specified"),
        ("<Type>CLOUDWATCH_METRIC</Type>", "AlarmIdentifier must be specified"),
    ],
)
def test_what_route_53_refuses_in_a_new_check(config: str, told: str) -> None:
    refused = _new(config)
    assert refused is not None
    assert refused.startswith("InvalidInput ")
    assert told in refused


@pytest.mark.parametrize(
    "config",
    [
        ENDPOINT,
        "<Type>HTTP</Type><IPAddress>8.8.8.8</IPAddress>",
        f"<Type>CALCULATED</Type><HealthThreshold>1</HealthThreshold>{CHILD.format('known')}",
    ],
)
def test_what_route_53_takes(config: str) -> None:
    assert _new(config) is None


def test_a_version_is_a_guard() -> None:
    told = _update("<HealthCheckVersion>3</HealthCheckVersion><Inverted>true</Inverted>")
    assert told is not None
    assert told.startswith("HealthCheckVersionMismatch 409 ")
    assert _update("<HealthCheckVersion>4</HealthCheckVersion><Inverted>true</Inverted>") is None
    assert _update("<Inverted>true</Inverted>") is None


def test_an_update_is_held_to_the_same_limits() -> None:
    told = _update("<FailureThreshold>11</FailureThreshold>")
    assert told is not None
    assert "less than or equal to 10" in told
