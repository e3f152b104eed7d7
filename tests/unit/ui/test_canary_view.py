"""The screen of canaries: figures side by side on a terminal, lines in a pipe, one document for programs."""

from __future__ import annotations

import json
import re
from dataclasses import replace
from io import StringIO

import pytest
from rich.console import Console
from rich.theme import Theme

from backendctl.release.observed import Minute, Observed, curve_of
from backendctl.release.outcome import Outcome
from backendctl.release.status import CanaryStatus, RegionStatus
from backendctl.release.verdict import judge
from backendctl.ui import sparks
from backendctl.ui.canary_view import canary_document, canary_markdown, show_canary, watch_canary
from backendctl.ui.console import _THEME, SafeConsole, Screen

EAST, WEST, SOUTH = "us-east-1", "us-west-2", "sa-east-1"
START = 1_764_000_000


def _side(per_minute: int, errors: int, ms: float, *, name: str = "", parts: tuple[Observed, ...] = ()) -> Observed:
    """Ten minutes; that many errors in the last one."""
    minutes = tuple(
        Minute(
            at=START + 60 * n,
            requests=per_minute,
            errors=errors if n == 9 else 0,
            p50=ms,
            p95=2 * ms if n < 9 else 4 * ms,
            p99=3 * ms,
        )
        for n in range(10)
    )
    samples = [ms + ms * n / (10 * per_minute) for n in range(10 * per_minute)] if not parts else []
    return Observed(
        name=name,
        since=START,
        until=START + 600,
        minutes=minutes,
        curve=curve_of(samples),
        sampled=len(samples),
        source="AWS/ApiGateway",
        parts=parts,
    )


def _region(region: str, *, errors: int = 0, ms: float = 100.0, **more: object) -> RegionStatus:
    base, canary = _side(900, 9, 100.0), _side(100, errors, ms)
    made = RegionStatus(
        region=region,
        stage="prodv1",
        target_percent=10,
        since=START - 30,
        base=base,
        canary=canary,
        verdict=judge(base, canary),
        next_step="backendctl promote-canary --to 50",
    )
    return replace(made, **more)  # type: ignore[arg-type]


def _status(*regions: RegionStatus) -> CanaryStatus:
    return CanaryStatus(
        backend="corkhounds",
        at=START + 660,
        commit="a1b2c3d",
        author="Ann Onymous",
        steps=(10.0, 50.0),
        regions=regions,
        next_step="backendctl promote-canary",
    )


def _terminal(out: StringIO, *, width: int = 130) -> Console:
    return SafeConsole(file=out, theme=Theme(_THEME.styles), force_terminal=True, width=width, no_color=True)


def _screen(status: CanaryStatus, *, width: int = 130) -> str:
    out = StringIO()
    show_canary(status, _terminal(out, width=width))
    return re.sub(r"\x1b\[[0-9;?]*[a-z]", "", out.getvalue())


def _piped(status: CanaryStatus) -> str:
    out = StringIO()
    show_canary(status, Screen(out=out, err=StringIO()).result)
    return out.getvalue()


def _row(text: str, label: str) -> str:
    return next(line for line in text.splitlines() if line.lstrip("│ ").startswith(label))


def test_both_sides_stand_beside_each_other() -> None:
    text = _screen(_status(_region(EAST)))
    assert "corkhounds  a1b2c3d by Ann Onymous  steps 10 % → 50 % → 100 %" in text
    assert "us-east-1 prodv1  ✓ pass" in text
    assert "target 10 %, observed 10.0 %, since 11 min" in text
    assert _row(text, "requests").split()[1:4] == ["requests", "9,000", "1,000"]
    assert _row(text, "errors ").split()[1:8] == ["errors", "9", "0.1", "%", "0", "0.0", "%"]
    assert _row(text, "p50").split()[1:8] == ["p50", "150", "ms", "150", "ms", "+0", "%"]
    assert "→ backendctl promote-canary --to 50" in text
    assert "Next: backendctl promote-canary" in text


def test_a_canary_that_fails_says_so_and_why() -> None:
    text = _screen(_status(_region(EAST, errors=60, ms=200)))
    assert "✗ fail" in text
    assert "• errors: 60 of 1000 canary requests (6.0 %)" in text
    assert "+5.90 points" in text
    assert "+100 %" in _row(text, "p95")


