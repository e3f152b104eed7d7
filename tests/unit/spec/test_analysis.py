"""The checks of `canary.analysis`: what they become, and their faults, each with its place in the file."""

from __future__ import annotations

from pathlib import Path
from textwrap import dedent

import pytest

from backendctl.errors import SpecError
from backendctl.spec import Offline, load
from backendctl.spec.analysis import AnswerCheck, Check, Metric, MetricCheck, TestsCheck

API = """
openapi: 3.0.1
info: {title: shop, version: "1"}
paths:
  /places/{id}:
    get:
      responses: {"200": {description: ok}}
      parameters: [{name: id, in: path, required: true, schema: {type: string}}]
      x-amazon-apigateway-integration:
        type: aws_proxy
        httpMethod: POST
        uri: URI
""".replace(
    "URI",
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:shop-places:${stageVariables.placesAlias}/invocations",
)
SPEC = """
backend: shop
regions: [us-east-1]
functions:
  places: {code: places, runtime: python3.13, handler: app.handler}
api:
  definition: api.yaml
  stages: {prodv1: {variables: {placesAlias: version1}}}
canary:
  analysis:
"""

NOT_TOLD_APART = (
    "compares the canary with the baseline, and no dimension distinguishes them: put ${alias.FUNCTION} or "
    "${version.FUNCTION} into one"
)


def _load(folder: Path, analysis: str) -> tuple[Check, ...]:
    (folder / "places").mkdir()
    (folder / "places" / "app.py").write_text("def handler(event, context): return {}\n")
    (folder / "api.yaml").write_text(API.lstrip())
    lines = "".join(f"    {line}\n" for line in dedent(analysis).strip().splitlines())
    (folder / "spec.yaml").write_text(SPEC.lstrip() + lines)
    return load(folder / "spec.yaml", Offline()).canary.analysis


def _faults(folder: Path, analysis: str) -> list[str]:
    with pytest.raises(SpecError) as caught:
        _load(folder, analysis)
    return [f"{fault.line}:{fault.column} {fault.message}" for fault in caught.value.faults]


def test_metrics_math_and_requests_are_read(tmp_path: Path) -> None:
    found = _load(
        tmp_path,
        """
        - name: failed orders
          metric: {namespace: Shop, name: Failed, dimensions: {Version: "${version.places}"}}
          max: 3
        - name: share
          math: 100 * failed / FILL(tried, 1)
          metrics:
            failed: {namespace: Shop, name: Failed, dimensions: {Alias: "${alias.places}"}}
            tried: {namespace: Shop, name: Tried, stat: p99.9}
          max-increase: 20
          min-samples: 5
        - name: place 7
          request: GET /places/{id}
          path: {id: "7"}
          expect: {status: 200, json: {"$.name": Oak}}
          ignore: ["$.at"]
        """,
    )
    failed = Metric(namespace="Shop", name="Failed", dimensions=(("Version", "${version.places}"),))
    assert found[0] == MetricCheck(name="failed orders", metrics={"m": failed}, max=3.0)
    assert isinstance(found[1], MetricCheck)
    assert (found[1].math, found[1].max_increase, found[1].min_samples) == ("100 * failed / FILL(tried, 1)", 20.0, 5)
    assert found[1].reads_base
    assert not found[0].reads_base
    assert found[2] == AnswerCheck(
        name="place 7",
        method="GET",
        path="/places/{id}",
        parameters={"id": "7"},
        status=200,
        json={"$.name": "Oak"},
        ignore=("$.at",),
    )


def test_faults_come_all_at_once_with_their_places(tmp_path: Path) -> None:
    assert _faults(
        tmp_path,
        """
        - name: a
          metric: {namespace: Shop, name: Failed, dimensions: {V: "${version.place}"}}
        - name: a
          math: 100 * faild / tried
          metrics: {failed: {namespace: S, name: F}, tried: {namespace: S, name: T}}
          max-increase: 10
        - name: b
          request: GET /place/{id}
          max: 3
        - name: c
          request: GET /places/{id}
          ignore: ["at"]
        - name: d
          max: 3
        """,
    ) == [
        "10:7 a check of a metric needs one of max, min, max-increase, max-decrease",
        "11:63 the spec has no function 'place'; did you mean 'places'?",
        "12:13 there are two checks named 'a'",
        "13:13 'metrics' has no 'faild'; did you mean 'failed'?",
        "14:17 'math' does not use 'failed'",
        f"15:7 'max-increase' {NOT_TOLD_APART}",
        "17:16 the definition has no path '/place/{id}'; did you mean '/places/{id}'?",
        "18:7 'max' has no effect beside 'request'",
        "20:16 'path' must say what id is",
        "21:16 'at' is not a JSON path: it begins with $, such as $.places[0].id",
        "22:7 a check has one of 'metric', 'math', 'request' and 'tests'",
    ]


def test_a_file_of_tests_is_found_from_the_spec(tmp_path: Path) -> None:
    (tmp_path / "smoke.tests.yaml").write_text("tests: []\n")
    (found,) = _load(tmp_path, "- {name: smoke, tests: smoke.tests.yaml}")
    assert found == TestsCheck(name="smoke", file=str((tmp_path / "smoke.tests.yaml").resolve()))


def test_a_file_of_tests_that_is_not_there_or_has_a_limit_is_a_fault(tmp_path: Path) -> None:
    found = _faults(tmp_path, "- {name: smoke, tests: smok.yaml, max: 3}")
    assert any("there is no file 'smok.yaml' beside the spec" in one for one in found)
    assert any("'max' has no effect beside 'tests'" in one for one in found)
