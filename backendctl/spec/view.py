"""A spec with its expressions expanded and its overrides applied, still as plain values with places.

The checks look at this; the model is built from it once nothing is wrong. Whatever the schema refused is not in
it, so a check must take any setting for absent, but never for ill-typed.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, NamedTuple

from backendctl.openapi.integrations import lambda_targets, resolve
from backendctl.spec.expander import ANY, ARN_BY_REGION, Expander
from backendctl.spec.loader import MISSING
from backendctl.spec.regions import PARTITION

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from backendctl.openapi.integrations import Target
    from backendctl.spec.loader import Document, Way
    from backendctl.spec.report import Report
    from backendctl.spec.scalars import Scalar
    from backendctl.spec.values import Scope

SOURCES = ("folder", "archive", "s3", "image")
_SHORT = "short"  # code in its short form; what kind it is shows only once it is expanded
_ANY_SOURCE = (*SOURCES, _SHORT)
_DEFAULT_REGION = "us-east-1"
_ROOT = "(none)"


class Call(NamedTuple):
    """A call of a function by the API.

    Attributes:
        stage: empty in an API without stages, which is taken for one stage without a name and without variables.
        variables: of the stage. found: the target with them put in; None when one that it needs is not defined.
    """

    stage: str
    document: Document
    target: Target
    variables: Mapping[str, str]
    found: Target | None


@dataclass(frozen=True, kw_only=True)
class View:
    """The expanded spec.

    Attributes:
        definition: the API definition, None while it is faulty or not named.
        own_definitions: by stage, those of stages that have one of their own and whose file can be read.
        plain: everything but functions.
        targets: the Lambda functions that the API's definition calls.
        regions: the known ones of `plain["regions"]`, or stand-ins when there is none.
        functions: by region and short name; overrides applied, code in its long form.
        report: where faults go.
        elsewhere: whether the definition may call functions that the spec does not name.
        spared: regions that are not worked on, in which texts may stand for what AWS would answer.
    """

    document: Document
    definition: Document | None
    plain: dict[str, Any]
    functions: dict[str, dict[str, dict[str, Any]]]
    targets: tuple[Target, ...]
    own_definitions: Mapping[str, Document]
    regions: tuple[str, ...]
    report: Report
    elsewhere: bool = False
    spared: frozenset[str] = frozenset()

    @property
    def judged(self) -> View:
        """The same with nothing that stands for an answer of AWS: it would be taken for a fault."""
        worked_on = [region for region in self.regions if region not in self.spared]
        if not self.spared or not worked_on:
            return self
        functions = {r: self.functions[worked_on[0] if r in self.spared else r] for r in self.regions}
        plain = self.plain
        for way, key in _by_region(plain):
            plain = _put(plain, way, self._without_spared(_at(plain, way), key))
        for name, table in plain.get("tables", {}).items():
            plain = _put(plain, ("tables", name), self._without_spared(table, "resource-policy"))
        return replace(self, functions=functions, plain=plain)

    def _without_spared(self, settings: dict[str, Any], key: str) -> dict[str, Any]:
        """The settings, of which one has a value per region, without those of spared regions."""
        if not isinstance(given := settings.get(key), dict):
            return settings
        return {**settings, key: {region: one for region, one in given.items() if region not in self.spared}}

    @property
    def backend(self) -> str:
        """The backend's name; empty when that is faulty."""
        return str(self.plain.get("backend", ""))

    @property
    def folder(self) -> Path:
        """The folder of the spec; what a spec names lies relative to it."""
        return Path(self.document.file).resolve().parent

    def way(self, region: str, name: str, *rest: str | int) -> Way:
        """Where the file says what this region's function gets: in the override, or else in the function."""
        return origin(self.document, region, name, rest)

    def stages(self) -> dict[str, dict[str, Any]]:
        """The stages by name; AWS's own name for the empty base path, "(none)", is the empty one (K9)."""
        found: dict[str, dict[str, Any]] = self.plain.get("api", {}).get("stages", {})
        return {name: {**stage, "path": ""} if stage.get("path") == _ROOT else stage for name, stage in found.items()}

    def definition_of(self, stage: str) -> Document | None:
        """The document that a stage serves; None while it is faulty or not named."""
        if "definition" in self.stages().get(stage, {}):
            return self.own_definitions.get(stage)
        return self.definition

    def domains(self) -> list[tuple[Way, dict[str, Any]]]:
        """The custom domains with their places, the one that callers are told of first."""
        return [(way, _at(self.plain, way)) for way in _domains(self.plain)]

    @cached_property
    def calls(self) -> tuple[Call, ...]:
        """Every call of a function."""
        stages = self.stages() or {"": {}}
        return tuple(
            Call(name, document, target, variables, resolve(target, variables))
            for name, settings in stages.items()
            if (document := self.definition_of(name)) is not None
            for variables in [settings.get("variables", {})]
            for target in self._targets(document)
        )

    @cached_property
    def calls_by_function(self) -> Mapping[str, Sequence[Call]]:
        """The same by the name in AWS of what is called."""
        found: dict[str, list[Call]] = {}
        for call in self.calls:
            if call.found is not None:
                found.setdefault(call.found.function, []).append(call)
        return found

    @cached_property
    def names(self) -> Mapping[str, str]:
        """The functions' names in AWS, with those in the spec."""
        return {
            self.physical(name, function): name
            for functions in self.functions.values()
            for name, function in functions.items()
        }

    def documents(self) -> list[Document]:
        """The API's definition and those of its stages, as far as they can be read."""
        found = [*([self.definition] if self.definition else []), *self.own_definitions.values()]
        return list({document.file: document for document in found}.values())

    def paths(self) -> dict[str, Any]:
        """Every path that some document has."""
        found = [document.value.get("paths") for document in self.documents()]
        return {path: item for paths in found if isinstance(paths, dict) for path, item in paths.items()}

    def _targets(self, document: Document) -> Sequence[Target]:
        return self.targets if document is self.definition else lambda_targets(document.value)

    def physical(self, name: str, settings: dict[str, Any]) -> str:
        """The name in AWS of a function or table."""
        return str(settings.get("name", f"{self.backend}-{name}"))


