"""Rows: what the schema, the model and the page take from them."""

from __future__ import annotations

from dataclasses import MISSING, dataclass, field, fields
from typing import Any

import pytest

from backendctl.spec import reference, schema
from backendctl.spec.analysis import AnswerCheck, Metric, MetricCheck
from backendctl.spec.callers import ApiKey, Cors, Smoke, UsagePlan
from backendctl.spec.canary import CanarySpec, Hooks, Judging
from backendctl.spec.domains import DomainSpec, HealthCheck, MutualTls
from backendctl.spec.model import Api, Code, FunctionSpec, Logging, Scaling, StageSpec, TableReplica, TableSpec, Warm
from backendctl.spec.rows import AwsPath, block, build, numeric, properties, row, rows, text, whole
from backendctl.spec.tables import Index, LocalIndex
from backendctl.spec.warming import build_warm

BLOCKS = (
    *(
        AnswerCheck,
        Api,
        ApiKey,
        CanarySpec,
        Code,
        Cors,
        DomainSpec,
        FunctionSpec,
        HealthCheck,
        Hooks,
        Index,
        Judging,
        LocalIndex,
    ),
    *(Logging, Metric, MetricCheck, MutualTls, Scaling, Smoke, StageSpec, TableSpec, TableReplica, UsagePlan),
)


@dataclass(frozen=True, kw_only=True)
class Bucket:
    """An example."""

    holds: int = field(metadata=row(whole(1, 9, unit="l"), "Litres."))
    colour: str = field(default="red", metadata=row(text(), key="paint"))
    weight: float = field(default=1.5, metadata=row(numeric(), read=lambda given: given / 10))
    shelf: int = 0


def test_a_dataclass_is_the_schema_of_a_block() -> None:
    assert block(Bucket, "a bucket") == {
        "type": "object",
        "x-what": "a bucket",
        "properties": {
            "holds": {"type": "integer", "minimum": 1, "maximum": 9, "x-unit": "l", "description": "Litres."},
            "paint": {"type": "string", "default": "red"},
            "weight": {"type": "number"},
        },
        "additionalProperties": False,
        "required": ["holds"],
    }
    assert list(properties(Bucket)) == ["holds", "paint", "weight"]


def test_a_block_of_a_spec_is_the_dataclass() -> None:
    assert build(Bucket, {"holds": 2.0, "paint": "blue", "weight": 20}, shelf=4) == Bucket(
        holds=2, colour="blue", weight=2.0, shelf=4
    )
    assert isinstance(build(Bucket, {"holds": 2.0}).holds, int)


@pytest.mark.parametrize(
    ("document", "value"),
    [
        ({}, 512),
        ({"A": None}, 512),
        ({"A": {}}, 512),
        ({"A": {"B": ""}}, 512),
        ({"A": {"B": 0}}, 0),
        ({"A": {"B": 9}}, 9),
    ],
)
def test_what_aws_does_not_tell_is_unset(document: dict[str, Any], value: int) -> None:
    assert AwsPath("A.B", unset=512).found_in(document) == value


@pytest.mark.parametrize(
    ("cls", "key", "told", "meant"),
    [
        (FunctionSpec, "tracing", False, "PassThrough"),
        (FunctionSpec, "log-retention", "30 days", 30),
        (CanarySpec, "steps", [10, 50], (10.0, 50.0)),
        (CanarySpec, "bake-time", "10 minutes", 600.0),
        (Index, "projection", "all", "ALL"),
        (LocalIndex, "projection", "all", "ALL"),
        *((Judging, "confidence", 95, 95.0), (Judging, "quantile", 95, 95.0)),
        *((Judging, "max-error-increase", 1, 1.0), (Judging, "max-latency-increase", 50, 50.0)),
        (Logging, "level", "off", "OFF"),
    ],
)
def test_a_default_in_the_words_of_the_spec_stands_in_the_schema_and_is_the_fields(
    cls: type[Any], key: str, told: object, meant: object
) -> None:
    (one,) = [known for known in rows(cls) if known.key == key]
    assert one.schema["default"] == told
    assert one.read(told) == meant
    assert next(known.default for known in fields(cls) if known.name == one.field) == meant


def test_no_other_row_of_these_blocks_says_a_default_that_is_not_its_fields() -> None:
    differ = {
        (cls.__name__, one.key)
        for cls in BLOCKS
        for one in rows(cls)
        if "default" in one.schema and {known.name: known.default for known in fields(cls)}[one.field] is not MISSING
        if one.read(one.schema["default"]) != {known.name: known.default for known in fields(cls)}[one.field]
    }
    assert differ == {("CanarySpec", "waves")}  # its order is made of the regions


def test_the_defaults_that_the_schema_tells_of_pings_are_theirs() -> None:
    told = {one.key: one.schema["default"] for one in rows(Warm) if "default" in one.schema}
    assert build_warm(told) == Warm()


def test_the_schema_for_editors_is_in_step() -> None:
    assert reference.SCHEMA_FILE.read_text(encoding="utf-8") == reference.editors_schema(), (
        "run python -m backendctl.spec.reference"
    )


def test_the_page_of_all_settings_is_in_step() -> None:
    assert reference.PAGE_FILE.read_text(encoding="utf-8") == reference.page(), (
        "run python -m backendctl.spec.reference"
    )


def test_the_page_names_every_setting() -> None:
    page = reference.page()
    for one in schema.load(schema.SPEC)["$defs"]["function"]["properties"]:
        assert f"| `functions.<name>.{one}` |" in page
