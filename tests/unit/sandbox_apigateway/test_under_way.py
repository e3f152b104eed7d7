"""Caches and domain names that take their time."""

from __future__ import annotations

import json
from typing import Any

import pytest

from tests.unit.sandbox.clock import Clock
from tests.unit.sandbox_apigateway.conftest import Aws
from tests.unit.sandbox_apigateway.test_dataplane import make, mock
from tests.unit.sandbox_apigateway.test_domains import NAME, certificate, domain, visit

MINUTE = 60


def change(aws: Aws, api: str, **values: str) -> str:
    """UpdateStage; the state of the cache in its answer."""
    operations = [{"op": "replace", "path": f"/{path}", "value": value} for path, value in values.items()]
    stage = aws.client().update_stage(restApiId=api, stageName="dev", patchOperations=operations)
    return str(stage["cacheClusterStatus"])


def state(aws: Aws, api: str) -> str:
    return str(aws.client().get_stage(restApiId=api, stageName="dev")["cacheClusterStatus"])


@pytest.fixture
def api(late: Aws) -> str:
    return make(late, {"/": {"get": mock("{}")}})


def test_a_cache_is_created_resized_flushed_and_deleted_over_minutes(late: Aws, clock: Clock, api: str) -> None:
    assert change(late, api, cacheClusterEnabled="true") == "CREATE_IN_PROGRESS"
    clock.now += 3 * MINUTE
    assert state(late, api) == "CREATE_IN_PROGRESS"
    clock.now += 3 * MINUTE
    assert state(late, api) == "AVAILABLE"
    assert change(late, api, cacheClusterSize="1.6") == "CREATE_IN_PROGRESS"
    clock.now += 5 * MINUTE
    late.client().flush_stage_cache(restApiId=api, stageName="dev")
    assert state(late, api) == "FLUSH_IN_PROGRESS"
    clock.now += MINUTE
    assert state(late, api) == "AVAILABLE"
    assert change(late, api, cacheClusterEnabled="false") == "DELETE_IN_PROGRESS"
    clock.now += 2 * MINUTE
    assert state(late, api) == "NOT_AVAILABLE"


def test_a_deployment_may_switch_the_cache_on(late: Aws, api: str) -> None:
    late.client().create_deployment(restApiId=api, stageName="cached", cacheClusterEnabled=True)
    (cached,) = (one for one in late.client().get_stages(restApiId=api)["item"] if one["stageName"] == "cached")
    assert (cached["cacheClusterStatus"], cached["cacheClusterSize"]) == ("CREATE_IN_PROGRESS", "0.5")


def test_other_changes_leave_the_cache_alone(late: Aws, clock: Clock, api: str) -> None:
    change(late, api, cacheClusterEnabled="true")
    clock.now += 5 * MINUTE
    assert change(late, api, tracingEnabled="true", cacheClusterSize="0.5") == "AVAILABLE"


def test_a_stage_made_anew_has_no_cache_under_way(late: Aws, api: str) -> None:
    change(late, api, cacheClusterEnabled="true")
    client = late.client()
    deployment = client.get_stage(restApiId=api, stageName="dev")["deploymentId"]
    client.delete_stage(restApiId=api, stageName="dev")
    made = client.create_stage(restApiId=api, stageName="dev", deploymentId=deployment)
    assert made["cacheClusterStatus"] == "NOT_AVAILABLE"


def test_a_new_domain_name_is_pending_and_does_not_answer_yet(late: Aws, clock: Clock, api: str) -> None:
    assert domain(late)["domainNameStatus"] == "PENDING"
    late.client().create_base_path_mapping(domainName=NAME, restApiId=api, stage="dev")
    clock.now += 5
    answer = visit(late, "/")
    assert answer is not None
    assert (answer.status, now(late)["domainNameStatus"]) == (403, "PENDING")
    clock.now += 30
    answer = visit(late, "/")
    assert answer is not None
    assert (answer.status, now(late)["domainNameStatus"]) == (200, "AVAILABLE")


def now(aws: Aws) -> dict[str, Any]:
    found: dict[str, Any] = aws.client().get_domain_name(domainName=NAME)
    return found


def test_a_domain_name_takes_one_change_at_a_time(late: Aws, clock: Clock) -> None:
    domain(late)
    client = late.client()
    clock.now += 30
    replacement = [{"op": "replace", "path": "/regionalCertificateArn", "value": certificate(late, "us-east-1")}]
    assert client.update_domain_name(domainName=NAME, patchOperations=replacement)["domainNameStatus"] == "UPDATING"
    with pytest.raises(client.exceptions.ConflictException, match="already an update in progress"):
        client.update_domain_name(domainName=NAME, patchOperations=replacement)
    clock.now += 30
    assert now(late)["domainNameStatus"] == "AVAILABLE"
    client.update_domain_name(domainName=NAME, patchOperations=replacement)


def test_everything_under_way_has_passed_after_a_restart(late: Aws, api: str) -> None:
    change(late, api, cacheClusterEnabled="true")
    domain(late)
    late.gateway.load(json.loads(json.dumps(late.gateway.dump())))
    assert (state(late, api), now(late)["domainNameStatus"]) == ("AVAILABLE", "AVAILABLE")
