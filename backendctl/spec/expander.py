"""Expressions inside the values of a spec, replaced by what they stand for; what fails is reported."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from backendctl.errors import AwsError
from backendctl.spec.loader import MISSING
from backendctl.spec.values import ExpressionError, Offline, Scope, WithoutParameters, asks_aws, expand

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from backendctl.spec.loader import Way
    from backendctl.spec.report import Report
    from backendctl.spec.scalars import Scalar


ANY = "*"
ARN_BY_REGION = (("domain", "certificate"), ("domains", ANY, "certificate"), ("api", "stages", ANY, "web-acl"))
"""Settings that are one ARN, in which `{{ region }}` has a value, or a mapping from regions to ARNs."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Expander:
    """Expands the texts in a value.

    Attributes:
        origin: turns a way in the value into one in the file.
        spared: see `View`. can_be_left_out: whether the others can be worked on without what is expanded.
    """

    report: Report
    scope: Scope
    scalars: Mapping[Way, Scalar]
    origin: Callable[[Way], Way] = tuple
    spared: frozenset[str] = frozenset()
    can_be_left_out: bool = False

    def inside(self, region: str, *, can_be_left_out: bool = False) -> Expander:
        return replace(self, scope=replace(self.scope, region=region), can_be_left_out=can_be_left_out)

    def value(self, value: Any, way: Way) -> Any:
        if isinstance(value, str) and "{{" in value:
            return self._text(value, way)
        if isinstance(value, dict):
            items = {key: self.value(item, (*way, key)) for key, item in value.items() if not _by_region(way, key)}
            return {key: item for key, item in items.items() if item is not MISSING}
        if isinstance(value, list):
            made = [self.value(item, (*way, index)) for index, item in enumerate(value)]
            return [item for item in made if item is not MISSING]
        return value

    def _text(self, text: str, way: Way) -> Any:
        at = self.origin(way)
        is_spare = self.scope.region in self.spared and not _reaches_other_regions(at)
        if is_spare and self.scope.region != self.scope.primary:  # the primary's values name the release
            return self._expanded(text, at, self._without_parameters())
        try:
            return self._expanded(text, at, self.scope)
        except AwsError as error:
            if is_spare and error.silent:
                return self._expanded(text, at, self._without_parameters())
            if error.silent and self.can_be_left_out and not _reaches_other_regions(at):
                error.hint += f"; or go on without {self.scope.region}: the same command with -r for each other region"
            raise

    def _without_parameters(self) -> Scope:
        return replace(self.scope, lookups=WithoutParameters(self.scope.lookups))

    def _expanded(self, text: str, at: Way, scope: Scope) -> Any:
        scalar = self.scalars.get(at)
        try:
            value = expand(text, scope, named=scalar is not None or _names_a_resource(at))
        except ExpressionError as error:
            self.report.add(at, error.message, offset=error.offset)
            return MISSING
        if scalar is None:
            return value
        is_stand_in = asks_aws(text) and isinstance(scope.lookups, Offline)
        return scalar.stand_in if is_stand_in else self._scalar(scalar, value, at)

    def _scalar(self, scalar: Scalar, value: str, at: Way) -> Any:
        read = scalar.read(value)
        if read is None:  # the value is not repeated: it is not what was meant, and may be a secret
            self.report.add(at, f"'{at[-1]}' must be {scalar.wanted}, and the expression gives something else")
            return MISSING
        return read


def _names_a_resource(way: Way) -> bool:
    """Whether what stands there is part of addresses, which every plan shows."""
    if way[0] in {"backend", "regions", "role"} or way == ("api", "name"):
        return True
    if way[0] in {"domain", "domains"}:
        return way[-1] in {"name", "zone"} and len(way) == (2 if way[0] == "domain" else 3)
    if way[0] not in {"functions", "tables"}:
        return False
    own = _within(way)
    return own in {("name",), ("role",)} or own[:1] == ("aliases",)


def _within(way: Way) -> Way:
    """The way inside a function or table, overrides of regions taken off."""
    return way[4:] if way[2:3] == ("regions",) and way[0] == "functions" else way[2:]


def _reaches_other_regions(way: Way) -> bool:
    """Whether what stands there is a part of what all regions share: the roles, which are made from all functions."""
    own = _within(way)
    if way[0] in {"domain", "domains"}:
        return False
    return own[:1] in {("name",), ("role",), ("aliases",), ("warm",)} and own[1:2] != ("input",)


def _by_region(way: Way, key: str) -> bool:
    """Certificates, web ACLs, bindings and policies of tables are expanded once per region, beside the rest."""
    if way[:1] == ("tables",) and len(way) == len(("tables", "name")):
        return key == "resource-policy"
    return (way, key) == (("api",), "bindings") or any(_fits((*way, key), pattern) for pattern in ARN_BY_REGION)


def _fits(way: Way, pattern: Sequence[str]) -> bool:
    return len(way) == len(pattern) and all(part in {ANY, step} for step, part in zip(way, pattern, strict=True))
