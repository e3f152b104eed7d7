"""`warm-status` on the screen, as JSON and as Markdown."""

from __future__ import annotations

import io
import json
from dataclasses import replace
from typing import Any

import pytest
from rich.console import Console
from rich.theme import Theme

from backendctl.errors import AwsError, Exit
from backendctl.ui.warm_data import cold_users, rounded, warm_document, warm_line, warm_markdown
from backendctl.ui.warm_view import show_warm, watch_warm
from backendctl.warmth.cold import Cause
from backendctl.warmth.counting import Window
from backendctl.warmth.evidence import GOOD, Counted, Outcome, Verdict
from backendctl.warmth.figures import Figures, Quantiles, wilson
from backendctl.warmth.look import Request, WarmRow, WarmStatus
from tests.unit.warmth.made import NOW, rule, subject

STYLES = ("name", "quiet", "region", "bad", "ok", "update")


def row(outcome: Outcome = Outcome.WARM, *, figures: Figures | None = None, **given: Any) -> WarmRow:
    verdict = Verdict(outcome=outcome, reason=given.pop("reason", "a reason"), next_step=given.pop("next_step", ""))
    counted = Counted(is_known=True, fired=288, due=288, last=NOW - 60, invocations=1528)
    return WarmRow(subject=subject(**given), counted=counted, figures=figures, verdict=verdict)


def full(**given: Any) -> Figures:
    usual: dict[str, Any] = {
        "invocations": 1_234_567,
        "users": 1_234_279,
        "pings": 12_288,
        "cold_users": 45_678,
        "cold_share": wilson(45_678, 1_234_279),
        "causes": {Cause.IDLE: 40_000, Cause.SCALE_OUT: 5_678},
        "init": Quantiles(p50=12_345, p95=21_000),
        "cold": Quantiles(p50=12_445, p95=21_100),
        "warm": Quantiles(p50=123, p95=900),
        "alive": 123,
        "is_estimated": True,
    }
    return Figures(**(usual | given))


def status(*rows: WarmRow, **given: Any) -> WarmStatus:
    request = Request(window=Window(since=NOW - 86_400, until=NOW))
    return WarmStatus(backend="corkhounds", request=request, rows=rows, **given)


def drawn(found: WarmStatus, *, verbose: bool = False, width: int = 80) -> str:
    stream = io.StringIO()
    console = Console(file=stream, width=width, theme=Theme(dict.fromkeys(STYLES, "none")), highlight=False)
    show_warm(found, console, verbose=verbose)
    return stream.getvalue()


LONG = "a" * 30 + "-" + "b" * 33
REASON = "the first request after the warmer loaded an environment takes 12,345 ms, later ones 20 ms: " * 2


@pytest.mark.parametrize("verbose", [False, True])
@pytest.mark.parametrize("outcome", Outcome)
def test_nothing_is_wider_than_80_columns_and_nothing_is_cut(outcome: Outcome, verbose: bool) -> None:  # noqa: FBT001
    step = f"aws lambda get-function-concurrency --function-name {LONG} --region ap-southeast-2"
    rows = [
        row(
            outcome,
            figures=full(),
            function=LONG,
            physical=LONG,
            region="ap-southeast-2",
            reason=REASON,
            next_step=step,
        ),
        row(outcome, function="short", region="ap-southeast-2", reason=REASON),
    ]
    text = drawn(status(*rows), verbose=verbose)
    assert max(len(line) for line in text.splitlines()) <= 80
    joined = " ".join(text.split())
    assert LONG in joined.replace(" ", "")
    assert "~46k/1.2M 3.7-3.7%" in joined
    assert "12 s" in joined
    assert str(outcome) in joined
    if outcome not in GOOD:
        assert joined.count(" ".join(REASON.split())) == 2
    assert step.replace(" ", "") in joined.replace(" ", "")


def test_an_estimate_is_marked_and_explained() -> None:
    assert "no access log" in drawn(status(row(figures=full())))
    assert "no access log" not in drawn(status(row(figures=full(is_estimated=False))))


def test_two_aliases_of_a_function_are_told_apart() -> None:
    text = drawn(status(row(alias="version1-a"), row(alias="version2-a")))
    assert "places:version1-a" in text
    assert "places:version2-a" in text


def test_many_rows_have_a_footer_with_their_sum() -> None:
    found = full(users=10, cold_users=1)
    text = drawn(status(*[row(function=f"f{n}", figures=found) for n in range(3)], row(Outcome.COLD, function="f4")))
    assert "4 functions: 3 warm, 1 cold; 3 of 30 users' requests cold" in text


