"""A small backend around Lambda, built by hand: one API, two functions, two regions."""

from __future__ import annotations

import base64
import hashlib
import io
import tempfile
import zipfile
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any

from botocore.awsrequest import AWSResponse
from moto import mock_aws

from backendctl.aws.connection import Access, Aws
from backendctl.engine.resource import Resource
from backendctl.package import Artefact
from backendctl.resources.deploy_context import DeployContext, Link, SlotChoice, Stamp
from backendctl.spec.model import Api, Code, FunctionSpec, Spec, StageSpec, Warm
from tests.unit.resources.api_helpers import with_gateway

EAST, WEST = "us-east-1", "us-west-2"
PROD = StageSpec(name="prodv1", variables={"placesAlias": "version1"})
PLACES = FunctionSpec(
    name="places",
    physical="corkhounds-places",
    code=Code(path=Path("places")),
    runtime="python3.13",
    handler="app.handler",
    environment={"TABLE": "corkhounds-places"},
    warm=Warm(),
)
STAMP = Stamp(commit="abc1234", author="Ann Onymous", time="2026-11-23T10:00:00Z")


@contextmanager
def emulated() -> Iterator[Aws]:
    """AWS as moto has it, Lambda without Docker, at no pace at all; API Gateway by the sandbox."""
    with mock_aws(config={"lambda": {"use_docker": False}}):
        aws = Aws(Access(keys=("testing", "testing"), time_scale=0.0), backend="corkhounds")
        with_gateway(aws)
        yield aws


def artefact(text: str = "first") -> Artefact:
    """An archive whose one file holds that text."""
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        archive.writestr(zipfile.ZipInfo("app.py"), text)
    content = buffer.getvalue()
    path = Path(tempfile.mkdtemp()) / "code.zip"
    path.write_bytes(content)
    digest = base64.b64encode(hashlib.sha256(content).digest()).decode()
    return Artefact(sha256=digest, size=len(content), unzipped=len(text), path=path)


def context_of(
    *functions: FunctionSpec,
    regions: Sequence[str] = (EAST,),
    links: Sequence[Link] = (),
    slots: Mapping[tuple[str, str, str], SlotChoice] | None = None,
    code: str = "first",
    definition: Mapping[str, Any] | None = None,
    **spec: Any,
) -> DeployContext:
    """A context of these functions, the same in every region, without an API unless there are links."""
    built = artefact(code)
    keys = [(region, function.name) for region in regions for function in functions]
    api = Api(name="corkhounds", path=Path("api.yaml"), definition=dict(definition or {}), stages=(PROD,))
    return DeployContext(
        spec=Spec(
            backend="corkhounds",
            file=Path("corkhounds.yaml"),
            regions=tuple(regions),
            functions=dict.fromkeys(regions, functions),
            **({"api": api if links else None} | spec),
        ),
        account="123456789012",
        partition="aws",
        stamp=STAMP,
        artefacts=dict.fromkeys(keys, built),
        code_ids=dict.fromkeys(keys, built.sha256),
        links=dict.fromkeys(regions, tuple(links)),
        slots=slots or {},
    )


def staged_context(
    function: FunctionSpec = PLACES,
    *,
    target: str = "a",
    idle_exists: bool = False,
    has_stage: bool = True,
    **rest: Any,
) -> DeployContext:
    """A context whose stage prodv1, there or not, reaches the function through the variable placesAlias."""
    link = Link(stage=PROD, variable="placesAlias", function=function, alias="version1")
    choice = SlotChoice(target=target, idle_exists=idle_exists, has_stage=has_stage)
    slots = {(EAST, function.physical, "version1"): choice, (WEST, function.physical, "version1"): choice}
    return context_of(function, links=[link], slots=slots, **rest)


def put_role(aws: Aws) -> None:
    """The execution role, without which even moto makes no function."""
    aws.iam().create_role(RoleName="corkhounds-lambda", AssumeRolePolicyDocument="{}")


def put_api(aws: Aws, api_id: str | None = "abc123", *, stages: Sequence[Mapping[str, Any]] = ()) -> None:
    """From now on us-east-1 has that API of ours, by the name of corkhounds; None for none.

    API Gateway's answers are given at botocore's own seam: moto's API Gateway is not installed with the tests.
    """
    found = [{"id": api_id, "name": "corkhounds", "tags": {"backendctl:backend": "corkhounds"}}] if api_id else []
    answers = {"GetRestApis": {"items": found}, "GetStages": {"item": list(stages)}}
    events: Any = aws.apigateway(EAST).meta.events
    headers: Any = {}
    for operation, answer in answers.items():

        def give(*, parsed: Any = answer, **_: Any) -> tuple[AWSResponse, Any]:
            return AWSResponse("", 200, headers, None), parsed

        events.unregister(f"before-call.api-gateway.{operation}", unique_id=operation)
        events.register(f"before-call.api-gateway.{operation}", give, unique_id=operation)
    aws.forget()


def deploy(aws: Aws, resources: Sequence[Resource]) -> None:
    """Create or update each, in the order given, as an apply would."""
    for wanted in resources:
        aws.forget()
        live = type(wanted).read(aws, wanted)
        aws.forget()
        if live is None:
            wanted.create(aws)
        else:
            wanted.update(aws, live)
    aws.forget()


def changed(function: FunctionSpec, **settings: Any) -> FunctionSpec:
    """The same function with other settings."""
    return replace(function, **settings)
