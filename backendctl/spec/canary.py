"""How a release reaches its users: steps, waves of regions, what counts as good, and what to run on the way."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.nearest import nearest
from backendctl.spec.analysis import Check, build_analysis, check_analysis
from backendctl.spec.loader import MISSING
from backendctl.spec.report import listed
from backendctl.spec.rows import build, either, flag, many, numeric, ref, row, some, text, whole, words

if TYPE_CHECKING:
    from pathlib import Path

    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

API, ALIAS = "api", "alias"
HOLD, STEP_DOWN, ABORT = "hold", "step-down", "abort"
TOGETHER, PRIMARY_FIRST, PRIMARY_LAST = "together", "primary-first", "primary-last"
_SECONDS = {"second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}
_URL = ("http://", "https://")
JUDGED_ABOVE = ("on-no-data", "accept-blind")
"""Settings of `Judging` that a spec has beside `judge`, not in it."""


def _seconds(given: str) -> float:
    count, unit = given.split()
    return float(count) * _SECONDS[unit]


@dataclass(frozen=True, kw_only=True, slots=True)
class Judging:
    """What a verdict asks for.

    Attributes:
        confidence: how sure a verdict has to be, in per cent.
        min_requests: of the canary, before anything is said.
        max_error_increase: of the proportion of failed requests, in percentage points.
        max_latency_increase: of the quantile of the latency, in per cent.
        quantile: of the latency, in per cent.
        on_no_data: what too few requests mean: hold, synthetic, pass or fail.
        accept_blind: whether a canary may pass of which nothing can tell what its handlers answer.
    """

    confidence: float = field(
        default=95.0,
        metadata=row(numeric(minimum=50, exclusiveMaximum=100, default=95), "How sure a verdict has to be, per cent."),
    )
    min_requests: int = field(default=100, metadata=row(whole(1), "Requests of the canary before anything is said."))
    max_error_increase: float = field(
        default=1.0,
        metadata=row(
            numeric(minimum=0, maximum=100, default=1), "Of the proportion of failed requests, percentage points."
        ),
    )
    max_latency_increase: float = field(
        default=50.0,
        metadata=row(numeric(exclusiveMinimum=0, default=50), "Of that quantile of the latency, per cent."),
    )
    quantile: float = field(
        default=95.0, metadata=row(numeric(enum=[50, 95, 99], default=95), "Of the latency, per cent.")
    )
    on_no_data: str = field(
        default="hold",
        metadata=row(
            words("hold", "synthetic", "pass", "fail"),
            "What too few requests mean: hold and wait, send synthetic ones, or take it for a pass or a fail.",
        ),
    )
    accept_blind: bool = field(
        default=False,
        metadata=row(
            flag(),
            "Whether a canary may pass although nothing can tell what its handlers answer: neither an access log with "
            "$context.isCanaryRequest, nor metrics of the canary.",
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks:
    """A command of the shell or an HTTP(S) URL each; both get the verdict as JSON."""

    before_promote: str | None = field(
        default=None, metadata=row(some(), "Before each step; when it fails, nothing is shifted.")
    )
    after_promote: str | None = field(default=None, metadata=row(some(), "After each step."))
    on_abort: str | None = field(default=None, metadata=row(some(), "After an abort."))


@dataclass(frozen=True, kw_only=True, slots=True)
class CanarySpec:
    """The way of a release.

    Attributes:
        strategy: API shares out the stage's requests, ALIAS the calls of Lambda aliases (B28).
        steps: per cent of the requests, rising; what follows the last one is all of them.
        bake_time: seconds on each step before it is judged.
        waves: groups of regions, one after the other; empty means all together.
        on_inconclusive: what `--auto` does with a canary that nothing has shown to be good: HOLD leaves it at its
            share, STEP_DOWN gives it the step below (0 % below the first), ABORT ends it.
        fail_fast: bad looks in a row after which `--auto` aborts.
        analysis: the user's own checks.
    """

    strategy: str = field(
        default=API,
        metadata=row(words(API, ALIAS), "'api' splits the traffic of a stage, 'alias' that of Lambda aliases."),
    )
    steps: tuple[float, ...] = field(
        default=(10.0, 50.0),
        metadata=row(
            many(
                numeric(
                    exclusiveMinimum=0,
                    exclusiveMaximum=100,
                    **{"x-fault": "each step is more than 0 and less than 100 per cent"},
                ),
                least=1,
                default=[10, 50],
                what="steps",
            ),
            "Per cent of the requests, rising; after the last one come all of them.",
        ),
    )
    bake_time: float = field(
        default=600.0,
        metadata=row(
            text(
                r"^[1-9][0-9]* (seconds?|minutes?|hours?)$|\{\{",
                "seconds, minutes or hours, for instance '10 minutes'",
                default="10 minutes",
            ),
            "How long each step lasts before it is judged, e.g. '10 minutes'.",
            read=_seconds,
        ),
    )
    waves: tuple[tuple[str, ...], ...] = field(
        default=(),
        metadata=row(
            {
                "type": ["string", "array"],
                "default": PRIMARY_LAST,
                **either(
                    "string",
                    {"enum": [TOGETHER, PRIMARY_FIRST, PRIMARY_LAST]},
                    {
                        "minItems": 1,
                        "x-what": "waves",
                        "items": many(text(), least=1, what="a wave"),
                    },
                ),
            },
            "Which regions go first: a word, or groups of regions.",
        ),
    )
    on_inconclusive: str = field(
        default=STEP_DOWN,
        metadata=row(
            words(HOLD, STEP_DOWN, ABORT),
            "What `promote-canary --auto` does with a canary whose verdict stays inconclusive: leave it at its "
            "percentage, go back a step (0 % below the first), or end it. The exit code is 4.",
        ),
    )
    fail_fast: int = field(
        default=1,
        metadata=row(whole(1), "Failed verdicts in a row after which `promote-canary --auto` aborts."),
    )
    judging: Judging = field(default_factory=Judging, metadata=row(ref("judge"), "When a canary is good.", key="judge"))
    analysis: tuple[Check, ...] = field(
        default=(),
        metadata=row(
            many(ref("check"), what="the analysis"),
            "Checks of your own, each with three answers: pass, fail, cannot tell.",
        ),
    )
    hooks: Hooks = field(
        default_factory=Hooks,
        metadata=row(
            ref("hooks"),
            "A shell command or an http(s) URL each; they get the verdict as JSON.",
            read=partial(build, Hooks),
        ),
    )


def build_canary(plain: dict[str, Any], regions: tuple[str, ...], folder: Path) -> CanarySpec:
    """From the `canary` section of a sound spec, or from none. folder: of the spec."""
    given = plain.get("canary", {})
    return build(
        CanarySpec,
        given,
        waves=_waves(given.get("waves", PRIMARY_LAST), regions),
        judging=build(Judging, {**given, **given.get("judge", {})}),
        analysis=build_analysis(given.get("analysis", []), folder),
    )


def _waves(given: str | list[list[str]], regions: tuple[str, ...]) -> tuple[tuple[str, ...], ...]:
    primary, others = regions[:1], regions[1:]
    if given == TOGETHER or not others:
        return (regions,)
    if given == PRIMARY_FIRST:
        return (primary, others)
    if given == PRIMARY_LAST:
        return (others, primary)
    return tuple(tuple(wave) for wave in given)


def check_canary(view: View) -> None:
    """Put what is wrong with the `canary` section into the view's report."""
    canary = view.plain.get("canary", {})
    way: Way = ("canary",)
    steps = canary.get("steps", [])
    for index, (step, following) in enumerate(itertools.pairwise(steps)):
        if following <= step:
            message = f"the steps must rise, and {following:g} follows {step:g}"
            view.report.add((*way, "steps", index + 1), message)
    for name, hook in canary.get("hooks", {}).items():
        if "://" in hook.split()[0] and not hook.startswith(_URL):
            view.report.add((*way, "hooks", name), "a hook is a command, or a URL with http:// or https://")
    if canary.get("strategy", API) == API and canary and view.document.raw(("api",)) is MISSING:
        view.report.add(way, "without an 'api' a canary needs 'strategy: alias'", key=True)
    check_analysis(view, (*way, "analysis"), canary.get("analysis", []), is_alias=canary.get("strategy") == ALIAS)
    if isinstance(canary.get("waves"), list):
        _check_waves(view, (*way, "waves"), canary["waves"])


def _check_waves(view: View, way: Way, waves: list[list[str]]) -> None:
    seen: set[str] = set()
    for number, wave in enumerate(waves):
        for index, region in enumerate(wave):
            if region not in view.regions:
                message = f"'{region}' is not a region of this spec{nearest(region, view.regions)}"
                view.report.add((*way, number, index), message)
            elif region in seen:
                view.report.add((*way, number, index), f"'{region}' is in two waves")
            seen.add(region)
    if missing := [region for region in view.regions if region not in seen]:
        view.report.add(way, f"{listed(missing)} {'is' if len(missing) == 1 else 'are'} in no wave", key=True)
