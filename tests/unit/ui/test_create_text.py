"""What is created tells what a reviewer needs, within 80 columns."""

from __future__ import annotations

from io import StringIO

from backendctl.engine.action import Action
from backendctl.engine.diff import differences
from backendctl.engine.plan import Change, Plan
from backendctl.engine.resource import Resource
from backendctl.resources.apigateway.api_key import ApiKey
from backendctl.resources.apigateway.usage_plan import UsagePlan
from backendctl.resources.dynamodb.scaling import Scaling
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.dynamodb.table_indexes import GlobalIndex
from backendctl.resources.events.warmer import Warmer
from backendctl.secrets import digest
from backendctl.spec.model import Attribute, Key
from backendctl.ui.console import Screen
from backendctl.ui.plan_data import plan_markdown
from backendctl.ui.plan_text import show_plan
from tests.unit.engine.things import EAST

KEY = Key(hash=Attribute(name="customer", type="S"), range=Attribute(name="created", type="N"))
TABLE = Table(
    region=EAST,
    name="orders",
    owner="shop",
    physical="shop-orders",
    status="ACTIVE",
    key=KEY,
    billing="on-demand",
    indexes={"by-state": GlobalIndex(key=Key(hash=Attribute(name="state", type="S")))},
    ttl="expires",
    point_in_time_recovery=False,
)


def _plan(resource: Resource) -> Plan:
    change = Change(action=Action.CREATE, desired=resource, live=None, fields=differences(resource, None))
    return Plan(backend="shop", regions=(EAST,), changes=(change,))


def _shown(resource: Resource) -> list[str]:
    out = StringIO()
    show_plan(_plan(resource), Screen(out=out, err=StringIO()).result)
    return out.getvalue().splitlines()[1:-2]


def test_a_table_tells_key_indexes_billing_and_ttl_within_80_columns() -> None:
    lines = _shown(TABLE)
    assert all(len(line) <= 80 for line in lines)
    text = " ".join(" ".join(lines).split())
    told = "key hash: customer S, range: created N; indexes.by-state hash: state S; billing on-demand; ttl expires"
    assert text.endswith(told)
    assert "point_in_time_recovery" not in text


def test_markdown_tells_them_too() -> None:
    row = plan_markdown(_plan(TABLE)).splitlines()[-1]
    assert all(word in row for word in ("customer S", "state S", "on-demand", "expires"))


def test_what_fits_stands_on_one_line() -> None:
    scaling = Scaling(
        region=EAST,
        name="orders/read",
        owner="shop",
        resource="table/shop-orders",
        min=5,
        max=500,
        target=70,
        policies=(),
    )
    assert _shown(scaling) == ["  + scaling      orders/read  min 5, max 500, target 70"]


def test_a_warmer_tells_when_and_whom_it_calls() -> None:
    warmer = Warmer(
        region=EAST,
        name="a",
        owner="shop",
        schedule="rate(5 minutes)",
        targets={"id-1": "shop-a:live"},
    )
    assert _shown(warmer) == ["  + warmer       a  schedule rate(5 minutes), target shop-a:live"]


def test_a_usage_plan_tells_whom_it_lets_in_and_how_often() -> None:
    plan = UsagePlan(
        region=EAST,
        name="shop-gold",
        owner="shop",
        api="shop",
        throttle="100/s, burst 200",
        quota="none",
        description="",
        stages={"prodv1": "in it; GET /places 3/s, burst 4"},
        keys={"shop-app": "in it"},
    )
    text = " ".join(" ".join(_shown(plan)).split())
    told = "throttle 100/s, burst 200; quota none; stages.prodv1 in it; GET /places 3/s, burst 4; keys.shop-app in it"
    assert text.endswith(told)


def test_a_key_tells_a_digest_of_its_value_at_most() -> None:
    secret = "a-key-of-the-spec-that-nobody-reads"
    key = ApiKey(region=EAST, name="shop-app", owner="shop", secret=secret, value=digest(secret, of="shop-app"))
    (line,) = _shown(key)
    assert line.endswith(f"value {digest(secret, of='shop-app')}")
    assert secret not in line
