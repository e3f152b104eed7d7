"""The values that must never be shown: one registry, asked by everything that writes.

A value becomes known where it enters: an expression of the spec (`env`, `must_env`, `ssm`), the credentials in the
environment, a function's environment on its way to or from AWS. What is written is compared with these values, not
with patterns, so it does not matter in which words AWS repeats one.

A value that is a word (`prod`) would tear holes into any text, so short ones are hidden only where they stand alone,
and what the spec itself says in plain text, or uses as the name of a resource, is no secret.
"""

from __future__ import annotations

import hashlib
import json
import re
import threading
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from typing import Any
from urllib.parse import quote

MARK = "•••"
_LONG = 8
"""Characters from which a value is hidden inside other words too."""
_SHORT = 4
"""Characters below which a value is hidden only in quotes, or when it is the whole text."""
_MANY_DIGITS = 12
_DIGEST = 8
_NOT_SECRET = frozenset({"true", "false", "null", "none", "yes", "no", "on", "off"})
_LEAST = 6
"""Characters of a value of the environment below which it is a word."""
_COMMON = frozenset(
    {"AWS_DEFAULT_REGION", "AWS_PROFILE", "AWS_REGION", "COLORTERM", "EDITOR", "HOME", "HOSTNAME", "LANG", "LANGUAGE"}
    | {"LOGNAME", "LS_COLORS", "OLDPWD", "PAGER", "PATH", "PWD", "PYTHONPATH", "SHELL", "TERM", "TMPDIR", "TZ", "USER"}
)
_COMMON_BEGINNINGS = ("LC_", "XDG_", "BACKENDCTL_")
_CREDENTIALS = ("AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_SECURITY_TOKEN")


class Registry:
    """Secret values, and texts without them; safe from many threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._secret: set[str] = set()
        self._echoed: set[str] = set()
        self._public: set[str] = set()
        self._patterns: dict[str, re.Pattern[str] | None] = {}
        self._revealed = False

    def add(self, *values: str) -> None:
        """Never show these again; empty ones and words such as `true` are no secrets."""
        self._put(self._secret, values)

    def add_echoed(self, values: Iterable[str]) -> None:
        """Hide these in what AWS says about a function's environment; elsewhere they may be ordinary words."""
        self._put(self._echoed, values)

    def publish(self, values: Iterable[str]) -> None:
        """These stand in the spec in plain text or name a resource, so that they are shown even when also added."""
        self._put(self._public, values)

    def forget(self) -> None:
        """Begin anew: another run, another environment."""
        with self._lock:
            for values in (self._secret, self._echoed, self._public):
                values.clear()
            self._patterns = {}
            self._revealed = False

    def reveal(self) -> None:
        """From now on everything is shown: the user asked for it."""
        self._revealed = True

    def redact(self, text: str) -> str:
        """A text (a message, a field's value) without the secret values."""
        if self._revealed:
            return text
        return MARK if self._whole(text) else _replaced(self._pattern("text"), text)

    def redact_short(self, text: str, most: int) -> str:
        """The same, cut to so many characters; a secret that was cut in two would not be known any more."""
        told = self.redact(text)
        return told if len(told) <= most else f"{told[: most - 1]}…"

    def redact_echo(self, text: str) -> str:
        """What AWS says about a function's environment, without anything of that environment."""
        return _replaced(self._pattern("echo"), self.redact(text))

    def redact_stream(self, text: str) -> str:
        """A part of a document, of which only values that cannot be a word of the document are taken out."""
        return text if self._revealed else _replaced(self._pattern("stream"), text)

    def redact_data(self, value: Any) -> Any:
        """The same mapping, list or scalar with every text redacted."""
        if isinstance(value, str):
            return self.redact(value)
        if isinstance(value, Mapping):
            return {self.redact(key) if isinstance(key, str) else key: self.redact_data(v) for key, v in value.items()}
        return [self.redact_data(item) for item in value] if isinstance(value, list | tuple) else value

    def _whole(self, text: str) -> bool:
        return text in self._secret and text not in self._public

    def _put(self, where: set[str], values: Iterable[str]) -> None:
        fresh = {value for value in values if value.strip() and value.lower() not in _NOT_SECRET} - where
        if fresh:
            with self._lock:
                where |= fresh
                self._patterns = {}

    def _pattern(self, use: str) -> re.Pattern[str] | None:
        patterns = self._patterns
        if use not in patterns:
            with self._lock:
                values = (self._echoed if use == "echo" else self._secret) - self._public
            patterns[use] = _compiled(values, stream=use == "stream")
        return patterns[use]


KNOWN = Registry()
"""The secrets of this process."""


def register_credentials(environ: Mapping[str, str], registry: Registry = KNOWN) -> None:
    """The keys with which this process signs its calls."""
    registry.add(*(environ[name] for name in _CREDENTIALS if name in environ))


def of_environment(environ: Mapping[str, str]) -> Registry:
    """The secrets of a command that gets these variables: all their values but those that every machine shows."""
    registry = Registry()
    registry.add(*(value for name, value in environ.items() if len(value) >= _LEAST and not _is_common(name, value)))
    return registry


def _is_common(name: str, value: str) -> bool:
    return name in _COMMON or name.startswith(_COMMON_BEGINNINGS) or (value.startswith("/") and _exists(value))


def _exists(path: str) -> bool:
    try:
        return Path(path).exists()
    except (OSError, ValueError):
        return False


def digest(value: str, *, of: str) -> str:
    """A mark by which two values of the same thing can be told apart, and none can be read.

    Args:
        of: what it is the value of; the same value elsewhere gets another mark.
    """
    return f"{MARK} ({hashlib.sha256(f'{of}={value}'.encode()).hexdigest()[:_DIGEST]})"


def _replaced(pattern: re.Pattern[str] | None, text: str) -> str:
    return text if pattern is None else pattern.sub(MARK, text)


def _compiled(values: Iterable[str], *, stream: bool) -> re.Pattern[str] | None:
    forms = {form for value in values for form in _forms(value) if not stream or _is_unmistakable(form)}
    longest_first = sorted(forms, key=lambda form: (-len(form), form))
    return re.compile("|".join(map(_bounded, longest_first))) if forms else None


def _is_unmistakable(form: str) -> bool:
    return len(form) >= (_MANY_DIGITS if form.isdigit() else _LONG)


def _forms(value: str) -> set[str]:
    """The value as texts spell it: as it is, line by line, in JSON (also twice over), in an address, in HTML."""
    in_json = {json.dumps(value)[1:-1], json.dumps(value, ensure_ascii=False)[1:-1]}
    twice = {json.dumps(one)[1:-1] for one in in_json}
    lines = {line.strip() for line in value.splitlines() if len(line.strip()) >= _LONG}
    return {value, value.strip(), repr(value)[1:-1], quote(value, safe=""), escape(value)} | in_json | twice | lines


def _bounded(form: str) -> str:
    literal = re.escape(form)
    if len(form) >= _LONG:
        return literal
    if len(form) >= _SHORT:
        return rf"(?<![A-Za-z0-9]){literal}(?![A-Za-z0-9])"
    return rf"(?<=['\"`]){literal}(?=['\"`])"
