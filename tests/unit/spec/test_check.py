"""What a spec of sound shape can still get wrong."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backendctl.spec import parse

if TYPE_CHECKING:
    from collections.abc import Callable

    Faults = Callable[..., list[str]]

ROOT = Path(__file__).resolve().parents[3]
URI = "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/arn:aws:lambda:us-east-1:1:function:"
HEAD = "backend: shop\nregions: [us-east-1, us-west-2]\n"
FUNCTIONS = HEAD + "functions:\n  items: {code: x.zip, runtime: java21, handler: a.B}\n"
FUNCTION = HEAD + "functions:\n  items:\n    code: x.zip\n    runtime: java21\n    handler: a.B\n    "
TABLE = HEAD + "tables:\n  items:\n    "
API = FUNCTIONS + "api:\n  definition: api.yaml\n  stages:\n    "
STAGE = API + "prod: {path: v1, variables: {itemsAlias: version1}}\n"
DOMAIN = STAGE + "domain:\n  name: api.shop.example\n  "
CERTIFICATE = "arn:aws:acm:us-east-1:123456789012:certificate/x"
LAYER = "arn:aws:lambda:us-east-1:123456789012:layer:x:1"
IMAGE = "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            "backend: shop\nregions: [us-east-1, us-wset-2]\n",
            ["2:22: 'us-wset-2' is not an AWS region; did you mean 'us-west-2'?"],
        ),
        (
            "backend: shop\nregions: [us-east-1, cn-north-1]\n",
            ["2:10: the regions belong to 'aws' and 'aws-cn'; no account and no domain reaches across these"],
        ),
        (HEAD + "tags: {AWS:x: y}\n", ["3:8: tags that begin with 'aws:' are reserved"]),
        (
            HEAD + "tags: {" + ", ".join(f"t{number}: x" for number in range(50)) + "}\n",
            ["3:1: 50 tags together; AWS takes 49 beside our own"],
        ),
    ],
)
def test_top_level(text: str, faults: list[str], faults_of: Faults) -> None:
    assert faults_of(text) == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            HEAD + f"functions:\n  {'x' * 60}: {{code: x.zip, runtime: java21, handler: a.B}}\n",
            [f"4:3: 'shop-{'x' * 60}' has 65 characters; a function's name has at most 64"],
        ),
        (
            HEAD + "functions:\n  items: {code: ../x, runtime: python3.13}\n",
            ["4:3: a function needs 'handler' unless its code is an image"],
        ),
        (
            FUNCTIONS + "  more: {name: shop-items, code: x.zip, runtime: java21, handler: a.B}\n",
            ["5:16: 'more' and 'items' have the same name in AWS, 'shop-items'"],
        ),
        (
            FUNCTION + "environment: {AWS_REGION: x}\n",
            ["8:19: 'AWS_REGION' is set by Lambda itself and cannot be given"],
        ),
        (
            FUNCTION + f"environment: {{BIG: {'x' * 4096}}}\n",
            ["8:5: the environment has 4106 bytes; Lambda takes 4096"],
        ),
        (
            FUNCTION + "aliases: ['12']\n",
            ["8:15: '12' is not a valid alias: Lambda takes digits alone for a version"],
        ),
        (FUNCTION + "aliases: [a.b]\n", ["8:15: 'a.b' is not a valid alias: letters, digits, '-' and '_'"]),
        (
            FUNCTION + f"aliases: [{'a' * 127}]\n",
            ["8:15: an alias may have 126 characters, and this one has 127"],
        ),
        (
            FUNCTION + "warm: {every: 30 minutes}\n",
            [
                "8:5: 'items' has no alias that could be kept warm: name one under 'aliases', or let the definition call it through a stage variable"  # noqa: E501
            ],
        ),
        (
            FUNCTION + f"layers: [{LAYER}, x]\n",
            [
                "8:14: this layer is in us-east-1 and us-west-2 needs its own; use {{ region }} in the ARN",
                "8:63: 'x' is not a layer version: arn:aws:lambda:region:123456789012:layer:name:1",
            ],
        ),
        (
            FUNCTION + "regions: {us-west-1: {memory: 512}}\n",
            ["8:15: 'us-west-1' is not one of this spec's regions; did you mean 'us-west-2'?"],
        ),
        (
            FUNCTION + "regions: {us-west-2: {handler: null}}\n",
            ["8:27: a function needs 'handler' unless its code is an image"],
        ),
        (
            FUNCTION + "vpc: {subnets: [s-1], security-groups: [g-1]}\n",
            ["8:21: the subnet 's-1' is given for us-east-1 and us-west-2; it belongs to one of them, use 'regions'"],
        ),
        (
            HEAD + f"functions:\n  items: {{code: {IMAGE}, handler: a.B}}\n",
            [
                "4:17: the image is in us-east-1 and Lambda in us-west-2 takes its own region's only; use {{ region }} in its name",  # noqa: E501
                "4:67: 'handler' belongs to an archive; an image brings its own",
            ],
        ),
        (
            HEAD
            + "functions:\n  items: {code: {s3: 's3://b-{{ region }}/k', build: x}, runtime: java21, handler: a.B}\n",
            ["4:47: 'build' has no effect with 's3'"],
        ),
        (
            HEAD + "functions:\n  items: {code: s3://b/k, runtime: java21, handler: a.B}\n",
            [
                "4:17: the bucket 'b' is in one region, and the code of us-east-1 and us-west-2 would come from it; name one for each region, with '{{ region }}' in it or under 'regions'"  # noqa: E501
            ],
        ),
        (
            HEAD + "functions:\n  items: {code: {folder: ., bucket: bkt}, runtime: java21, handler: a.B}\n",
            [
                "4:37: the bucket 'bkt' is in one region, and the code of us-east-1 and us-west-2 would come from it; name one for each region, with '{region}' in it or under 'regions'"  # noqa: E501
            ],
        ),
    ],
)
def test_functions(text: str, faults: list[str], faults_of: Faults) -> None:
    assert faults_of(text) == faults


@pytest.mark.parametrize(
    ("text", "faults"),
    [
        (
            TABLE + "key: {hash: owner}\n",
            ["5:17: 'owner' has no type: write 'owner S' (text), 'owner N' (number) or 'owner B' (binary)"],
        ),
        (TABLE + "key: {hash: owner s}\n", ["5:17: 's' is not a type of a key; did you mean 'owner S'?"]),
        (TABLE + "key: {hash: id S, range: id S}\n", ["5:30: 'id' cannot be both 'hash' and 'range'"]),
        (
            TABLE + "key: {hash: id S}\n    indexes: {by-id: {hash: id N}}\n",
            ["6:29: 'id' is N here and S in 'key'; it has one type"],
        ),
        (
            TABLE + "key: {hash: id S}\n    indexes: {x: {hash: a S}}\n",
            ["6:15: 'x' is not a valid name in 'indexes': 3 to 255 letters, digits, '_', '-' and '.'"],
        ),
        (
            TABLE
            + "key: {hash: id S}\n    indexes: {"
            + ", ".join(f"by-{n}: {{hash: id S}}" for n in range(21))
            + "}\n",
            ["6:14: 'indexes' may have at most 20, and has 21"],
        ),
        (
            TABLE + "key: {hash: id S}\n    indexes: {by-a: {hash: a S, read: {min: 1, max: 2}}}\n",
            ["6:33: 'read' has no effect: the table is billed on demand"],
        ),
        (
            TABLE + "key: {hash: id S}\n    billing: {read: {min: 5, max: 2}, write: {min: 1, max: 2}}\n",
            ["6:27: 'min' is 5 and 'max' is 2"],
        ),
        (
            TABLE + "key: {hash: id S}\n    regions: [us-west-2]\n",
            ["6:15: the first must be the primary region, 'us-east-1', where the table is made"],
        ),
        (
            TABLE + "key: {hash: id S}\n    regions: [us-east-1, us-west-1]\n",
            ["6:26: 'us-west-1' is not one of this spec's regions; did you mean 'us-west-2'?"],
        ),
        (
            TABLE + "key: {hash: id S}\n  more: {name: shop-items, key: {hash: id S}}\n",
            ["6:16: 'more' and 'items' have the same name in AWS, 'shop-items'"],
        ),
    ],
)
def test_tables(text: str, faults: list[str], faults_of: Faults) -> None:
    assert faults_of(text) == faults


@pytest.mark.parametrize(
    ("stage", "faults"),
    [
        (
            "pro.d: {variables: {itemsAlias: live}}",
            ["8:5: 'pro.d' is not a valid stage name: at most 128 letters, digits, '-' and '_'"],
        ),
        ("prod: {path: /v1, variables: {itemsAlias: live}}", ["8:18: the path '/v1' has a '/' too many; write 'v1'"]),
        (
            "prod: {path: 'a//b', variables: {itemsAlias: live}}",
            ["8:18: the path 'a//b' has a '/' too many; write 'a/b'"],
        ),
        (
            "prod: {path: 'a/b c', variables: {itemsAlias: live}}",
            ["8:18: the path 'a/b c' holds ' ', which a base path cannot"],
        ),
        ("prod: {path: ping, variables: {itemsAlias: live}}", ["8:18: API Gateway keeps '/ping' for itself"]),
        (
            "prod: {variables: {itemsAlias: live, a-b: x}}",
            ["8:42: 'a-b' is not a valid stage variable name: at most 64 letters, digits and '_'"],
        ),
        (
            f"prod: {{variables: {{itemsAlias: live, {'n' * 65}: x, b: {'y' * 513}}}}}",
            [
                f"8:42: '{'n' * 65}' is not a valid stage variable name: at most 64 letters, digits and '_'",
                "8:115: the stage variable 'b' has 513 characters, and API Gateway takes 512",
            ],
        ),
        (
            f"prod: {{variables: {{itemsAlias: live, {', '.join(f'v{number}: x' for number in range(99))}}}}}",
            [
                (
                    "8:12: 100 stage variables are too many: a stage takes 99, "
                    "and one more that says which release it serves"
                )
            ],
        ),
        (
            "prod: {variables: {itemsAlias: live, a: x y, b: ''}}",
            [
                "8:45: the stage variable 'a' holds a space, which API Gateway refuses",
                "8:53: the stage variable 'b' is empty, which API Gateway refuses",
            ],
        ),
        (
            "prod: {variables: {itemsAlais: live}}",
            [
                "8:12: the stage 'prod' has no variable 'itemsAlias', which the definition uses; did you mean 'itemsAlais'?"  # noqa: E501
            ],
        ),
        (
            "prod: {variables: {itemsAlias: '7.1'}}",
            ["8:36: '7.1' is not a valid alias: letters, digits, '-' and '_'"],
        ),
        (
            "prod: {variables: {itemsAlias: a}, logging: {access: logs, format: '$context.status'}}",
            ["8:72: 'format' must hold $context.requestId or $context.extendedRequestId"],
        ),
        (
            "prod: {variables: {itemsAlias: a}, logging: {format: '$context.requestId'}}",
            ["8:50: 'format' has no effect without 'access', the log group"],
        ),
        (
            "prod: {variables: {itemsAlias: a}, cache: {size: '0.7'}}",
            ["8:54: 'size' cannot be '0.7'; did you mean '0.5'?"],
        ),
    ],
)
def test_stages(stage: str, faults: list[str], faults_of: Faults) -> None:
    assert faults_of(API + stage + "\n") == faults


def test_two_stages_cannot_have_one_path(faults_of: Faults) -> None:
    text = STAGE + "    two: {path: v1, variables: {itemsAlias: version2}}\n"
    assert faults_of(text) == ["9:17: the stage 'prod' has the path 'v1' already"]


def test_an_alias_that_the_function_does_not_have_is_shown_at_the_stage(faults_of: Faults) -> None:
    text = STAGE.replace("handler: a.B", "handler: a.B, aliases: [version2]")
    assert faults_of(text) == ["8:46: the function 'items' has no alias 'version1'; did you mean 'version2'?"]


def test_a_function_that_is_not_in_the_spec_is_shown_in_the_definition(faults_of: Faults) -> None:
    definition = (
        "swagger: '2.0'\npaths:\n  /x:\n    x-amazon-apigateway-any-method:\n"
        f"      x-amazon-apigateway-integration: {{uri: '{URI}shop-itmes:live/invocations'}}\n"
    )
    text = API.replace("stages:\n    ", "stages: {}\n")
    assert faults_of(text, definition=definition) == [
        "api.yaml:5:46: ANY /x calls 'shop-itmes', which is not a function of this spec; did you mean 'shop-items'?"
    ]


@pytest.mark.parametrize(
    ("definition", "fault"),
    [
        ("a: 1\na: 2\n", "api.yaml:2:1: 'a' is given twice; the first is on line 1"),
        (
            "a: 1\n",
            "api.yaml:1:1: this is not an API definition: it begins with 'openapi: 3.0.1' or 'swagger: \"2.0\"'",
        ),
        ("[]\n", "api.yaml:1:1: an API definition is a mapping"),
    ],
)
def test_a_faulty_definition_has_its_own_places(definition: str, fault: str, faults_of: Faults) -> None:
    assert faults_of(API.replace("stages:\n    ", "stages: {}\n"), definition=definition) == [fault]


def test_a_definition_that_is_not_there_is_a_fault(faults_of: Faults) -> None:
    assert faults_of(HEAD + "api: {definition: apis.yaml}\n") == ["3:19: there is no 'apis.yaml' beside the spec"]


@pytest.mark.parametrize(
    ("rest", "faults"),
    [
        ("zone: shap.example", ["11:9: 'api.shop.example' is not inside the zone 'shap.example'"]),
        ("zone: op.example", ["11:9: 'api.shop.example' is not inside the zone 'op.example'"]),
        (
            f"certificate: {CERTIFICATE}",
            [
                f"11:16: '{CERTIFICATE}' is in us-east-1, and us-west-2 needs one of its own; write {{us-west-2: arn, …}} or leave it out"  # noqa: E501
            ],
        ),
        (
            f"certificate: {{us-west-2: '{CERTIFICATE}'}}",
            [f"11:28: '{CERTIFICATE}' is in us-east-1, and us-west-2 needs one of its own"],
        ),
        (
            "certificate: {us-west-1: 'arn:aws:acm:us-west-1:123456789012:certificate/x'}",
            ["11:17: 'us-west-1' is not one of this spec's regions; did you mean 'us-west-2'?"],
        ),
        ("health-check: {path: /v1/healthz}", ["11:3: a health check has no use without 'zone'"]),
        (
            "zone: shop.example\n  health-check: {path: /ping}",
            ["12:24: API Gateway keeps '/ping' for itself; use a path of your own"],
        ),
        (
            "zone: shop.example\n  health-check: {path: /v2/healthz}",
            ["12:24: '/v2/healthz' does not begin with the path of a stage; paths: '/v1'"],
        ),
        (
            f"zone: shop.example\n  health-check: {{path: /v1/healthz?{'x' * 250}}}",
            ["12:24: Route 53 asks for paths of at most 255 characters: 264 with the stage"],
        ),
        (
            "zone: shop.example\n  health-check: {path: /v1/health}",
            ["12:24: the definition has no GET /health, so no region would ever be healthy"],
        ),
    ],
)
def test_domain(rest: str, faults: list[str], faults_of: Faults) -> None:
    assert faults_of(DOMAIN + rest + "\n") == faults


@pytest.mark.parametrize(
    ("rest", "faults"),
    [
        ("routing: failover\n", ["'routing' has no use without 'zone'", "'failover' needs domain.health-check"]),
        ("zone: shop.example\n  routing: failover\n", ["'failover' needs domain.health-check"]),
        (
            "zone: shop.example\n  routing: simple\n  health-check: {path: /v1/healthz}\n",
            ["Route 53 answers with a simple record whatever its health"],
        ),
        (
            "mutual-tls: {truststore: 's3://trust/k'}\n  security-policy: TLS_1_0\n",
            ["'mutual-tls' goes with TLS_1_2 only, not with TLS_1_0"],
        ),
        ("mutual-tls: {truststore: k.pem}\n", ["a file in S3, s3://bucket/key"]),
        (
            "zone: shop.example\ndomains:\n- {name: API.shop.example, zone: else.example}\n",
            ["'api.shop.example' is a domain of this backend already", "'API.shop.example' is not inside the zone"],
        ),
        (
            "zone: shop.example\ndomains:\n- {name: old.shop.example, health-check: {path: /v1/healthz}}\n",
            ["'health-check' is not a setting of the domain"],
        ),
    ],
)
def test_what_each_routing_and_each_further_domain_needs(rest: str, faults: list[str], faults_of: Faults) -> None:
    found = faults_of(DOMAIN + rest)
    assert len(found) == len(faults), found
    assert [told for told, wanted in zip(found, faults, strict=True) if wanted not in told] == []


def test_a_domain_needs_an_api(faults_of: Faults) -> None:
    assert faults_of(HEAD + "domain: {name: a.example}\n") == ["3:1: a domain needs an 'api' to stand in front of"]


def test_ten_faults_give_ten_lines(faults_of: Faults) -> None:
    text = (
        "backend: Shop\nregions: [us-east-1, us-wset-2]\ntags: {aws:x: y}\nfunctions:\n  items:\n    code: x.zip\n"
        "    runtime: java21\n    handler: a.B\n    memroy: 1\n    timeout: 10s\n    tracing: yes\n"
        "    environment: {AWS_REGION: x, A1: '{{ must_env \"NOT_SET\" }}'}\n"
        "tables:\n  items: {key: {hash: owner}, billing: ondemand}\n"
    )
    faults = faults_of(text)
    assert [fault.split(":")[0] for fault in faults] == ["1", "2", "3", "9", "10", "11", "12", "12", "14", "14"]


def test_the_example_spec_is_sound() -> None:
    path = ROOT / "specs" / "corkhounds.yaml"
    if not path.is_file():
        pytest.skip("specs/corkhounds.yaml is not there")
    assert parse(path, environ={}).backend == "corkhounds"
