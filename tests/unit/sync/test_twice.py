"""Real definitions in two regions: the first sync brings them there, the second makes no writing call."""

from __future__ import annotations

import io
import json
import threading
import zipfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from backendctl.app import carry_out
from backendctl.aws.connection import Access, Aws
from backendctl.aws.journal import is_read
from backendctl.backend import Backend, Settings
from backendctl.engine.events import Failed, Skipped
from backendctl.openapi.integrations import lambda_targets, resolve, stage_variables
from backendctl.openapi.localise import neutralise
from backendctl.openapi.repair import repaired
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.spec.model import Api, LiveApi, Spec, StageSpec
from backendctl.sync.adoption import names_for
from backendctl.sync.prepare import Sync, prepare
from backendctl.sync.request import Request
from tests.unit.openapi.everywhere import ANYWHERE
from tests.unit.openapi.samples import corpus, example, finished, loaded
from tests.unit.resources.api_helpers import ACCOUNT, EAST, WEST, Calls, mocked

BACKEND = "corkhounds"  # whose connection `mocked` makes


@pytest.fixture
def aws() -> Iterator[Aws]:
    with mocked() as made:
        yield made


def backend_of(aws: Aws, document: Mapping[str, Any]) -> Backend:
    """A backend that is nothing but this API; what has an id of its own in each region is bound."""
    given = repaired(document)[0]
    bindings = names_for(given)
    neutral = neutralise(given, home=ANYWHERE, bindings=bindings)
    stage = StageSpec(name="prod", variables=dict.fromkeys(stage_variables(neutral), "live"))
    api = Api(
        name="corpus",
        path=Path("corpus.yaml"),
        definition=neutral,
        stages=(stage,),
        bindings={region: dict(bindings) for region in (EAST, WEST)},
    )
    spec = Spec(
        backend=BACKEND,
        file=Path("spec.yaml"),
        regions=(EAST, WEST),
        functions=dict.fromkeys((EAST, WEST), ()),
        api=api,
    )
    stamp = Stamp(commit="c1", author="Ada", time="2026-11-24T10:00:00Z")
    context = DeployContext(spec=spec, account=ACCOUNT, partition="aws", stamp=stamp)
    return Backend(settings=Settings(spec=spec.file, access=Access(), workers=1), spec=spec, aws=aws, context=context)


def make_functions(backend: Backend) -> None:
    """Everything that the definition calls, in both regions."""
    api = backend.spec.api
    assert api is not None
    found = {resolve(target, api.stages[0].variables) for target in lambda_targets(api.definition)}
    called = {(one.function, one.qualifier) for one in found if one is not None}
    role = backend.aws.iam().create_role(RoleName="r", AssumeRolePolicyDocument=json.dumps({"Version": "2012-10-17"}))
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as zipped:
        zipped.writestr("app.py", "x = 1")
    for region in (EAST, WEST):
        client = backend.aws.lambda_(region)
        for name in sorted({function for function, _ in called}):
            client.create_function(
                FunctionName=name,
                Runtime="python3.13",
                Handler="app.handler",
                Role=role["Role"]["Arn"],
                Code={"ZipFile": buffer.getvalue()},
                Publish=True,
            )
        for name, alias in sorted((f, q) for f, q in called if q is not None):
            client.create_alias(FunctionName=name, Name=alias, FunctionVersion="1")


def carried_out(sync: Sync) -> None:
    sync.refuse()
    events = list(carry_out(sync.plan, sync.backend, stop=threading.Event()))
    assert [event for event in events if isinstance(event, Failed | Skipped)] == []


def again(backend: Backend, request: Request) -> Sync:
    """The same, asked anew, as the next command does."""
    backend.aws.forget()
    return prepare(backend, request)


def holds_after_a_sync(aws: Aws, document: Mapping[str, Any]) -> None:
    backend = backend_of(aws, document)
    make_functions(backend)
    first = prepare(backend, Request())
    assert first.refusals == ()
    carried_out(first)
    seams = (("lambda", "lambda"), ("apigateway", "api-gateway"))  # boto3's name, and that of its events
    written = [Calls(aws.client(name, region), event) for name, event in seams for region in (EAST, WEST)]
    second = again(backend, Request())
    assert [change.data() for change in second.plan.changes] == []
    assert second.in_sync
    carried_out(second)
    assert [name for calls in written for name in calls.names if not is_read(name)] == []
    assert all(calls.names for calls in written[2:])
    from_live = again(backend, Request(source=LiveApi(region=EAST, stage="prod")))
    assert [change.data() for change in from_live.plan.changes] == []
    for line in from_live.refusals:  # a host of that region in an HTTP integration: whether it is meant, nobody knows
        assert "/uri: still names the region us-east-1 it came from" in line
    assert from_live.regions == (WEST,)


@pytest.mark.parametrize("path", corpus())
def test_a_real_definition_is_the_same_in_both_regions_the_second_time_too(path: Path, aws: Aws) -> None:
    holds_after_a_sync(aws, finished(loaded(path)))


def test_so_is_the_example(aws: Aws) -> None:
    holds_after_a_sync(aws, example())


def test_an_api_made_elsewhere_gives_its_definition_to_the_other_region(aws: Aws) -> None:
    backend = backend_of(aws, example())
    make_functions(backend)
    carried_out(prepare(backend, Request(targets=(EAST,))))
    request = Request(source=LiveApi(region=EAST, stage="prod"))
    first = again(backend, request)
    assert {change.region for change in first.plan.changes if change.kind != "release"} == {WEST}
    carried_out(first)
    assert again(backend, request).in_sync
    assert again(backend, Request()).in_sync
