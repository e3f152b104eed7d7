"""Custom domain names and base path mappings."""

from __future__ import annotations

import asyncio
import json
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.sandbox.http import Request, Response

NAME = "api.corkhounds.example"


def certificate(aws: Any, region: str, status: str = "ISSUED", name: str = NAME) -> str:
    arn = f"arn:aws:acm:{region}:111111111111:certificate/{len(aws.backplane.certificates)}"
    aws.backplane.certificates[arn] = {"Status": status, "DomainName": name}
    return arn


def domain(aws: Any, region: str = "us-east-1", arn: str | None = None, kind: str = "REGIONAL") -> dict[str, Any]:
    member = "regionalCertificateArn" if kind == "REGIONAL" else "certificateArn"
    answer = aws.client(region).create_domain_name(
        domainName=NAME,
        endpointConfiguration={"types": [kind]},
        **{member: arn or certificate(aws, region)},
    )
    assert isinstance(answer, dict)
    return answer


def deployed(aws: Any, region: str = "us-east-1") -> str:
    integration = {"type": "aws_proxy", "httpMethod": "POST", "uri": uri(region)}
    document = {
        "openapi": "3.0.1",
        "info": {"title": "t", "version": "1"},
        "paths": {"/places/{id}": {"get": {"x-amazon-apigateway-integration": integration}}},
    }
    client = aws.client(region)
    api = client.import_rest_api(body=json.dumps(document))
    client.create_deployment(restApiId=api["id"], stageName="dev")
    return str(api["id"])


def uri(region: str) -> str:
    function = f"arn:aws:lambda:{region}:111111111111:function:places"
    return f"arn:aws:apigateway:{region}:lambda:path/2015-03-31/functions/{function}/invocations"


def visit(aws: Any, path: str, region: str = "us-east-1") -> Response | None:
    request = Request(
        method="GET", path=path, raw_path=path, query={}, headers={}, body=b"", region=region, account="111111111111"
    )
    answer = asyncio.run(aws.gateway.execute_domain(request, region=region, domain=NAME))
    assert answer is None or isinstance(answer, Response)
    return answer


def test_a_regional_domain_names_its_target_and_zone(aws: Any) -> None:
    answer = domain(aws, "us-west-2")
    assert answer["domainNameStatus"] == "AVAILABLE"
    assert answer["regionalHostedZoneId"] == "Z2OJLYMUO9EFXC"
    assert answer["regionalDomainName"].endswith(".execute-api.us-west-2.amazonaws.com")
    assert aws.gateway.regional_domain(answer["regionalDomainName"]) == ("us-west-2", NAME)
    assert aws.gateway.regional_domain("d-nothing.execute-api.us-west-2.amazonaws.com") is None


def test_a_regional_name_may_be_in_many_regions_once_each(aws: Any) -> None:
    domain(aws, "us-east-1")
    domain(aws, "us-west-2")
    assert aws.gateway.regions_of_domain(NAME) == ["us-east-1", "us-west-2"]
    with pytest.raises(ClientError, match=r"^An error .*: The domain name you provided already exists\.$") as caught:
        domain(aws, "us-east-1")
    assert caught.value.response["Error"]["Code"] == "BadRequestException"


def test_an_edge_name_is_unique_in_the_world(aws: Any) -> None:
    domain(aws, "us-east-1", kind="EDGE")
    with pytest.raises(ClientError, match="already exists"):
        domain(aws, "us-west-2")


def test_the_certificate_must_be_issued_in_the_region_for_the_name(aws: Any) -> None:
    with pytest.raises(ClientError, match="Certificate must be in 'us-west-2'"):
        domain(aws, "us-west-2", certificate(aws, "us-east-1"))
    with pytest.raises(ClientError, match="PENDING_VALIDATION"):
        domain(aws, arn=certificate(aws, "us-east-1", status="PENDING_VALIDATION"))
    with pytest.raises(ClientError, match="must be owned by the account"):
        domain(aws, arn="arn:aws:acm:us-east-1:222222222222:certificate/x")
    with pytest.raises(ClientError, match="not covered"):
        domain(aws, arn=certificate(aws, "us-east-1", name="other.example"))
    assert domain(aws, arn=certificate(aws, "us-east-1", name="*.corkhounds.example"))["domainName"] == NAME


