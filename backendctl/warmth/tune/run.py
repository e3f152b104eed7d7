"""Tuning a function in every region asked for."""

from __future__ import annotations

import threading
import uuid
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.aws.progress import reporting_to
from backendctl.aws.regions import each_region
from backendctl.errors import BackendctlError, UsageError
from backendctl.nearest import nearest
from backendctl.warmth.tune.advice import Advice, advise
from backendctl.warmth.tune.figures import Rates, Size, cost_of, size_of
from backendctl.warmth.tune.latest import Latest, StoppedError
from backendctl.warmth.tune.looking import Target, look
from backendctl.warmth.tune.measuring import Bench, Calls
from backendctl.warmth.tune.request import Goal, Request

if TYPE_CHECKING:
    from backendctl.backend import Backend

Prices = Callable[[str, str], Rates | None]
"""Region and architecture → rates; None where there is no price."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Tuned:
    """One function in one region, measured.

    Attributes:
        sizes: by ascending memory. failures: MB → why that size does not do.
        advice: by goal; empty when no size does.
        leftovers: numbers of versions that could not be deleted, because an alias has come to use them.
        notes: what the user should know.
    """

    target: Target
    request: Request
    sizes: tuple[Size, ...]
    failures: dict[int, str]
    advice: dict[Goal, Advice]
    leftovers: tuple[str, ...]
    notes: tuple[str, ...]


def chosen_regions(backend: Backend) -> tuple[str, ...]:
    """Those asked for; the primary when none was: code takes the same time everywhere."""
    return backend.spec.regions if backend.settings.regions else (backend.spec.primary,)


def targets_of(backend: Backend, request: Request) -> tuple[dict[str, Target], dict[str, BackendctlError]]:
    """The function in every region asked for, and the regions that did not answer or forbid it; changes nothing.

    Raises:
        UsageError: the spec has no such function.
    """
    regions = chosen_regions(backend)
    known = {one.name: one for one in backend.spec.functions_in(regions[0])}
    if request.function not in known:
        raise UsageError(
            f"the spec has no function '{request.function}'{nearest(request.function, known)}",
            hint=f"functions: {', '.join(known)}",
        )

    def ask(region: str) -> Target:
        function = next(one for one in backend.spec.functions_in(region) if one.name == request.function)
        return look(backend, function, region, sizes=request.sizes)

    return each_region(regions, ask, workers=backend.settings.workers, doing=f"look at {request.function} in")


def dearest(target: Target, request: Request, rates: Rates) -> float:
    """US dollars that the calls cost at most: if each one took the function's whole timeout."""
    calls = request.runs + min(target.at_once, request.runs)
    return sum(calls * cost_of(size, target.timeout * 1000, rates) for size in request.sizes) / 1_000_000


def tune(
    backend: Backend,
    found: Sequence[Target],
    request: Request,
    *,
    prices: Prices,
    stop: threading.Event,
    tell: Callable[[str, str], None],
) -> tuple[dict[str, Tuned], dict[str, BackendctlError]]:
    """Measure every target; what an interrupted tuning left is put back first, and nothing is left afterwards.

    Args:
        stop: set when the user asks to stop: everything is put back, and the result lacks those regions.
        tell: is told the region and what happens there.

    Returns:
        Region → result, and region → what went wrong.
    """
    by_region = {target.region: target for target in found}

    def measure(region: str) -> Tuned | None:
        with reporting_to(lambda message: tell(region, message)):
            target = by_region[region]
            return _one(backend, target, request, rates=prices(region, target.architecture), stop=stop, tell=tell)

    done, failed = each_region(tuple(by_region), measure, workers=len(by_region), doing=f"tune {request.function} in")
    return {region: one for region, one in done.items() if one is not None}, failed


def _one(
    backend: Backend,
    target: Target,
    request: Request,
    *,
    rates: Rates | None,
    stop: threading.Event,
    tell: Callable[[str, str], None],
) -> Tuned | None:
    latest = Latest(
        aws=backend.aws,
        region=target.region,
        physical=target.physical,
        run=uuid.uuid4().hex[:8],
        stamp=backend.context.stamp,
        stop=stop,
    )
    bench = Bench(
        aws=backend.aws,
        target=target,
        payload=request.payload.text,
        runs=request.runs,
        stop=stop,
        tell=lambda message: tell(target.region, message),
    )
    latest.put_back()
    latest.delete_versions()
    leftovers: list[str] = []
    try:
        measured = bench.measure(latest.publish(request.sizes))
    except StoppedError:
        return None
    finally:
        leftovers += latest.delete_versions()
    return _result(target, request, measured, rates, leftovers)


def _result(
    target: Target, request: Request, measured: Sequence[Calls], rates: Rates | None, leftovers: Sequence[str]
) -> Tuned:
    failures = {one.memory: one.failure for one in measured if one.failure is not None}
    sizes = tuple(
        size_of(one.memory, warm=one.warm, cold=one.cold, rates=rates)
        for one in measured
        if one.failure is None and one.warm
    )
    notes = list(target.notes)
    if statuses := sorted(set().union(*(one.statuses for one in measured))):
        notes.append(f"the handler answered {', '.join(map(str, statuses))} to this payload: that is what was measured")
    if tight := [size.memory for size in sizes if size.used > _TIGHT * size.memory]:
        notes.append(f"at {', '.join(map(str, tight))} MB nearly all memory is in use: larger payloads may not fit")
    if rates is None:
        notes.append("no price is known here, so cost is told in GB-seconds only: --prices FILE")
    elif rates.region != target.region:
        notes.append(f"prices are those of {rates.region}, for none are known for {target.region}: --prices FILE")
    if leftovers:
        notes.append(f"an alias uses version {', '.join(leftovers)}, which tune published: it stays")
    return Tuned(
        target=target,
        request=request,
        sizes=sizes,
        failures=failures,
        advice=advise(sizes) if sizes else {},
        leftovers=tuple(leftovers),
        notes=tuple(notes),
    )


_TIGHT = 0.9
