"""How a release reaches its users: steps, waves of regions, what counts as good, and what to run on the way."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.nearest import nearest
from backendctl.spec import analysis
from backendctl.spec.analysis import Check, build_analysis
from backendctl.spec.loader import MISSING
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from pathlib import Path

    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

API, ALIAS = "api", "alias"
HOLD, STEP_DOWN, ABORT = "hold", "step-down", "abort"
TOGETHER, PRIMARY_FIRST, PRIMARY_LAST = "together", "primary-first", "primary-last"
_SECONDS = {"second": 1, "seconds": 1, "minute": 60, "minutes": 60, "hour": 3600, "hours": 3600}
_URL = ("http://", "https://")


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

    confidence: float = 95.0
    min_requests: int = 100
    max_error_increase: float = 1.0
    max_latency_increase: float = 50.0
    quantile: float = 95.0
    on_no_data: str = "hold"
    accept_blind: bool = False


@dataclass(frozen=True, kw_only=True, slots=True)
class Hooks:
    """A command of the shell or an HTTP(S) URL each; both get the verdict as JSON."""

    before_promote: str | None = None
    after_promote: str | None = None
    on_abort: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Canary:
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

    strategy: str = API
    steps: tuple[float, ...] = (10.0, 50.0)
    bake_time: float = 600.0
    waves: tuple[tuple[str, ...], ...] = ()
    on_inconclusive: str = STEP_DOWN
    fail_fast: int = 1
    judging: Judging = field(default_factory=Judging)
    analysis: tuple[Check, ...] = ()
    hooks: Hooks = field(default_factory=Hooks)


def build_canary(plain: dict[str, Any], regions: tuple[str, ...], folder: Path) -> Canary:
    """From the `canary` section of a sound spec, or from none. folder: of the spec."""
    given = plain.get("canary", {})
    plain_keys = ("strategy", "on-inconclusive", "fail-fast")
    settings: dict[str, Any] = {key.replace("-", "_"): given[key] for key in plain_keys if key in given}
    if "steps" in given:
        settings["steps"] = tuple(float(step) for step in given["steps"])
    if "bake-time" in given:
        number, unit = given["bake-time"].split()
        settings["bake_time"] = float(number) * _SECONDS[unit]
    judging = {key.replace("-", "_"): value for key, value in given.get("judge", {}).items()}
    for key in ("on-no-data", "accept-blind"):
        if key in given:
            judging[key.replace("-", "_")] = given[key]
    hooks = {key.replace("-", "_"): value for key, value in given.get("hooks", {}).items()}
    return Canary(
        waves=_waves(given.get("waves", PRIMARY_LAST), regions),
        judging=Judging(**judging),
        analysis=build_analysis(given.get("analysis", []), folder),
        hooks=Hooks(**hooks),
        **settings,
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


def check(view: View) -> None:
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
    analysis.check(view, (*way, "analysis"), canary.get("analysis", []), is_alias=canary.get("strategy") == ALIAS)
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