def test_mappings_need_an_api_and_a_stage_and_are_unique(aws: Any) -> None:
    client = aws.client()
    domain(aws)
    api_id = deployed(aws)
    with pytest.raises(ClientError, match="Invalid REST API identifier specified"):
        client.create_base_path_mapping(domainName=NAME, restApiId="nothing")
    with pytest.raises(ClientError, match="Invalid stage identifier specified"):
        client.create_base_path_mapping(domainName=NAME, restApiId=api_id, stage="nothing")
    made = client.create_base_path_mapping(domainName=NAME, restApiId=api_id, stage="dev", basePath="v1")
    assert (made["basePath"], made["restApiId"], made["stage"]) == ("v1", api_id, "dev")
    with pytest.raises(ClientError, match="Base path already exists for this domain name"):
        client.create_base_path_mapping(domainName=NAME, restApiId=api_id, stage="dev", basePath="v1")
    root = client.create_base_path_mapping(domainName=NAME, restApiId=api_id, stage="dev", basePath="")
    assert root["basePath"] == "(none)"
    assert client.get_base_path_mapping(domainName=NAME, basePath="(none)")["stage"] == "dev"
    moved = [{"op": "replace", "path": "/basePath", "value": "v2"}]
    client.update_base_path_mapping(domainName=NAME, basePath="v1", patchOperations=moved)
    listed = client.get_base_path_mappings(domainName=NAME)["items"]
    assert sorted(each["basePath"] for each in listed) == ["(none)", "v2"]


def test_a_mapped_api_or_stage_cannot_be_deleted(aws: Any) -> None:
    client = aws.client()
    domain(aws)
    api_id = deployed(aws)
    client.create_base_path_mapping(domainName=NAME, restApiId=api_id, stage="dev", basePath="v1")
    with pytest.raises(ClientError, match="Please remove all base path mappings related to the RestApi"):
        client.delete_rest_api(restApiId=api_id)
    with pytest.raises(ClientError, match="Deleting stage dev failed"):
        client.delete_stage(restApiId=api_id, stageName="dev")
    client.delete_base_path_mapping(domainName=NAME, basePath="v1")
    client.delete_stage(restApiId=api_id, stageName="dev")
    client.delete_rest_api(restApiId=api_id)


def test_requests_by_domain_reach_the_mapped_stage(aws: Any) -> None:
    domain(aws)
    api_id = deployed(aws)
    aws.backplane.add("places", None, lambda event: {"statusCode": 200, "body": event["pathParameters"]["id"]})
    aws.client().create_base_path_mapping(domainName=NAME, restApiId=api_id, stage="dev", basePath="v1")
    answer = visit(aws, "/v1/places/42")
    assert answer is not None
    assert (answer.status, answer.body) == (200, b"42")
    event = aws.backplane.events[-1]
    assert (event["path"], event["requestContext"]["path"]) == ("/v1/places/42", "/v1/places/42")
    assert event["requestContext"]["domainName"] == NAME
    unmapped = visit(aws, "/v2/places/42")
    assert unmapped is not None
    assert (unmapped.status, json.loads(unmapped.body)) == (403, {"message": "Forbidden"})
    assert visit(aws, "/v1/places/42", region="us-west-2") is None


def test_the_default_endpoint_can_be_switched_off(aws: Any) -> None:
    domain(aws)
    api_id = deployed(aws)
    client = aws.client()
    aws.backplane.add("places", None, lambda _event: {"statusCode": 200})
    client.create_base_path_mapping(domainName=NAME, restApiId=api_id, stage="dev")
    off = [{"op": "replace", "path": "/disableExecuteApiEndpoint", "value": "true"}]
    client.update_rest_api(restApiId=api_id, patchOperations=off)
    client.create_deployment(restApiId=api_id, stageName="dev")
    assert aws.call(api_id, "dev", "/places/42").status == 403
    answer = visit(aws, "/places/42")
    assert answer is not None
    assert answer.status == 200


def test_a_wildcard_domain_answers_for_names_below_it(aws: Any) -> None:
    client = aws.client()
    client.create_domain_name(
        domainName="*.corkhounds.example",
        endpointConfiguration={"types": ["REGIONAL"]},
        regionalCertificateArn=certificate(aws, "us-east-1", name="*.corkhounds.example"),
    )
    aws.backplane.add("places", None, lambda _event: {"statusCode": 200})
    client.create_base_path_mapping(domainName="*.corkhounds.example", restApiId=deployed(aws), stage="dev")
    assert aws.gateway.regions_of_domain(NAME) == ["us-east-1"]
    answer = visit(aws, "/places/42")
    assert answer is not None
    assert answer.status == 200


def test_the_certificate_of_a_domain_is_exchanged_under_the_same_checks(aws: Any) -> None:
    client = aws.client()
    domain(aws)

    def exchange(arn: str) -> Any:
        operation = {"op": "replace", "path": "/regionalCertificateArn", "value": arn}
        return client.update_domain_name(domainName=NAME, patchOperations=[operation])

    with pytest.raises(ClientError, match="Certificate must be in"):
        exchange(certificate(aws, "us-west-2"))
    wanted = certificate(aws, "us-east-1")
    assert exchange(wanted)["regionalCertificateArn"] == wanted
    assert client.get_domain_name(domainName=NAME)["regionalCertificateArn"] == wanted


@pytest.mark.parametrize("path", ["/ping", "/sping"])
def test_ping_never_reaches_the_api(aws: Any, path: str) -> None:
    domain(aws)
    aws.client().create_base_path_mapping(domainName=NAME, restApiId=deployed(aws), stage="dev")
    answer = visit(aws, path)
    assert answer is not None
    assert (answer.status, aws.backplane.events) == (200, [])
