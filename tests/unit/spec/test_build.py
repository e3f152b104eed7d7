"""What a sound spec becomes."""

from __future__ import annotations

import contextlib
import copy
import json
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.errors import SpecError
from backendctl.spec import Offline, effective, load
from backendctl.spec.domains import HealthCheck, MutualTls
from backendctl.spec.loader import parse_yaml
from backendctl.spec.model import Attribute, Key, Scaling, Vpc, Warm

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from backendctl.spec import Draft, Spec

SPEC = """\
backend: shop
regions: [us-east-1, us-west-2]
tags: {team: places, stage: all}
functions:
  items:
    code: ../items
    runtime: python3.13
    handler: app.handler
    memory: 512.0
    environment: {TABLE: '{{ table "items" }}', KEEP: x, DROP: x, folder: y}
    log-retention: 1 day
    tracing: true
    warm: {every: 1 hour, input: {ping: 1}}
    vpc: {subnets: [s-1], security-groups: [g-1]}
    tags: {stage: mine}
    regions:
      us-west-2:
        memory: 1536
        code: s3://bucket/key
        environment: {DROP: null, MORE: z, s3: w}
        vpc: {subnets: [s-2]}
        warm: false
  other:
    code: 123456789012.dkr.ecr.{{ region }}.amazonaws.com/x:1
    log-retention: never
    aliases: [one, two]
tables:
  items:
    key: {hash: id S}
    indexes:
      by-owner: {hash: owner S, range: created N, projection: keys}
      by-kind: {hash: kind S, projection: [a, b], read: {min: 1, max: 2, target: 50}}
    billing: {read: {min: 5, max: 500}, write: {min: 1, max: 10}}
    ttl: expires
  logs: {name: old-logs, key: {hash: id B}, regions: [us-east-1]}
api:
  definition: api.yaml
  stages:
    prod:
      path: ''
      variables: {itemsAlias: version1}
      throttling: {rate: 10, burst: 20}
      cache: {size: '0.5'}
      logging: {level: error, access: logs}
    test: {variables: {itemsAlias: version2}}
domain:
  name: api.Shop.example
  zone: shop.example.
  certificate: 'arn:aws:acm:{{ region }}:{{ account }}:certificate/x'
  health-check: {path: /healthz, interval: 10}
"""


@pytest.fixture
def spec(draft_of: Callable[..., Draft]) -> Spec:
    return draft_of(SPEC).expand(Offline())


def test_a_function_gets_its_defaults(spec: Spec) -> None:
    items, other = spec.functions_in("us-east-1")
    assert (items.physical, items.memory, items.timeout, items.log_retention) == ("shop-items", 512, 10, 1)
    assert (items.tracing, items.warm) == ("Active", Warm(every=60, input='{"ping": 1}'))
    assert items.code.path == spec.file.resolve().parent.parent / "items"
    assert (other.log_retention, other.aliases, other.warm) == (None, ("one", "two"), None)
    assert isinstance(items.memory, int)


def test_a_region_overrides_deeply_and_null_takes_away(spec: Spec) -> None:
    items, other = spec.functions_in("us-west-2")
    assert (items.memory, items.warm) == (1536, None)
    assert (items.code.path, items.code.s3) == (None, "s3://bucket/key")
    assert items.environment == {"TABLE": "shop-items", "KEEP": "x", "MORE": "z", "s3": "w", "folder": "y"}
    assert items.vpc == Vpc(subnets=("s-2",), security_groups=("g-1",))
    assert other.code.image == "123456789012.dkr.ecr.us-west-2.amazonaws.com/x:1"


def test_aliases_are_those_the_stages_name_for_the_function(spec: Spec) -> None:
    assert spec.functions_in("us-east-1")[0].aliases == ("version1", "version2")


def test_own_tags_win_over_the_backend_s(spec: Spec) -> None:
    assert spec.functions_in("us-east-1")[0].tags == {"team": "places", "stage": "mine"}
    assert spec.tables[0].tags == {"team": "places", "stage": "all"}