def test_a_region_that_does_not_answer_and_one_without_a_canary_are_shown_as_such() -> None:
    silent = RegionStatus(region=WEST, stage="prodv1", error="read us-west-2/metrics: AccessDenied: [no]")
    text = _screen(_status(_region(EAST), silent, RegionStatus(region=SOUTH, stage="prodv1")))
    assert "? unknown" in text
    assert "AccessDenied: [no]" in text
    assert "no canary here" in text


def test_a_canary_that_gets_no_requests_is_shown_with_0_per_cent() -> None:
    assert "target 0 %" in _screen(_status(replace(_region(EAST), target_percent=0.0)))


def test_a_share_that_is_not_what_was_asked_for_stands_out() -> None:
    assert "off target" not in _screen(_status(_region(EAST)))
    assert "target 50 %, observed 10.0 % (off target)" in _screen(_status(_region(EAST, target_percent=50)))


def test_functions_stand_by_themselves_where_latency_is_known_of_each() -> None:
    def parts(ms: float) -> tuple[Observed, ...]:
        return _side(90, 0, ms, name="places"), _side(10, 0, 3 * ms, name="search")

    base, canary = _side(100, 0, 0, parts=parts(100)), _side(100, 0, 0, parts=parts(110))
    text = _screen(_status(_region(EAST, base=base, canary=canary, verdict=judge(base, canary))))
    assert "p95 places" in text
    assert text.index("p95 places") < text.index("p95 search")


@pytest.mark.parametrize("width", [80, 100, 130, 200])
def test_no_line_is_wider_than_the_terminal(width: int) -> None:
    text = _screen(_status(_region(EAST), _region(WEST, errors=60, ms=200)), width=width)
    assert max(map(len, text.splitlines())) <= width
    assert "…" not in text.replace("… open", "")


def test_long_names_of_functions_are_whole_at_80_columns() -> None:
    names = ["corkhounds-production-places-by-owner", "corkhounds-production-checkins-of-today"]
    base, canary = (
        _side(100, 0, 0, parts=tuple(_side(50, 0, ms, name=name) for name in names)) for ms in (100.0, 110.0)
    )
    text = _screen(_status(_region(EAST, base=base, canary=canary, verdict=judge(base, canary))), width=80)
    assert all(f"p{level} {name}" in text for level in (50, 95, 99) for name in names)
    assert max(map(len, text.splitlines())) <= 80
    assert "…" not in text.replace("… open", "")


def test_a_canary_nobody_has_called_is_drawn_all_the_same() -> None:
    empty = Observed(since=START, until=START + 600)
    text = _screen(_status(_region(EAST, canary=empty, verdict=judge(_side(900, 0, 100.0), empty))))
    assert "… open" in text
    assert "no traffic is not a pass" in text
    assert "observed 0.0 % (off target" in text
    assert _screen(_status(_region(EAST, base=Observed(), canary=Observed(), verdict=None)))


def test_a_pipe_gets_one_line_for_each_region() -> None:
    lines = _piped(_status(_region(EAST), _region(WEST, errors=60), RegionStatus(region=SOUTH, stage="x"))).splitlines()
    assert len(lines) == 3
    assert lines[0].startswith(
        "16:11:00 us-east-1/prodv1: target 10 %, observed 10.0 %, of a1b2c3d by Ann Onymous; 1,000 canary"
    )
    assert "; p50 " in lines[0]
    assert "p99 " in lines[0]
    assert "(baseline " in lines[0]
    assert "; pass: errors: 0 of 1000 canary requests" in lines[0]
    assert "; fail: errors: 60 of 1000" in lines[1]
    assert lines[2] == "16:11:00 sa-east-1/x: no canary"
    assert all("\x1b" not in line for line in lines)


