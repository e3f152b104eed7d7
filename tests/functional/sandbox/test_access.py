"""Who may use the control plane: AWS clients on this machine, and no web page, whatever its Host or headers."""

from __future__ import annotations

import contextlib
import json
import os
import shutil
import socket
import subprocess
import uuid
from collections.abc import Iterator, Mapping
from typing import Any

import boto3
import pytest
import urllib3
from botocore.config import Config
from botocore.exceptions import ClientError

from backendctl.sandbox import process
from tests.functional.copied import copied
from tests.functional.sandboxed import ACCOUNT, EAST, TRUST, Sandbox, archive, eventually, free_port

SIGNED = f"AWS4-HMAC-SHA256 Credential=ANY/20260101/{EAST}/lambda/aws4_request, SignedHeaders=host, Signature=0"
FUNCTIONS = "/2015-03-31/functions"
PAGE = {"Origin": "https://evil.example", "Sec-Fetch-Site": "cross-site"}


def ask(sandbox: Sandbox, method: str, path: str, *, headers: Mapping[str, str], body: str = "") -> Any:
    """The answer to a request with exactly these headers beside Host."""
    return urllib3.request(method, sandbox.url + path, headers=dict(headers), body=body or None, retries=False)


@pytest.mark.parametrize(
    "host",
    [
        "evil.example",
        "evil.example:4566",
        "localhost.evil.example",
        "127.0.0.1.evil.example",
        "10.0.0.1",
        "notlocalhost",
    ],
)
@pytest.mark.parametrize("path", [FUNCTIONS, "/_sandbox/health", "/_ministack/health", "/restapis"])
def test_a_host_which_is_not_this_machine_reaches_nothing(sandbox: Sandbox, host: str, path: str) -> None:
    answer = ask(sandbox, "GET", path, headers={"Host": host, "Authorization": SIGNED, "X-Sandbox-Client": "x"})
    assert answer.status == 403
    assert b"not on this Host" in answer.data


@pytest.mark.parametrize("host", ["localhost", "localhost:4566", "127.0.0.1:1", "[::1]:4566"])
def test_the_names_of_this_machine_are_served(sandbox: Sandbox, host: str) -> None:
    assert ask(sandbox, "GET", FUNCTIONS, headers={"Host": host, "Authorization": SIGNED}).status == 200


@pytest.mark.parametrize(
    "marks",
    [
        {"Origin": "https://evil.example"},
        {"Origin": "null"},
        {"Origin": "http://localhost:3000"},
        {"Sec-Fetch-Site": "cross-site"},
        {"Sec-Fetch-Site": "same-site"},
        {"Sec-Fetch-Site": "same-origin"},
    ],
)
@pytest.mark.parametrize("path", [FUNCTIONS, "/_sandbox/health", "/_sandbox/faults", "/_ministack/reset"])
def test_what_a_browser_sends_for_a_page_is_refused(sandbox: Sandbox, marks: dict[str, str], path: str) -> None:
    headers = {**marks, "Authorization": SIGNED, "X-Sandbox-Client": "x"}
    for method in ("GET", "POST"):
        answer = ask(sandbox, method, path, headers=headers)
        assert answer.status == 403
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data", None])
@pytest.mark.parametrize(
    "path",
    [
        FUNCTIONS,
        "/?Action=CreateRole&RoleName=evil&Version=2010-05-08&AssumeRolePolicyDocument=%7B%7D",
        f"{FUNCTIONS}?X-Amz-Credential=A/20260101/{EAST}/lambda/aws4_request&X-Amz-Signature=0",
        "/_ministack/reset",
        "/_ministack/config",
        "/_sandbox/faults",
        "/_aws/lambda-url/x/",
        "/bucket?delete",
    ],
)
def test_a_plain_post_is_not_carried_out(sandbox: Sandbox, kind: str | None, path: str) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert ask(sandbox, "POST", path, headers=headers, body="{}").status == 403


def test_a_presigned_query_makes_no_call_but_reads_of_s3(sandbox: Sandbox) -> None:
    forged = "X-Amz-Credential=A/20260101/us-east-1/{}/aws4_request&X-Amz-Signature=0"
    for service in ("iam", "s3"):
        action = f"/?Action=CreateUser&UserName=evil&{forged.format(service)}"
        assert ask(sandbox, "GET", action, headers={}).status == 403
    assert ask(sandbox, "GET", f"/_ministack/health?{forged.format('s3')}", headers={}).status == 403


def test_a_preflight_gets_no_permission(sandbox: Sandbox) -> None:
    asked = {**PAGE, "Access-Control-Request-Method": "POST", "Access-Control-Request-Headers": "authorization"}
    for path in ("/", FUNCTIONS, "/_sandbox/faults", "/_ministack/reset", "/bucket/key"):
        answer = ask(sandbox, "OPTIONS", path, headers=asked)
        assert answer.status == 403
        assert "access-control-allow-origin" not in answer.headers