def expanded(
    document: Document,
    value: dict[str, Any],
    *,
    definition: Document | None,
    scope: Scope,
    report: Report,
    elsewhere: bool = False,
    own_definitions: Mapping[str, Document] | None = None,
    scalars: Mapping[Way, Scalar] | None = None,
    spared: frozenset[str] = frozenset(),
) -> View:
    """Expand a spec's value; expressions that fail are reported and their settings left out.

    A spec without any function has its functions elsewhere. See `Draft` for `scalars`, `View` for `spared`.
    """
    head = Expander(report=report, scope=scope, scalars=scalars or {}, spared=spared)
    top = head.value({key: value[key] for key in ("backend", "regions") if key in value}, ())
    backend = top.get("backend", "")
    known = [region for region in top.get("regions", ()) if region in PARTITION]
    regions = tuple(dict.fromkeys(known or _mentioned(value)))
    scope = replace(scope, primary=regions[0])
    body = replace(head, scope=scope)
    body = replace(head, scope=replace(scope, tables=_table_names(value, body, backend)))
    plain = top | body.value({key: item for key, item in value.items() if key not in {"functions", *top}}, ())
    for way, key in _by_region(value):
        if (arns := _regional(_at(value, way).get(key), (*way, key), body, regions)) is not None:
            _at(plain, way)[key] = arns
    if isinstance(bindings := value.get("api", {}).get("bindings"), dict):
        plain["api"]["bindings"] = _bindings(bindings, body)
    for name, table in value.get("tables", {}).items():
        if (policy := table.get("resource-policy")) is not None:
            plain["tables"][name]["resource-policy"] = _policies(policy, name, body, regions)
    functions = {region: _functions(document, region, value, body, among=len(regions)) for region in regions}
    return View(
        document=document,
        definition=definition,
        plain=plain,
        functions=functions,
        targets=tuple(lambda_targets(definition.value)) if definition else (),
        own_definitions=own_definitions or {},
        regions=regions,
        report=report,
        elsewhere=elsewhere or not value.get("functions"),
        spared=spared,
    )


def _source_kind(code: str) -> str:
    if code.startswith("s3://"):
        return "s3"
    if ".dkr.ecr." in code or code.startswith("public.ecr.aws/"):
        return "image"
    return "archive" if code.endswith((".zip", ".jar")) else "folder"


def _domains(value: Mapping[str, Any]) -> list[Way]:
    """Where the custom domains stand."""
    found: list[Way] = [("domain",)] if "domain" in value else []
    return [*found, *(("domains", index) for index in range(len(value.get("domains", ()))))]


def _at(value: Any, way: Way) -> Any:
    for step in way:
        value = value[step]
    return value


def _put(value: Any, way: Way, part: Any) -> Any:
    """A copy of the value with another part at that place."""
    if not way:
        return part
    made = value.copy()
    made[way[0]] = _put(value[way[0]], way[1:], part)
    return made


