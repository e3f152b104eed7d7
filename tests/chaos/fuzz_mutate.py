"""Documents with something wrong in them: types, nesting, unicode, numbers, keys, expressions, and YAML's own traps."""

from __future__ import annotations

import copy
import json
import random
from collections.abc import Callable
from typing import Any

import yaml

_ODD_NUMBERS = (0, -1, 1.5, 1e308, float("inf"), float("-inf"), float("nan"), 10**400, 2**63, -(2**63), 0o17)
_ODD_TEXTS = (
    "",
    " ",
    "\u202eevil\u0000",
    "\ud83d",
    "é" * 300,
    "a" * 20_000,
    "../../etc/passwd",
    "/dev/zero",
    "arn:aws:",
    "arn:aws-cn:iam::1:role/x",
    "{{",
    "{{ }}",
    "{{ region }}",
    '{{ env "X" }}',
    '{{ must_env "NOT_SET" }}',
    '{{ ssm "/x" }}',
    '{{ table "nope" }}',
    '{{ file "nope" }}',
    "{{ account | upper }}",
    "${stageVariables.x}",
    "#/definitions/Missing",
    "yes",
    "012345678901",
    "2026-11-28",
    "1e9999",
    "%",
    "\x1b[31m",
)
_SNIPPETS = (
    "&a [*a]",
    "!!python/object/apply:os.system ['true']",
    "!!binary '====' ",
    "<<: *missing",
    "? [1, 2]\n: x",
    "\t- tab",
    "--- \n--- \n",
    "%YAML 9.9\n---\n",
    "!!float nope",
    "2026-99-99",
    "!!set {a, b}",
    "!!timestamp 'x'",
    "*undefined",
    "key: |\n",
    "'unclosed",
    "{a: 1, a: 2}",
    "- - - - -",
    "0x",
    "1:2:3",
    "\ufeff",
)
_DEEP = 3000


def odd(rng: random.Random) -> Any:
    """A value that hardly any key takes."""
    kinds: tuple[Callable[[], Any], ...] = (
        lambda: rng.choice(_ODD_NUMBERS),
        lambda: rng.choice(_ODD_TEXTS),
        lambda: rng.choice((None, True, False)),
        dict,
        list,
        lambda: {"": {}},
        lambda: {rng.choice(_ODD_TEXTS[:12]): rng.choice(_ODD_TEXTS)},
        lambda: [odd(rng) for _ in range(rng.randrange(4))],
        lambda: [[[[[]]]]],
        lambda: {2: 2, None: 3, True: [4]},
    )
    return rng.choice(kinds)()


def _places(value: Any) -> list[tuple[Any, Any]]:
    """Every (container, key) within."""
    found: list[tuple[Any, Any]] = []
    waiting = [value]
    while waiting:
        one = waiting.pop()
        keys = list(one) if isinstance(one, dict) else range(len(one)) if isinstance(one, list) else ()
        for key in keys:
            found.append((one, key))
            waiting.append(one[key])
    return found


def mutated(rng: random.Random, document: Any) -> Any:
    """The document with one to four things wrong."""
    value = copy.deepcopy(document)
    for _ in range(rng.choice((1, 1, 1, 2, 4))):
        places = _places(value)
        if not places:
            return odd(rng)
        container, key = rng.choice(places)
        _break(rng, container, key, places)
    return value


def _break(rng: random.Random, container: Any, key: Any, places: list[tuple[Any, Any]]) -> None:
    what = rng.randrange(7)
    if what == 0 and isinstance(container, dict):
        container[rng.choice((*_ODD_TEXTS[:14], 7, None, 1.5))] = container.pop(key)
    elif what == 1:
        del container[key]
    elif what == 2:  # one of seven
        other, its = rng.choice(places)
        container[key] = copy.deepcopy(other.get(its) if isinstance(other, dict) else other[its] if other else None)
    elif what == 3:
        container[key] = {"x": container[key]} if rng.random() < 0.5 else [container[key]]
    elif what == 4 and isinstance(container[key], str) and container[key]:
        text = container[key]
        at = rng.randrange(len(text))
        container[key] = text[:at] + rng.choice(_ODD_TEXTS) + text[at + rng.randrange(3) :]
    else:
        container[key] = odd(rng)


def as_yaml(rng: random.Random, document: Any) -> bytes:
    """The document as YAML or JSON, sometimes broken as text too."""
    try:
        text = yaml.safe_dump(document, allow_unicode=True, sort_keys=False)
    except (yaml.YAMLError, RecursionError, ValueError):
        text = json.dumps(document, default=str)
    chance = rng.random()
    if chance < 0.15:  # shares of the ways to break
        lines = text.splitlines()
        lines.insert(rng.randrange(len(lines) + 1), rng.choice(_SNIPPETS))
        text = "\n".join(lines)
    elif chance < 0.2:
        at = rng.randrange(len(text) + 1)
        text = text[:at] + rng.choice(_SNIPPETS) + text[at:]
    elif chance < 0.22:
        text = rng.choice((_deep(), _bomb(), "a: " + "[" * _DEEP, "a:\n" + "k: v\n" * _DEEP, ""))
    encoded = text.encode("utf-8", errors="surrogatepass")
    if chance > 0.97:
        at = rng.randrange(len(encoded) + 1)
        encoded = encoded[:at] + rng.randbytes(4) + encoded[at:]
    return encoded


def as_json(rng: random.Random, document: Any) -> bytes:
    """The document as JSON, sometimes cut or broken as text."""
    text = json.dumps(document, default=str, skipkeys=True)
    chance = rng.random()
    at = rng.randrange(len(text) + 1)
    if chance < 0.1:  # shares of the ways to break
        text = text[:at]
    elif chance < 0.2:
        text = text[:at] + rng.choice((*_SNIPPETS, "[" * _DEEP, '"', "NaN")) + text[at:]
    return text.encode("utf-8", errors="surrogatepass")


def _deep() -> str:
    return "x: " + "{a: " * _DEEP + "1" + "}" * _DEEP


def _bomb() -> str:
    lines = ["a0: &a0 [1,1,1,1,1,1,1,1,1]"]
    lines += [f"a{n}: &a{n} [" + ",".join([f"*a{n - 1}"] * 9) + "]" for n in range(1, 9)]
    return "\n".join(lines)
