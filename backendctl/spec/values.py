"""Expressions inside the texts of a spec: `{{ env "X" }}`, `{{ ssm "/path" }}` and their like."""

from __future__ import annotations

import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from backendctl.nearest import nearest
from backendctl.secrets import KNOWN
from backendctl.spec.bounds import read_text
from backendctl.spec.report import listed

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

_QUOTED = r'"(?:[^"\\]|\\.)*"' + r"|'(?:[^'\\]|\\.)*'"
_WHOLE = re.compile(rf"\{{\{{\s*(?:(?P<name>[\w-]+)(?P<arguments>(?:\s+(?:{_QUOTED}))*)|(?P<text>{_QUOTED}))\s*\}}\}}")
_ARGUMENT = re.compile(_QUOTED)
_USAGE = {
    "env": '{{ env "NAME" }} or {{ env "NAME" "default" }}',
    "must_env": '{{ must_env "NAME" }}',
    "region": "{{ region }}",
    "account": "{{ account }}",
    "ssm": '{{ ssm "/path" }}',
    "table": '{{ table "name" }}',
    "file": '{{ file "path" }}',
}
_ARGUMENTS = {"env": (1, 2), "region": (0, 0), "account": (0, 0)}
_ONE = (1, 1)


class Lookups(Protocol):
    """What only AWS can answer. Both may raise BackendctlError."""

    def account(self) -> str:
        """The 12-digit account id."""
        ...

    def parameter(self, region: str, name: str) -> str:
        """The value of an SSM parameter, decrypted."""
        ...


class Offline:
    """Stands for AWS in `validate`; the answers have the right form and are never used."""

    def account(self) -> str:
        """An account id that is nobody's."""
        return "000000000000"

    def parameter(self, region: str, name: str) -> str:
        """A text that says where the value would come from."""
        return f"({name} in {region})"


@dataclass(frozen=True, slots=True)
class WithoutParameters(Offline):
    """Stands for AWS where no parameter is read; the account is the real one."""

    lookups: Lookups

    def account(self) -> str:
        """The 12-digit account id."""
        return self.lookups.account()


class ExpressionError(Exception):
    """An expression is malformed or has no value.

    Attributes:
        offset: characters into the text where it begins.
    """

    def __init__(self, message: str, offset: int) -> None:
        super().__init__(message)
        self.message = message
        self.offset = offset


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What an expression can see.

    Attributes:
        region: None where the spec says the same for all regions.
        primary: the region of whose parameters `ssm` speaks when region is None.
        folder: what `file` is relative to.
        tables: physical names by short name; None where tables cannot be named.
    """

    environ: Mapping[str, str]
    folder: Path
    lookups: Lookups
    primary: str
    region: str | None = None
    tables: Mapping[str, str] | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Expression:
    """One parsed expression: `name` is empty for a literal text."""

    name: str
    arguments: tuple[str, ...]
    start: int
    end: int


def expressions(text: str) -> Iterator[Expression]:
    """The expressions in a text, left to right.

    Raises:
        ExpressionError: the first that is malformed, with its offset.
    """
    start = text.find("{{")
    while start >= 0:
        found = _WHOLE.match(text, start)
        if found is None:
            raise ExpressionError(_malformed(text[start:]), start)
        if found["text"]:
            one = Expression(name="", arguments=(_unquoted(found["text"]),), start=start, end=found.end())
        else:
            arguments = tuple(_unquoted(quoted) for quoted in _ARGUMENT.findall(found["arguments"]))
            one = Expression(name=found["name"], arguments=arguments, start=start, end=found.end())
            _check_call(one)
        yield one
        start = text.find("{{", found.end())


_SECRET = frozenset({"env", "must_env", "ssm"})
"""Expressions whose values come from outside the project's files, and are never shown."""


def expand(text: str, scope: Scope, *, named: bool = False) -> str:
    """The text with every expression replaced by its value; what came from outside is registered as secret.

    Args:
        named: whether the text names a resource, and so has to be shown.

    Raises:
        ExpressionError: an expression is malformed or has no value here.
        BackendctlError: AWS has no answer.
    """
    parts: list[str] = []
    position = 0
    for one in expressions(text):
        value = _FUNCTIONS[one.name](one, scope)
        _register(one, value, scope, named=named)
        parts += [text[position : one.start], value]
        position = one.end
    return "".join((*parts, text[position:]))


