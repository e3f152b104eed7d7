from __future__ import annotations

from dataclasses import replace
from datetime import date, timedelta
from pathlib import Path

import pytest

from backendctl.doctor.finding import Diagnosis, Finding, Severity
from backendctl.doctor.snippets import SNIPPETS, language_of, sets_timeouts
from backendctl.errors import AwsError, Exit
from backendctl.spec import runtimes
from backendctl.ui.annotations import Level, annotation
from backendctl.ui.doctor_view import annotation_lines, diagnosis_document, diagnosis_markdown

FINDING = Finding(
    check="quotas",
    severity=Severity.WARNING,
    where="us-east-1/quota/regional APIs",
    what="590 of 600 regional APIs are in use",
    why="at the quota AWS refuses what comes next",
    next_step="backendctl prune",
)
SILENT = {"eu-west-1": AwsError("no answer", doing="read", code="NoAnswer")}


def diagnosis(*severities: Severity, silent: bool = False) -> Diagnosis:
    return Diagnosis(
        backend="shop",
        regions=("us-east-1", "eu-west-1"),
        findings=tuple(replace(FINDING, severity=one) for one in severities),
        looked=("quotas",),
        unreachable=SILENT if silent else {},
    )


@pytest.mark.parametrize(
    ("found", "code"),
    [
        (diagnosis(), Exit.OK),
        (diagnosis(Severity.WARNING, Severity.ADVICE), Exit.OK),
        (diagnosis(Severity.UNKNOWN), Exit.INCONCLUSIVE),
        (diagnosis(Severity.UNKNOWN, silent=True), Exit.PARTIAL),
        (diagnosis(Severity.BAD, Severity.UNKNOWN, silent=True), Exit.FAILED_VERDICT),
    ],
)
def test_proven_bad_comes_before_a_silent_region_before_what_cannot_be_told(found: Diagnosis, code: Exit) -> None:
    assert found.exit_code is code


def test_the_document_and_the_table_tell_each_finding_with_the_next_command() -> None:
    document = diagnosis_document(diagnosis(Severity.BAD), ["us-east-1/warmer/one: done"])
    assert document["healthy"] is False
    assert document["findings"][0]["next"].startswith("backendctl prune")
    assert document["summary"] == {"bad": 1, "warning": 0, "unknown": 0, "advice": 0}
    assert document["fixed"] == ["us-east-1/warmer/one: done"]
    assert "| bad | `us-east-1/quota/regional APIs` |" in diagnosis_markdown(diagnosis(Severity.BAD))


def test_an_annotation_is_one_line_whatever_a_message_holds() -> None:
    line = annotation(Level.ERROR, title="us-east-1: a, b", file="spec.yaml", message="100 %\nbad")
    assert line == "::error file=spec.yaml,title=us-east-1%3A a%2C b::100 %25%0Abad"
    (told,) = annotation_lines(diagnosis(Severity.ADVICE), "spec.yaml")
    assert told.startswith("::notice file=spec.yaml,")


@pytest.mark.parametrize(
    ("name", "today", "told"),
    [
        ("python3.13", date(2026, 11, 1), ""),
        ("nodejs22.x", date(2026, 11, 15), "support of the runtime 'nodejs22.x' ends on 2027-04-30"),
        ("nodejs18.x", date(2026, 11, 15), "the runtime 'nodejs18.x' has had no support since 2025-09-01"),
        ("mine", date(2026, 11, 15), ""),
    ],
)
def test_a_runtime_is_told_before_and_after_its_support_ends(name: str, today: date, told: str) -> None:
    assert runtimes.ending(name, today, within=timedelta(days=180)).startswith(told)
    assert bool(runtimes.ending(name, today, within=timedelta(days=180))) is bool(told)


def test_code_that_sets_timeouts_or_calls_no_table_gets_no_advice(tmp_path: Path) -> None:
    handler = tmp_path / "app.py"
    handler.write_text('TABLE = boto3.resource("dynamodb")')
    assert not sets_timeouts(tmp_path, "python")
    handler.write_text('TABLE = boto3.resource("dynamodb", config=Config(read_timeout=1))')
    assert sets_timeouts(tmp_path, "python")
    handler.write_text("print(1)")
    assert sets_timeouts(tmp_path, "python")


def test_there_is_a_snippet_for_the_languages_of_lambda_that_have_an_sdk_of_their_own() -> None:
    assert [language_of(name) for name in ("python3.13", "nodejs22.x", "java21", "provided.al2023", None)] == [
        "python",
        "nodejs",
        "java",
        None,
        None,
    ]
    for snippet in SNIPPETS.values():
        assert snippet.told.search(snippet.code)