def test_tables(spec: Spec) -> None:
    items, logs = spec.tables
    assert (items.physical, logs.physical) == ("shop-items", "old-logs")
    assert (items.regions, logs.regions) == (("us-east-1", "us-west-2"), ("us-east-1",))
    assert items.read == Scaling(min=5, max=500, target=70)
    assert (logs.read, logs.write) == (None, None)
    by_owner, by_kind = items.indexes
    assert by_owner.key == Key(hash=Attribute(name="owner", type="S"), range=Attribute(name="created", type="N"))
    assert (by_owner.projection, by_kind.projection) == ("KEYS_ONLY", ("a", "b"))
    assert (by_owner.read, by_kind.read) == (None, Scaling(min=1, max=2, target=50))


def test_stages(spec: Spec) -> None:
    assert spec.api is not None
    prod, test = spec.api.stages
    assert (spec.api.name, prod.path, test.path) == ("shop", "", None)
    assert (prod.cache_size, prod.cache_ttl, test.cache_size, test.cache_ttl) == ("0.5", 300, None, None)
    assert prod.logging is not None
    assert (prod.logging.level, prod.logging.access) == ("ERROR", "logs")
    assert "$context.isCanaryRequest" in json.loads(prod.logging.format or "").values()
    assert spec.api.definition["paths"].keys() == {"/healthz"}


def test_domain(spec: Spec) -> None:
    assert spec.domain is not None
    assert (spec.domain.name, spec.domain.zone) == ("api.shop.example", "shop.example")
    assert spec.domain.health_check == HealthCheck(path="/healthz", interval=10)
    assert spec.domain.certificates["us-west-2"] == "arn:aws:acm:us-west-2:000000000000:certificate/x"


def test_further_domains_have_the_health_check_of_the_first(draft_of: Callable[..., Draft]) -> None:
    further = (
        "domains:\n- {name: OLD.shop.example, zone: Z0123456789, certificate: '"
        "arn:aws:acm:{{ region }}:{{ account }}:certificate/y', mutual-tls: {truststore: 's3://trust/k', version: v}}\n"
        "- {name: plain.example}\n- {name: simple.shop.example, zone: shop.example, routing: simple}\n"
    )
    found = draft_of(SPEC + further).expand(Offline())
    first, old, plain, simple = found.domains
    assert first == found.domain
    assert (old.name, old.zone, old.routing) == ("old.shop.example", "Z0123456789", "latency")
    assert old.certificates["us-west-2"] == "arn:aws:acm:us-west-2:000000000000:certificate/y"
    assert old.mutual_tls == MutualTls(truststore="s3://trust/k", version="v")
    assert old.health_check == first.health_check
    assert (plain.health_check, simple.health_check) == (None, None)


def test_effective_is_plain_and_hides_the_environment(spec: Spec) -> None:
    shown = effective(spec)
    items = shown["functions"]["us-west-2"]["items"]
    assert items["environment"] == dict.fromkeys(("TABLE", "KEEP", "folder", "MORE", "s3"), "(hidden)")
    assert (items["memory"], items["log-retention"]) == (1536, 1)
    assert shown["api"]["stages"]["prod"]["throttling"] == {"rate": 10.0, "burst": 20}
    assert "definition" not in shown["api"]
    assert json.loads(json.dumps(shown)) == shown


def test_effective_reveals_when_asked(spec: Spec) -> None:
    items = effective(spec, reveal=True)["functions"]["us-east-1"]["items"]
    assert items["environment"]["TABLE"] == "shop-items"


def _ways(value: Any, way: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield (*way, step)
        yield from _ways(item, (*way, step))


@pytest.mark.parametrize("wrong", [None, [1], {"x": 1}, '{{ ssm "/x" }}'])
def test_no_wrong_value_anywhere_is_more_than_a_fault(wrong: Any, draft_of: Callable[..., Draft]) -> None:
    sound = parse_yaml(SPEC, file="x").value
    for way in list(_ways(sound))[::2]:
        faulty = copy.deepcopy(sound)
        parent = faulty
        for step in way[:-1]:
            parent = parent[step]
        parent[way[-1]] = wrong
        with contextlib.suppress(SpecError):
            draft_of(json.dumps(faulty)).expand(Offline())


def test_load_is_parse_and_expand(tmp_path: Path) -> None:
    path = tmp_path / "shop.yaml"
    path.write_text('{"backend": "shop", "regions": ["us-east-1"]}', encoding="utf-8")
    assert load(path, Offline()).primary == "us-east-1"
