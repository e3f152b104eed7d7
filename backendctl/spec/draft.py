"""Reading a spec: everything that can be said without AWS is said by `parse`, the rest by `Draft.expand`."""

from __future__ import annotations

import os
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.errors import SpecError
from backendctl.secrets import KNOWN
from backendctl.spec import loader, schema, synonyms
from backendctl.spec.build import build
from backendctl.spec.check import check_parts
from backendctl.spec.loader import MISSING
from backendctl.spec.paths import path_fault
from backendctl.spec.report import Report
from backendctl.spec.values import ExpressionError, Lookups, Offline, Scope, asks_aws, expressions
from backendctl.spec.view import View, expanded

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Mapping

    from backendctl.errors import Fault
    from backendctl.spec.loader import Document, Way
    from backendctl.spec.model import Spec
    from backendctl.spec.scalars import Scalar

_KNOWN_EARLY = ("backend", "regions")


@dataclass(frozen=True, kw_only=True, slots=True)
class Draft:
    """A spec without a fault that shows before AWS is asked.

    Attributes:
        file: path as the user gave it.
        needs_aws: whether an expression asks for the account or a parameter.
        own_definitions: by stage, where one has a definition of its own.
        elsewhere: whether the definition may call functions that the spec does not name.
        deprecated: of old names of keys; every command that reads the spec tells them.
        warnings: those, and what may be meant, but is more often a mistake.
        scalars: what stands in the file as an expression and becomes a number, true or false.
    """

    file: Path
    backend: str
    regions: tuple[str, ...]
    needs_aws: bool
    document: Document
    definition: Document | None
    own_definitions: Mapping[str, Document]
    environ: Mapping[str, str]
    elsewhere: bool = False
    deprecated: tuple[Fault, ...] = ()
    warnings: tuple[Fault, ...] = ()
    scalars: Mapping[Way, Scalar] = field(default_factory=dict)

    @property
    def definitions(self) -> tuple[Document, ...]:
        """Every definition file, once."""
        found = [*([self.definition] if self.definition else []), *self.own_definitions.values()]
        return tuple({document.file: document for document in found}.values())

    def expand(self, lookups: Lookups, *, regions: Collection[str] = ()) -> Spec:
        """The spec with every expression expanded.

        Args:
            regions: those to be worked on; empty means all. In the others a text may stand for what AWS would answer,
                so that a region that does not answer keeps nobody from working on the rest.

        Raises:
            SpecError: what AWS answered does not fit.
            BackendctlError: AWS had no answer.
        """
        stand_ins = isinstance(lookups, Offline)
        report = Report(document=self.document, stand_ins=stand_ins, scalars=frozenset(self.scalars))
        scope = _scope(self.file, lookups, self.environ)
        view = expanded(
            self.document,
            self.document.value,
            definition=self.definition,
            own_definitions=self.own_definitions,
            scope=scope,
            report=report,
            elsewhere=self.elsewhere,
            scalars=self.scalars,
            spared=frozenset(self.regions) - frozenset(regions) if regions else frozenset(),
        )
        _judge(view.judged)
        if report.found:
            raise SpecError(report.faults)
        return replace(build(view, file=self.file), deprecated=self.deprecated)


def parse(path: Path, *, environ: Mapping[str, str] | None = None, elsewhere: bool = False) -> Draft:
    """Read and check a spec and the definition it names; asks nobody.

    Args:
        path: the spec.
        environ: what `env` and `must_env` see; the process's own by default.
        elsewhere: whether the definition may call functions that the spec does not name.

    Raises:
        SpecError: with every fault that was found.
    """
    environ = os.environ if environ is None else environ
    document = synonyms.applied(read := loader.read(path))
    KNOWN.publish(_literals(document.value))
    report = Report(document=document, offline=True)
    deprecated = synonyms.report_names(read, report)
    pruned, scalars = _shape(report)
    if not isinstance(document.value, dict):
        raise SpecError(report.faults)
    value = schema.prune(document.value, pruned)
    definition = _definition(path, value, report)
    own = _own_definitions(path, value, report)
    scope = _scope(path, Offline(), environ)
    view = expanded(
        document,
        value,
        definition=definition,
        own_definitions=own,
        scope=scope,
        report=report,
        elsewhere=elsewhere,
        scalars=scalars,
    )
    _judge(view)
    if report.found:
        raise SpecError(report.faults)
    return Draft(
        file=path,
        backend=view.backend,
        regions=view.regions,
        needs_aws=any(asks_aws(text) for _, text in _texts((), value)),
        document=document,
        definition=definition,
        own_definitions=own,
        environ=environ,
        elsewhere=elsewhere,
        deprecated=deprecated,
        warnings=(*deprecated, *report.doubts),
        scalars=scalars,
    )