def _register(one: Expression, value: str, scope: Scope, *, named: bool) -> None:
    if one.name not in _SECRET or value in one.arguments[1:]:  # a default is written in the spec
        return
    if one.name == "ssm" and isinstance(scope.lookups, Offline):
        return
    if named:
        KNOWN.publish([value])
    else:
        KNOWN.add(value)


def asks_aws(text: str) -> bool:
    """Whether the text's value is known only to AWS; False for a malformed one."""
    try:
        return any(one.name in {"ssm", "account"} for one in expressions(text))
    except ExpressionError:
        return False


def _unquoted(quoted: str) -> str:
    return re.sub(r"\\(.)", r"\1", quoted[1:-1])


def _malformed(rest: str) -> str:
    if "}}" not in rest:
        return "'{{' without its '}}'"
    words = rest[2 : rest.index("}}")].split()
    if not words:
        return "the expression is empty"
    if words[0] in _USAGE:  # what follows is not repeated: it may be a secret
        return f"'{words[0]}' is written {_USAGE[words[0]]}"
    return f"no expression begins with '{words[0]}'{nearest(words[0], _USAGE) or '; known are ' + listed(_USAGE)}"


def _check_call(one: Expression) -> None:
    if one.name not in _USAGE:
        message = f"there is no expression '{one.name}'{nearest(one.name, _USAGE) or '; known are ' + listed(_USAGE)}"
        raise ExpressionError(message, one.start)
    low, high = _ARGUMENTS.get(one.name, _ONE)
    if not low <= len(one.arguments) <= high:
        raise ExpressionError(f"'{one.name}' is written {_USAGE[one.name]}", one.start)


def _env(one: Expression, scope: Scope) -> str:
    return scope.environ.get(one.arguments[0]) or (one.arguments[1] if one.arguments[1:] else "")


def _must_env(one: Expression, scope: Scope) -> str:
    value = scope.environ.get(one.arguments[0], "")
    if not value:
        raise ExpressionError(f"the environment variable '{one.arguments[0]}' is not set", one.start)
    return value


def _region(one: Expression, scope: Scope) -> str:
    if scope.region is None:
        message = (
            "'{{ region }}' has no value here: only functions, certificates, web ACLs and tables' policies have regions"
        )
        raise ExpressionError(message, one.start)
    return scope.region


def _account(_: Expression, scope: Scope) -> str:
    return scope.lookups.account()


def _ssm(one: Expression, scope: Scope) -> str:
    return scope.lookups.parameter(scope.region or scope.primary, one.arguments[0])


def _table(one: Expression, scope: Scope) -> str:
    if scope.tables is None:
        raise ExpressionError("a table's name cannot be used here", one.start)
    name = one.arguments[0]
    if name not in scope.tables:
        hint = nearest(name, scope.tables) or f"; tables: {listed(scope.tables)}"
        raise ExpressionError(f"there is no table '{name}'{hint}", one.start)
    return scope.tables[name]


def _file(one: Expression, scope: Scope) -> str:
    path = scope.folder / os.path.expanduser(one.arguments[0])  # noqa: PTH111 - `~` inside a text
    try:
        if path.is_fifo():  # whoever opens one waits for a writer
            raise ExpressionError(f"'{one.arguments[0]}' is a pipe and no file", one.start)
        return read_text(path, encoding="utf-8").removesuffix("\n")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "it is not UTF-8 text"
        raise ExpressionError(f"the file '{one.arguments[0]}' cannot be read: {reason}", one.start) from None


def _literal(one: Expression, _: Scope) -> str:
    return one.arguments[0]


_FUNCTIONS: dict[str, Callable[[Expression, Scope], str]] = {
    "": _literal,
    "env": _env,
    "must_env": _must_env,
    "region": _region,
    "account": _account,
    "ssm": _ssm,
    "table": _table,
    "file": _file,
}
