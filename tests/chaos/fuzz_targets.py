"""What reads input that somebody else wrote, and good samples of each."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import yaml
from botocore.exceptions import ClientError

from backendctl.api.faults import definition_refusals
from backendctl.aws.errors import explain
from backendctl.aws.journal import _addresses as journalled
from backendctl.comparing import decoded
from backendctl.comparing import differences as differences_of
from backendctl.invoking.run import _invoked
from backendctl.logs.lines import LineReader
from backendctl.logs.reading import Event
from backendctl.logs.sources import Kind, Source
from backendctl.openapi.arns import Home
from backendctl.openapi.canonical import canonical
from backendctl.openapi.diff import differences
from backendctl.openapi.neutral import json_value
from backendctl.release.access_log import AccessLog
from backendctl.release.answers import from_proxy
from backendctl.resources.dynamodb.table_policy import canonical as policy_of_table
from backendctl.resources.events.warmer import canonical as canonical_input
from backendctl.resources.iam.policy_text import statements
from backendctl.resources.iam.role_policy import normalised
from backendctl.resources.iam.role_reads import _wide as wide
from backendctl.resources.lambda_.alias_mark import held_in, read_mark
from backendctl.resources.lambda_.calling import Answer
from backendctl.resources.lambda_.prewarm import _not_run as not_run
from backendctl.resources.ssm.drain_mark import decoded as decoded_mark
from backendctl.resources.ssm.old_notes import _note as old_note
from backendctl.resources.ssm.release_record import decode
from backendctl.spec import Offline, loader, parse
from backendctl.spec.config import load_config
from backendctl.spec.model import Api, Spec
from backendctl.testing.reading import read_suites
from backendctl.traces.parts import own_times, read_document, spans_of
from backendctl.traces.reading import _trace as _trace_of
from backendctl.visible import visible
from backendctl.warmth.cost.prices import load_prices
from backendctl.warmth.report_line import parse as parse_report
from backendctl.warmth.rules import _hold as hold
from backendctl.warmth.tune.measuring import _bad_status as bad_status
from tests.unit.openapi.samples import definitions

_ROOT = Path(__file__).parents[2]
_FUNCTION = {"code": "fn", "runtime": "python3.13", "handler": "app.handler"}
_DEFINITION = "api.yaml"
HOME = Home(regions=frozenset({"us-east-1"}), accounts=frozenset({"111111111111"}))

_SPECS: tuple[dict[str, Any], ...] = (
    {
        "backend": "shop",
        "regions": ["us-east-1", "eu-west-1"],
        "functions": {
            "orders": {
                **_FUNCTION,
                "memory": 512,
                "timeout": 10,
                "aliases": ["live"],
                "environment": {"TOKEN": '{{ ssm "/shop/token" }}', "TABLE": '{{ table "orders" }}'},
                "warm": {"every": "5 minutes", "input": {"instruction": "warmer"}, "instances": 2},
                "regions": {"eu-west-1": {"memory": 1024}},
                "layers": ["arn:aws:lambda:{{ region }}:123456789012:layer:tools:1"],
                "log-retention": "14 days",
                "tags": {"team": "a"},
            },
            "image": {"code": {"image": "123456789012.dkr.ecr.{{ region }}.amazonaws.com/x:1"}},
        },
        "tables": {
            "orders": {
                "key": {"hash": "id S", "range": "at N"},
                "indexes": {"by-owner": {"hash": "owner S"}},
                "billing": {"read": {"min": 5, "max": 500, "target": 70}, "write": {"min": 5, "max": 500}},
                "ttl": "expires",
            }
        },
        "canary": {"strategy": "alias", "steps": [1, 10, 50]},
        "tags": {"team": "b"},
    },
)
_CONFIG = {
    "spec": "specs/my.yaml",
    "profile": "p",
    "accounts": ["111111111111"],
    "environments": {
        "prod": {"profile": "q", "account": "222222222222", "role-arn": "arn:aws:iam::222222222222:role/x"}
    },
    "max-parallel": 8,
    "output": "json",
    "regions": ["us-east-1"],
    "pacing": {"lambda": {"UpdateFunctionCode": 2}},
    "color": True,
}
_RELEASE = {
    "number": 7,
    "event": "deploy",
    "token": "01234567",
    "targets": ["prodv1"],
    "regions": ["us-east-1"],
    "time": "2026-11-28T10:00:00Z",
    "operator": "me@host",
    "process": 7,
    "deployment": "d1",
    "deployments": {"prodv1": "d1"},
    "prefix": "shop-",
    "versions": {"live": {"orders": "3 0123abcd"}},
    "variables": {"prodv1": {"orders": None, "plain": "x"}},
    "percent": 10.0,
    "state": "done",
}
_NOTE = {"how": "deploy", "time": "2026-11-28T10:00:00Z", "versions": {"shop-orders:live": "3"}, "percent": 10.0}
_MARK = {
    "phase": "drained",
    "serial": 3,
    "time": "2026-11-28T10:00:00Z",
    "operator": "me@host",
    "means": ["record"],
    "limits": {"rate": 10.0, "burst": 5},
}
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Sid": "backendctl",
            "Effect": "Allow",
            "Principal": {"Service": "apigateway.amazonaws.com"},
            "Action": ["lambda:InvokeFunction", "logs:*"],
            "Resource": ["*", "arn:aws:dynamodb:us-east-1:111111111111:table/x"],
            "Condition": {"ArnLike": {"AWS:SourceArn": ["a", "b"]}, "Bool": {"aws:SecureTransport": True}},
        }
    ],
}
_PRICES = {
    "regions": {
        "sa-east-1": {"api-requests": [{"up-to": 333000000, "price": 4.25}, {"price": 3.4}], "logs-gb": 0.9},
        "us-east-1": {"logs-gb": {"price": 0.5, "source": "my bill", "date": "2026-11-01"}},
    },
    "global": {"route53-alias-queries": 0},
    "free": {"lambda-gb-seconds": 0},
    "monthly": {"CloudFront": 12.5},
}
_ANSWER = {
    "Error": {"Code": "AccessDenied", "Message": "User is not authorized to perform: lambda:GetFunction on x"},
    "ResponseMetadata": {"HTTPStatusCode": 403, "RequestId": "r"},
}

_TESTS = {
    "through": "region",
    "headers": {"accept": "application/json"},
    "ignore": ["$..etag"],
    "tests": [
        {
            "request": "GET /healthz",
            "expect": {"status": [200, 204], "within": "2 s"},
            "capture": {"id": "$.a[0]['b']"},
        },
        {
            "name": "next",
            "request": 'GET /places/${id}?lat={{ env "X" }}',
            "body": {"a": 1},
            "expect": {"json": {"$.places[*].id": {"matches": "^[a-z]+$"}}, "headers": {"etag": {"exists": True}}},
            "stage": "prodv1",
        },
    ],
}
_TRACE = {
    "id": "1",
    "name": "shop/v1",
    "origin": "AWS::ApiGateway::Stage",
    "start_time": 1.5,
    "end_time": 2,
    "subsegments": [{"id": "2", "name": "Invocation", "start_time": 1.6, "end_time": 1.9, "subsegments": []}],
}
_REPORT = {
    "time": "2026-11-28T10:00:00Z",
    "type": "platform.report",
    "record": {
        "requestId": "6f747a09-cf41-4a96-9d4c-5b8c3e1d0f5a",
        "status": "success",
        "metrics": {"durationMs": 1.5, "billedDurationMs": 2, "memorySizeMB": 128, "maxMemoryUsedMB": 40},
    },
}
_ACCESS = {"requestId": "6f747a09-cf41-4a96-9d4c-5b8c3e1d0f5a", "status": "200", "isCanaryRequest": "false"}
_FORMAT = '{"requestId":"$context.requestId","status":"$context.status","isCanaryRequest":"$context.isCanaryRequest"}'
_SAID = {"statusCode": 200, "headers": {"a": "b"}, "body": '{"id": 1}'}
_ERROR = {"errorType": "KeyError", "errorMessage": "'x'", "stackTrace": ["  File x, line 1\n"], "requestId": "r"}


@dataclass(frozen=True, kw_only=True)
class Ground:
    """A folder with what the samples name.

    Attributes:
        samples: target → (name, document).
        definition: a good one to compare with. spec: a good one.
    """

    folder: Path
    spec: Spec
    samples: dict[str, list[tuple[str, Any]]]
    definition: dict[str, Any]

    @classmethod
    def laid_out(cls, folder: Path) -> Ground:
        """Write the files."""
        (folder / "fn").mkdir()
        (folder / "fn" / "app.py").write_text("def handler(event, context):\n    return event\n", encoding="utf-8")
        example = yaml.safe_load((_ROOT / "specs/corkhounds.yaml").read_text(encoding="utf-8"))
        definition = yaml.safe_load((_ROOT / "specs/corkhounds.openapi.yaml").read_text(encoding="utf-8"))
        example["api"]["definition"] = _DEFINITION
        for function in example["functions"].values():
            function["code"] = "fn"
        (folder / _DEFINITION).write_text(yaml.safe_dump(definition), encoding="utf-8")
        definitions = [("corkhounds", definition), *_corpus()]
        (folder / "good.yaml").write_text(yaml.safe_dump(example), encoding="utf-8")
        return cls(
            folder=folder,
            spec=parse(folder / "good.yaml", environ={"X": "1"}).expand(Offline()),
            definition=definition,
            samples={
                "spec": [("corkhounds", example), *(("shop", one) for one in _SPECS)],
                "config": [("config", _CONFIG)],
                "definition": definitions,
                "spec-with": definitions,
                "release": [("release", _RELEASE)],
                "answer": [("answer", _ANSWER)],
                "tests": [("tests", _TESTS)],
                "trace": [("trace", _TRACE)],
                "log": [("report", _REPORT), ("access", _ACCESS)],
                "said": [("said", _SAID), ("error", _ERROR)],
                "notes": [("mark", _MARK), ("note", _NOTE), ("journal", {"allowed": ["us-east-1/table/orders"]})],
                "policy": [("policy", _POLICY)],
                "prices": [("prices", _PRICES)],
                "summary": [
                    ("summary", {"Id": "1-65000000-aaaaaaaaaaaaaaaaaaaaaaaa", "Http": {"HttpURL": "https://x"}})
                ],
                "ping": [("input", {"instruction": "warmer", "holdMs": 75}), ("report", _REPORT), ("said", _SAID)],
            },
        )

    def put(self, name: str, body: bytes) -> Path:
        """One file."""
        path = self.folder / name
        path.write_bytes(body)
        return path


def _corpus() -> list[tuple[str, Any]]:
    found = [(path.name, yaml.safe_load(path.read_text(encoding="utf-8"))) for path in definitions()]
    return [(name, one) for name, one in found if isinstance(one, dict)]


def _spec(ground: Ground, body: bytes) -> None:
    """As `validate` and `render` read it."""
    draft = parse(ground.put("spec.yaml", body), environ={"X": "1"})
    draft.expand(Offline())


def _config(ground: Ground, body: bytes) -> None:
    config = load_config(ground.put("config.yaml", body), {})
    for name in config.environments:
        config.for_environment(name)


def _definition(ground: Ground, body: bytes) -> None:
    """As it is judged and compared before it is sent."""
    document = loader.read(ground.put("definition.yaml", body)).value
    if not isinstance(document, dict):
        return
    refused = definition_refusals(document, Api(name="x", path=ground.folder / "definition.yaml", definition={}))
    if not refused:
        form = canonical(json_value(document), HOME)
        differences(canonical(ground.definition, HOME), form)
        differences(form, canonical(ground.definition, HOME))


def _spec_with(ground: Ground, body: bytes) -> None:
    """A good spec of one function, beside a definition that is not."""
    ground.put("fuzzed.yaml", body)
    document = {
        "backend": "shop",
        "regions": ["us-east-1"],
        "functions": {"orders": _FUNCTION},
        "api": {"definition": "fuzzed.yaml", "stages": {"prod": {"path": "v1", "variables": {"a": "b"}}}},
    }
    spec = ground.put("beside.yaml", json.dumps(document).encode())
    parse(spec, environ={}).expand(Offline())


def _release(ground: Ground, body: bytes) -> None:
    """As the release log's parameters are read; whoever may write them may write anything."""
    del ground
    entry = decode(1, body.decode(errors="replace"))
    if entry is not None:
        visible(entry.time + entry.operator)
        sorted([entry], key=lambda one: one.time)
        dict(entry.versions)


