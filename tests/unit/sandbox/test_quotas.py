from __future__ import annotations

import pytest

from backendctl.sandbox.quotas import JITTER, Quotas


class Clock:
    """Seconds that pass when told."""

    now = 0.0

    def __call__(self) -> float:
        return self.now


def _passed(quotas: Quotas, service: str, operation: str, *, tries: int = 200, edge: bool = False) -> int:
    return sum(quotas.allows(service=service, operation=operation, region="us-east-1", edge=edge) for _ in range(tries))


@pytest.mark.parametrize(
    ("service", "operation", "burst"),
    [
        ("apigateway", "CreateDeployment", 1),  # A31
        ("apigateway", "DeleteRestApi", 1),  # A31
        ("apigateway", "UpdateDomainName", 1),  # A32
        ("apigateway", "UpdateAccount", 1),  # A33
        ("apigateway", "CreateResource", 5),  # A34
        ("apigateway", "GetStages", 41),  # A35, with a tenth of a second's worth
        ("lambda", "GetPolicy", 16),  # B56, the same
        ("lambda", "UpdateAlias", 16),  # B56, the same
        ("lambda", "GetFunction", 110),  # B56, the same
        ("route53", "ListHostedZones", 5),  # E22
        ("dynamodb", "DescribeTimeToLive", 11),  # C56, with a tenth of a second's worth
    ],
)
def test_at_aws_pace_the_burst_is_aws_own(service: str, operation: str, burst: int) -> None:
    assert _passed(Quotas(factor=1, clock=Clock()), service, operation) == burst


@pytest.mark.parametrize("operation", ["Invoke", "GetItem", "PutItem"])
def test_what_is_no_control_call_has_no_rate(operation: str) -> None:
    service = "lambda" if operation == "Invoke" else "dynamodb"
    assert _passed(Quotas(factor=1, clock=Clock()), service, operation) == 200


@pytest.mark.parametrize("factor", [1.0, 0.5, 0.1])
def test_a_token_comes_back_after_its_scaled_time(factor: float) -> None:
    clock = Clock()
    quotas = Quotas(factor=factor, clock=clock)
    _passed(quotas, "apigateway", "CreateDeployment")
    clock.now += 3 * factor
    assert _passed(quotas, "apigateway", "CreateDeployment") == 0
    clock.now += 2 * factor
    assert _passed(quotas, "apigateway", "CreateDeployment") == 1


def test_a_burst_grows_by_what_a_machine_wakes_early() -> None:
    assert _passed(Quotas(factor=0.01, clock=Clock()), "apigateway", "CreateDeployment") == 1 + JITTER / 5 / 0.01


def test_at_time_scale_zero_nothing_is_too_many() -> None:
    assert _passed(Quotas(factor=0), "apigateway", "DeleteRestApi") == 200


def test_regions_count_apart_and_operations_count_together() -> None:
    quotas = Quotas(factor=1, clock=Clock())
    assert _passed(quotas, "apigateway", "GetStages") == 41
    assert not quotas.allows(service="apigateway", operation="GetRestApis", region="us-east-1")
    assert quotas.allows(service="apigateway", operation="GetRestApis", region="us-west-2")


def test_a_refused_call_costs_nothing_and_is_counted() -> None:
    quotas = Quotas(factor=1, clock=Clock())
    assert _passed(quotas, "apigateway", "UpdateAccount", tries=100) == 1
    assert quotas.refused == 99
    assert _passed(quotas, "apigateway", "GetStages") == 40


def test_apis_for_edge_locations_come_ten_times_more_slowly() -> None:
    clock = Clock()
    quotas = Quotas(factor=1, clock=clock)
    assert _passed(quotas, "apigateway", "CreateRestApi", edge=True) == 1
    clock.now += 4
    assert _passed(quotas, "apigateway", "CreateRestApi", edge=True) == 0
    assert _passed(quotas, "apigateway", "CreateRestApi") == 1
    clock.now += 27
    assert _passed(quotas, "apigateway", "CreateRestApi", edge=True) == 1
