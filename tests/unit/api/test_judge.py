"""A plan of the whole backend says what callers would see, is refused when it breaks them, and rolls ids out."""

from __future__ import annotations

import copy
import threading
from collections.abc import Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backendctl.api.body import bodies, definitions, wanted
from backendctl.api.source import file_source
from backendctl.app import carry_out, plan_changes
from backendctl.aws.connection import Access, Aws
from backendctl.backend import Backend, Settings
from backendctl.engine.events import Failed, Skipped
from backendctl.engine.plan import Plan
from backendctl.engine.safety import Allowed, refuse_danger
from backendctl.errors import RefusedError
from backendctl.resources.apigateway.api_reads import find_api
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.selecting import Selection
from backendctl.spec.callers import ApiKey, Cors, UsagePlan
from backendctl.spec.model import Api, Spec, StageSpec
from tests.unit.openapi.samples import INTEGRATION
from tests.unit.resources.api_helpers import ACCOUNT, EAST, WEST, mocked

OF_API = ("rest-api", "stage", "permission")
ABROAD = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:999999999999:function:theirs/invocations"
)


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as made:
        yield made


def mock(**members: Any) -> dict[str, Any]:
    integration = {"type": "mock", "requestTemplates": {"application/json": '{"statusCode": 200}'}, **members}
    return {"responses": {"200": {"description": "ok"}}, INTEGRATION: integration}


def definition(*paths: str, **operations: Any) -> dict[str, Any]:
    found = {path: {"get": mock()} for path in paths} | {f"/{name}": {"get": each} for name, each in operations.items()}
    return {"openapi": "3.0.1", "info": {"version": "1"}, "paths": found}


def opened(aws: Aws, document: Mapping[str, Any], **api: Any) -> Backend:
    """As a new run of a command has it."""
    aws.forget()
    stage = StageSpec(name="prod")
    given = Api(name="corkhounds", path=Path("api.yaml"), definition=dict(document), stages=(stage,), **api)
    regions = (EAST, WEST)
    spec = Spec(
        backend="corkhounds",
        file=Path("spec.yaml"),
        regions=regions,
        functions=dict.fromkeys(regions, ()),
        api=given,
    )
    found = wanted(given, file_source(spec, account=ACCOUNT))
    spec = replace(spec, api=found.api)
    stamp = Stamp(commit="c1", author="Ada", time="2026-11-24T10:00:00Z")
    sent = definitions(bodies(found, regions, account=ACCOUNT, partition="aws"))
    context = DeployContext(spec=spec, account=ACCOUNT, partition="aws", stamp=stamp, definitions=sent)
    settings = Settings(spec=spec.file, access=Access(), regions=regions, workers=1)
    return Backend(settings=settings, spec=spec, aws=aws, context=context, wanted=found)


def planned(backend: Backend) -> Plan:
    return plan_changes(backend, Selection(only=OF_API)).plan


def deployed(backend: Backend, *, allow_breaking: bool = False) -> Plan:
    plan = planned(backend)
    refuse_danger(plan, Allowed(breaking=allow_breaking))
    events = list(carry_out(plan, backend, stop=threading.Event()))
    assert [event for event in events if isinstance(event, Failed | Skipped)] == []
    return plan


def integration(aws: Aws, region: str, path: str) -> Any:
    client = aws.apigateway(region)
    api = find_api(aws, region, "corkhounds") or ""
    resources = client.get_resources(restApiId=api)["items"]
    (found,) = [each["id"] for each in resources if each["path"] == path]
    return client.get_integration(restApiId=api, resourceId=found, httpMethod="GET")


def test_a_removed_route_is_shown_on_the_api_and_stops_the_deploy_in_every_region(aws: Aws) -> None:
    deployed(opened(aws, definition("/a", "/b")))
    backend = opened(aws, definition("/a"))
    plan = planned(backend)
    details = [change.details for change in plan.changes if change.kind == "rest-api"]
    assert [[(one.path, one.aspect) for one in section.differences] for (section,) in details] == [[("/b", "path")]] * 2
    assert plan.breaking == (f"the path /b is removed ({EAST}, {WEST})",)
    with pytest.raises(RefusedError, match="breaks callers: the path /b is removed"):
        refuse_danger(plan)
    deployed(backend, allow_breaking=True)
    assert planned(opened(aws, definition("/a"))).changes == ()