def test_watching_in_a_pipe_says_what_changed_and_nothing_else() -> None:
    out = StringIO()
    with watch_canary(Screen(out=out, err=StringIO()).result) as watch:
        watch.show(_status(_region(EAST), _region(WEST)))
        watch.show(replace(_status(_region(EAST), _region(WEST)), at=START + 720))
        watch.show(_status(_region(EAST, target_percent=50), _region(WEST)))
        watch.show(_status(_region(EAST, target_percent=50), _region(WEST, errors=60)))
    told = [line.split()[1] for line in out.getvalue().splitlines()]
    assert told == [f"{EAST}/prodv1:", f"{WEST}/prodv1:", f"{EAST}/prodv1:", f"{WEST}/prodv1:"]


def test_watching_on_a_terminal_draws_in_place_and_leaves_the_last_picture() -> None:
    out = StringIO()
    with watch_canary(_terminal(out)) as watch:
        watch.show(_status(_region(EAST)))
        watch.show(_status(_region(EAST, errors=60)))
    text = out.getvalue()
    assert text.index("✓ pass") < text.index("✗ fail")
    assert "\x1b[2K" in text
    assert text.count("\x1b[?25h") == text.count("\x1b[?25l")


def test_the_document_has_the_same_keys_whatever_is_known() -> None:
    silent = RegionStatus(region=WEST, stage="", error="no answer")
    unjudged = RegionStatus(region="eu-west-1", stage="prodv1", error="its log could not be read")
    document = json.loads(json.dumps(canary_document(_status(_region(EAST), silent, unjudged))))
    keys = {"backend", "at", "commit", "author", "steps", "outcome", "unreachable", "canaries", "next"}
    assert set(document) == keys
    assert document["unreachable"] == {WEST: "no answer"}
    known, unknown, _ = document["canaries"]
    assert set(known) == set(unknown)
    assert known["canary"]["requests"] == 1000
    assert known["verdict"]["outcome"] == "pass"
    assert known["latency"][0]["canary"]["p95"] == pytest.approx(195, abs=1)
    assert (unknown["verdict"], unknown["observed_percent"], unknown["error"]) == (None, None, "no answer")
    assert document["outcome"] == "inconclusive"


@pytest.mark.parametrize(
    ("regions", "outcome"),
    [
        ((), None),
        ((_region(EAST),), Outcome.PASS),
        ((_region(EAST), _region(WEST, errors=60)), Outcome.FAIL),
        ((_region(EAST), RegionStatus(region=WEST, stage="s", error="x")), Outcome.INCONCLUSIVE),
        ((_region(EAST), RegionStatus(region=WEST, stage="s")), Outcome.PASS),
    ],
)
def test_the_worst_region_decides(regions: tuple[RegionStatus, ...], outcome: Outcome | None) -> None:
    assert _status(*regions).outcome is outcome


def test_markdown_has_a_row_for_each_region_and_the_reasons() -> None:
    silent = RegionStatus(region=WEST, stage="prodv1", error="a|b <c>")
    lines = canary_markdown(_status(_region(EAST, errors=60), silent)).splitlines()
    assert lines[2].startswith("| us-east-1 | prodv1 | 10 % | 10.0 % | 1,000 | 60 (6.0 %) | 9 (0.1 %) |")
    assert "a\\|b &lt;c>" in lines[3]
    assert lines[3].count(" | ") == lines[0].count(" | ")
    assert any(line.startswith("- us-east-1/prodv1: errors: 60 of 1000") for line in lines)
    assert lines[-1] == "Next: `backendctl promote-canary`"


def test_a_course_has_a_block_for_each_minute_and_a_dot_where_there_was_nothing() -> None:
    minutes = [Minute(at=60 * n, requests=10, errors=n) for n in (0, 1, 3)]
    values = sparks.course(minutes, since=0, until=240, width=4, worth=sparks.failing)
    assert values == [0.0, 0.1, None, 0.3]
    assert sparks.spark(values, top=0.3) == "▁▃·█"
    assert sparks.slots(minutes, since=0, until=240, most=30) == 4
    assert sparks.slots(minutes, since=0, until=240, most=2) == 2
    assert sparks.spark([0.0, 0.0], top=0.0) == "▁▁"


def test_an_interval_shows_what_was_seen_and_how_far_off_it_may_be() -> None:
    assert sparks.interval(0.2, 0.4, 0.8, top=1.0, width=11) == "  ├─●───┤  "
    assert sparks.interval(0.2, 0.4, 1.8, top=1.0, width=11) == "  ├─●─────→"
