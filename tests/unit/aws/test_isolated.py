from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from botocore.awsrequest import AWSResponse
from botocore.compat import HTTPHeaders

from backendctl.aws.connection import Access, Aws, _UserAgent

LOCAL = Access(endpoint_url="http://127.0.0.1:4566", keys=("id", "secret"))
HOSTILE = {
    "AWS_PROFILE": "nosuch",
    "AWS_DEFAULT_PROFILE": "nosuch",
    "AWS_DEFAULTS_MODE": "bogus",
    "AWS_RETRY_MODE": "bogus",
    "AWS_MAX_ATTEMPTS": "many",
    "AWS_STS_REGIONAL_ENDPOINTS": "bogus",
    "AWS_USE_FIPS_ENDPOINT": "true",
    "AWS_USE_DUALSTACK_ENDPOINT": "true",
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "bogus",
    "AWS_REQUEST_CHECKSUM_CALCULATION": "bogus",
    "AWS_RESPONSE_CHECKSUM_VALIDATION": "bogus",
    "AWS_REQUEST_MIN_COMPRESSION_SIZE_BYTES": "many",
    "AWS_CA_BUNDLE": "/nonexistent",
    "REQUESTS_CA_BUNDLE": "/nonexistent",
    "AWS_DATA_PATH": "/nonexistent",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_STS": "http://127.0.0.1:9",
    "AWS_ACCESS_KEY_ID": "of the user",
    "AWS_SECRET_ACCESS_KEY": "of the user",
    "AWS_SESSION_TOKEN": "of the user",
    "http_proxy": "http://127.0.0.1:9",
    "HTTP_PROXY": "http://127.0.0.1:9",
    "https_proxy": "http://127.0.0.1:9",
    "all_proxy": "http://127.0.0.1:9",
    "no_proxy": "elsewhere",
}


@pytest.fixture
def hostile(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """The folder of a user whose environment and AWS configuration would stop every client."""
    for name, value in HOSTILE.items():
        monkeypatch.setenv(name, value)
    folder = tmp_path / ".aws"
    (folder / "models" / "sts" / "2011-06-15").mkdir(parents=True)
    (folder / "models" / "sts" / "2011-06-15" / "service-2.json").write_text("no json", encoding="utf-8")
    (folder / "config").write_text("broken [[[", encoding="utf-8")
    (folder / "credentials").write_text("broken ]]]", encoding="utf-8")
    monkeypatch.setenv("HOME", str(tmp_path))
    monkeypatch.delenv("AWS_CONFIG_FILE", raising=False)
    monkeypatch.delenv("AWS_SHARED_CREDENTIALS_FILE", raising=False)
    return folder


@pytest.mark.usefixtures("hostile")
@pytest.mark.parametrize("service", ["sts", "lambda", "apigateway", "dynamodb", "s3", "route53", "cloudwatch"])
def test_the_client_of_a_local_aws_does_not_depend_on_the_users_environment(service: str) -> None:
    client = Aws(LOCAL, backend="b").client(service, "eu-west-1")
    assert client.meta.endpoint_url == "http://127.0.0.1:4566"
    assert client.meta.region_name == "eu-west-1"
    assert client._endpoint.http_session._proxy_config.proxy_url_for("http://127.0.0.1:4566") is None
    signer = client._request_signer._credentials
    assert (signer.access_key, signer.secret_key, signer.token) == ("id", "secret", None)


@pytest.mark.usefixtures("hostile")
def test_the_users_environment_is_left_as_it_is() -> None:
    before = dict(os.environ)
    Aws(LOCAL, backend="b").client("sts", "us-east-1")
    assert dict(os.environ) == before


def test_sessions_share_what_has_been_read_of_the_services() -> None:
    loaders = {id(Aws(LOCAL, backend="shop")._session.get_component("data_loader")) for _ in range(2)}
    assert len(loaders) == 1


def test_every_call_says_the_same_user_agent_that_botocore_would() -> None:
    aws = Aws(LOCAL, backend="shop")
    mine, stock = aws.lambda_("us-east-1"), aws._session.create_client("lambda", region_name="us-east-1")
    told = [client._user_agent_creator.to_string() for client in (mine, mine, stock)]  # type: ignore[attr-defined]
    assert told[0] == told[1]
    assert told[0].split("#")[0] == told[2].split("#")[0]


def test_the_user_agent_is_not_put_together_again_before_a_call_is_sent() -> None:
    client = Aws(LOCAL, backend="shop").lambda_("us-east-1")
    client._user_agent_creator = _UserAgent("the one of the client")  # type: ignore[attr-defined]
    sent: list[bytes] = []

    def answer(*, request: Any, **_: object) -> AWSResponse:
        sent.append(request.headers["User-Agent"])
        return AWSResponse(request.url, 200, HTTPHeaders(), Raw())

    events: Any = client.meta.events
    events.register("before-send.lambda", answer)
    client.get_account_settings()
    assert sent == [b"the one of the client"]


class Raw:
    """An empty answer."""

    def stream(self, *_: object, **__: object) -> Iterator[bytes]:
        """Its parts."""
        yield b"{}"
