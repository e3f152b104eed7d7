"""What regions record of what they serve, as `status` tells it."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO
from typing import Any

from backendctl.engine.action import Action
from backendctl.engine.plan import Change, Plan
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_log import StageLog
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import LogGroup
from backendctl.spec.model import Logging
from backendctl.survey import survey
from backendctl.telemetry import telemetry
from backendctl.ui.console import Screen
from backendctl.ui.matrix import show_matrix, survey_document, survey_markdown

EAST, WEST = "us-east-1", "us-west-2"
LOGGING = Logging(level="ERROR", access="/shop/access", format="$context.requestId $context.isCanaryRequest")


def live(region: str, *, metrics: bool = True, tracing: str = "Active") -> list[Any]:
    owned: dict[str, Any] = {"region": region, "owner": "shop"}
    return [
        Function(name="orders", physical="shop-orders", tracing=tracing, **owned),
        Function(name="mail", physical="shop-mail", tracing=tracing, **owned),
        LogGroup(name="/aws/lambda/shop-orders", retention=14, **owned),
        LogGroup(name="/aws/lambda/shop-mail", retention=14, **owned),
        Stage(name="prod", api="shop", tracing=True, metrics=metrics, logging=LOGGING, **owned),
        StageLog(name="prod/access", api="shop", group="/shop/access", retention=30, **owned),
    ]


def planned(*lives: Any, changes: tuple[Change, ...] = ()) -> Plan:
    return Plan(backend="shop", regions=(EAST, WEST), changes=changes, unchanged=lives)


def shown(plan: Plan) -> str:
    out = StringIO()
    show_matrix(survey(plan), Screen(out=out, err=StringIO()).result)
    return out.getvalue()


def test_regions_that_are_alike_share_a_column_and_functions_a_row() -> None:
    told = [" ".join(line.split()) for line in shown(planned(*live(EAST), *live(WEST))).splitlines()]
    assert "recorded every region" in told
    assert "function mail, orders X-Ray, logs 14 days" in told
    assert "stage prod X-Ray, metrics per method, execution log error, access log, logs 30 days" in told


def test_a_region_that_records_less_is_seen() -> None:
    plan = planned(*live(EAST), *live(WEST, metrics=False, tracing="PassThrough"))
    assert "metrics of the stage" in shown(plan)
    assert "| function mail, orders | X-Ray, logs 14 days | no X-Ray, logs 14 days |" in survey_markdown(survey(plan))


def test_what_is_told_is_what_is_live_and_not_what_is_wanted() -> None:
    *rest, stage, _ = live(EAST)
    plain = replace(stage, logging=Logging(access="/shop/access", format="$context.requestId"))
    plan = planned(*rest, changes=(Change(action=Action.UPDATE, desired=stage, live=plain),))
    found = telemetry(plan)[EAST].stages["prod"]
    assert (found.level, found.canary) == ("OFF", False)
    assert "access log without canary" in str(found)
    assert survey_document(survey(plan))["telemetry"][EAST]["stages"]["prod"]["log_retention_days"] == {
        "access": None,
        "execution": None,
    }


def test_a_function_without_a_log_group_of_ours_is_told_so() -> None:
    function = live(EAST)[0]
    assert str(telemetry(planned(function))[EAST].functions["orders"]) == "X-Ray, logs left alone"
