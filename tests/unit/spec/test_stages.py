"""Stages with definitions of their own, and pinned ones: what a spec may not say of them."""

from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.errors import SpecError
from backendctl.openapi.whole import contradictions, with_whole_settings
from backendctl.spec import Offline, parse

SPEC = """backend: shop
regions: [us-east-1]
functions:
  one: {code: one, runtime: python3.13, handler: app.handler}
api:
  definition: api.yaml
  stages:
    prodv1: {path: v1, %s, variables: {oneAlias: version1}}
    prodv2: {path: v2, variables: {oneAlias: %s}}
"""
DEFINITION = """openapi: 3.0.1
info: {title: shop, version: "1"%s}
%spaths:
  /one:
    get:
      responses: {"200": {description: an answer}}
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: "arn:${AWS::Partition}:apigateway:${AWS::Region}:lambda:path/2015-03-31/functions/\
arn:${AWS::Partition}:lambda:${AWS::Region}:${AWS::AccountId}:function:shop-one:%s/invocations"
"""
ALIAS = "${stageVariables.oneAlias}"
BINARY = "x-amazon-apigateway-binary-media-types: [image/png]\n"


def written(
    folder: Path, *, stage: str = "definition: v1.yaml", v2: str = "version2", own: str = "", path: str = ""
) -> Path:
    (folder / "one").mkdir()
    (folder / "one" / "app.py").write_text("def handler(event, context): ...\n")
    (folder / "api.yaml").write_text(DEFINITION % ("", "", ALIAS))
    (folder / "v1.yaml").write_text(own or DEFINITION % ("", "", ALIAS))
    text = SPEC % (stage, v2)
    (folder / "spec.yaml").write_text(text.replace("path: v2", path) if path else text)
    return folder / "spec.yaml"


def faults(spec: Path) -> list[str]:
    with pytest.raises(SpecError) as found:
        parse(spec)
    return [str(one).replace(f"{spec.parent}/", "") for one in found.value.faults]


def test_each_stage_serves_its_own_document_with_what_the_api_says_of_itself(tmp_path: Path) -> None:
    spec = written(tmp_path)
    (tmp_path / "api.yaml").write_text(DEFINITION % ("", BINARY, ALIAS))
    api = parse(spec).expand(Offline()).api
    assert api is not None
    first, second = api.stages
    assert api.document_of(first)["x-amazon-apigateway-binary-media-types"] == ["image/png"]
    assert first.definition is not None
    assert first.file == tmp_path / "v1.yaml"
    assert api.document_of(second) is api.definition


@pytest.mark.parametrize(
    ("own", "told"),
    [
        (DEFINITION % ("", BINARY, ALIAS), "v1.yaml:3:"),
        (DEFINITION % (", description: the old one", "", ALIAS), "v1.yaml:2:"),
        (DEFINITION % ("", "x-amazon-apigateway-policy: {Version: '2012-10-17'}\n", ALIAS), "v1.yaml:3:"),
        (DEFINITION % ("", "x-amazon-apigateway-api-key-source: AUTHORIZER\n", ALIAS), "v1.yaml:3:"),
        (DEFINITION % ("", "x-amazon-apigateway-minimum-compression-size: 10\n", ALIAS), "v1.yaml:3:"),
        (
            DEFINITION
            % (
                "",
                "servers: [{url: /, x-amazon-apigateway-endpoint-configuration: {disableExecuteApiEndpoint: true}}]\n",
                ALIAS,
            ),
            "v1.yaml:3:",
        ),
    ],
)
def test_what_is_the_api_s_is_not_said_otherwise_by_a_stage(tmp_path: Path, own: str, told: str) -> None:
    (fault,) = faults(written(tmp_path, own=own))
    assert fault.startswith(told)
    assert "belongs to the API as a whole" in fault


def test_a_definition_that_is_not_there_is_told_with_its_place(tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, stage="definition: v0.yaml"))
    assert fault == "spec.yaml:8:36: there is no 'v0.yaml' beside the spec"


def test_every_document_is_checked(tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, own=DEFINITION % ("", "", "${stageVariables.other}")))
    assert "'prodv1' has no variable 'other'" in fault


def test_a_pinned_stage_has_its_aliases_for_itself(tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, stage="pinned: true", v2="version1"))
    assert fault.startswith("spec.yaml:8:")
    assert "shares the alias 'version1' of 'shop-one' with 'prodv2'" in fault


def test_a_pinned_stage_calls_no_function_without_an_alias(tmp_path: Path) -> None:
    own = (DEFINITION % ("", "", ALIAS)).replace(f":{ALIAS}", "")
    found = faults(written(tmp_path, stage="pinned: true, definition: v1.yaml", own=own))
    assert any("'prodv1' calls 'shop-one' without an alias (GET /one)" in fault for fault in found)


def test_no_alias_has_the_name_of_a_slot_of_another(tmp_path: Path) -> None:
    (fault,) = faults(written(tmp_path, stage="pinned: true", v2="version1-b"))
    assert fault.startswith("spec.yaml:9:")
    assert "'version1-b' is a name that releases of the alias 'version1' use" in fault


def test_nor_one_that_a_function_lists_or_a_definition_names(tmp_path: Path) -> None:
    spec = written(tmp_path, own=DEFINITION % ("", "", "version2-a"))
    spec.write_text(spec.read_text().replace("{code: one,", "{aliases: [version2, version1, version2-a], code: one,"))
    listed, named = sorted(faults(spec))
    assert listed.startswith("spec.yaml:4:")
    assert named.startswith("v1.yaml:")
    assert "releases of the alias 'version2' use" in listed
    assert "releases of the alias 'version2' use" in named


@pytest.mark.parametrize(("first", "second"), [("''", "(none)"), ("(none)", "''"), ("v1", "v1")])
def test_two_stages_have_two_paths(tmp_path: Path, first: str, second: str) -> None:
    spec = written(tmp_path, stage="definition: v1.yaml", path=f"path: {second}")
    spec.write_text(spec.read_text().replace("path: v1", f"path: {first}", 1))
    (fault,) = faults(spec)
    assert fault.startswith("spec.yaml:9:")
    assert "the stage 'prodv1' has the path" in fault


def test_aws_s_name_of_the_empty_path_is_the_root_for_addresses_and_health_checks_too(tmp_path: Path) -> None:
    spec = written(tmp_path, stage="definition: v1.yaml", path="path: (none)")
    domain = "domain: {name: api.shop.example, zone: shop.example, health-check: {path: /one}}\n"
    spec.write_text(spec.read_text() + domain)
    api = parse(spec).expand(Offline()).api
    assert api is not None
    assert [stage.path for stage in api.stages] == ["v1", ""]


def test_media_types_have_no_order() -> None:
    key = "x-amazon-apigateway-binary-media-types"
    assert list(contradictions({key: ["a/b", "c/d"]}, {key: ["c/d", "a/b"]})) == []
    assert [name for _, name in contradictions({key: ["a/b"]}, {key: ["c/d", "a/b"]})] == [key]


def test_what_a_document_leaves_out_is_no_contradiction() -> None:
    api = {"openapi": "3.0.1", "info": {"title": "a", "description": "all of it"}}
    assert list(contradictions({"openapi": "3.0.1", "info": {"title": "b"}}, api)) == []
    assert with_whole_settings({"info": {"title": "b"}}, api)["info"] == {"title": "b", "description": "all of it"}
