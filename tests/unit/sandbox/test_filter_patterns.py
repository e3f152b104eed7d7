from __future__ import annotations

import json

import pytest

from backendctl.sandbox.logs import pattern
from backendctl.sandbox.logs.terms import PatternError

DOCUMENT = json.dumps(
    {"type": "platform.report", "record": {"metrics": {"durationMs": 12.5}, "ok": True, "none": None}}
)


@pytest.mark.parametrize(
    ("text", "message", "fits"),
    [
        ("", "anything", True),
        ("REPORT", "REPORT RequestId: 1", True),
        ("report", "REPORT RequestId: 1", False),
        ("REPORT Init", "REPORT Duration", False),
        ('"REPORT RequestId"', "REPORT RequestId: 1", True),
        ('"a \\"b\\""', 'a "b"', True),
        ("ERROR -Exit", "ERROR Exit", False),
        ("ERROR -Exit", "ERROR", True),
        ('-"not this"', "something else", True),
        ("?ERROR ?WARN", "WARN x", True),
        ("?ERROR ?WARN", "INFO x", False),
        ("INFO ?ERROR", "INFO x", True),
        (r"%RequestId: [0-9a-f]{4}%", "RequestId: 12ab", True),
        (r"%^START%", "a START", False),
    ],
)
def test_terms(text: str, message: str, *, fits: bool) -> None:
    assert pattern.parse(text)(message) is fits


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ('{ $.type = "platform.report" }', True),
        ("{ $.type = platform.* }", True),
        ('{ $.type = "platform.start" }', False),
        ('{ $.type != "platform.start" }', True),
        ("{ $.record.metrics.durationMs > 10 }", True),
        ("{ $.record.metrics.durationMs >= 12.5 && $.record.metrics.durationMs < 1e2 }", True),
        ("{ $.record.metrics.durationMs > 100 || $.record.ok IS TRUE }", True),
        ("{ ($.a = 1 || $.type = *) && $.record.none IS NULL }", True),
        ("{ $.record.metrics.initDurationMs > 0 }", False),
        ("{ $.record.metrics.initDurationMs NOT EXISTS }", True),
        ("{ $.record['ok'] = true }", True),
        (r"{ $.type = %\.report$% }", True),
        ('{ $.missing != "x" }', False),
    ],
)
def test_members_of_json_events(text: str, *, fits: bool) -> None:
    assert pattern.parse(text)(DOCUMENT) is fits
    assert not pattern.parse(text)("no JSON")


@pytest.mark.parametrize(
    ("text", "fits"),
    [
        ("[ip, user, time, request, status, bytes]", True),
        ("[ip, user, time, request, status = 4*, bytes > 100]", True),
        ("[ip, ..., status = 200, bytes]", False),
        ("[..., request = *html*, status != 2*, bytes]", True),
        ("[..., status = 404 || status = 410, bytes]", True),
        ("[ip, user]", False),
    ],
)
def test_words_of_space_delimited_events(text: str, *, fits: bool) -> None:
    assert pattern.parse(text)('127.0.0.1 frank [10/Oct/2000] "GET /a.html HTTP/1.0" 404 1534') is fits


@pytest.mark.parametrize(
    "text",
    [
        "a.b",
        '"open',
        "%(a)%",
        "%[%",
        "{ $.a = }",
        "{ $.a }",
        "{ a = 1 }",
        "{ $.a > x }",
        "{ $.a = 1",
        "{ $.* = 1 }",
        "{ $.a = 1 $.b = 2 }",
        "{ $.a IS SOMETHING }",
        "[a b]",
        "[a, ..., ...]",
        "[a = 1 && b = 2]",
    ],
)
def test_what_is_no_pattern_is_refused_by_name(text: str) -> None:
    with pytest.raises(PatternError, match=r"^Invalid "):
        pattern.parse(text)
