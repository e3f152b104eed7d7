"""From a file to tests: the form, then what it means; all faults at once, each at its place."""

from __future__ import annotations

import os
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.errors import Fault, SpecError, UsageError
from backendctl.json_path import JsonPath, PathError, parse
from backendctl.nearest import nearest
from backendctl.openapi.matching import route_of
from backendctl.spec import loader, schema
from backendctl.spec.values import ExpressionError, Offline, Scope, expand
from backendctl.testing.filling import names_in
from backendctl.testing.model import Case, Condition, Expect, Suite, Through

if TYPE_CHECKING:
    from backendctl.spec.loader import Document, Way
    from backendctl.spec.model import Spec

_BEGIN = re.compile(r"(?:GET|PUT|POST|DELETE|PATCH|HEAD|OPTIONS) /")
_SCHEMA = "tests.schema.json"
_ENDINGS = (".tests.yaml", ".tests.yml", ".tests.json")
_YAML = (".yaml", ".yml", ".json")


def default_file(spec: Path) -> Path:
    """Where a spec's tests are: beside it, `shop.tests.yaml` for `shop.yaml`."""
    return spec.with_name(f"{spec.stem}.tests.yaml")


def files_of(places: Sequence[Path], *, spec: Path) -> list[Path]:
    """The files of tests that are meant: those named, those in the folders named, or the spec's own.

    Raises:
        UsageError: there is none.
    """
    if not places:
        place = default_file(spec)
        if not place.is_file():
            raise UsageError(f"there is no {place}", hint="write a first one: backendctl test --from-definition")
        return [place]
    found: list[Path] = []
    for place in places:
        if place.is_dir():
            inside = sorted(path for path in place.rglob("*") if path.name.endswith(_ENDINGS))
            if not inside:
                raise UsageError(f"no file in {place} has a name that ends with {_ENDINGS[0]}")
            found += inside
        else:
            found.append(place)
    return list(dict.fromkeys(found))


def is_spec(path: Path) -> bool:
    """Whether a YAML file is a spec and no file of tests: it names a backend."""
    try:
        value = loader.read(path).value
    except SpecError:
        return False
    return isinstance(value, dict) and "backend" in value and "tests" not in value


def read_suites(paths: Sequence[Path], spec: Spec) -> list[Suite]:
    """The tests of these files.

    Raises:
        SpecError: with every fault of every file.
    """
    faults: list[Fault] = []
    suites: list[Suite] = []
    for path in paths:
        try:
            suites.append(_read(path, spec))
        except SpecError as error:
            faults += error.faults
    if faults:
        raise SpecError(faults)
    return suites


def _read(path: Path, spec: Spec) -> Suite:
    document = loader.read(path)
    if not isinstance(document.value, dict):
        raise SpecError([document.fault((), "a file of tests is a mapping with 'tests'")])
    reader = _Reader(document=document, spec=spec)
    reader.problems()
    suite = reader.suite(str(path))
    if reader.faults:
        raise SpecError(sorted(reader.faults, key=lambda fault: (fault.line, fault.column)))
    return suite