def test_the_same_definition_in_other_words_changes_nothing(aws: Aws) -> None:
    deployed(opened(aws, definition("/a", "/b")))
    other = definition("/b", "/a")
    other["paths"]["/a"]["get"][INTEGRATION]["passthroughBehavior"] = "WHEN_NO_MATCH"
    assert planned(opened(aws, other)).changes == ()


def test_what_cors_adds_is_told_once_put_and_then_in_sync(aws: Aws) -> None:
    deployed(opened(aws, definition("/a", "/b")))
    cors = Cors(origins=("https://app.example", "capacitor://localhost"), credentials=True)
    plan = planned(opened(aws, definition("/a", "/b"), cors=cors))

    assert "`api.cors` adds OPTIONS to /a, /b" in plan.remarks
    assert not any(remark.startswith("not in what AWS serves") for remark in plan.remarks)
    assert (
        "`api.cors` adds Access-Control-Allow-Origin to the gateway responses DEFAULT_4XX, DEFAULT_5XX" in plan.remarks
    )
    (section, *_) = next(change.details for change in plan.changes if change.kind == "rest-api")
    assert {("/a", "OPTIONS"), ("/b", "OPTIONS")} <= {(one.path, one.method) for one in section.differences}
    assert plan.breaking == ()
    deployed(opened(aws, definition("/a", "/b"), cors=cors))
    assert planned(opened(aws, definition("/a", "/b"), cors=cors)).changes == ()


def test_a_route_that_asks_for_a_key_which_no_plan_gives_is_told(aws: Aws) -> None:
    document = definition("/a")
    document["components"] = {"securitySchemes": {"mine": {"type": "apiKey", "name": "x-api-key", "in": "header"}}}
    document["paths"]["/a"]["get"]["security"] = [{"mine": []}]
    told = "GET /a asks for an API key, and no usage plan of the spec has one for prod"
    assert any(line.startswith(told) for line in planned(opened(aws, document)).remarks)
    plans = (UsagePlan(name="gold", physical="corkhounds-gold", stages={"prod": {}}, keys=("partner",)),)
    keys = (ApiKey(name="partner", physical="corkhounds-partner"),)
    given = opened(aws, document, keys=keys, usage_plans=plans)
    assert not any(line.startswith(told) for line in planned(given).remarks)


def test_a_binding_is_filled_in_and_a_changed_one_rolls_out_where_it_changed(aws: Aws) -> None:
    document = definition(link=mock(type="http_proxy", httpMethod="GET", uri="https://${binding:host}/"))
    hosts = {EAST: {"host": "east.example"}, WEST: {"host": "west.example"}}
    deployed(opened(aws, document, bindings=hosts))
    assert integration(aws, WEST, "/link")["uri"] == "https://west.example/"
    changed = copy.deepcopy(hosts)
    changed[WEST]["host"] = "other.example"
    backend = opened(aws, document, bindings=changed)
    changes = [change for change in planned(backend).changes if change.kind != "release"]
    fields = {(change.region, change.kind): {field.field for field in change.fields} for change in changes}
    assert fields == {
        (WEST, "rest-api"): {"localised"},
        (WEST, "stage"): {"localised", "release"},
        (EAST, "stage"): {"release"},  # it serves the same as before, under the number that all regions have
    }
    deployed(backend)
    assert integration(aws, WEST, "/link")["uri"] == "https://other.example/"
    assert planned(opened(aws, document, bindings=changed)).changes == ()


def test_a_binding_without_a_value_is_refused_before_anything_is_written(aws: Aws) -> None:
    document = definition(link=mock(type="http_proxy", httpMethod="GET", uri="https://${binding:host}/"))
    plan = planned(opened(aws, document, bindings={EAST: {"host": "east.example"}}))
    (line,) = plan.refusals
    assert f"host has no value in {WEST}" in line


