"""Reads mapping templates into trees."""

from __future__ import annotations

import re
from functools import lru_cache

from backendctl.sandbox.apigateway.exchange import NotEmulatedError
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


class TemplateError(Exception):
    """A template, or the value it works on, is not what AWS could work with."""


DIRECTIVE = re.compile(r"#(?:\{(?P<braced>[a-z]+)\}|(?P<bare>[a-z]+)\b)")
KNOWN = frozenset({"set", "if", "elseif", "else", "foreach", "end"})
REFUSED = frozenset({"macro", "include", "parse", "break", "stop", "define", "evaluate", "return"})
COMMENT = re.compile(r"##[^\n]*\n?|#\*.*?\*#", re.DOTALL)
START = re.compile(r"\$!?\{?[A-Za-z_]")
NAME = re.compile(r"[A-Za-z_][\w-]*")
BLANK_REST = re.compile(r"[ \t]*\n")
SPACE = re.compile(r"\s*")
NUMBER = re.compile(r"-?\d+(\.\d+)?")
OPERATORS = (
    ("||", "or"),
    ("&&", "and"),
    ("==", "!=", "eq", "ne"),
    ("<=", ">=", "<", ">", "le", "ge", "lt", "gt"),
    ("+", "-"),
    ("*", "/", "%"),
)
WORDS = {"or": "||", "and": "&&", "eq": "==", "ne": "!=", "le": "<=", "ge": ">=", "lt": "<", "gt": ">"}
NAMED = {"true": True, "false": False, "null": None}


@lru_cache(maxsize=512)
def parse(template: str) -> tuple[Node, ...]:
    """The nodes of a template.

    Raises:
        TemplateError: when it is malformed.
        NotEmulatedError: naming a directive that is not emulated.
    """
    reader = _Reader(template)
    nodes, ended_by = reader.nodes(inside=False)
    if ended_by:
        raise TemplateError(f"#{ended_by} without a beginning")
    return nodes


