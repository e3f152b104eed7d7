"""Results as JUnit XML, which CI systems show: a suite for every region, and one for what differs between them."""

from __future__ import annotations

from xml.sax.saxutils import escape, quoteattr

from backendctl.secrets import KNOWN
from backendctl.testing.model import RequestRow, TestRun
from backendctl.visible import visible

_BETWEEN = "between regions"


def junit(run: TestRun) -> str:
    """The document."""
    lines = ['<?xml version="1.0" encoding="UTF-8"?>', f"<testsuites name={_attribute(run.backend)}>"]
    for region in run.regions:
        if region in run.unreachable:
            told = str(run.unreachable[region])
            lines += _suite(region, [_case("the region answers", region, "error", [told])], errors=1)
            continue
        cases = [
            _case(row.case.name, _file(row), "failure", _told(row, region), _seconds(row, region)) for row in run.rows
        ]
        lines += _suite(region, cases, failures=sum(bool(row.results[region].failures) for row in run.rows))
    if len(run.regions) - len(run.unreachable) > 1:
        cases = [
            _case(row.case.name, _file(row), "failure", [str(one) for one in row.differences])
            for row in run.rows
            if row.case.compare
        ]
        lines += _suite(_BETWEEN, cases, failures=sum(bool(row.differences) for row in run.rows))
    return "\n".join([*lines, "</testsuites>", ""])


def _suite(name: str, cases: list[str], *, failures: int = 0, errors: int = 0) -> list[str]:
    head = f'<testsuite name={_attribute(name)} tests="{len(cases)}" failures="{failures}" errors="{errors}">'
    return [f"  {head}", *cases, "  </testsuite>"]


def _case(name: str, place: str, kind: str, told: tuple[str, ...] | list[str], seconds: float | None = None) -> str:
    time = "" if seconds is None else f' time="{seconds:.3f}"'
    head = f"    <testcase name={_attribute(name)} classname={_attribute(place)}{time}"
    if not told:
        return f"{head}/>"
    text = escape(_shown("\n".join(told)))
    return f"{head}>\n      <{kind} message={_attribute(told[0])}>{text}</{kind}>\n    </testcase>"


def _told(row: RequestRow, region: str) -> list[str]:
    """What is not as expected, and the request by which the logs tell more."""
    result = row.results[region]
    asked = result.response.request_id if result.response is not None else ""
    return [*result.failures, *([f"request id {asked}"] if result.failures and asked else [])]


def _file(row: RequestRow) -> str:
    return f"{row.case.file}:{row.case.line}"


def _seconds(row: RequestRow, region: str) -> float | None:
    response = row.results[region].response
    return None if response is None else response.latency_ms / 1000


def _attribute(text: str) -> str:
    return quoteattr(_shown(text))


def _shown(text: str) -> str:
    """Without secrets, and without what XML cannot hold."""
    return visible(KNOWN.redact(text))