def _answer(ground: Ground, body: bytes) -> None:
    """An error of AWS with anything in it."""
    del ground
    try:
        answer = json.loads(body)
    except (ValueError, RecursionError):
        return
    shape = answer if isinstance(answer, dict) else {}
    if not isinstance(shape.get("Error", {}), dict) or not isinstance(shape.get("ResponseMetadata", {}), dict):
        return  # botocore's own parser makes mappings of these
    explain(ClientError(shape, "GetFunction"), doing="read us-east-1/function/x")  # type: ignore[arg-type]


def _tests(ground: Ground, body: bytes) -> None:
    """A file of requests with expectations."""
    read_suites([ground.put("spec.tests.yaml", body)], ground.spec)


def _trace(ground: Ground, body: bytes) -> None:
    """Segments that whoever may write traces has written."""
    del ground
    own_times(spans_of([read_document(body.decode(errors="replace"))]))


def _notes(ground: Ground, body: bytes) -> None:
    """What commands keep in AWS and on disk between runs: marks of drains, notes of the version before, the journal."""
    del ground
    text = body.decode(errors="replace")
    decoded_mark("us-east-1", text)
    old_note(text)
    journalled(text)
    for description in (text, text.strip('"')):
        read_mark(description)
        held_in(description, "7")


def _policy(ground: Ground, body: bytes) -> None:
    """Policies of roles, functions and tables as AWS gives them back."""
    del ground
    text = body.decode(errors="replace")
    for document in (text, decoded(text)):
        normalised(document)
        list(wide(statements(document, of="x")))
    document = decoded(text)
    if isinstance(document, dict):  # DynamoDB has judged it
        policy_of_table(document)