def test_what_was_edited_by_hand_is_put_back_by_a_deploy(aws: Aws) -> None:
    deployed(opened(aws, definition("/a")))
    client = aws.apigateway(WEST)
    api = find_api(aws, WEST, "corkhounds") or ""
    (found,) = [each["id"] for each in client.get_resources(restApiId=api)["items"] if each["path"] == "/a"]
    operation: Any = {"op": "replace", "path": "/timeoutInMillis", "value": "1000"}
    client.update_integration(restApiId=api, resourceId=found, httpMethod="GET", patchOperations=[operation])
    backend = opened(aws, definition("/a"))
    (change,) = planned(backend).changes
    assert (change.address, change.fields[0].before) == (f"{WEST}/rest-api/corkhounds", "edited by hand")
    deployed(backend)
    assert integration(aws, WEST, "/a")["timeoutInMillis"] == 29000


def test_a_deployment_made_by_hand_of_the_same_definition_is_said_to_be_that(aws: Aws) -> None:
    deployed(opened(aws, definition("/a")))
    api = find_api(aws, WEST, "corkhounds") or ""
    aws.apigateway(WEST).create_deployment(restApiId=api, stageName="prod")
    plan = planned(opened(aws, definition("/a")))
    turned = [c.address for c in plan.changes if any(field.field == "definition" for field in c.fields)]
    assert turned == [f"{WEST}/stage/prod"]
    assert any("was redeployed by hand at" in note and "same definition" in note for note in plan.remarks)


def test_whom_it_calls_abroad_and_what_is_dropped_is_said_before(aws: Aws) -> None:
    document = definition(
        theirs=mock(type="aws_proxy", httpMethod="POST", uri=ABROAD), more=mock(payloadFormatVersion="1.0")
    )
    document["components"] = {"schemas": {"Unused": {"type": "object"}}}
    backend = opened(aws, document)
    notes = planned(backend).remarks
    assert any("GET /theirs calls a function of account 999999999999, kept as it is" in note for note in notes)
    assert any("payloadFormatVersion is for HTTP APIs" in note for note in notes)
    assert any("no method uses the models Unused" in note for note in notes)
    deployed(backend)
    assert integration(aws, WEST, "/theirs")["uri"] == ABROAD
    assert planned(opened(aws, document)).changes == ()


def test_what_was_set_beside_the_definition_is_left_alone_and_no_edit(aws: Aws) -> None:
    deployed(opened(aws, definition("/a", "/b")))
    api = find_api(aws, WEST, "corkhounds") or ""
    operation: Any = {"op": "add", "path": "/binaryMediaTypes/image~1png"}
    aws.apigateway(WEST).update_rest_api(restApiId=api, patchOperations=[operation])
    assert planned(opened(aws, definition("/a", "/b"))).changes == ()
    plan = deployed(opened(aws, definition("/a")), allow_breaking=True)
    assert {one.path for change in plan.changes for part in change.details for one in part.differences} == {"/b"}
    assert aws.apigateway(WEST).get_rest_api(restApiId=api)["binaryMediaTypes"] == ["image/png"]
    assert planned(opened(aws, definition("/a"))).changes == ()


def test_a_streamed_answer_is_the_same_the_second_time(aws: Aws) -> None:
    link = {"connectionType": "VPC_LINK", "connectionId": "${stageVariables.link}"}
    target = "arn:aws:elasticloadbalancing:${AWS::Region}:${AWS::AccountId}:loadbalancer/app/one/1"
    streamed = mock(
        type="http_proxy",
        httpMethod="GET",
        uri="https://x.example/",
        responseTransferMode="STREAM",
        timeoutInMillis=300_000,
        integrationTarget=target,
        **link,
    )
    deployed(opened(aws, definition(streamed=streamed)))
    assert planned(opened(aws, definition(streamed=streamed))).changes == ()
    assert integration(aws, WEST, "/streamed")["timeoutInMillis"] == 300_000