class _Reader:
    """Reads a template from its beginning to its end."""

    def __init__(self, text: str) -> None:
        self.text = text
        self.at = 0

    def nodes(self, *, inside: bool) -> tuple[tuple[Node, ...], str]:
        """Nodes up to #end, #else or #elseif, and which of them it was; "" for the end of the template."""
        found: list[Node] = []
        while self.at < len(self.text):
            found += self._plain()
            if self.at >= len(self.text):
                break
            if self.text[self.at] == "$":
                found.append(self.reference())
                continue
            word = self._directive()
            if word in {"end", "else", "elseif"}:
                return tuple(found), word
            found.append(self._block(word))
        if inside:
            raise TemplateError("a directive has no #end")
        return tuple(found), ""

    def _plain(self) -> list[Node]:
        """Text up to the next reference or directive, without comments."""
        pieces: list[str] = []
        while self.at < len(self.text):
            rest = self.text[self.at]
            comment = COMMENT.match(self.text, self.at) if rest == "#" else None
            if comment:
                self.at = comment.end()
            elif self.text.startswith("\\$", self.at):
                pieces.append("$")
                self.at += 2
            elif self._is_start(rest):
                break
            else:
                pieces.append(rest)
                self.at += 1
        return [Text(text="".join(pieces))] if pieces else []

    def _is_start(self, letter: str) -> bool:
        if letter == "$":
            return START.match(self.text, self.at) is not None
        match = DIRECTIVE.match(self.text, self.at) if letter == "#" else None
        return match is not None and (match["braced"] or match["bare"]) in KNOWN | REFUSED

    def _directive(self) -> str:
        match = DIRECTIVE.match(self.text, self.at)
        word = (match["braced"] or match["bare"]) if match else ""
        if match is None or word in REFUSED:
            raise NotEmulatedError(f"#{word} in mapping templates is not emulated")
        self.at = match.end()
        if word in {"end", "else"}:
            self._end_line()
        return word

    def _end_line(self) -> None:
        """A directive takes the rest of a line that is blank behind it."""
        match = BLANK_REST.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def _block(self, word: str) -> Node:
        if word == "set":
            return self._set()
        return self._foreach() if word == "foreach" else self._if()

    def _set(self) -> Set:
        self.expect("(")
        target = self.reference()
        self.expect("=")
        value = self.expression()
        self.expect(")")
        self._end_line()
        return Set(target=target, value=value)

    def _foreach(self) -> Foreach:
        self.expect("(")
        target = self.reference()
        self.expect("in")
        over = self.expression()
        self.expect(")")
        self._end_line()
        nodes, ended_by = self.nodes(inside=True)
        if target.steps or ended_by != "end":
            raise TemplateError("#foreach is malformed")
        return Foreach(name=target.name, over=over, nodes=nodes)

    def _if(self) -> If:
        branches = []
        word = "if"
        while word != "end":
            condition: Expression = Literal(value=True)
            if word != "else":
                self.expect("(")
                condition = self.expression()
                self.expect(")")
                self._end_line()
            nodes, ended_by = self.nodes(inside=True)
            if word == "else" and ended_by != "end":
                raise TemplateError("#else is not the last branch")
            branches.append((condition, nodes))
            word = ended_by
        return If(branches=tuple(branches))

    def reference(self) -> Reference:
        """A reference at this place, in the short form or in braces."""
        self.space()
        began = self.at
        if not START.match(self.text, self.at):
            raise TemplateError(f"a reference is missing at: {self.text[self.at : self.at + 20]}")
        self.at += 1
        quiet = self.take("!")
        braced = self.take("{")
        name = self._name()
        steps: list[Step] = []
        while (step := self._step()) is not None:
            steps.append(step)
        if braced:
            self.expect("}")
        return Reference(name=name, steps=tuple(steps), quiet=quiet, source=self.text[began : self.at])

    def _step(self) -> Step | None:
        if self.text.startswith("[", self.at):
            self.at += 1
            at = self.expression()
            self.expect("]")
            return Index(at=at)
        match = NAME.match(self.text, self.at + 1) if self.text.startswith(".", self.at) else None
        if match is None:
            return None
        self.at = match.end()
        if not self.take("("):
            return Property(name=match[0])
        return Method(name=match[0], arguments=tuple(self._until(")")))

    def _name(self) -> str:
        match = NAME.match(self.text, self.at)
        if match is None:
            raise TemplateError(f"a name is missing at: {self.text[self.at : self.at + 20]}")
        self.at = match.end()
        return match[0]

    def _until(self, end: str) -> list[Expression]:
        found: list[Expression] = []
        self.space()
        while not self.take(end):
            if found:
                self.expect(",")
            found.append(self.expression())
            self.space()
        return found

    def expression(self, level: int = 0) -> Expression:
        """An expression, its operators grouped as they bind."""
        if level == len(OPERATORS):
            return self._operand()
        left = self.expression(level + 1)
        while (operator := self._operator(OPERATORS[level])) is not None:
            left = Binary(operator=WORDS.get(operator, operator), left=left, right=self.expression(level + 1))
        return left

    def _operator(self, allowed: tuple[str, ...]) -> str | None:
        self.space()
        for operator in allowed:
            if self.text.startswith(operator, self.at):
                after = self.text[self.at + len(operator) : self.at + len(operator) + 1]
                if operator.isalpha() and (after.isalnum() or after == "_"):
                    continue
                self.at += len(operator)
                return operator
        return None

    def _operand(self) -> Expression:
        self.space()
        if self.take("!") or self._operator(("not",)):
            return Not(of=self._operand())
        letter = self.text[self.at : self.at + 1]
        if letter == "$":
            return self.reference()
        if letter in {"'", '"'}:
            return self._quoted(letter)
        if letter in {"(", "[", "{"}:
            self.at += 1
            return {"(": self._grouped, "[": self._list, "{": self._map}[letter]()
        return self._word()

    def _grouped(self) -> Expression:
        inner = self.expression()
        self.expect(")")
        return inner

    def _quoted(self, mark: str) -> Expression:
        end = self.at + 1
        while (end := self.text.find(mark, end)) >= 0 and self.text.startswith(mark, end + 1):
            end += 2  # a mark is doubled to stand for itself
        if end < 0:
            raise TemplateError("a text has no end")
        inner = self.text[self.at + 1 : end].replace(mark * 2, mark)
        self.at = end + 1
        return Literal(value=inner) if mark == "'" else Quoted(nodes=parse(inner))

    def _list(self) -> Expression:
        self.space()
        if self.take("]"):
            return Listed(items=())
        first = self.expression()
        self.space()
        if self.text.startswith("..", self.at):
            self.at += 2
            last = self.expression()
            self.expect("]")
            return Range(first=first, last=last)
        self.space()
        rest = [] if self.take("]") else self._more()
        return Listed(items=(first, *rest))

    def _more(self) -> list[Expression]:
        self.expect(",")
        return self._until("]")

    def _map(self) -> Mapped:
        items: list[tuple[Expression, Expression]] = []
        self.space()
        while not self.take("}"):
            if items:
                self.expect(",")
            key = self.expression()
            self.expect(":")
            items.append((key, self.expression()))
            self.space()
        return Mapped(items=tuple(items))

    def _word(self) -> Literal:
        number = NUMBER.match(self.text, self.at)
        if number:
            self.at = number.end()
            return Literal(value=float(number[0]) if "." in number[0] else int(number[0]))
        name = self._name()
        if name not in NAMED:
            raise TemplateError(f"{name} is no expression")
        return Literal(value=NAMED[name])

    def space(self) -> None:
        match = SPACE.match(self.text, self.at)
        self.at = match.end() if match else self.at

    def take(self, mark: str) -> bool:
        """Whether that stands here; it is behind us then."""
        found = self.text.startswith(mark, self.at)
        self.at += len(mark) if found else 0
        return found

    def expect(self, mark: str) -> None:
        self.space()
        if not self.take(mark):
            raise TemplateError(f"{mark} is missing at: {self.text[self.at : self.at + 20]}")
