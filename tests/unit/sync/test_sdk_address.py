"""A client library calls the shared name wherever AWS has written the region's own address in full."""

from __future__ import annotations

import io
import zipfile
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from backendctl.spec.domains import DomainSpec
from backendctl.spec.model import Api, Spec, StageSpec
from backendctl.sync.sdk_address import readdressed, region_url, shared_url

OWN = "https://a1b2.execute-api.us-east-1.amazonaws.com/prod"
URL = "https://api.shop.example/v1"
WHERE: dict[str, Any] = {"api_id": "a1b2", "region": "us-east-1", "stage": "prod", "partition": "aws", "url": URL}


def zipped(**files: str) -> bytes:
    made = io.BytesIO()
    with zipfile.ZipFile(made, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, text in files.items():
            entry = zipfile.ZipInfo(f"sdk/{name}", date_time=(2020, 1, 2, 3, 4, 6))
            entry.external_attr = 0o755 << 16
            archive.writestr(entry, text)
    return made.getvalue()


def texts(body: bytes) -> dict[str, str]:
    with zipfile.ZipFile(io.BytesIO(body)) as archive:
        return {name: archive.read(name).decode() for name in archive.namelist()}


def spec(*, domain: str | None = "api.shop.example", path: str | None = "v1") -> Spec:
    api = Api(name="shop", path=Path("a.yaml"), definition={}, stages=(StageSpec(name="prod", path=path),))
    named = DomainSpec(name=domain) if domain else None
    return Spec(backend="shop", file=Path("s.yaml"), regions=("us-east-1",), functions={}, api=api, domain=named)


@pytest.mark.parametrize(
    ("given", "url"),
    [
        (spec(), URL),
        (spec(path=""), "https://api.shop.example"),
        (spec(path=None), None),
        (spec(domain=None), None),
        (replace(spec(), api=None), None),
    ],
)
def test_the_shared_address_is_the_domain_and_the_base_path(given: Spec, url: str | None) -> None:
    assert shared_url(given, "prod") == url


def test_the_address_of_a_region() -> None:
    assert region_url("a1b2", "us-east-1", "prod", partition="aws") == OWN
    china = region_url("a1b2", "cn-north-1", "prod", partition="aws-cn")
    assert china == "https://a1b2.execute-api.cn-north-1.amazonaws.com.cn/prod"


def test_every_full_address_is_replaced_and_nothing_else() -> None:
    body = zipped(**{"apigClient.js": f"var invokeUrl = '{OWN}';", "lib.js": f"// {OWN}uction", "a.txt": "plain"})

    found = readdressed(body, **WHERE)

    assert texts(found.body) == {
        "sdk/apigClient.js": f"var invokeUrl = '{URL}';",
        "sdk/lib.js": f"// {OWN}uction",
        "sdk/a.txt": "plain",
    }
    assert (found.changed, found.left) == (("sdk/apigClient.js",), ("sdk/lib.js",))
    with zipfile.ZipFile(io.BytesIO(found.body)) as archive:
        entries = archive.infolist()
    assert {entry.date_time for entry in entries} == {(2020, 1, 2, 3, 4, 6)}
    assert {entry.external_attr >> 16 for entry in entries} == {0o755}
    assert readdressed(body, **WHERE).body == found.body


def test_a_library_that_puts_its_address_together_is_left_as_it_is() -> None:
    body = zipped(**{"Client.java": '"a1b2.execute-api.us-east-1.amazonaws.com", "https", "/prod"'})

    found = readdressed(body, **WHERE)

    assert (found.body, found.changed, found.left) == (body, (), ("sdk/Client.java",))
