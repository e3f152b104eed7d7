"""What the command line asks of `cost`, held against the spec and the price file: every fault of all three at once."""

from __future__ import annotations

from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.errors import Fault, SpecError
from backendctl.warmth.cost.asked import CLASSIC_MS, Asked, Reading, milliseconds, number
from backendctl.warmth.cost.from_spec import names_in, offline_context
from backendctl.warmth.cost.prices import PriceList, load_prices
from backendctl.warmth.durations import KEPT, seconds_of

if TYPE_CHECKING:
    from backendctl.resources.deploy_context import DeployContext


@dataclass(frozen=True, kw_only=True, slots=True)
class Given:
    """The options as they were written."""

    requests: tuple[str, ...] = ()
    duration: tuple[str, ...] = ()
    ping_duration: str | None = None
    items: tuple[str, ...] = ()
    response_kb: str | None = None
    log_kb: str | None = None
    from_metrics: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Request:
    """What they mean. window: seconds of live traffic to read; None prices the spec."""

    context: DeployContext
    asked: Asked
    prices: PriceList
    window: int | None


def understood(spec: Path, regions: tuple[str, ...], given: Given, prices: Path | None) -> Request:
    """Read everything; AWS is not called.

    Args:
        regions: only these of the spec's; empty for all. prices: the user's file.

    Raises:
        SpecError: every fault of the spec, the price file and the options.
    """
    faults: list[Fault] = []
    context = listed = None
    try:
        context = offline_context(spec)
    except SpecError as error:
        faults += error.faults
    try:
        listed = load_prices(prices)
    except SpecError as error:
        faults += error.faults
    reading = Reading(None if context is None else names_in(context.spec))
    reading.regions(regions)
    if context is not None and not reading.faults:
        context = replace(
            context, spec=context.spec.narrowed(tuple(r for r in context.spec.regions if not regions or r in regions))
        )
        reading.narrow(names_in(context.spec))
    asked, window = _asked(reading, given)
    faults += reading.faults
    if faults or context is None or listed is None:
        raise SpecError(faults)
    return Request(context=context, asked=asked, prices=listed, window=window)


def _asked(reading: Reading, given: Given) -> tuple[Asked, int | None]:
    window = reading.one("--from-metrics", given.from_metrics, seconds_of)
    if window is not None and window > KEPT:
        reading.fault(
            "--from-metrics", f"'{given.from_metrics}' is longer than CloudWatch keeps figures, {KEPT // 86_400} days"
        )
    if given.from_metrics is not None:
        measured = {"--requests": given.requests, "--duration": given.duration, "--items": given.items}
        for option, texts in measured.items():
            if texts:
                reading.fault(option, "it is measured with --from-metrics; leave one of the two out")
    ping_ms = reading.one("--ping-duration", given.ping_duration, milliseconds)
    asked = Asked(
        requests=reading.requests(given.requests),
        ms=reading.durations(given.duration),
        ping_ms=CLASSIC_MS if ping_ms is None else ping_ms,
        items=reading.items(given.items),
        answer_kb=reading.one("--response-kb", given.response_kb, number),
        log_kb=reading.one("--log-kb", given.log_kb, number),
    )
    return asked, None if window is None else int(window)
