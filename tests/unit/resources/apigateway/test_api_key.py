"""API keys and usage plans: one value everywhere, whatever broke off; what others made stays."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import EndpointConnectionError

from backendctl.aws.connection import Aws
from backendctl.engine.action import Action
from backendctl.engine.safety import Allowed, refuse_danger
from backendctl.errors import BackendctlError, RefusedError
from backendctl.resources.apigateway.api_key import SAME, ApiKey, taken
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.usage_plan import UsagePlan
from backendctl.secrets import KNOWN, MARK
from backendctl.spec.callers import ApiKey as Key
from backendctl.spec.callers import Quota, Throttling
from backendctl.spec.callers import UsagePlan as Plan
from backendctl.spec.model import Api
from tests.unit.resources.api_helpers import EAST, STAGE, WEST, Calls, carry_out, context, deploy, mocked, plan, spec

BOTH = (EAST, WEST)
PARTNER = Key(name="partner", physical="corkhounds-partner")
GIVEN = "a-value-that-somebody-gives-us"
GOLD = Plan(name="gold", physical="corkhounds-gold", stages={"prodv1": {}}, keys=("partner",))


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as made:
        yield made


def wanted(kind: Any, *regions: str, key: Key = PARTNER, gold: Plan | None = GOLD) -> list[Any]:
    plans = (gold,) if gold else ()
    api = Api(name="corkhounds", path=Path("a.yaml"), definition={}, stages=(STAGE,), keys=(key,), usage_plans=plans)
    given = context(spec(regions=BOTH, api=api))
    return [one for one in kind.desired(given) if one.region in (regions or BOTH)]


def values(aws: Aws, region: str) -> dict[str, str]:
    found = aws.apigateway(region).get_api_keys(includeValues=True)["items"]
    return {key["name"]: key["value"] for key in found}


def brought(aws: Aws, *desired: Any) -> None:
    """As a deploy does: all of it planned, then carried out, then nothing is left to do."""
    kinds = list(dict.fromkeys(type(one) for one in desired))
    for change in plan(aws, list(desired), *kinds, regions=BOTH).changes:
        carry_out(aws, change)
    assert plan(aws, list(desired), *kinds, regions=BOTH).changes == ()


def unreachable(aws: Aws, region: str) -> None:
    def break_off(**_: Any) -> None:
        raise EndpointConnectionError(endpoint_url=region)

    aws.apigateway(region).meta.events.register_first("before-send.apigateway.GetApiKeys", break_off)


def test_a_key_without_value_is_made_once_and_copied(aws: Aws) -> None:
    brought(aws, *wanted(ApiKey))

    (east,), (west,) = values(aws, EAST).values(), values(aws, WEST).values()
    assert east == west
    assert len(east) == 40
    assert KNOWN.redact(f"a {east} b") == f"a {MARK} b"


def test_a_run_that_broke_off_after_any_region_goes_on_with_its_value(aws: Aws) -> None:
    (west,) = wanted(ApiKey, WEST)
    west.create(aws)  # as a deploy with -r leaves it
    before = values(aws, WEST)
    brought(aws, *wanted(ApiKey))
    assert values(aws, EAST) == values(aws, WEST) == before


def test_the_answer_to_a_create_may_be_lost(aws: Aws) -> None:
    (key,) = wanted(ApiKey, EAST)
    gateway = aws.apigateway(EAST)
    lost = gateway.create_api_key

    def twice(**given: Any) -> Any:
        lost(**given)
        return lost(**given)

    gateway.create_api_key = twice  # type: ignore[method-assign]
    key.create(aws)
    assert len(gateway.get_api_keys()["items"]) == 1


def test_no_value_is_made_while_a_region_that_may_have_one_is_silent(aws: Aws) -> None:
    unreachable(aws, WEST)
    (key,) = wanted(ApiKey, EAST)

    with pytest.raises(BackendctlError, match="us-west-2 has the API key 'corkhounds-partner' already cannot be told"):
        key.create(aws)
    assert values(aws, EAST) == {}


def test_a_value_of_the_spec_needs_no_other_region(aws: Aws) -> None:
    unreachable(aws, WEST)
    (key,) = wanted(ApiKey, EAST, key=replace(PARTNER, value=GIVEN))

    key.create(aws)
    assert values(aws, EAST) == {"corkhounds-partner": GIVEN}


def test_neither_plan_nor_repr_has_the_value(aws: Aws) -> None:
    desired = wanted(ApiKey, key=replace(PARTNER, value=GIVEN))
    found = plan(aws, desired, ApiKey, regions=BOTH)

    told = repr(desired) + repr([change.data() for change in found.changes])
    assert GIVEN not in told
    assert MARK in told


@pytest.mark.parametrize("value", [None, "another-value-that-somebody-gives"])
def test_another_value_is_refused_as_aws_changes_none(aws: Aws, value: str | None) -> None:
    brought(aws, *wanted(ApiKey, key=replace(PARTNER, value=GIVEN)))
    if value is None:  # somebody made it anew in one region
        gateway = aws.apigateway(WEST)
        (old,) = gateway.get_api_keys()["items"]
        gateway.delete_api_key(apiKey=old["id"])
        gateway.create_api_key(name="corkhounds-partner", tags={"backendctl:backend": "corkhounds"}, enabled=True)

    found = plan(aws, wanted(ApiKey, key=replace(PARTNER, value=value)), ApiKey, regions=BOTH)

    regions = [WEST] if value is None else [EAST, WEST]
    assert [change.region for change in found.changes] == regions
    with pytest.raises(RefusedError, match="AWS cannot change value"):
        refuse_danger(found)


def test_settings_change_and_the_value_stays(aws: Aws) -> None:
    brought(aws, *wanted(ApiKey))
    before = values(aws, EAST)
    brought(aws, *wanted(ApiKey, key=replace(PARTNER, enabled=False, description="theirs", customer="c1")))

    (key,) = aws.apigateway(EAST).get_api_keys()["items"]
    assert (key["enabled"], key["description"], key["customerId"]) == (False, "theirs", "c1")
    assert values(aws, EAST) == before


def test_a_key_that_left_the_spec_goes_only_by_name(aws: Aws) -> None:
    brought(aws, *wanted(ApiKey))
    gateway = aws.apigateway(EAST)
    gateway.create_api_key(name="corkhounds-theirs", enabled=True)
    gateway.create_api_key(name="corkhounds-synced", enabled=True, tags={"backendctl:backend": "corkhounds"})

    found = plan(aws, [], ApiKey, regions=BOTH)

    assert {(change.action, change.name) for change in found.changes} == {(Action.DELETE, "corkhounds-partner")}
    with pytest.raises(RefusedError, match="would be deleted"):
        refuse_danger(found)
    refuse_danger(found, Allowed(delete=("api-key/corkhounds-partner",)))
    for change in found.changes:
        carry_out(aws, change)
    assert set(values(aws, EAST)) == {"corkhounds-theirs", "corkhounds-synced"}


def test_a_key_of_that_name_which_is_not_ours_is_refused(aws: Aws) -> None:
    aws.apigateway(EAST).create_api_key(name="corkhounds-partner", enabled=True)

    with pytest.raises(RefusedError, match="exists and is not ours"):
        refuse_danger(plan(aws, wanted(ApiKey), ApiKey, regions=BOTH))


def test_an_adopted_key_is_copied_to_the_other_regions(aws: Aws) -> None:
    aws.apigateway(WEST).create_api_key(name="corkhounds-partner", enabled=True)
    before = values(aws, WEST)
    brought(aws, *wanted(ApiKey))

    assert values(aws, EAST) == values(aws, WEST) == before


def test_a_value_under_another_name_is_told(aws: Aws) -> None:
    aws.apigateway(EAST).create_api_key(name="console", value=GIVEN, enabled=True)
    (key,) = wanted(ApiKey, EAST, key=replace(PARTNER, value=GIVEN))

    with pytest.raises(BackendctlError, match="under another name") as caught:
        key.create(aws)
    assert GIVEN not in str(caught.value)


def test_a_plan_refuses_a_value_that_a_region_has_under_another_name(aws: Aws) -> None:
    aws.apigateway(WEST).create_api_key(name="console", value=GIVEN, enabled=True)
    aws.apigateway(WEST).create_api_key(name="another", value="of-somebody-else-altogether", enabled=True)
    found = plan(aws, wanted(ApiKey, key=replace(PARTNER, value=GIVEN)), ApiKey, regions=BOTH)
    (reason,) = taken(found.changes, aws)
    assert reason.startswith(f"{WEST}/api-key/corkhounds-partner: {WEST} has a key of this value under the name 'conso")
    assert GIVEN not in reason
    assert taken(plan(aws, wanted(ApiKey), ApiKey, regions=BOTH).changes, aws) == []


@pytest.fixture
def served(aws: Aws) -> Aws:
    """The API, its stage and its key stand in both regions."""
    given = wanted(ApiKey)
    for one in (*wanted(RestApi), *wanted(Stage), *given):
        deploy(aws, one)
    return aws


def limited(**more: Any) -> Plan:
    limits = {"prodv1": {"GET /places": Throttling(rate=2, burst=4)}}
    return replace(GOLD, **{"stages": limits, "throttling": Throttling(rate=10, burst=20), **more})


def the_plan(aws: Aws, region: str = EAST) -> dict[str, Any]:
    (found,) = [one for one in aws.apigateway(region).get_usage_plans()["items"] if one["name"] == "corkhounds-gold"]
    return dict(found)


def inside(aws: Aws) -> list[str]:
    keys = aws.apigateway(EAST).get_usage_plan_keys(usagePlanId=the_plan(aws)["id"])["items"]
    return [key["name"] for key in keys]


def test_a_plan_opens_its_stages_to_its_keys(served: Aws) -> None:
    brought(served, *wanted(UsagePlan, gold=limited(quota=Quota(limit=9, period="DAY"), description="paid")))

    found = the_plan(served)
    (link,) = found["apiStages"]
    assert (link["stage"], link["throttle"]) == ("prodv1", {"/places/GET": {"rateLimit": 2.0, "burstLimit": 4}})
    assert found["throttle"] == {"rateLimit": 10.0, "burstLimit": 20}
    assert found["quota"] == {"limit": 9, "offset": 0, "period": "DAY"}
    assert found["description"] == "paid"
    assert inside(served) == ["corkhounds-partner"]


@pytest.mark.parametrize(
    "then",
    [
        GOLD,
        limited(stages={"prodv1": {"GET /places": Throttling(rate=1.5, burst=4)}}),
        limited(stages={"prodv1": {}}),
        limited(keys=()),
        limited(throttling=None),
        limited(quota=Quota(limit=5, period="MONTH")),
    ],
)
def test_whatever_changes_in_a_plan_is_brought(served: Aws, then: Plan) -> None:
    brought(served, *wanted(UsagePlan, gold=limited()))
    brought(served, *wanted(UsagePlan, gold=then))
    brought(served, *wanted(UsagePlan, gold=limited()))


def test_a_changed_limit_is_one_call(served: Aws) -> None:
    brought(served, *wanted(UsagePlan, gold=limited()))
    calls = Calls(served.apigateway(EAST), "api-gateway")
    brought(served, *wanted(UsagePlan, gold=limited(throttling=None, stages={"prodv1": {}})))
    assert [name for name in calls.names if not name.startswith("Get")] == ["UpdateUsagePlan"]


def test_what_others_put_into_a_plan_stays(served: Aws) -> None:
    brought(served, *wanted(UsagePlan))
    gateway = served.apigateway(EAST)
    customer = gateway.create_api_key(name="customer-7", enabled=True)
    gateway.create_usage_plan_key(usagePlanId=the_plan(served)["id"], keyId=customer["id"], keyType="API_KEY")

    brought(served, *wanted(UsagePlan, gold=limited()))
    assert inside(served) == ["corkhounds-partner", "customer-7"]


def test_a_plan_that_left_the_spec_goes_and_others_stay(served: Aws) -> None:
    brought(served, *wanted(UsagePlan))
    served.apigateway(EAST).create_usage_plan(name="corkhounds-console")
    mark = {"backendctl:backend": "corkhounds"}
    served.apigateway(EAST).create_usage_plan(name="corkhounds-synced", tags=mark)
    served.apigateway(EAST).create_usage_plan(name="corkhounds-gold", description="of somebody else")

    found = plan(served, [], UsagePlan, regions=BOTH)
    refuse_danger(found)
    for change in found.changes:
        carry_out(served, change)

    names = [one["name"] for one in served.apigateway(EAST).get_usage_plans()["items"]]
    assert names == ["corkhounds-console", "corkhounds-synced", "corkhounds-gold"]
    assert the_plan(served)["description"] == "of somebody else"
    assert served.apigateway(WEST).get_usage_plans()["items"] == []


def test_a_plan_with_stages_of_another_api_is_not_deleted(served: Aws) -> None:
    brought(served, *wanted(UsagePlan))
    gateway = served.apigateway(EAST)
    other = gateway.create_rest_api(name="other")["id"]
    root = gateway.get_resources(restApiId=other)["items"][0]["id"]
    gateway.put_method(restApiId=other, resourceId=root, httpMethod="GET", authorizationType="NONE")
    gateway.put_integration(restApiId=other, resourceId=root, httpMethod="GET", type="MOCK")
    gateway.create_deployment(restApiId=other, stageName="prod")
    operation: Any = {"op": "add", "path": "/apiStages", "value": f"{other}:prod"}
    gateway.update_usage_plan(usagePlanId=the_plan(served)["id"], patchOperations=[operation])

    (change,) = plan(served, [], UsagePlan).changes
    with pytest.raises(BackendctlError, match="opens stages of another API too"):
        carry_out(served, change)
    assert len(the_plan(served)["apiStages"]) == 2


def test_a_key_needs_that_of_the_first_region_and_a_plan_its_keys_and_stages() -> None:
    by_region = {key.region: key.needs() for key in wanted(ApiKey)}
    assert by_region == {EAST: frozenset(), WEST: frozenset({f"{EAST}/api-key/corkhounds-partner"})}
    assert wanted(ApiKey, WEST, key=replace(PARTNER, value=GIVEN))[0].needs() == frozenset()
    (gold,) = wanted(UsagePlan, WEST)
    assert gold.needs() == {f"{WEST}/api-key/corkhounds-partner", f"{WEST}/stage/prodv1"}


def test_a_value_that_is_made_is_told_as_one_for_all() -> None:
    assert [key.value for key in wanted(ApiKey)] == [SAME, SAME]
