"""A live API as the source of the definition, what differs by region, and the requests that prove a route."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backendctl.spec import Offline
from backendctl.spec.callers import Smoke
from backendctl.spec.model import LiveApi

if TYPE_CHECKING:
    from tests.unit.spec.conftest import Faults, Write

HEAD = "backend: shop\nregions: [us-east-1, us-west-2]\n"
LIVE = HEAD + "api:\n  definition: {export: us-east-1, stage: prodv1}\n"
FILE = HEAD + "functions: {items: {code: ../items, runtime: x, handler: y}}\napi:\n  definition: api.yaml\n"


def test_a_live_api_is_a_source(draft_of: Write) -> None:
    api = draft_of(LIVE).expand(Offline()).api
    assert api is not None
    assert api.source == LiveApi(region="us-east-1", stage="prodv1")
    assert (api.name, api.definition, api.path.name) == ("shop", {}, "shop.yaml")
    assert ([stage.name for stage in api.stages], api.stages_told) == (["prodv1"], False)


def test_bindings_are_expanded_in_their_own_region(draft_of: Write) -> None:
    text = LIVE + "  bindings: {us-west-2: {pool: 'arn:aws:cognito-idp:{{ region }}:1:userpool/x'}}\n"
    api = draft_of(text).expand(Offline()).api
    assert api is not None
    assert api.bindings == {"us-west-2": {"pool": "arn:aws:cognito-idp:us-west-2:1:userpool/x"}}


def test_smoke_requests_are_read(draft_of: Write) -> None:
    text = LIVE + "  smoke: {'GET /places/{id}': {path: {id: '1'}, body: {a: 1}, expect: 404}, 'GET /slow': false}\n"
    api = draft_of(text).expand(Offline()).api
    assert api is not None
    assert api.smoke == (
        Smoke(method="GET", path="/places/{id}", parameters={"id": "1"}, body='{"a": 1}', expect=404),
        Smoke(method="GET", path="/slow", skip=True),
    )


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            HEAD + "api: {definition: {export: us-esat-1, stage: p}}\n",
            ["3:28: 'us-esat-1' is not an AWS region; did you mean 'us-west-1'?"],
        ),
        (
            LIVE + "  bindings: {eu-west-1: {pool: x}}\n",
            ["5:14: 'eu-west-1' is not one of this spec's regions; did you mean 'us-west-2'?"],
        ),
        (LIVE + "  smoke: {places: {}}\n", ["5:11: 'places' is not a route: write 'GET /places/{id}'"]),
        (LIVE + "  smoke: {'GET /a/{id}': {expect: 200}}\n", ["5:11: 'path' must say what id is"]),
        (
            FILE + "  stages: {p: {variables: {itemsAlias: v1}}}\n  smoke: {'GET /health': {}}\n",
            ["7:11: the definition has no path '/health'; did you mean '/healthz'?"],
        ),
    ],
)
def test_fault_in_sentence_out(text: str, faults: list[str], faults_of: Faults) -> None:
    assert faults_of(text) == faults


def test_a_spec_without_functions_may_call_what_is_elsewhere(draft_of: Write) -> None:
    text = HEAD + "api:\n  definition: api.yaml\n  stages: {p: {variables: {itemsAlias: v1}}}\n"
    api = draft_of(text).expand(Offline()).api
    assert api is not None
    assert api.definition


def test_a_spec_with_functions_may_call_no_others(faults_of: Faults) -> None:
    text = FILE.replace("items:", "things:") + "  stages: {p: {variables: {itemsAlias: v1}}}\n"
    (fault,) = faults_of(text)
    assert "GET /healthz calls 'shop-items', which is not a function of this spec" in fault
