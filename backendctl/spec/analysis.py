"""The user's own checks of a canary: metrics, and answers to a request."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.json_path import parse
from backendctl.nearest import nearest
from backendctl.spec.callers import body_text
from backendctl.spec.rows import build, flag, many, named, numeric, ref, row, some, text, whole, words

if TYPE_CHECKING:
    from backendctl.spec.loader import Way
    from backendctl.spec.view import View

ALIAS, STAGE = "alias", "stage"
SIDED = re.compile(r"\$\{(alias|version)\.([^}]*)\}")
"""What stands for one side in a dimension's value, and the function that it is of."""
_ANY_REFERENCE = re.compile(r"\$\{[^}]*\}?")
_ID = re.compile(r"[a-z][A-Za-z0-9_]*")
_NAME = re.compile(r"(?<![\w.])[a-z]\w*\b(?!\s*\()")
_TEXT = re.compile(r"\"[^\"]*\"|'[^']*'")
_ROUTE = re.compile(r"^(GET|PUT|POST|DELETE|OPTIONS|HEAD|PATCH) (/\S*)$")
_PARAMETER = re.compile(r"\{([^}+]+)\+?\}")
_AGAINST = ("max-increase", "max-decrease")
_BOUNDS = ("max", "min", *_AGAINST)
_OF_METRIC = ("metric", "math", "metrics", *_BOUNDS, "min-samples")
_OF_REQUEST = ("request", "path", "query", "headers", "body", "through", "expect", "against-base", "ignore")
_NAMED = row(text(least=1, most=80), "As verdicts name it.")
ONE = "m"
"""The id of a check's only metric."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Metric:
    """A metric of CloudWatch. dimensions: their values may hold `SIDED`."""

    namespace: str = field(metadata=row(some(), "Of the metric."))
    name: str = field(metadata=row(some(), "Of the metric."))
    dimensions: tuple[tuple[str, str], ...] = field(
        default=(),
        metadata=row(
            named("dimensions", text(), maxProperties=30),
            "All of them: CloudWatch adds nothing up.",
            read=lambda given: tuple(given.items()),
        ),
    )
    stat: str = field(
        default="Sum",
        metadata=row(
            text(
                r"^(Sum|Average|Minimum|Maximum|SampleCount|p(100|[0-9]{1,2}(\.[0-9]+)?))$|\{\{",
                "Sum, Average, Minimum, Maximum, SampleCount or a percentile such as p95",
            ),
            "Over the whole time at the present percentage.",
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class MetricCheck:
    """A value of the canary, held against limits or against the baseline's.

    Attributes:
        metrics: id → metric. math: an expression over the ids; None takes the only one as it is.
        max, min: of the canary's value. max_increase, max_decrease: per cent, against the baseline's.
        min_samples: data points that each metric needs.
    """

    name: str = field(metadata=_NAMED)
    metrics: dict[str, Metric] = field(
        metadata=row(
            named("metrics", ref("metric"), minProperties=1, maxProperties=20),
            "What 'math' names: id → metric. An id begins with a small letter.",
        )
    )
    math: str | None = field(
        default=None,
        metadata=row(
            text(least=1, most=1024),
            "A metric math expression of CloudWatch over 'metrics', e.g. '100 * failed / tried'.",
        ),
    )
    max: float | None = field(default=None, metadata=row(numeric(), "The canary's value may not be above this."))
    min: float | None = field(default=None, metadata=row(numeric(), "The canary's value may not be below this."))
    max_increase: float | None = field(
        default=None,
        metadata=row(numeric(minimum=0), "Per cent by which the canary's value may lie above the baseline's."),
    )
    max_decrease: float | None = field(
        default=None,
        metadata=row(
            numeric(minimum=0, maximum=100), "Per cent by which the canary's value may lie below the baseline's."
        ),
    )
    min_samples: int = field(
        default=1,
        metadata=row(
            whole(0), "Data points that each metric needs before anything is said, on each side that is read."
        ),
    )

    @property
    def reads_base(self) -> bool:
        """Whether the baseline's value matters."""
        return self.max_increase is not None or self.max_decrease is not None