def test_answers_of_the_control_plane_allow_no_origin(sandbox: Sandbox) -> None:
    sandbox.client("s3").create_bucket(Bucket="cors")
    for path, service in (("/cors", "s3"), (FUNCTIONS, "lambda")):
        answer = ask(sandbox, "GET", path, headers={"Authorization": SIGNED.replace("lambda", service)})
        assert answer.status == 200
        assert not [name for name in answer.headers if name.lower().startswith("access-control-")]


def test_a_web_socket_of_a_page_is_not_opened(sandbox: Sandbox) -> None:
    key = "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==\r\nSec-WebSocket-Version: 13\r\n"
    for host in ("localhost", "x.appsync-realtime-api.us-east-1.localhost", "x.iot.us-east-1.localhost"):
        with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as raw:
            head = f"GET /mqtt HTTP/1.1\r\nHost: {host}\r\nOrigin: https://evil.example\r\n"
            raw.sendall(f"{head}Connection: Upgrade\r\nUpgrade: websocket\r\n{key}\r\n".encode())
            assert b" 403 " in raw.recv(100)


def test_a_request_whose_body_does_not_come_is_not_carried_out(sandbox: Sandbox) -> None:
    sandbox.function("truncated", "def handler(event, context):\n    return 1\n")
    before = sandbox.client("lambda").list_versions_by_function(FunctionName="truncated")["Versions"]
    for sent in ("", '{"Descr'):
        with socket.create_connection(("127.0.0.1", sandbox.port), timeout=5) as raw:
            head = f"POST {FUNCTIONS}/truncated/versions HTTP/1.1\r\nHost: localhost\r\nAuthorization: {SIGNED}\r\n"
            raw.sendall(f"{head}Content-Type: application/json\r\nContent-Length: 50\r\n\r\n{sent}".encode())
            raw.shutdown(socket.SHUT_WR)
            with contextlib.suppress(OSError):
                while raw.recv(1000):
                    pass
    after = sandbox.client("lambda").list_versions_by_function(FunctionName="truncated")["Versions"]
    assert [one["Version"] for one in after] == [one["Version"] for one in before]


def test_the_host_of_an_api_reaches_nothing_but_the_api(sandbox: Sandbox) -> None:
    for host in ("abcdefabcd.execute-api.us-east-1.localhost", "deadbeef.execute-api.us-east-1.amazonaws.com"):
        for path in (FUNCTIONS, "/_ministack/health", "/_sandbox/health", "/_sandbox/faults", "/restapis"):
            answer = ask(sandbox, "GET", path, headers={"Host": host, "Authorization": SIGNED, "X-Sandbox-Client": "1"})
            assert answer.status in {403, 404}
            assert b"faults" not in answer.data
            assert b"Functions" not in answer.data


@pytest.mark.parametrize(
    "host", ["localhost", "deadbeef.execute-api.us-east-1.localhost", "deadbeef.execute-api.localhost"]
)
def test_an_api_that_is_not_there_is_no_way_to_other_services(sandbox: Sandbox, host: str) -> None:
    prefix = "/_aws/execute-api/deadbeef/live" if host == "localhost" else ""
    headers = {"Host": host, "Authorization": SIGNED, "X-Amz-Target": "AmazonSSM.DescribeParameters"}
    forged = f"X-Amz-Credential=A/20260101/{EAST}/iam/aws4_request&X-Amz-Signature=0"
    for path in (
        "/",
        f"/?Action=ListRoles&{forged}",
        "/_ministack/reset",
        "/_ministack/config",
        "/WriteGetObjectResponse",
    ):
        for sent in (headers, {"Host": host, "Content-Type": "text/plain"}):
            answer = ask(sandbox, "POST", prefix + path, headers=sent, body="{}")
            assert answer.status in {403, 404}


def test_the_host_of_a_custom_domain_reaches_nothing_but_its_api(sandbox: Sandbox) -> None:
    name = f"{uuid.uuid4().hex[:8]}.example"
    certificate = sandbox.client("acm").request_certificate(DomainName=name)["CertificateArn"]
    gateway = sandbox.client("apigateway")
    gateway.create_domain_name(
        domainName=name, regionalCertificateArn=certificate, endpointConfiguration={"types": ["REGIONAL"]}
    )
    headers = {"Host": name, "Authorization": SIGNED, "X-Sandbox-Client": "x"}
    eventually(lambda: bool(ask(sandbox, "GET", "/nothing", headers=headers).data == b'{"message": "Forbidden"}'))
    for path in (FUNCTIONS, "/_sandbox/health", "/_sandbox/faults", "/_ministack/health", "/restapis", "/"):
        assert ask(sandbox, "GET", path, headers=headers).data == b'{"message": "Forbidden"}'
    for path in ("/_ministack/reset", "/_aws/execute-api/abcdefabcd/live/x"):
        assert ask(sandbox, "POST", path, headers=headers).data == b'{"message": "Forbidden"}'
    assert gateway.get_domain_name(domainName=name)["domainName"] == name


