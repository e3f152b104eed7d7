"""What a region serves, held against the source."""

from __future__ import annotations

from dataclasses import replace

from backendctl.api.comparable import comparable
from backendctl.api.review import Wanted, review
from backendctl.openapi.arns import Home
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from tests.unit.resources.api_helpers import ACCOUNT, EAST, context, deploy, document, mocked, only

SETTINGS = {
    "x-amazon-apigateway-binary-media-types": ["image/png"],
    "x-amazon-apigateway-minimum-compression-size": 2048,
}


def test_a_stage_that_is_released_alone_changes_no_setting_of_the_api() -> None:
    home = Home(accounts=frozenset({ACCOUNT}), regions=frozenset({EAST}))
    wanted = Wanted(
        form=comparable(document("/places", "/fixed"), home=home, bindings={}),
        digest="of the fix",
        localised=None,
        stages=("prodv1",),
        home=home,
        bindings={},
    )
    with mocked() as aws:
        there = context(definition={**document("/places"), **SETTINGS})
        deploy(aws, only(RestApi, there), only(Stage, there))
        aws.forget()
        whole = review(aws, EAST, name="corkhounds", wanted=wanted)
        alone = review(aws, EAST, name="corkhounds", wanted=replace(wanted, alone=True))

    told = [one.pointer for one in whole.stages[0].differences]
    assert all(any(pointer.startswith(f"/{name}") for pointer in told) for name in SETTINGS)
    assert [one.path for one in alone.stages[0].differences] == ["/fixed"]