@dataclass(frozen=True, kw_only=True, slots=True)
class AnswerCheck:
    """A request that canary and baseline are to answer.

    Attributes:
        method: in capitals. path: as the definition has it. parameters: of the path.
        through: ALIAS or STAGE.
        status, json, body: what the canary must answer; json is by JSON path; None and empty expect nothing.
        against_base: whether the answer must be as the baseline's. ignore: JSON paths that are not compared then.
    """

    name: str = field(metadata=_NAMED)
    method: str
    path: str
    parameters: dict[str, str] = field(
        default_factory=dict, metadata=row(named("path", some()), "The path parameters by name.", key="path")
    )
    query: dict[str, str] = field(
        default_factory=dict, metadata=row(named("query", text()), "The query string's parameters.")
    )
    headers: dict[str, str] = field(default_factory=dict, metadata=row(named("headers", text()), "Request headers."))
    body: str | None = field(
        default=None,
        metadata=row(
            {"type": ["string", "object"]},
            "The request's body: text, or a mapping that is sent as JSON.",
            read=body_text,
        ),
    )
    through: str = field(
        default=ALIAS,
        metadata=row(
            words(ALIAS, STAGE),
            "'alias' invokes the version behind the alias of each side; 'stage' sends requests to the stage until the "
            "access log shows that both have answered.",
        ),
    )
    status: int | None = None
    json: dict[str, Any] = field(default_factory=dict)
    expected_body: str | None = None
    against_base: bool = field(
        default=True,
        metadata=row(
            flag(),
            "Whether status and body must also be as the baseline's. What differs between two answers of the baseline "
            "is not compared.",
        ),
    )
    ignore: tuple[str, ...] = field(
        default=(),
        metadata=row(
            many(text(), what="ignore"),
            "JSON paths that are not compared with the baseline's, e.g. '$.time' or '$.items[*].id'.",
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class TestsCheck:
    """A file of tests that the canary is to pass. file: absolute path."""

    __test__ = False  # no class of tests, whatever pytest thinks of the name

    name: str = field(metadata=_NAMED)
    file: str = field(
        metadata=row(
            some(),
            "A file of tests, as `backendctl test` takes it, by its path from the spec: the canary has to pass them.",
            key="tests",
        )
    )


Check = MetricCheck | AnswerCheck | TestsCheck


def build_analysis(given: Sequence[dict[str, Any]], folder: Path) -> tuple[Check, ...]:
    """From the `canary.analysis` of a sound spec.

    Args:
        folder: of the spec, which files of tests are named from.
    """
    return tuple(_check(one, folder) for one in given)


def _check(given: dict[str, Any], folder: Path) -> Check:
    if "tests" in given:
        return build(TestsCheck, given, file=str((folder / given["tests"]).resolve()))
    return _answer(given) if "request" in given else _metric_check(given)


def _metric_check(given: dict[str, Any]) -> MetricCheck:
    metrics = given.get("metrics") or {ONE: given["metric"]}
    return build(MetricCheck, given, metrics={name: build(Metric, one) for name, one in metrics.items()})


def _answer(given: dict[str, Any]) -> AnswerCheck:
    method, _, path = given["request"].partition(" ")
    expect = given.get("expect", {})
    return build(
        AnswerCheck,
        given,
        method=method,
        path=path,
        status=expect.get("status"),
        json=expect.get("json", {}),
        expected_body=expect.get("body"),
    )


def check_analysis(view: View, way: Way, given: Sequence[dict[str, Any]], *, is_alias: bool) -> None:
    """Put what is wrong with the checks into the view's report.

    Args:
        is_alias: whether the canary is one of Lambda aliases, which no request of an API meets.
    """
    seen: set[str] = set()
    for number, one in enumerate(given):
        here = (*way, number)
        if one.get("name") in seen:
            view.report.add((*here, "name"), f"there are two checks named '{one['name']}'")
        seen.add(str(one.get("name")))
        kinds = [key for key in ("metric", "math", "request", "tests") if key in one]
        if len(kinds) != 1:
            view.report.add(here, "a check has one of 'metric', 'math', 'request' and 'tests'", key=True)
            continue
        others = {"request": _OF_METRIC, "tests": (*_OF_METRIC, *_OF_REQUEST)}.get(kinds[0], _OF_REQUEST)
        for key in others:
            if key in one:
                view.report.add((*here, key), f"'{key}' has no effect beside '{kinds[0]}'", key=True)
        if kinds == ["request"]:
            _check_request(view, here, one, is_alias=is_alias)
        elif kinds == ["tests"]:
            _check_tests(view, (*here, "tests"), one["tests"], is_alias=is_alias)
        else:
            _check_metrics(view, here, one)


def _check_tests(view: View, way: Way, name: str, *, is_alias: bool) -> None:
    if is_alias:
        view.report.add(way, "a canary of aliases has no API that tests could go through", key=True)
    elif not (Path(view.document.file).parent / name).is_file():
        view.report.add(way, f"there is no file '{name}' beside the spec: backendctl test --from-definition writes one")


def _check_metrics(view: View, way: Way, one: dict[str, Any]) -> None:
    if not any(key in one for key in _BOUNDS):
        view.report.add(way, f"a check of a metric needs one of {', '.join(_BOUNDS)}", key=True)
    if "metrics" in one and "math" not in one:
        view.report.add((*way, "metrics"), "'metrics' has no effect without 'math'", key=True)
    if "metric" in one and "metrics" in one:
        return
    metrics = one.get("metrics", {}) if "math" in one else {None: one["metric"]}
    if "math" in one:
        _check_math(view, way, one["math"], list(metrics))
    is_sided = False
    for name, metric in metrics.items():
        here = (*way, "metric") if name is None else (*way, "metrics", name)
        for dimension, value in metric.get("dimensions", {}).items():
            is_sided = is_sided or SIDED.search(value) is not None
            _check_dimension(view, (*here, "dimensions", dimension), value)
    against = next((key for key in _AGAINST if key in one), None)
    if against is not None and not is_sided:
        message = (
            f"'{against}' compares the canary with the baseline, and no dimension distinguishes them: "
            "put ${alias.FUNCTION} or ${version.FUNCTION} into one"
        )
        view.report.add((*way, against), message, key=True)


def _check_math(view: View, way: Way, math: str, names: list[Any]) -> None:
    if not names:
        view.report.add((*way, "math"), "'math' needs 'metrics', which it is an expression over", key=True)
    for name in names:
        if not _ID.fullmatch(str(name)):
            message = f"'{name}' is not a valid id: it begins with a small letter and has letters, digits and '_'"
            view.report.add((*way, "metrics", name), message, key=True)
    used = set(_NAME.findall(_TEXT.sub("", math)))
    for name in sorted(used - set(names)):
        view.report.add((*way, "math"), f"'metrics' has no '{name}'{nearest(name, names)}")
    for name in sorted(set(names) - used):
        view.report.add((*way, "metrics", name), f"'math' does not use '{name}'", key=True)


def _check_dimension(view: View, way: Way, value: str) -> None:
    known = sorted({name for functions in view.functions.values() for name in functions})
    for reference in _ANY_REFERENCE.findall(value):
        found = SIDED.fullmatch(reference)
        if found is None:
            view.report.add(way, f"'{reference}' is unknown: write ${{alias.FUNCTION}} or ${{version.FUNCTION}}")
        elif found[2] not in known:
            view.report.add(way, f"the spec has no function '{found[2]}'{nearest(found[2], known)}")


def _check_request(view: View, way: Way, one: dict[str, Any], *, is_alias: bool) -> None:
    route = _ROUTE.match(one["request"])
    if is_alias:
        view.report.add((*way, "request"), "a canary of aliases has no API that a request could go through", key=True)
    elif route is None:
        view.report.add((*way, "request"), f"'{one['request']}' is not a route: write 'GET /places/{{id}}'")
    else:
        _check_route(view, way, one, method=route[1], path=route[2])
    if one.get("against-base") is False and not one.get("expect"):
        view.report.add((*way, "against-base"), "without a baseline the check needs 'expect'")
    for key, paths in (("ignore", one.get("ignore", [])), ("expect", list(one.get("expect", {}).get("json", {})))):
        for number, path in enumerate(paths):
            try:
                parse(str(path))
            except ValueError as error:
                view.report.add((*way, key, *((number,) if key == "ignore" else ("json", path))), str(error))


def _check_route(view: View, way: Way, one: dict[str, Any], *, method: str, path: str) -> None:
    paths = view.paths()
    if paths and path not in paths:
        hint = nearest(path, [str(each) for each in paths])
        view.report.add((*way, "request"), f"the definition has no path '{path}'{hint}")
        return
    wanted, told = set(_PARAMETER.findall(path)), set(one.get("path", {}))
    if lacking := sorted(wanted - told):
        view.report.add((*way, "request"), f"'path' must say what {', '.join(lacking)} is")
    for name in sorted(told - wanted):
        view.report.add((*way, "path", name), f"'{path}' has no '{{{name}}}'", key=True)
    is_called = any(target.path == path and target.method in {method, "ANY"} for _, _, target, _, _ in view.calls)
    if paths and one.get("through", ALIAS) == ALIAS and not is_called:
        message = f"no function of the definition answers {method} {path}: write 'through: stage'"
        view.report.add((*way, "request"), message)
