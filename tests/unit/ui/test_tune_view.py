"""`tune` told on a terminal, as Markdown and as JSON."""

from __future__ import annotations

from io import StringIO
from typing import Any

import pytest
from rich.console import Console

from backendctl.errors import BackendctlError
from backendctl.ui.console import Screen
from backendctl.ui.tune_data import Tuning, tuning_document, tuning_markdown
from backendctl.ui.tune_view import TuneProgress, show_intention, show_tuning
from backendctl.warmth.memory_chart import Spread
from backendctl.warmth.report_line import Report
from backendctl.warmth.tune.advice import advise
from backendctl.warmth.tune.chart import memory_chart
from backendctl.warmth.tune.figures import Rates, size_of
from backendctl.warmth.tune.latest import Note
from backendctl.warmth.tune.looking import Target
from backendctl.warmth.tune.request import Goal, Payload, Request
from backendctl.warmth.tune.run import Tuned, dearest

RATES = Rates(gb_second=0.0000166667, request=0.0000002, region="us-east-1")
REQUEST = Request(function="places", sizes=(128, 1769), payload=Payload(), runs=20)
SIZE_KEYS = {"memory", "warm", "cold", "max_memory_used_mb"}


def target(**changed: Any) -> Target:
    known: dict[str, Any] = {
        "region": "us-east-1",
        "name": "places",
        "physical": "shop-places",
        "memory": 1769,
        "timeout": 10,
        "architecture": "arm64",
        "at_once": 10,
        "is_restored": False,
        "leftover": None,
        "old_versions": (),
        "notes": ("a note",),
    }
    return Target(**{**known, **changed})


def report(memory: int, ms: float, init: float | None = None) -> Report:
    return Report(request_id="1", duration_ms=ms, billed_ms=round(ms), memory_mb=memory, max_memory_mb=50, init_ms=init)


def tuned(**changed: Any) -> Tuned:
    sizes = tuple(
        size_of(memory, warm=[report(memory, ms)] * 20, cold=[report(memory, ms, 250)] * 10, rates=RATES)
        for memory, ms in ((128, 1382.0), (1769, 100.0))
    )
    known: dict[str, Any] = {
        "target": target(),
        "request": REQUEST,
        "sizes": sizes,
        "failures": {},
        "advice": advise(sizes),
        "leftovers": (),
        "notes": ("a note",),
    }
    return Tuned(**{**known, **changed})


def tuning(status: str = "measured", **changed: Any) -> Tuning:
    known: dict[str, Any] = {
        "backend": "shop",
        "request": REQUEST,
        "status": status,
        "targets": {"us-east-1": target()},
        "done": {"us-east-1": tuned()} if status == "measured" else {},
    }
    return Tuning(**{**known, **changed})


def _two() -> Tuning:
    """With the longest row there may be."""
    found = tuned()
    advice = dict(found.advice)
    del advice[Goal.COST]
    return tuning(done={"us-east-1": tuned(advice=advice)})


def shown(one: Tuning) -> str:
    out = StringIO()
    show_tuning(one, Screen(out=out, err=StringIO()).result)
    return out.getvalue()


def intended(one: Tuning, cost: float = 0.0) -> str:
    out = StringIO()
    show_intention(one, Screen(out=out, err=StringIO()).result, dearest=cost)
    return out.getvalue()


def test_the_table_fits_80_columns_and_marks_what_is_recommended_and_what_is_now() -> None:
    lines = shown(tuning()).splitlines()
    assert max(len(line.rstrip()) for line in lines) <= 80
    assert max(len(line.rstrip()) for line in shown(_two()).splitlines()) <= 80
    row = next(line for line in lines if line.strip().startswith("1769"))
    assert row.rstrip().endswith("all three, now")
    assert "100 ±0 %" in row


def test_each_recommendation_says_how_sure_it_is() -> None:
    text = shown(tuning())
    assert "by speed  1769 MB: 100 ms, $3.08 per million; clearly" in text
    assert "by cost   1769 MB: 100 ms, $3.08 per million; no clear difference to 128 MB" in text


def test_a_change_is_told_against_what_is_now() -> None:
    found = tuned(target=target(memory=128))
    text = shown(tuning(done={"us-east-1": found}))
    assert "against 128 MB now: time -93%, GB-seconds +0%" in text


def test_a_size_that_does_not_do_is_told_with_its_reason() -> None:
    found = tuned(failures={64: "Sandbox.Timedout: Task timed out after 10.00 seconds"})
    assert "64 MB does not work: Sandbox.Timedout: Task timed out" in shown(tuning(done={"us-east-1": found}))