def _bindings(given: dict[str, Any], body: Expander) -> dict[str, Any]:
    return {region: body.inside(region).value(names, ("api", "bindings", region)) for region, names in given.items()}


def _policies(policy: Any, table: str, body: Expander, regions: Sequence[str]) -> dict[str, Any]:
    way: Way = ("tables", table, "resource-policy")
    made = {region: body.inside(region).value(policy, way) for region in regions}
    return {region: one for region, one in made.items() if one is not MISSING}


def _by_region(value: Mapping[str, Any]) -> list[tuple[Way, str]]:
    """Where settings stand that are an ARN, for every region or one for each; and their keys."""
    return [(way, key) for *steps, key in ARN_BY_REGION for way in _ways(value, (), steps)]


def _ways(value: Any, way: Way, steps: Sequence[str]) -> Iterator[Way]:
    """Every place below this value to which the steps lead."""
    if not steps:
        yield way
        return
    names = range(len(value)) if isinstance(value, list) else value
    for name in names if steps[0] == ANY else [steps[0]] if steps[0] in value else []:
        yield from _ways(value[name], (*way, name), steps[1:])


def _regional(given: Any, way: Way, body: Expander, regions: Sequence[str]) -> dict[str, str] | None:
    if given is None:
        return None
    if isinstance(given, dict):
        made = {region: body.inside(region).value(arn, (*way, region)) for region, arn in given.items()}
    else:
        made = {region: body.inside(region).value(given, way) for region in regions}
    return {region: arn for region, arn in made.items() if arn is not MISSING}


def _table_names(value: dict[str, Any], body: Expander, backend: str) -> dict[str, str]:
    """The physical names by short name."""
    found: dict[str, str] = {}
    for name, table in value.get("tables", {}).items():
        own = body.value(table["name"], ("tables", name, "name")) if "name" in table else None
        found[name] = own if isinstance(own, str) else f"{backend}-{name}"
    return found


def _functions(
    document: Document, region: str, value: dict[str, Any], body: Expander, *, among: int
) -> dict[str, dict[str, Any]]:
    here = body.inside(region, can_be_left_out=among > 1)
    return {name: _function(document, (region, name), one, here) for name, one in value.get("functions", {}).items()}


def _function(document: Document, address: tuple[str, str], function: dict[str, Any], body: Expander) -> dict[str, Any]:
    region, name = address
    override = function.get("regions", {}).get(region, {})
    base = {key: item for key, item in function.items() if key != "regions"}
    merged = _merged(_with_long_code(base), _with_long_code(override))
    here = replace(body, origin=lambda way: origin(document, region, name, way))
    made: dict[str, Any] = here.value(merged, ())
    code = made.get("code", {})
    if _SHORT in code:
        text = code.pop(_SHORT)
        code[_source_kind(text)] = text
    return made


def _with_long_code(function: dict[str, Any]) -> dict[str, Any]:
    code = function.get("code")
    return {**function, "code": {_SHORT: code}} if isinstance(code, str) else function


def _merged(base: dict[str, Any], override: dict[str, Any]) -> dict[str, Any]:
    """Deep; None takes a setting away, another kind of code takes the place of the first."""
    made = dict(base)
    for key, item in override.items():
        if item is None:
            made.pop(key, None)
        elif isinstance(item, dict) and key != "input":
            under = made.get(key)
            under = under if isinstance(under, dict) else {}
            if key == "code" and any(kind in item for kind in _ANY_SOURCE):
                under = {kind: given for kind, given in under.items() if kind not in _ANY_SOURCE}
            made[key] = _merged(under, item)
        else:
            made[key] = item
    return made


def origin(document: Document, region: str, name: str, rest: Sequence[str | int]) -> Way:
    """Where the file says what a region's function gets: in the override, or else in the function."""
    base: Way = ("functions", name)
    override: Way = (*base, "regions", region)
    found = document.raw(override)
    if found is MISSING:
        return (*base, *rest)
    for depth, step in enumerate(rest):
        if not isinstance(found, dict):
            return (*override, *rest[:depth])
        if step not in found:
            break
        found = found[step]
    else:
        return (*override, *rest) if rest else base
    return (*base, *rest)


def _mentioned(value: dict[str, Any]) -> list[str]:
    """Stands in for faulty `regions`, so that everything else is checked all the same."""
    functions = value.get("functions", {}).values()
    return [_DEFAULT_REGION, *(region for function in functions for region in function.get("regions", {}))]
