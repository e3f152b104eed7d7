"""An API built by hand in one region is brought to two others, watched there, and brought back after an edit."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.functional.handmade import EUROPE, STAGE, TARGETS, Shop, json_of, make_shop, proxied, told
from tests.functional.proxy import CUT, Answer, Call, Cut, Proxy
from tests.functional.sandboxed import ACCOUNT, EAST, WEST, Sandbox


@pytest.fixture(scope="module")
def proxy(sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Proxy]:
    with proxied(sandbox, tmp_path_factory.mktemp("sync")) as running:
        yield running


@pytest.fixture(scope="module")
def first_sync(
    proxy: Proxy, sandbox: Sandbox, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Shop, list[Call], list[Call]]:
    """A shop, the calls of a check and a dry run before its first sync, and those of that sync."""
    made = make_shop(tmp_path_factory.mktemp("shop"), proxy, sandbox)
    with made.calls() as before:
        found = made.check(expect=2).json
        assert {region: one["api_id"] for region, one in found["regions"].items()} == dict.fromkeys(TARGETS)
        planned = made.sync("--dry-run").json["changes"]
        assert {change["action"] for change in planned if change["kind"] != "release"} == {"create"}
    with made.calls() as calls:
        made.sync()
    return made, before, calls


@pytest.fixture(scope="module")
def shop(first_sync: tuple[Shop, list[Call], list[Call]]) -> Shop:
    """Synced; whoever edits it syncs it back."""
    return first_sync[0]


@pytest.fixture
def other(proxy: Proxy, sandbox: Sandbox, tmp_path: Path) -> Shop:
    """One not synced yet, for one test."""
    return make_shop(tmp_path, proxy, sandbox)


def in_sync(shop: Shop) -> None:
    """A sync writes nothing."""
    with shop.calls() as calls:
        shop.sync()
    assert [call.operation for call in calls if call.mutating] == []
    assert calls


def test_a_check_and_a_dry_run_before_the_first_sync_say_that_the_api_is_missing_and_write_nothing(
    first_sync: tuple[Shop, list[Call], list[Call]],
) -> None:
    _, before, _ = first_sync
    assert before
    assert [call for call in before if call.mutating] == []


def test_it_serves_in_every_region_from_that_regions_functions(shop: Shop) -> None:
    for region in TARGETS:
        status, body = shop.get("/items/42", region)
        assert status == 200
        assert body == {"function": f"{shop.name}-items", "region": region, "id": "42", "mode": "full"}


def test_what_no_export_carries_is_there_too(shop: Shop) -> None:
    for region in TARGETS:
        gateway = shop.gateway(region)
        api = gateway.get_rest_api(restApiId=shop.api(region))
        stage = gateway.get_stage(restApiId=shop.api(region), stageName=STAGE)
        assert api["endpointConfiguration"]["types"] == ["REGIONAL"]
        assert api["binaryMediaTypes"] == ["image/png"]
        assert api["tags"]["team"] == "shop"
        assert stage["variables"].pop("backendctlRelease").startswith("1-")
        assert stage["variables"] == {"itemsAlias": "live", "ordersAlias": "live", "mode": "full"}
        assert stage["tracingEnabled"] is True
        assert stage["methodSettings"]["*/*"]["throttlingRateLimit"] == 50
        assert stage["methodSettings"]["~1items/GET"]["throttlingRateLimit"] == 5


def test_after_a_sync_nothing_differs_and_the_second_makes_no_writing_call(shop: Shop) -> None:
    assert shop.check().json["in_sync"] is True
    in_sync(shop)


def test_the_source_is_only_read(first_sync: tuple[Shop, list[Call], list[Call]]) -> None:
    _, _, calls = first_sync
    written = [call for call in calls if call.mutating and call.region == EAST]
    assert [call.path for call in written if not call.path.endswith("/methods/GET")] == []  # test calls


def test_an_edit_that_nobody_deployed_is_told_where_it_is_and_put_back(shop: Shop) -> None:
    where = {"restApiId": shop.api(WEST), "resourceId": shop.resources(WEST)["/items"], "httpMethod": "GET"}
    operation = {"op": "replace", "path": "/timeoutInMillis", "value": "1000"}
    shop.gateway(WEST).update_integration(**where, patchOperations=[operation])
    found = shop.check(expect=2).json["regions"]
    assert told(found[WEST]["edited"]) == ["added GET /items integration"]
    assert (found[EUROPE]["edited"], found[WEST]["stages"][STAGE]["same"]) == ([], True)
    text = shop.run("sync-api", "--check", expect=2).out
    assert "was edited and never deployed" in text
    assert "timeoutInMillis" in text
    shop.sync()
    assert shop.gateway(WEST).get_integration(**where)["timeoutInMillis"] == 29000
    in_sync(shop)


@pytest.mark.full
def test_an_edit_that_was_deployed_and_a_variable_are_told_and_brought_back(shop: Shop) -> None:
    gateway, api = shop.gateway(EUROPE), shop.api(EUROPE)
    gateway.delete_method(restApiId=api, resourceId=shop.resources(EUROPE)["/orders"], httpMethod="POST")
    gateway.create_deployment(restApiId=api, stageName=STAGE)
    shop.patch_stage(EUROPE, mode="slow")
    found = shop.check(expect=2).json
    assert told(found["regions"][EUROPE]["stages"][STAGE]["differences"]) == ["added None /orders path"]
    changes = {change["address"]: change["fields"] for change in found["changes"]}
    mode = next(one for one in changes[f"{EUROPE}/stage/{STAGE}"] if one["field"] == "variables.mode")
    assert mode["before"].startswith("•••")  # a live value that the spec does not say is not shown
    assert found["regions"][WEST]["stages"][STAGE]["same"] is True
    done = shop.sync().json
    assert done["smoke_test"]["passed"] is True
    assert shop.get("/items/1", EUROPE)[1]["mode"] == "full"
    assert "/orders" in shop.resources(EUROPE)
    in_sync(shop)


def test_what_is_overwritten_is_kept_and_the_place_is_said(shop: Shop, tmp_path: Path) -> None:
    where = {"restApiId": shop.api(WEST), "resourceId": shop.resources(WEST)["/items"], "httpMethod": "GET"}
    operation = {"op": "replace", "path": "/timeoutInMillis", "value": "2000"}
    shop.gateway(WEST).update_integration(**where, patchOperations=[operation])
    done = shop.sync("--backup-dir", str(tmp_path / "kept"))
    assert str(tmp_path / "kept") in done.err
    kept = {path.name.rpartition("-")[2]: json_of(path) for path in (tmp_path / "kept").iterdir()}
    assert set(kept) == {f"{STAGE}.json", "stages.json", "undeployed.json"}
    assert set(kept[f"{STAGE}.json"]["paths"]) == {"/items", "/items/{id}", "/orders"}
    edited = kept["undeployed.json"]["paths"]["/items"]["get"]["x-amazon-apigateway-integration"]
    assert edited["timeoutInMillis"] == 2000


@pytest.mark.full
def test_edits_of_the_source_that_nobody_deployed_are_told_and_not_taken(other: Shop) -> None:
    other.sync()
    other.calls_function("GET", "/news", "items")
    found = other.check(expect=2).json
    assert told(found["source_edited"]) == ["added None /news path"]
    assert found["changes"] == []


def test_a_breaking_change_stops_before_the_first_write(other: Shop) -> None:
    other.sync()
    other.gateway().delete_resource(restApiId=other.api(), resourceId=other.resources()["/orders"])
    other.deploy_by_hand()
    with other.calls() as calls:
        refused = other.sync(expect=1)
    assert [call for call in calls if call.mutating] == []
    assert f"breaks callers: the path /orders is removed ({WEST}, {EUROPE})" in refused.err
    other.sync("--allow-breaking")
    assert "/orders" not in other.resources(WEST)
    in_sync(other)


def test_what_a_region_lacks_is_named_before_the_first_write(other: Shop) -> None:
    other.functions("news", regions=(EAST, WEST))
    other.calls_function("GET", "/news", "news")
    other.deploy_by_hand(newsAlias="live")
    other.sandbox.client("lambda", WEST).delete_alias(FunctionName=f"{other.name}-orders", Name="live")
    with other.calls() as calls:
        refused = other.sync(expect=1)
    assert [call for call in calls if call.mutating] == []
    assert f"{EUROPE}: GET /news calls {other.name}-news:live (stage {STAGE}, variable newsAlias)" in refused.err
    assert "there is no function" in refused.err
    assert f"{WEST}: GET /news" not in refused.err
    assert f"{WEST}: POST /orders calls {other.name}-orders:live" in refused.err
    operation = [{"op": "remove", "path": "/variables/ordersAlias"}]
    other.gateway().update_stage(restApiId=other.api(), stageName=STAGE, patchOperations=operation)
    assert f"stage {STAGE} has no variable ordersAlias, which POST /orders needs" in other.sync(expect=1).err


@pytest.mark.full
def test_a_put_that_fails_half_way_is_put_back_and_never_deployed(other: Shop) -> None:
    other.sync()
    other.calls_function("GET", "/news", "items")
    other.deploy_by_hand()
    puts: list[Call] = []

    def half_way(call: Call) -> Answer | Cut | None:
        if call.method != "PUT" or f"/restapis/{other.api(WEST)}" not in call.path.split("?")[0]:
            return None
        puts.append(call)
        return Answer(status=400, body='{"message": "broke off"}', headers={"x-amzn-ErrorType": "ConflictException"})

    def broken(call: Call) -> Answer | Cut | None:
        return half_way(call) if not puts else None

    other.proxy.before = broken
    try:
        failed = other.sync(expect=5).json
    finally:
        other.proxy.before = lambda _: None
    statuses = {change["address"]: change["status"] for change in failed["changes"]}
    assert statuses[f"{WEST}/rest-api/{other.name}"] == "failed"
    assert statuses[f"{WEST}/stage/{STAGE}"] == "skipped"
    assert statuses[f"{EUROPE}/stage/{STAGE}"] == "done"
    assert (other.get("/news", WEST)[0], other.get("/news", EUROPE)[0]) == (403, 200)
    assert "/news" not in other.resources(WEST)
    other.sync()
    assert other.get("/news", WEST)[0] == 200
    in_sync(other)


def test_a_cut_line_during_the_put_is_finished_by_the_same_command(other: Shop) -> None:
    cuts: list[Call] = []

    def cut(call: Call) -> Cut | None:
        if call.method == "PUT" and call.region == WEST and "/restapis/" in call.path and len(cuts) < 6:
            cuts.append(call)
            return CUT
        return None

    other.proxy.after = cut
    try:
        other.sync(expect=None)
    finally:
        other.proxy.after = lambda _: None
    assert cuts
    other.sync()
    assert other.get("/items", WEST)[0] == 200
    in_sync(other)


@pytest.mark.full
def test_a_canary_gets_the_definition_and_the_variables_it_needs_in_every_region(other: Shop) -> None:
    other.sync()
    other.functions("news")
    other.calls_function("GET", "/news", "news")
    other.deploy_by_hand(newsAlias="live")
    other.sync("--canary", "10")
    releases: set[str] = set()
    for region in TARGETS:
        stage = other.gateway(region).get_stage(restApiId=other.api(region), stageName=STAGE)
        assert stage["canarySettings"]["percentTraffic"] == 10
        overrides = stage["canarySettings"]["stageVariableOverrides"]
        releases.add(overrides.pop("backendctlRelease"))
        assert overrides == {"newsAlias": "live"}
        assert "newsAlias" not in stage["variables"]
    assert len(releases) == 1, "a number from the start, the same in every region"
    with other.calls() as calls:
        other.sync("--canary", "10")
        refused = other.sync(expect=1)
    assert [call for call in calls if call.mutating] == []
    assert f"{WEST}/stage/{STAGE} has a canary, and its definition and variables would change" in refused.err
    other.run("promote-canary", "-y", "--full", "--ignore-verdict")
    assert other.get("/news", WEST)[0] == 200
    in_sync(other)


@pytest.mark.full
def test_a_function_that_fails_in_one_region_fails_the_proof_there(other: Shop) -> None:
    broken = other.sandbox.client("lambda", EUROPE)
    broken.update_function_configuration(FunctionName=f"{other.name}-items", Handler="app.nothing")
    other.sandbox.settled(f"{other.name}-items", region=EUROPE)
    version = broken.publish_version(FunctionName=f"{other.name}-items")["Version"]
    broken.update_alias(FunctionName=f"{other.name}-items", Name="live", FunctionVersion=version)
    smoke_test = other.sync(expect=5).json["smoke_test"]
    assert smoke_test["passed"] is False
    wrong = {one["path"]: one["wrong"] for one in smoke_test["requests"]}
    assert wrong == {"/items": f"fails in {EUROPE}", "/items/{id}": f"not 200 in {EUROPE}"}


def test_a_spec_whose_source_is_live_can_be_planned_and_only_the_regions_asked_for_are_touched(other: Shop) -> None:
    other.run("validate")
    found = other.run("plan", "-o", "json").json["changes"]
    assert {change["region"] for change in found if change["kind"] in {"rest-api", "stage"}} == set(TARGETS)
    with other.calls() as calls:
        other.sync("--to", WEST)
    assert {call.region for call in calls if call.mutating and "/methods/" not in call.path} == {WEST}
    assert "the definition comes from there" in other.run("sync-api", "--check", "--to", EAST, expect=64).err


def test_an_api_of_that_name_that_is_not_ours_is_refused_until_adopted(other: Shop) -> None:
    other.gateway(WEST).create_rest_api(name=other.name, endpointConfiguration={"types": ["REGIONAL"]})
    assert f"{WEST}/rest-api/{other.name} exists and is not ours" in other.sync(expect=1).err
    assert "exists and is not ours" in other.run("sync-api", "--check", expect=2).out
    other.sync("--adopt")
    in_sync(other)


@pytest.mark.full
def test_destroy_takes_what_was_synced_and_leaves_the_source(other: Shop) -> None:
    other.sync()
    other.run("destroy", "-y")
    assert other.get("/items", EAST)[0] == 500  # no permission, as before; but it is there
    for region in TARGETS:
        pages = other.gateway(region).get_paginator("get_rest_apis").paginate()
        assert other.name not in {api["name"] for page in pages for api in page["items"]}


@pytest.mark.full
def test_markdown_tells_what_differs_where(shop: Shop) -> None:
    shop.patch_stage(WEST, mode="other")
    found = shop.run("sync-api", "--check", "-o", "markdown", expect=2).out
    assert f"### {WEST}/{STAGE}: no difference" in found
    assert "variables.mode: •••" in found
    shop.sync()


@pytest.mark.full
def test_a_callers_key_opens_every_region(other: Shop) -> None:
    gateway = other.gateway()
    where = {"restApiId": other.api(), "resourceId": other.resources()["/items"], "httpMethod": "GET"}
    operation = {"op": "replace", "path": "/apiKeyRequired", "value": "true"}
    gateway.update_method(**where, patchOperations=[operation])
    other.deploy_by_hand()
    key = gateway.create_api_key(name=f"{other.name}-ada", enabled=True)
    plan = gateway.create_usage_plan(
        name=f"{other.name}-gold",
        apiStages=[{"apiId": other.api(), "stage": STAGE}],
        throttle={"rateLimit": 10.0, "burstLimit": 20},
        quota={"limit": 1000, "period": "DAY"},
    )
    gateway.create_usage_plan_key(usagePlanId=plan["id"], keyId=key["id"], keyType="API_KEY")
    said = other.sync()
    assert key["value"] not in said.out + said.err
    for region in TARGETS:
        host = {"Host": f"{other.api(region)}.execute-api.{region}.localhost"}
        assert other.sandbox.get(f"/{STAGE}/items", headers=host)[0] == 403
        assert other.sandbox.get(f"/{STAGE}/items", headers={**host, "x-api-key": key["value"]})[0] == 200
    in_sync(other)
    operation = {"op": "replace", "path": "/quota/limit", "value": "5"}
    gateway.update_usage_plan(usagePlanId=plan["id"], patchOperations=[operation])
    changes = other.check(expect=2).json["changes"]
    assert {change["name"]: change["fields"] for change in changes} == {
        f"{other.name}-gold": [{"field": "quota", "before": "1000 per DAY, offset 0", "after": "5 per DAY, offset 0"}]
    }
    other.sync()
    in_sync(other)


def test_ids_of_one_region_are_refused_with_their_place_until_they_are_bound(other: Shop) -> None:
    gateway = other.gateway()
    pools = {EAST: f"arn:aws:cognito-idp:{EAST}:{ACCOUNT}:userpool/{EAST}_aaa"}
    pools |= {region: f"arn:aws:cognito-idp:{region}:{ACCOUNT}:userpool/{region}_bbb" for region in TARGETS}
    door = gateway.create_authorizer(
        restApiId=other.api(),
        name="door",
        type="COGNITO_USER_POOLS",
        providerARNs=[pools[EAST]],
        identitySource="method.request.header.Authorization",
    )
    where = {"restApiId": other.api(), "resourceId": other.resources()["/orders"], "httpMethod": "POST"}
    operations = [
        {"op": "replace", "path": "/authorizationType", "value": "COGNITO_USER_POOLS"},
        {"op": "replace", "path": "/authorizerId", "value": door["id"]},
    ]
    gateway.update_method(**where, patchOperations=operations)
    other.deploy_by_hand()
    with other.calls() as calls:
        refused = other.sync(expect=1).err
    assert [call for call in calls if call.mutating] == []
    assert "/providerARNs/0: the user pool" in refused
    other.spec["api"]["bindings"] = {region: {"users": arn} for region, arn in pools.items()}
    other.save()
    other.sync()
    for region in TARGETS:
        (found,) = other.gateway(region).get_authorizers(restApiId=other.api(region))["items"]
        assert found["providerARNs"] == [pools[region]]
    in_sync(other)
    del other.spec["api"]["bindings"][WEST]["users"]
    other.save()
    assert f"users has no value in {WEST}" in other.sync(expect=1).err


def test_a_region_that_is_down_stops_only_itself(other: Shop) -> None:
    def down(call: Call) -> Answer | None:
        return Answer(status=403, body='{"message": "no"}') if call.region == EUROPE else None

    other.proxy.before = down
    try:
        found = other.sync(expect=5).json
        assert other.check(expect=5).json["regions"][EUROPE]["error"]
    finally:
        other.proxy.before = lambda _: None
    assert {change["region"] for change in found["changes"] if change["kind"] != "release"} == {WEST}
    assert other.get("/items", WEST)[0] == 200
    other.sync()
    in_sync(other)


@pytest.mark.full
def test_a_file_in_swagger_is_a_source_too(other: Shop) -> None:
    file = other.folder / "shop.json"
    said = other.run(
        "export-api", str(file), "--from", EAST, "--api", other.name, "--export-type", "swagger", "-o", "json"
    ).json
    assert json_of(file)["swagger"] == "2.0"
    other.spec["api"] = said["spec"]["api"]
    other.save()
    other.run("validate")
    assert "exists and is not ours" in other.run("deploy", "-y", expect=1).err
    assert "exists and is not ours" in other.sync(expect=1).err
    other.sync("--adopt")
    assert other.get("/items", EUROPE)[0] == 200
    in_sync(other)
    where = {"restApiId": other.api(WEST), "resourceId": other.resources(WEST)["/items"], "httpMethod": "GET"}
    operation = {"op": "replace", "path": "/timeoutInMillis", "value": "1000"}
    other.gateway(WEST).update_integration(**where, patchOperations=[operation])
    other.deploy_by_hand(WEST)
    found = other.check(expect=2).json["regions"][WEST]["stages"][STAGE]
    assert told(found["differences"]) == ["removed GET /items integration"]
    other.sync()
    in_sync(other)