def test_before_it_says_what_it_will_do_and_what_that_costs() -> None:
    text = intended(tuning("planned"), cost=0.0317)
    assert "shop-places in us-east-1: 1769 MB now, arm64; to be measured: 128, 1769 MB" in text
    assert "! a note" in text
    assert "20 times in turn, with {} as payload" in text
    assert "This costs at most $0.03" in text
    assert "costs" not in intended(tuning("planned"), cost=0.004)


def test_before_it_says_what_an_interrupted_tuning_left() -> None:
    left = target(leftover=Note(run="r", memory=512, size=128, time="2026-11-28T10:00:00Z"), old_versions=("7", "8"))
    text = intended(tuning("planned", targets={"us-east-1": left}))
    assert "a tuning of 2026-11-28T10:00:00Z was interrupted" in text
    assert "put back to 512 MB" in text
    assert "deleted first: 7, 8" in text


def test_the_dearest_is_every_call_taking_the_whole_timeout() -> None:
    one = sum(0.0000002 + memory / 1024 * 10 * 0.0000166667 for memory in REQUEST.sizes)
    assert dearest(target(), REQUEST, RATES) == pytest.approx(30 * one)


def test_what_was_written_is_told() -> None:
    one = tuning(written={"spec.yaml: functions.places.memory": (None, 1769)})
    told = "written: spec.yaml: functions.places.memory: 1769 (was not there)"
    assert told in shown(one)
    assert told in tuning_markdown(one)


def test_json_has_the_keys_that_are_documented() -> None:
    document = tuning_document(tuning(written={"spec.yaml: functions.places.memory": (None, 1769)}))
    assert list(document) == [
        "backend",
        "function",
        "status",
        "payload",
        "runs",
        "memory",
        "regions",
        "written",
        "write_error",
        "unreachable",
    ]
    (region,) = document["regions"]
    assert (region["architecture"], region["memory_now"], region["error"]) == ("arm64", 1769, None)
    assert {frozenset(size) for size in region["sizes"]} == {frozenset(SIZE_KEYS)}
    assert region["sizes"][1]["warm"]["cost_per_million"]["value"] == 3.079238
    assert region["recommended"]["cost"] == {"memory": 1769, "sure": False, "no_clear_difference": [128]}
    assert document["written"] == [{"key": "spec.yaml: functions.places.memory", "before": None, "after": 1769}]


def test_a_region_has_the_same_keys_before_after_and_without_an_answer() -> None:
    silent = BackendctlError("no answer")
    found = tuning(failed={"us-west-2": silent})
    measured, lost = tuning_document(found)["regions"]
    (planned,) = tuning_document(tuning("planned"))["regions"]
    assert set(measured) == set(lost) == set(planned)
    assert (lost["region"], lost["error"], planned["sizes"]) == ("us-west-2", "no answer", [])


def test_a_chart_gets_the_middle_half_of_the_calls_and_what_is_recommended() -> None:
    warm = [report(128, ms) for ms in (10.0, 20.0, 30.0, 40.0)]
    size = size_of(128, warm=warm, cold=[], rates=RATES)
    chart = memory_chart(tuned(sizes=(size,), advice=advise([size])))
    assert (chart.function, chart.region, chart.current_mb, chart.cheapest_mb) == ("places", "us-east-1", 1769, 128)
    (point,) = chart.points
    assert (point.warm, point.cold) == (Spread(middle=25.0, low=10.0, high=30.0), None)
    unpriced = size_of(128, warm=warm, cold=[], rates=None)
    assert memory_chart(tuned(sizes=(unpriced,))).points == ()


def test_markdown_has_a_table_and_the_recommendations() -> None:
    text = tuning_markdown(tuning(failed={"us-west-2": BackendctlError("no | answer")}))
    assert "### places in us-east-1" in text
    assert "| 1769 | 100 ±0 % | 100 | 100 | 3.08 ±0 % | 350 | 250 | all three, now |" in text
    assert "- balanced: 1769 MB: 100 ms" in text
    assert "- us-west-2: no \\| answer" in text
    assert "places now has 1769 MB" in tuning_markdown(tuning("planned"))


def test_piped_progress_has_a_line_per_step_and_not_per_call() -> None:
    out = StringIO()
    with TuneProgress(Console(file=out, width=100)) as progress:
        for message in ("publish a version of 128 MB", "waiting for it", "warm calls, 1 of 20", "warm calls, 2 of 20"):
            progress.tell("us-east-1", message)
    assert out.getvalue().splitlines() == [
        "  … us-east-1: publish a version of 128 MB",
        "  … us-east-1: warm calls",
    ]
