"""What botocore sends is told by the name botocore knows it by."""

from __future__ import annotations

from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

import boto3
import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.config import Config

from backendctl.sandbox.http import Request
from backendctl.sandbox.operations import operation_of

ARN = "arn:aws:lambda:us-east-1:123456789012:function:one"


class _SentError(Exception):
    """Nothing is sent anywhere."""


def _sent(service: str, operation: str, arguments: dict[str, Any]) -> Request:
    """The request botocore makes of a call."""
    seen: list[AWSPreparedRequest] = []
    client = boto3.client(  # type: ignore[call-overload]
        service,
        region_name="us-east-1",
        endpoint_url="http://127.0.0.1:9",
        aws_access_key_id="x",
        aws_secret_access_key="y",
        config=Config(parameter_validation=False),
    )

    def keep(request: AWSPreparedRequest, **_: Any) -> None:
        seen.append(request)
        raise _SentError

    client.meta.events.register("before-send", keep)
    model = client.meta.method_to_api_mapping
    name = next(method for method, api in model.items() if api == operation)
    with pytest.raises(_SentError):
        getattr(client, name)(**arguments)
    raw: Any = seen[0]  # the stubs know less of it than it has
    url, body = urlsplit(raw.url), raw.body or b""
    headers = {
        key.lower(): value.decode() if isinstance(value, bytes) else str(value) for key, value in raw.headers.items()
    }
    return Request(
        method=raw.method,
        path=unquote(url.path),
        raw_path=url.path,
        query=parse_qs(url.query, keep_blank_values=True),
        headers=headers,
        body=body.encode() if isinstance(body, str) else body,
        region="us-east-1",
        account="123456789012",
    )


@pytest.mark.parametrize(
    ("service", "operation", "arguments"),
    [
        ("apigateway", "CreateRestApi", {"name": "x"}),
        ("apigateway", "ImportRestApi", {"body": b"{}"}),
        ("apigateway", "PutRestApi", {"restApiId": "a", "body": b"{}"}),
        ("apigateway", "CreateDeployment", {"restApiId": "a"}),
        ("apigateway", "UpdateStage", {"restApiId": "a", "stageName": "s", "patchOperations": []}),
        ("apigateway", "GetExport", {"restApiId": "a", "stageName": "s", "exportType": "oas30"}),
        ("apigateway", "UpdateAccount", {}),
        ("apigateway", "GetDomainName", {"domainName": "api.x.example"}),
        ("apigateway", "TagResource", {"resourceArn": "arn:aws:apigateway:us-east-1::/restapis/a", "tags": {}}),
        ("lambda", "CreateFunction", {"FunctionName": "one"}),
        ("lambda", "GetFunction", {"FunctionName": ARN}),
        ("lambda", "GetFunctionConfiguration", {"FunctionName": ARN, "Qualifier": "v1"}),
        ("lambda", "GetPolicy", {"FunctionName": "one"}),
        ("lambda", "UpdateAlias", {"FunctionName": "one", "Name": "live"}),
        ("lambda", "RemovePermission", {"FunctionName": "one", "StatementId": "s"}),
        ("lambda", "Invoke", {"FunctionName": "one"}),
        ("lambda", "ListFunctions", {}),
        ("route53", "ChangeResourceRecordSets", {"HostedZoneId": "Z1", "ChangeBatch": {"Changes": []}}),
        ("route53", "ListHostedZonesByName", {"DNSName": "x.example"}),
        ("route53", "CreateHealthCheck", {"CallerReference": "1", "HealthCheckConfig": {"Type": "HTTPS"}}),
        ("s3", "PutObject", {"Bucket": "b", "Key": "k/l", "Body": b"x"}),
        ("s3", "GetBucketTagging", {"Bucket": "bucket-of-mine"}),
        ("dynamodb", "DescribeTimeToLive", {"TableName": "t"}),
        ("events", "PutRule", {"Name": "r"}),
        ("iam", "CreateRole", {"RoleName": "r", "AssumeRolePolicyDocument": "{}"}),
        ("sts", "GetCallerIdentity", {}),
        ("cloudwatch", "ListMetrics", {}),
        ("application-autoscaling", "RegisterScalableTarget", {}),
    ],
)
def test_an_operation_is_known_by_its_request(service: str, operation: str, arguments: dict[str, Any]) -> None:
    signing = {"cloudwatch": "monitoring"}.get(service, service)
    assert operation_of(signing, _sent(service, operation, arguments)) == operation


def test_what_nobody_knows_is_told_by_method_and_path() -> None:
    request = Request(method="GET", path="/odd", raw_path="/odd", query={}, headers={}, body=b"", region="", account="")
    assert operation_of("lambda", request) == "GET /odd"
    assert operation_of("unheard-of", request) == "GET /odd"
