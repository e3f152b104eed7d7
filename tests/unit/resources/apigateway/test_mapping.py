"""Base paths of the domain: turned in place, ours by where they lead."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.aws.connection import Aws
from backendctl.engine.action import Action
from backendctl.resources.apigateway.api_reads import MULTI_LEVEL
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.apigateway.mapping import Mapping
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.spec.domains import DomainSpec
from tests.unit.resources.api_helpers import (
    DOMAIN,
    EAST,
    STAGE,
    Backplane,
    Calls,
    carry_out,
    context,
    deploy,
    mocked,
    plan,
    spec,
)

V1, ROOT, HIDDEN = STAGE, replace(STAGE, name="web", path=""), replace(STAGE, name="hidden", path=None)
GIVEN = context(spec(stages=(V1, ROOT, HIDDEN), domain=DomainSpec(name=DOMAIN)))
WANTED = list(Mapping.desired(GIVEN))
ARN = f"arn:aws:acm:{EAST}:123456789012:certificate/1"


@pytest.fixture
def aws() -> Iterator[Aws]:
    backplane = Backplane()
    backplane.certificates[ARN] = {"Status": "ISSUED", "DomainName": DOMAIN}
    with mocked(backplane) as connection:
        connection.apigateway(EAST).create_domain_name(
            domainName=DOMAIN,
            regionalCertificateArn=ARN,
            endpointConfiguration={"types": ["REGIONAL"]},
            tags={"backendctl:backend": "corkhounds"},
        )
        deploy(connection, *RestApi.desired(GIVEN), *Stage.desired(GIVEN))
        yield connection


def live(aws: Aws) -> dict[str, Any]:
    found = aws.apigateway(EAST).get_base_path_mappings(domainName=DOMAIN)["items"]
    return {item["basePath"]: item["stage"] for item in found}


def test_every_stage_with_a_path_is_mapped_and_the_empty_path_is_the_root(aws: Aws) -> None:
    deploy(aws, *WANTED)
    assert live(aws) == {"v1": "prodv1", "(none)": "web"}


def test_names_and_needs() -> None:
    assert [(m.name, m.target) for m in WANTED] == [
        (f"{DOMAIN}/v1", "corkhounds/prodv1"),
        (f"{DOMAIN}/(none)", "corkhounds/web"),
    ]
    assert WANTED[0].needs() == {f"us-east-1/domain/{DOMAIN}", "us-east-1/stage/prodv1"}


def test_another_stage_is_patched_in_place(aws: Aws) -> None:
    deploy(aws, *WANTED)
    calls = Calls(aws.apigateway(EAST), "api-gateway")
    deploy(aws, replace(WANTED[0], target="corkhounds/hidden"), replace(WANTED[1], target="corkhounds/hidden"))
    assert live(aws) == {"v1": "hidden", "(none)": "hidden"}
    assert not {"DeleteBasePathMapping", "CreateBasePathMapping"} & set(calls.names)


def test_a_mapping_to_a_foreign_api_is_foreign_and_turned_when_adopted(aws: Aws) -> None:
    client = aws.apigateway(EAST)
    other = client.create_rest_api(name="other")["id"]
    root = client.get_resources(restApiId=other)["items"][0]["id"]
    client.put_method(restApiId=other, resourceId=root, httpMethod="GET", authorizationType="NONE")
    client.put_integration(restApiId=other, resourceId=root, httpMethod="GET", type="MOCK")
    client.create_deployment(restApiId=other, stageName="s")
    client.create_base_path_mapping(domainName=DOMAIN, basePath="v1", restApiId=other, stage="s")
    (change,) = plan(aws, [WANTED[0]], Mapping).changes
    assert change.foreign
    assert [(f.field, f.before) for f in change.fields] == [("owner", None), ("target", "other/s")]
    deploy(aws, WANTED[0])
    assert live(aws) == {"v1": "prodv1"}


def test_create_when_it_exists_by_now_turns_it(aws: Aws) -> None:
    aws.forget()
    WANTED[0].create(aws)
    replace(WANTED[0], target="corkhounds/hidden").create(aws)
    assert live(aws) == {"v1": "hidden"}


def test_ours_that_is_not_desired_goes_and_deleting_again_is_done(aws: Aws) -> None:
    deploy(aws, *WANTED)
    (change,) = plan(aws, [WANTED[0]], Mapping).changes
    assert (change.action, change.name) == (Action.DELETE, f"{DOMAIN}/(none)")
    carry_out(aws, change)
    carry_out(aws, change)
    assert live(aws) == {"v1": "prodv1"}


def test_a_stage_cannot_go_before_its_mapping(aws: Aws) -> None:
    deploy(aws, *WANTED)
    aws.forget()
    with pytest.raises(ClientError, match="remove all base path mappings"):
        next(iter(Stage.desired(GIVEN))).delete(aws)


def test_without_a_domain_nothing_is_mapped() -> None:
    assert list(Mapping.desired(context())) == []


def test_what_leads_to_our_api_is_found_on_a_domain_whose_mark_was_taken_off(aws: Aws) -> None:
    deploy(aws, *WANTED)
    arn = f"arn:aws:apigateway:{EAST}::/domainnames/{DOMAIN}"
    aws.apigateway(EAST).untag_resource(resourceArn=arn, tagKeys=["backendctl:backend"])
    aws.forget()
    assert {found.name for found in Mapping.owned(aws, EAST)} == {wanted.name for wanted in WANTED}


DEEP = replace(STAGE, path="shop/v1")
DEEP_GIVEN = context(spec(stages=(DEEP, replace(ROOT, path="shop")), domain=DomainSpec(name=DOMAIN)))


def test_paths_of_several_levels_go_through_version_2_and_are_told_by_a_tag(aws: Aws) -> None:
    deploy(aws, *Stage.desired(DEEP_GIVEN))
    (domain,) = Domain.desired(DEEP_GIVEN)
    assert (domain.tags or {})[MULTI_LEVEL] == "true"
    deploy(aws, domain)
    wanted = list(Mapping.desired(DEEP_GIVEN))
    deploy(aws, *wanted)
    listed = aws.client("apigatewayv2", EAST).get_api_mappings(DomainName=DOMAIN)["Items"]
    assert {item["ApiMappingKey"]: item["Stage"] for item in listed} == {"shop/v1": "prodv1", "shop": "web"}
    aws.forget()
    assert plan(aws, wanted, Mapping).changes == ()
    deploy(aws, replace(wanted[0], target="corkhounds/web"))
    aws.forget()
    deeper = [change for change in plan(aws, [], Mapping).changes if "/v1" in change.name]
    assert [(change.action, change.name) for change in deeper] == [(Action.DELETE, f"{DOMAIN}/shop/v1")]
    carry_out(aws, deeper[0])
    carry_out(aws, deeper[0])
    listed = aws.client("apigatewayv2", EAST).get_api_mappings(DomainName=DOMAIN)["Items"]
    assert [item["ApiMappingKey"] for item in listed] == ["shop"]


def test_without_such_paths_version_2_is_not_asked(aws: Aws) -> None:
    deploy(aws, *WANTED)
    calls = Calls(aws.client("apigatewayv2", EAST), "apigatewayv2")
    aws.forget()
    plan(aws, WANTED, Mapping)
    assert calls.names == []
