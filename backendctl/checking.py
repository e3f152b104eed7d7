"""What is wrong with a spec and all it names: everything that can be found without calling AWS."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.api.faults import file_faults
from backendctl.building import build_code, source_of
from backendctl.errors import Fault, SpecError, UsageError
from backendctl.nearest import nearest
from backendctl.package import Findings, Packager, Wanted, code_faults, findings, handler_check, limit_faults
from backendctl.spec import Draft, Offline, parse, runtimes
from backendctl.spec.analysis import TestsCheck
from backendctl.spec.view import origin
from backendctl.testing.reading import read_suites

if TYPE_CHECKING:
    from backendctl.package import Artefact
    from backendctl.spec.model import FunctionSpec, Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Checked:
    """A spec without faults.

    Attributes:
        spec: as it is without AWS's answers.
        artefacts: the archives, by region and function.
        warnings: what may be meant, but is more often a mistake.
    """

    draft: Draft
    spec: Spec
    artefacts: Mapping[tuple[str, str], Artefact]
    warnings: tuple[Fault, ...]


def check_spec(
    path: Path,
    *,
    allow_runtimes: tuple[str, ...] | None = (),
    tell: Callable[[str], None] | None = None,
    today: date | None = None,
) -> Checked:
    """Find all faults at once; code is built.

    Args:
        path: the spec.
        allow_runtimes: names that are no fault although AWS takes no more updates of them; None for all.
        tell: gets each line that a build command writes.
        today: what the dates of the runtimes are compared with.

    Raises:
        SpecError: with every fault.
        UsageError: a runtime is allowed that no function has.
        PackageError: a build command failed, or the code cannot be packaged.
    """
    today = today or datetime.now(UTC).date()
    draft = parse(path)
    spec = draft.expand(Offline())
    _refuse_unused(spec, allow_runtimes or ())
    faults = [*_runtime_faults(spec, draft, allow_runtimes, today), *_code_faults(spec, draft)]
    faults += _tests_faults(spec)
    if spec.api is not None:
        faults += [fault for document in draft.definitions for fault in file_faults(document, spec.api)]
    if faults:
        raise SpecError(faults)
    artefacts = build_code(spec, Packager(tell=tell) if tell else Packager())
    faults, doubts = _archive_findings(spec, draft, artefacts)
    if faults:
        raise SpecError(faults)
    warnings = [*draft.warnings, *_runtime_warnings(spec, draft, today), *doubts]
    in_order = sorted(dict.fromkeys(warnings), key=lambda one: (one.file, one.line, one.column))
    return Checked(draft=draft, spec=spec, artefacts=artefacts, warnings=tuple(in_order))


def _tests_faults(spec: Spec) -> list[Fault]:
    """Of the files of tests that the canary is to pass."""
    files = dict.fromkeys(Path(one.file) for one in spec.canary.analysis if isinstance(one, TestsCheck))
    try:
        read_suites(list(files), spec)
    except SpecError as error:
        return list(error.faults)
    return []


def _functions(spec: Spec) -> Iterator[tuple[str, FunctionSpec]]:
    return ((region, function) for region in spec.regions for function in spec.functions_in(region))


def _refuse_unused(spec: Spec, allowed: tuple[str, ...]) -> None:
    named = sorted({function.runtime for _, function in _functions(spec) if function.runtime})
    for name in allowed:
        if name not in named:
            hint = nearest(name, named) or f"; its runtimes are {', '.join(named) or 'none'}"
            raise UsageError(f"--allow-runtime {name}: {spec.file} has no function with that runtime{hint}")


def _runtime_faults(spec: Spec, draft: Draft, allowed: tuple[str, ...] | None, today: date) -> Iterator[Fault]:
    if allowed is None:
        return
    yield from _runtime_told(spec, draft, lambda name: runtimes.fault(name, today, allowed=allowed))


def _runtime_warnings(spec: Spec, draft: Draft, today: date) -> Iterator[Fault]:
    return _runtime_told(spec, draft, lambda name: runtimes.warning(name, today))


def _runtime_told(spec: Spec, draft: Draft, judge: Callable[[str], str]) -> Iterator[Fault]:
    seen: dict[Fault, None] = {}
    for region, function in _functions(spec):
        if function.runtime and (message := judge(function.runtime)):
            way = origin(draft.document, region, function.name, ("runtime",))
            seen[draft.document.fault(way, message)] = None
    yield from seen


def wanted(function: FunctionSpec) -> Wanted:
    """What the function says of its package."""
    return Wanted(
        runtime=function.runtime,
        handler=function.handler,
        architecture=function.architecture,
        layers=bool(function.layers),
    )


def _code_faults(spec: Spec, draft: Draft) -> Iterator[Fault]:
    seen = set()
    for _, function in _functions(spec):
        source = source_of(function, spec)
        if (function.name, source, wanted(function)) in seen:
            continue
        seen.add((function.name, source, wanted(function)))
        for message in code_faults(source) or handler_check(source, wanted(function)):
            yield draft.document.fault(("functions", function.name, "code"), message)


def _archive_findings(
    spec: Spec, draft: Draft, artefacts: Mapping[tuple[str, str], Artefact]
) -> tuple[list[Fault], list[Fault]]:
    faults: dict[Fault, None] = {}
    doubts: dict[Fault, None] = {}
    known: dict[tuple[str, Wanted], Findings] = {}
    for region, function in _functions(spec):
        artefact = artefacts.get((region, function.name))
        if artefact is None:
            continue
        key = (artefact.sha256, wanted(function))
        if key not in known:
            with artefact.contents() as contents:
                known[key] = findings(contents, wanted(function))
        way = ("functions", function.name, "code")
        told = (*limit_faults(artefact, bucket=function.code.bucket is not None), *known[key].faults)
        faults.update({draft.document.fault(way, message): None for message in told})
        doubts.update({draft.document.fault(way, message): None for message in known[key].warnings})
    return list(faults), list(doubts)
