"""Functions as they are: runtime, memory, network, and how their code reaches DynamoDB."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.aws.metrics import Series, fetch
from backendctl.doctor.finding import Finding, Severity
from backendctl.doctor.snippets import SNIPPETS, language_of, sets_timeouts
from backendctl.spec import runtimes
from backendctl.warmth.cost.prices import load_prices

if TYPE_CHECKING:
    from backendctl.doctor.case import Case

_NEAR = timedelta(days=180)
_ENOUGH = 1024  # MB; from there on a handler has more than half of a CPU
_WEEK = 7 * 86_400
_MONTH = 30 * 86_400


def runtime(case: Case, region: str) -> Iterator[Finding]:
    """Runtimes by the dated table."""
    for function, live in case.live(region):
        name = str(live.get("Runtime", ""))
        told = runtimes.ending(name, case.today, within=_NEAR) if name else ""
        if told:
            gone = runtimes.fault(name, case.today)
            yield Finding(
                check="runtimes",
                severity=Severity.BAD if gone else Severity.WARNING,
                where=f"{region}/function/{function.name}",
                what=told,
                why="a runtime without support gets no security fixes, and later no new code can be deployed",
                next_step=f"a newer `runtime` for {function.name} in the spec, then backendctl start-canary",
            )


def memory(case: Case, region: str) -> Iterator[Finding]:
    """Memory, which is CPU as well, of functions that answer requests."""
    reached = case.reached(region)
    for function, live in case.live(region):
        size = live.get("MemorySize", 128)
        if function.name in reached and size < _ENOUGH:
            yield Finding(
                check="memory",
                severity=Severity.ADVICE,
                where=f"{region}/function/{function.name}",
                what=f"{size} MB, {size / 1769:.0%} of a CPU; {_more(case, region, function.physical, size)}",
                why="callers wait for initialisation and TLS, which are work for the CPU",
                next_step=f"backendctl tune {function.name}",
            )


def _more(case: Case, region: str, physical: str, size: int) -> str:
    """What more memory would change in time and money, between a handler that computes and one that waits."""
    dimensions = (("FunctionName", physical),)
    calls, time = (
        Series(namespace="AWS/Lambda", metric=metric, dimensions=dimensions, period=3600)
        for metric in ("Invocations", "Duration")
    )
    until = int(case.now) // 3600 * 3600 + 3600
    found = fetch(case.aws, region, [calls, time], since=until - _WEEK, until=until)
    count = sum(found.get(calls, {}).values())
    price = load_prices(None).find(region, "lambda-x86-gb-seconds")
    if not count or price is None:
        return "what more would change is not known, for nobody called it in a week"
    milliseconds = sum(found.get(time, {}).values())
    month = price.cost(milliseconds / 1000 * size / 1024 * _MONTH / _WEEK)[0]
    factor = _ENOUGH / size
    mean = milliseconds / count
    return (
        f"at {_ENOUGH:,} MB a call that computes takes {mean / factor:.3g} ms instead of {mean:.3g} ms for the same "
        f"${month:.2f} a month, one that waits takes as long for ${month * factor:.2f}"
    )


def network(case: Case, region: str) -> Iterator[Finding]:
    """Functions of the API that lie in a VPC."""
    reached = case.reached(region)
    for function, live in case.live(region):
        if function.name in reached and (live.get("VpcConfig") or {}).get("VpcId"):
            yield Finding(
                check="network",
                severity=Severity.WARNING,
                where=f"{region}/function/{function.name}",
                what="it answers requests from inside a VPC",
                why="it reaches DynamoDB only through an endpoint or a NAT gateway, and needs addresses to scale",
                next_step=f"leave `vpc` of {function.name} out of the spec unless it calls something in there",
            )


def clients(case: Case) -> Iterator[Finding]:
    """How code reaches DynamoDB: the SDKs' own timeouts are made for batch jobs. One finding per language."""
    if not case.spec.tables:
        return
    without: dict[str, list[str]] = {}
    for function in case.spec.functions_in(case.spec.regions[0]):
        language = language_of(function.runtime)
        if language is not None and not _told(function.code.path, language):
            without.setdefault(language, []).append(function.name)
    for language, names in without.items():
        snippet = SNIPPETS[language]
        yield Finding(
            check="dynamodb-clients",
            severity=Severity.ADVICE,
            where=f"{language}: {', '.join(sorted(names))}",
            what=f"no timeout of the DynamoDB client is set in the code; the SDK waits {snippet.default}",
            why="one connection that hangs costs a caller the whole timeout of the function",
            next_step="set timeouts and keep the client outside of the handler, as the snippet does (-v shows it)",
            snippet=snippet.code,
        )


def _told(path: Path | None, language: str) -> bool:
    """Whether the code sets timeouts; what is no folder cannot be told, and is not complained about."""
    return path is None or not path.is_dir() or sets_timeouts(path, language)