def _prices(ground: Ground, body: bytes) -> None:
    """The user's own prices."""
    load_prices(ground.put("prices.yaml", body))


def _summary(ground: Ground, body: bytes) -> None:
    """A trace's summary, whose id and URL are any text."""
    del ground
    found = decoded(body.decode(errors="replace"))
    told = found if isinstance(found, dict) else {}
    http = told.get("Http") if isinstance(told.get("Http"), dict) else {}
    _trace_of("us-east-1", {"Id": str(told.get("Id")), "Http": {"HttpURL": str((http or {}).get("HttpURL"))}})


def _ping(ground: Ground, body: bytes) -> None:
    """What a rule of anybody sends to a function, and what the function answers."""
    del ground
    text = body.decode(errors="replace")
    hold(text)
    canonical_input(text)
    not_run(text)
    bad_status(text)
    parse_report(text)


def _log(ground: Ground, body: bytes) -> None:
    """Lines that handlers, Lambda and API Gateway write, as JSON and as text."""
    del ground
    text = body.decode(errors="replace")
    for kind in Kind:
        source = Source(region="us-east-1", group="/x", kind=kind, name="x", physical="x")
        events = [Event(id=str(n), at=n, stream="2026/11/28/[7]a", message=m) for n, m in enumerate((text, text[1:]))]
        for line in LineReader(source=source).lines(events):
            visible(line.message)
    AccessLog(group="/x", format=_FORMAT, stage="v1", api_id="a").line(text, in_canary_group=False)


def _said(ground: Ground, body: bytes) -> None:
    """What a handler answers."""
    del ground
    text = body.decode(errors="replace")
    from_proxy(text, fault="").document  # noqa: B018  # that it can be read
    differences_of({"us-east-1": decoded(text), "us-west-2": {"statusCode": 200, "body": "{}"}})
    _invoked("us-east-1", None, Answer(began=0, ended=1, said=text, fault="Unhandled"))


TARGETS: dict[str, Callable[[Ground, bytes], None]] = {
    "spec": _spec,
    "definition": _definition,
    "spec-with": _spec_with,
    "config": _config,
    "release": _release,
    "answer": _answer,
    "tests": _tests,
    "trace": _trace,
    "log": _log,
    "said": _said,
    "notes": _notes,
    "policy": _policy,
    "prices": _prices,
    "summary": _summary,
    "ping": _ping,
}
IN_JSON = frozenset(TARGETS) - {"spec", "definition", "spec-with", "config", "tests", "prices"}
"""Targets that read JSON; the others read YAML."""
