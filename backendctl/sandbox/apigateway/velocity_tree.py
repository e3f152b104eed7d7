"""What a mapping template is made of: text, references and the directives #set, #if and #foreach."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Literal:
    value: str | int | float | bool | None


@dataclass(frozen=True, kw_only=True, slots=True)
class Quoted:
    """A text in double quotes, which may hold references."""

    nodes: tuple[Node, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Listed:
    items: tuple[Expression, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Range:
    first: Expression
    last: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class Mapped:
    items: tuple[tuple[Expression, Expression], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Not:
    of: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class Binary:
    operator: str
    left: Expression
    right: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class Property:
    name: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Method:
    name: str
    arguments: tuple[Expression, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Index:
    at: Expression


Step = Property | Method | Index


@dataclass(frozen=True, kw_only=True, slots=True)
class Reference:
    """`$name.steps`; `source` is how it stands in the template."""

    name: str
    steps: tuple[Step, ...]
    quiet: bool
    source: str


Expression = Literal | Quoted | Listed | Range | Mapped | Not | Binary | Reference


@dataclass(frozen=True, kw_only=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Set:
    target: Reference
    value: Expression


@dataclass(frozen=True, kw_only=True, slots=True)
class If:
    """Conditions with what follows each, in order; `#else` has the condition true."""

    branches: tuple[tuple[Expression, tuple[Node, ...]], ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Foreach:
    name: str
    over: Expression
    nodes: tuple[Node, ...]


Node = Text | Reference | Set | If | Foreach
