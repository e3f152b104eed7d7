"""Carries out mapping templates."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Protocol

from backendctl.sandbox.apigateway import velocity_values as values
from backendctl.sandbox.apigateway.exchange import NotEmulatedError
from backendctl.sandbox.apigateway.velocity_syntax import TemplateError
from backendctl.sandbox.apigateway.velocity_tree import (
    Binary,
    Expression,
    Foreach,
    If,
    Index,
    Listed,
    Literal,
    Mapped,
    Method,
    Node,
    Not,
    Property,
    Quoted,
    Range,
    Reference,
    Set,
    Step,
    Text,
)

MOST_ROUNDS = 1000
"""Iterations that AWS lets a #foreach have."""

SETTABLE = "responseOverride"
"""The one part of `$context` that a template may set here."""


class Tool(Protocol):
    """Something with methods only, such as `$input`."""

    def get(self, name: str) -> Any:
        """A property."""

    def call(self, name: str, arguments: list[Any]) -> Any:
        """A method."""


@dataclass(kw_only=True, slots=True)
class Run:
    """One template on its way.

    Attributes:
        tools: `$input` and `$util`, which cannot be set.
        names: `$context`, `$stageVariables`, and whatever the template sets.
    """

    tools: Mapping[str, Tool]
    names: dict[str, Any]
    _rounds: list[dict[str, Any]] = field(default_factory=list)

    def text(self, nodes: tuple[Node, ...]) -> str:
        """What the nodes leave in the output."""
        return "".join(self._node(node) for node in nodes)

    def _node(self, node: Node) -> str:
        match node:
            case Text(text=text):
                return text
            case Reference():
                return self._shown(node)
            case Set(target=target, value=value):
                self._set(target, self.value(value))
                return ""
            case If(branches=branches):
                chosen = next((nodes for condition, nodes in branches if _true(self.value(condition))), ())
                return self.text(chosen)
            case Foreach():
                return self._foreach(node)

    def _shown(self, reference: Reference) -> str:
        if reference.name not in {*self.names, *self.tools, "foreach", "velocityCount"}:
            return "" if reference.quiet else reference.source
        return values.shown(self._read(reference))

    def _set(self, target: Reference, value: Any) -> None:
        if value is None:
            return  # Velocity sets nothing to null
        if not target.steps and target.name not in {"context", "stageVariables", *self.tools}:
            self.names[target.name] = value
            return
        steps = [self._key(step) for step in target.steps]
        if target.name in {"stageVariables", *self.tools} or (target.name == "context" and steps[:1] != [SETTABLE]):
            raise NotEmulatedError(f"setting {target.source} in mapping templates is not emulated")
        place = self.names.setdefault(target.name, {})
        for step in steps[:-1]:
            place = place.setdefault(step, {}) if isinstance(place, dict) else None
        if not isinstance(place, dict):
            raise TemplateError(f"{target.source} cannot be set")
        place[steps[-1]] = value

    def _key(self, step: Step) -> Any:
        match step:
            case Property(name=name):
                return name
            case Index(at=at):
                return self.value(at)
            case Method(name=name):
                raise TemplateError(f"the outcome of {name}() cannot be set")

    def _foreach(self, node: Foreach) -> str:
        over = self.value(node.over)
        items = list(over.values()) if isinstance(over, dict) else over
        if items is None:
            return ""
        if not isinstance(items, list):
            raise TemplateError("#foreach needs a list or an object")
        if len(items) > MOST_ROUNDS:
            raise TemplateError(f"#foreach has more than {MOST_ROUNDS} rounds")
        pieces = []
        outer = self.names.get(node.name)
        for index, item in enumerate(items):
            last = index == len(items) - 1
            self._rounds.append(
                {"index": index, "count": index + 1, "hasNext": not last, "first": not index, "last": last}
            )
            self.names[node.name] = item
            pieces.append(self.text(node.nodes))
            self._rounds.pop()
        self.names[node.name] = outer
        return "".join(pieces)

    def value(self, expression: Expression) -> Any:
        """What an expression stands for."""
        match expression:
            case Literal(value=value):
                return value
            case Quoted(nodes=nodes):
                return self.text(nodes)
            case Reference():
                return self._read(expression)
            case Not(of=of):
                return not _true(self.value(of))
            case Binary():
                return self._binary(expression)
            case Listed() | Mapped() | Range():
                return self._made(expression)

    def _made(self, expression: Listed | Mapped | Range) -> Any:
        match expression:
            case Listed(items=items):
                return [self.value(item) for item in items]
            case Mapped(items=items):
                return {self.value(key): self.value(item) for key, item in items}
            case Range(first=first, last=last):
                return self._range(self.value(first), self.value(last))

    def _range(self, first: Any, last: Any) -> list[int]:
        if not isinstance(first, int) or not isinstance(last, int) or abs(last - first) > MOST_ROUNDS:
            raise TemplateError("a range needs two whole numbers not too far from each other")
        step = 1 if first <= last else -1
        return list(range(first, last + step, step))

    def _binary(self, binary: Binary) -> Any:
        left = self.value(binary.left)
        if binary.operator in {"&&", "||"}:
            decided = _true(left) is (binary.operator == "||")
            return decided and binary.operator == "||" if decided else _true(self.value(binary.right))
        right = self.value(binary.right)
        if binary.operator in {"+", "-", "*", "/", "%"}:
            return values.calculated(binary.operator, left, right)
        return values.compared(binary.operator, left, right)

    def _read(self, reference: Reference) -> Any:
        name, steps = reference.name, reference.steps
        if name in self.tools:
            if not steps:
                raise NotEmulatedError(f"{reference.source} by itself in mapping templates is not emulated")
            value = self._ask(self.tools[name], steps[0])
            steps = steps[1:]
        elif name == "foreach":
            value = self._rounds[-1] if self._rounds else None
        elif name == "velocityCount":
            value = self._rounds[-1]["count"] if self._rounds else None
        else:
            value = self.names.get(name)
        for step in steps:
            value = self._follow(value, step)
        return value

    def _ask(self, tool: Tool, step: Step) -> Any:
        match step:
            case Method(name=name, arguments=arguments):
                return tool.call(name, [self.value(each) for each in arguments])
            case Property(name=name):
                return tool.get(name)
            case Index():
                raise NotEmulatedError("brackets behind $input and $util in mapping templates are not emulated")

    def _follow(self, value: Any, step: Step) -> Any:
        match step:
            case Method(name=name, arguments=arguments):
                return values.apply(value, name, [self.value(each) for each in arguments])
            case Property(name=name):
                return value.get(name) if isinstance(value, dict) else self._bean(value, name)
            case Index(at=at):
                key = self.value(at)
                return values.item(value, key) if isinstance(value, list) else self._member(value, key)

    @staticmethod
    def _bean(value: Any, name: str) -> Any:
        """`$list.empty` is `isEmpty()`; other properties of what is no object are nothing."""
        if name == "empty" and isinstance(value, (str, list)):
            return not value
        return None

    @staticmethod
    def _member(value: Any, key: Any) -> Any:
        return value.get(key) if isinstance(value, dict) else None


def _true(value: Any) -> bool:
    """Everything is true but nothing and false, as in Velocity 1: an empty text too."""
    return value if isinstance(value, bool) else value is not None