def load(path: Path, lookups: Lookups, *, environ: Mapping[str, str] | None = None) -> Spec:
    """`parse` and `expand` in one."""
    return parse(path, environ=environ).expand(lookups)


def _scope(path: Path, lookups: Lookups, environ: Mapping[str, str]) -> Scope:
    return Scope(environ=environ, folder=path.resolve().parent, lookups=lookups, primary="")


def _shape(report: Report) -> tuple[list[Way], dict[Way, Scalar]]:
    """Report what the schema and the form of expressions forbid.

    Returns what is not to be looked at further, and the expressions that stand for a number, true or false.
    """
    document = report.document
    if document.value is None:
        report.put(document.fault((), "the file is empty"))
        return [], {}
    problems = schema.problems_in(document, document.value, schema=schema.SPEC)
    pruned = [problem.way for problem in problems if problem.drop]
    for way, text in _texts((), document.value):
        try:
            names = {one.name for one in expressions(text)}
        except ExpressionError as error:
            report.add(way, error.message, offset=error.offset)
            pruned.append(way)
        else:
            if way[0] in _KNOWN_EARLY and names & {"ssm", "account"}:
                report.put(report.document.fault(way, f"'{way[0]}' must be known before AWS is asked"))
                pruned.append(way)
    scalars = {problem.way: problem.scalar for problem in problems if problem.scalar}
    for problem in problems:  # not held back for what AWS may answer: these are about the expressions themselves
        if problem.scalar is None:
            report.put(document.fault(problem.way, problem.message, key=problem.key))
    return pruned, scalars


def _texts(way: Way, value: Any) -> Iterator[tuple[Way, str]]:
    """Every text with an expression, and the way to it."""
    if isinstance(value, str) and "{{" in value:
        yield way, value
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for step, item in items:
        yield from _texts((*way, step), item)


def _literals(value: Any) -> Iterator[str]:
    """What the file says in plain text, keys too, but for the values of `environment`."""
    if isinstance(value, dict):
        for key, item in value.items():
            yield str(key)
            if key != "environment":
                yield from _literals(item)
    elif isinstance(value, list):
        for item in value:
            yield from _literals(item)
    elif value is not None and "{{" not in str(value):
        yield str(value)


def _definition(path: Path, value: dict[str, Any], report: Report) -> Document | None:
    named = value.get("api", {}).get("definition")
    if named is None or isinstance(named, dict):  # a live one is read when AWS is asked
        return None
    return _read_definition(path, named, ("api", "definition"), report)


def _own_definitions(path: Path, value: dict[str, Any], report: Report) -> dict[str, Document]:
    """By stage, those that can be read; two stages may name one file."""
    found: dict[str, Document] = {}
    read: dict[str, Document | None] = {}
    for stage, settings in value.get("api", {}).get("stages", {}).items():
        named = settings.get("definition") if isinstance(settings, dict) else None
        if isinstance(named, str):
            if named not in read:
                read[named] = _read_definition(path, named, ("api", "stages", stage, "definition"), report)
            if (document := read[named]) is not None:
                found[stage] = document
    return found


def _read_definition(path: Path, named: str, way: Way, report: Report) -> Document | None:
    place = path.parent / named
    if message := path_fault(named, path.parent):
        report.add(way, message)
        return None
    if not place.is_file():
        report.add(way, f"'{named}' is not a file")
        return None
    try:
        document = loader.read(place)
    except SpecError as error:
        for fault in error.faults:
            report.put(fault)
        return None
    if message := _no_definition(document.value):
        report.put(document.fault((), message))
        return None
    return document


def _no_definition(value: Any) -> str:
    if not isinstance(value, dict):
        return "an API definition is a mapping"
    if value.get("swagger") in ("2.0", 2.0) or str(value.get("openapi", "")).startswith("3."):
        return ""
    return "this is not an API definition: it begins with 'openapi: 3.0.1' or 'swagger: \"2.0\"'"


def _judge(view: View) -> None:
    """The shape again, now that expressions are expanded and overrides applied; then what it means."""
    report = view.report
    for region in view.regions:
        whole = {**view.plain, "functions": view.functions[region]}
        for problem in schema.problems_in(report.document, whole, schema=schema.SPEC):
            way = problem.way
            if way[:1] == ("functions",) and way[1:]:
                way = view.way(region, str(way[1]), *way[2:])
            if problem.missing is None or report.document.raw((*way, problem.missing)) is MISSING:
                report.add(way, problem.message, key=problem.key, free=problem.text)
    check_parts(view)