@pytest.mark.parametrize("endpoint", ["http://127.0.0.1:{}", "http://localhost:{}"])
def test_boto3_goes_on_working(sandbox: Sandbox, endpoint: str) -> None:
    bucket = f"b{uuid.uuid4().hex[:8]}"
    s3 = boto3.client(
        "s3",
        region_name=EAST,
        endpoint_url=endpoint.format(sandbox.port),
        aws_access_key_id="a",
        aws_secret_access_key="b",
        config=Config(retries={"total_max_attempts": 1}, s3={"addressing_style": "path"}),
    )
    s3.create_bucket(Bucket=bucket)
    s3.put_object(Bucket=bucket, Key="key", Body=b"value")
    for version in ("s3v4", "s3"):
        signer = boto3.client(
            "s3",
            region_name=EAST,
            endpoint_url=endpoint.format(sandbox.port),
            aws_access_key_id=process.key(sandbox.data),  # the services behind do verify presigned URLs
            aws_secret_access_key="sandbox",
            config=Config(signature_version=version, s3={"addressing_style": "path"}),
        )
        url = signer.generate_presigned_url("get_object", Params={"Bucket": bucket, "Key": "key"})
        assert urllib3.request("GET", url, retries=False).data == b"value"
        put = signer.generate_presigned_url("put_object", Params={"Bucket": bucket, "Key": "other"})
        assert urllib3.request("PUT", put, body=b"x", retries=False).status == 200


def test_the_stock_aws_cli_goes_on_working(sandbox: Sandbox) -> None:
    aws = shutil.which("aws")
    if aws is None:
        pytest.skip("there is no AWS CLI on PATH")
    keys = {"AWS_ACCESS_KEY_ID": "any", "AWS_SECRET_ACCESS_KEY": "any", "AWS_DEFAULT_REGION": EAST}
    line = [aws, "--endpoint-url", sandbox.url, "--output", "json", "sts", "get-caller-identity"]
    done = subprocess.run(line, capture_output=True, check=False, text=True, env={**os.environ, **keys})
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout)["Account"] == ACCOUNT


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """A sandbox that requires its token."""
    running = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("guarded") / "data")
    process.start(running.port, running.data, require_token=True, popen=copied)
    yield running
    running.stop()


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("dynamodb", "list_tables", "UnrecognizedClientException"),
        ("lambda", "list_functions", "UnrecognizedClientException"),
        ("apigateway", "get_rest_apis", "UnrecognizedClientException"),
        ("logs", "describe_log_groups", "UnrecognizedClientException"),
        ("sts", "get_caller_identity", "InvalidClientTokenId"),
        ("iam", "list_roles", "InvalidClientTokenId"),
        ("route53", "list_hosted_zones", "InvalidClientTokenId"),
        ("s3", "list_buckets", "InvalidAccessKeyId"),
    ],
)
def test_a_required_token_refuses_every_other_key(guarded: Sandbox, service: str, operation: str, code: str) -> None:
    for wrong in ("AKIDANYTHING", ACCOUNT):
        with pytest.raises(ClientError) as caught:
            getattr(guarded.client(service, key=wrong), operation)()
        assert caught.value.response["Error"]["Code"] == code
    getattr(guarded.client(service, key=process.key(guarded.data)), operation)()


def test_a_required_token_is_known_to_the_command_line_and_to_handlers_only(guarded: Sandbox) -> None:
    assert process.status(guarded.port, guarded.data).token
    assert guarded.get("/_sandbox/health") == (200, {"ready": True, "time_scale": 0.01})
    assert guarded.get("/_sandbox/health", headers={"X-Sandbox-Client": "guess"})[0] == 403
    assert guarded.get("/_sandbox/faults", headers={"X-Sandbox-Client": "guess"})[0] == 403
    assert process.faults(guarded.port, guarded.data) == []
    files = [file for file in guarded.data.iterdir() if file.is_file()]
    assert {file.stat().st_mode & 0o777 for file in files} == {0o600}
    functions = guarded.client("lambda", key=process.key(guarded.data))
    iam = guarded.client("iam", key=process.key(guarded.data))
    document = json.dumps(TRUST)
    role = iam.create_role(RoleName="guarded", AssumeRolePolicyDocument=document)["Role"]["Arn"]
    code = "import boto3\ndef handler(e, c):\n    return boto3.client('sts').get_caller_identity()['Account']\n"

    def made() -> bool:
        with contextlib.suppress(functions.exceptions.InvalidParameterValueException):
            functions.create_function(
                FunctionName="who",
                Runtime="python3.13",
                Handler="app.handler",
                Role=role,
                Timeout=30,
                Code={"ZipFile": archive(code)},
            )
            return True
        return False

    eventually(made)
    eventually(lambda: bool(functions.get_function_configuration(FunctionName="who")["State"] == "Active"))
    assert json.load(functions.invoke(FunctionName="who")["Payload"]) == ACCOUNT