@dataclass(kw_only=True)
class _Reader:
    """One file. known: names that earlier tests capture."""

    document: Document
    spec: Spec
    faults: dict[Fault, None] = field(default_factory=dict)
    known: dict[str, None] = field(default_factory=dict)
    bad: list[Way] = field(default_factory=list)

    def problems(self) -> None:
        """The form of the file, and of the expressions in it."""
        for problem in schema.problems_in(self.document, self.document.value, schema=_SCHEMA):
            self._fault(problem.way, problem.message, key=problem.key)
            if problem.drop:
                self.bad.append(problem.way)
        tests = self.document.value.get("tests")
        for number, item in enumerate(tests if isinstance(tests, list) else ()):
            request = item.get("request") if isinstance(item, dict) else None
            if isinstance(request, str) and "{{" in request and not _BEGIN.match(request):
                self._fault(("tests", number, "request"), "a request begins with its method and a path, 'GET /'")
                self.bad.append(("tests", number, "request"))
        self._expressions((), self.document.value)

    def suite(self, file: str) -> Suite:
        """What is sound of it; a test with a bad part is looked at without that part."""
        value = self._sound((), self.document.value)
        tests = self.document.value.get("tests")
        common = self._paths(("ignore",))
        cases = [
            self._case(file, ("tests", number), {"request": "GET /", **one}, value.get("headers") or {}, common)
            for number, item in enumerate(tests if isinstance(tests, list) else ())
            if isinstance(one := self._sound(("tests", number), item), dict)
        ]
        through = value.get("through")
        return Suite(file=file, cases=tuple(cases), through=Through(through) if through else None)

    def _sound(self, way: Way, value: Any) -> Any:
        """A part of the file without what its form forbids."""
        depth = len(way)
        inside = [one[depth:] for one in self.bad if one[:depth] == way and len(one) > depth]
        return None if way in self.bad else schema.prune(value, inside)

    def _case(
        self, file: str, way: Way, value: Mapping[str, Any], headers: Mapping[str, str], ignore: tuple[JsonPath, ...]
    ) -> Case:
        self._check_names(way, value)
        self._check_stage(way, value)
        expect = value.get("expect") or {}
        if expect.get("schema"):
            self._check_route(way, value["request"], value.get("stage"))
        capture = {
            name: path
            for name, text in (value.get("capture") or {}).items()
            if (path := self._path((*way, "capture", name), text)) is not None
        }
        self.known |= dict.fromkeys(value.get("capture") or {})
        return Case(
            file=file,
            line=self.document.place(way)[0],
            name=value.get("name", value["request"]),
            request=value["request"],
            stage=value.get("stage"),
            headers={**headers, **(value.get("headers") or {})},
            body=value.get("body"),
            expect=self._expect((*way, "expect"), expect),
            capture=capture,
            ignore=(*ignore, *self._paths((*way, "ignore"))),
            compare=value.get("compare", True),
        )

    def _expect(self, way: Way, value: Mapping[str, Any]) -> Expect:
        status = value.get("status", [])
        json = {
            path: self._conditions((*way, "json", text), wanted)
            for text, wanted in (value.get("json") or {}).items()
            if (path := self._path((*way, "json", text), text, key=True)) is not None
        }
        headers = {
            name.lower(): self._conditions((*way, "headers", name), wanted)
            for name, wanted in (value.get("headers") or {}).items()
        }
        if "matches" in value:
            self._regular((*way, "matches"), value["matches"])
        return Expect(
            statuses=tuple(status) if isinstance(status, list) else (status,),
            headers=headers,
            json=json,
            schema=bool(value.get("schema")),
            within_ms=_milliseconds(value["within"]) if "within" in value else None,
            matches=value.get("matches"),
        )

    def _conditions(self, way: Way, wanted: Any) -> tuple[Condition, ...]:
        if not isinstance(wanted, dict):
            return (Condition(kind="equals", wanted=wanted),)
        if isinstance(wanted.get("matches"), str):
            self._regular((*way, "matches"), wanted["matches"])
        return tuple(Condition(kind=kind, wanted=value) for kind, value in wanted.items())

    def _paths(self, way: Way) -> tuple[JsonPath, ...]:
        texts = self.document.raw(way)
        found = [
            self._path((*way, number), text)
            for number, text in enumerate(texts if isinstance(texts, list) else ())
            if isinstance(text, str)
        ]
        return tuple(path for path in found if path is not None)

    def _path(self, way: Way, text: str, *, key: bool = False) -> JsonPath | None:
        try:
            return parse(text)
        except PathError as error:
            self._fault(way, str(error), key=key)
            return None

    def _regular(self, way: Way, text: str) -> None:
        try:
            re.compile(text)
        except re.error as error:
            self._fault(way, f"'{text}' is not a regular expression: {error}")

    def _check_names(self, way: Way, value: Mapping[str, Any]) -> None:
        for part in ("request", "headers", "body", "expect"):
            for name in dict.fromkeys(names_in(value.get(part))):
                if name not in self.known:
                    self._fault((*way, part), f"no earlier test captures '{name}'{nearest(name, self.known)}")

    def _check_stage(self, way: Way, value: Mapping[str, Any]) -> None:
        known = [one.name for one in self.spec.api.stages] if self.spec.api else []
        stage = value.get("stage")
        if isinstance(stage, str) and stage not in known:
            self._fault((*way, "stage"), f"the spec has no stage '{stage}'{nearest(stage, known)}")

    def _check_route(self, way: Way, request: str, stage: str | None) -> None:
        method, path = request.partition("?")[0].split(" ", 1)
        api = self.spec.api
        stage = stage or (api.stages[0].name if api is not None and api.stages else None)
        if api is not None and route_of(api.document_named(stage), method, path) is None:
            self._fault((*way, "request"), f"the definition has no route for {method} {path}, so no schema either")

    def _expressions(self, way: Way, value: Any) -> None:
        """What `must_env`, `file` and their like cannot give, before anything is asked."""
        for place, text in _texts(way, value):
            scope = scope_in(self.spec, self.spec.regions[0], Offline(), folder=Path(self.document.file).parent)
            try:
                expand(text, scope)
            except ExpressionError as error:
                self.faults[self.document.fault(place, error.message, offset=error.offset)] = None

    def _fault(self, way: Way, message: str, *, key: bool = False) -> None:
        self.faults[self.document.fault(way, message, key=key)] = None


def scope_in(spec: Spec, region: str, lookups: Any, *, folder: Path) -> Scope:
    """What expressions of tests see in a region: the environment, parameters there, tables, files beside the tests."""
    tables = {table.name: table.physical for table in spec.tables}
    return Scope(
        environ=os.environ, folder=folder.resolve(), lookups=lookups, primary=spec.primary, region=region, tables=tables
    )


def _texts(way: Way, value: Any) -> Iterator[tuple[Way, str]]:
    if isinstance(value, str) and "{{" in value:
        yield way, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from _texts((*way, step), item)


def _milliseconds(text: str) -> float:
    number, unit = re.fullmatch(r"([0-9.]+) ?(ms|s)", text).groups()  # type: ignore[union-attr]  # the schema has seen it
    return float(number) * (1000 if unit == "s" else 1)