def test_a_silent_region_is_told() -> None:
    error = AwsError("no route", doing="read the warmth of us-west-2", code="NoAnswer")
    assert "us-west-2" in drawn(status(row(), unreachable={"us-west-2": error}))


def _shape(value: object) -> object:
    return {key: _shape(one) for key, one in value.items()} if isinstance(value, dict) else None


TOP = [
    *("region", "function", "alias", "version", "stages", "memory_mb", "provisioned", "allocated", "allocation"),
    *("snapshot", "provisioned_in_use", "rule", "throttles", "errors"),
    *("estimated", "invocations", "cold_starts", "init_ms", "cold_ms", "warm_ms", "ping_ms", "first_ms", "later_ms"),
    *("failed_pings", "overlapping_pings", "alive", "pings_month", "pings_month_usd", "verdict", "reason", "next"),
]


def test_the_keys_of_a_row_are_the_same_with_and_without_figures() -> None:
    rows = warm_document(status(row(figures=full()), row(figures=Figures()), row()))["functions"]
    assert [list(one) for one in rows] == [TOP] * 3
    assert _shape(rows[0]) == _shape(rows[1])
    assert rows[2]["invocations"] is None
    assert set(rows[0]["cold_starts"]["causes"]) == {str(cause) for cause in Cause}
    json.dumps(rows)


def test_the_document_names_its_window_and_silent_regions() -> None:
    error = AwsError("no route", doing="read the warmth of us-west-2", code="NoAnswer")
    found = warm_document(status(unreachable={"us-west-2": error}))
    assert list(found) == ["backend", "since", "until", "idle_seconds", "functions", "unreachable", "drained"]
    assert found["since"].startswith("2027-01-14T08:00:00")
    assert "no route" in found["unreachable"]["us-west-2"]


def test_a_rule_s_targets_name_latest() -> None:
    (found,) = warm_document(status(row(rules=(rule(targets={None: 1}),))))["functions"]
    assert found["rule"]["rules"][0]["targets"] == {"$LATEST": 1}


def test_markdown_stays_one_row_whatever_the_reason() -> None:
    text = warm_markdown(status(row(reason="a | b\n<c> & d")))
    assert len(text.splitlines()) == 3
    assert "a \\| b &lt;c> &amp; d" in text


def test_a_share_of_nobody_is_a_dash() -> None:
    assert cold_users(None) == cold_users(Figures()) == "-"
    assert cold_users(full(users=1240, cold_users=3, cold_share=wilson(3, 1240))) == "~3/1,240 0.1-0.7%"


def test_counts_that_are_too_long_for_their_column_are_rounded() -> None:
    large = full(users=1_234_279, cold_users=45_678, cold_share=wilson(45_678, 1_234_279))
    assert cold_users(large) == "~45,678/1,234,279 3.7-3.7%"
    assert cold_users(large, longest=17) == "~46k/1.2M 3.7-3.7%"
    assert [rounded(n) for n in (9_999, 10_000, 999_499, 999_500, 12_345_678)] == [
        "9,999",
        "10k",
        "999k",
        "1M",
        "12.3M",
    ]


def test_piped_a_watch_tells_changes_of_verdict_alone() -> None:
    stream = io.StringIO()
    warm, cold = row(), row(Outcome.COLD, next_step="do this")
    error = AwsError("no route", doing="read the warmth of us-west-2", code="NoAnswer")
    with watch_warm(Console(file=stream, width=40)) as watch:
        for found in (warm, replace(warm, figures=full()), cold, cold, warm):
            watch.show(status(found))
        watch.show(status(warm, unreachable={"us-west-2": error}))
        watch.show(status(warm, unreachable={"us-west-2": error}))
    lines = stream.getvalue().splitlines()
    assert lines[:3] == [warm_line(warm), warm_line(cold), warm_line(warm)]
    assert lines[1] == "us-east-1 corkhounds-places:version1-a cold: a reason -> do this"
    assert len(lines) == 4
    assert lines[3].startswith("us-west-2 did not answer: ")


def test_exit_codes_are_those_of_every_verb_that_judges() -> None:
    error = {"us-west-2": AwsError("x", doing="y", code="NoAnswer")}
    good, bad, unknown = row(), row(Outcome.COLD), row(Outcome.NO_DATA)
    assert status(good, row(Outcome.PROVISIONED)).exit_code == Exit.OK
    assert status(good, bad, unknown, unreachable=error).exit_code == Exit.FAILED_VERDICT
    assert status(good, unknown, unreachable=error).exit_code == Exit.PARTIAL
    assert status(good, unknown).exit_code == Exit.INCONCLUSIVE
    assert status().exit_code == Exit.INCONCLUSIVE
