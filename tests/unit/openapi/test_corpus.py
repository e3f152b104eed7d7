"""Real definitions and ours: stable, movable to another region and account, the same after an import and an export."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import ClientError

from backendctl.openapi.bindings import unbound
from backendctl.openapi.diff import differences
from backendctl.openapi.layout import export_type
from backendctl.openapi.leftovers import leftovers
from backendctl.openapi.lost import losses
from backendctl.openapi.refusals import refusals
from backendctl.openapi.repair import repaired
from backendctl.sandbox.apigateway.service import ApiGateway
from tests.unit.openapi.everywhere import canonical, digest, localise, neutralise, surviving
from tests.unit.openapi.samples import UNFINISHED, corpus, definitions, finished, loaded, origin
from tests.unit.sandbox_apigateway.conftest import ACCOUNT, NOW, Aws, SmallBackplane

HERE = {"region": "us-east-1", "account": "111111111111", "partition": "aws"}
THERE = {"region": "cn-north-1", "account": "999988887777", "partition": "aws-cn"}
# Addresses of HTTP back ends that name a region of their own, which only a binding can replace.
BACK_ENDS = {
    "003": ("us-east-1", "http://petstore.execute-api.us-east-1.amazonaws.com"),
    "065": ("us-east-2", "http://my-vpclink-test-nlb-1234567890abcdef.us-east-2.amazonaws.com"),
    "documented": ("us-east-1", "http://library.execute-api.us-east-1.amazonaws.com"),
    "private-link": ("us-west-2", "http://inner-nlb-0011223344556677.us-west-2.amazonaws.com"),
}


def back_end(path: Path) -> tuple[str, str] | None:
    return next((found for name, found in BACK_ENDS.items() if path.name.startswith(name)), None)


def moved(document: dict[str, Any], where: dict[str, str], bindings: dict[str, str] | None = None) -> dict[str, Any]:
    title = document["info"]["title"]
    return localise(document, **where, name=title, bindings=bindings)


@pytest.mark.parametrize("path", corpus())
def test_the_canonical_form_is_stable(path: Path) -> None:
    document = loaded(path)
    form = canonical(document)
    assert canonical(form) == form
    assert json.loads(json.dumps(form)) == form
    assert differences(form, canonical(form)) == ()


@pytest.mark.parametrize("path", corpus())
def test_neutral_localised_elsewhere_and_neutral_again_is_the_same(path: Path) -> None:
    document = loaded(path)
    names = {f"id-{n}": each.value for n, each in enumerate(unbound(neutralise(document)))}
    neutral = neutralise(document, bindings=names)
    assert unbound(neutral, bindings=names) == []
    there = {name: f"elsewhere-{name}" for name in names}
    local = moved(neutral, THERE, there)
    assert unbound(local, bindings=there) == []
    assert neutralise(local, bindings=there) == neutral
    assert digest(neutralise(local, bindings=there)) == digest(neutral)


@pytest.mark.parametrize("path", corpus())
def test_nothing_of_where_it_came_from_is_left(path: Path) -> None:
    document = loaded(path)
    came = origin(path)
    names = {f"id-{n}": each.value for n, each in enumerate(unbound(neutralise(document)))}
    if (behind := back_end(path)) is not None:
        names["back-end"] = behind[1]
    there = {name: f"http://{name}.example" for name in names}
    local = moved(neutralise(document, bindings=names), THERE, there)
    found = leftovers(
        local,
        regions=came["regions"],
        accounts=came["accounts"],
        api_ids=came["api_hosts"],
        target=THERE["region"],
        target_account=THERE["account"],
    )
    assert [each for each in found if each.refuses] == []


@pytest.mark.parametrize("path", [pytest.param(path, id=path.stem) for path in definitions() if back_end(path)])
def test_a_back_end_in_the_old_region_is_found_until_it_is_bound(path: Path) -> None:
    region, address = back_end(path) or ("", "")
    local = moved(loaded(path), THERE)
    found = leftovers(local, regions=[region], target=THERE["region"])
    assert found
    assert all(each.refuses and each.pointer.endswith("/uri") and address in each.text for each in found)
    assert leftovers(local, regions=[region], target=THERE["region"], bound=[address]) == []


@pytest.mark.parametrize("path", corpus())
def test_what_can_be_sent_is_not_refused_and_what_cannot_is(path: Path) -> None:
    found = refusals(repaired(loaded(path))[0])
    assert bool(found) == path.name.startswith(UNFINISHED)
    assert all(each.pointer.startswith("/") for each in found)


@pytest.mark.parametrize("path", corpus())
def test_an_export_of_what_was_imported_has_the_same_canonical_form(path: Path) -> None:
    document = finished(loaded(path)) if path.name.startswith(UNFINISHED) else loaded(path)
    assert refusals(repaired(document)[0]) == []
    document = moved(document, HERE)
    exported = after_import(document)
    assert differences(surviving(document), surviving(exported)) == ()
    assert surviving(document) == surviving(exported)
    # What the file has and the export has not is foretold, place by place.
    told = {each.pointer for each in losses(document)}
    gone = {
        each.pointer for each in differences(canonical(document), canonical(exported)) if str(each.action) == "removed"
    }
    assert {place for place in gone if not any(place == loss or place.startswith(f"{loss}/") for loss in told)} == set()


def after_import(document: dict[str, Any]) -> dict[str, Any]:
    """Through the sandbox's API Gateway and out again, in the document's own format."""
    backplane = SmallBackplane()
    aws = Aws(gateway=ApiGateway(backplane, clock=lambda: NOW, draw=lambda: 0.5), backplane=backplane, draws=[])
    client = aws.client(HERE["region"])
    assert HERE["account"] == ACCOUNT
    api = client.import_rest_api(body=json.dumps(document).encode(), failOnWarnings=True)
    client.create_deployment(restApiId=api["id"], stageName="dev")
    answer = client.get_export(
        restApiId=api["id"],
        stageName="dev",
        exportType=export_type(document),
        parameters={"extensions": "apigateway"},
    )
    exported = json.loads(answer["body"].read())
    assert isinstance(exported, dict)
    return exported


@pytest.mark.parametrize(
    "path", [each for each in corpus() if each.id and each.id.startswith(("008", "011", "012", "014", "unfinished-"))]
)
def test_what_we_refuse_api_gateway_refuses_too(path: Path) -> None:
    document = loaded(path)
    if not isinstance(document["info"]["title"], str):
        document["info"]["title"] = "n"
    with pytest.raises(ClientError, match="BadRequest"):
        after_import(document)
