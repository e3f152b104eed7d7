"""The journal: one whole line per call, without what must not be kept."""

from __future__ import annotations

import json
import os
import threading
from datetime import UTC, datetime
from pathlib import Path

import pytest

from backendctl.aws.journal import Journal, conceal, is_read
from backendctl.errors import BackendctlError


@pytest.mark.parametrize(
    "operation", ["GetFunction", "ListTags", "DescribeTable", "HeadObject", "BatchGetItem", "AssumeRole"]
)
def test_these_only_read(operation: str) -> None:
    assert is_read(operation)


@pytest.mark.parametrize(
    "operation", ["PutRestApi", "UpdateStage", "CreateAlias", "DeleteRule", "TagResource", "Invoke"]
)
def test_these_change_something(operation: str) -> None:
    assert not is_read(operation)


def test_secrets_are_concealed_however_deep() -> None:
    concealed = conceal(
        {
            "FunctionName": "places",
            "Environment": {"Variables": {"TOKEN": "s3cret"}},
            "Code": {"ZipFile": b"s3cret"},
            "Targets": [{"Id": "1", "Input": "s3cret"}, {"deep": ({"Body": "s3cret"},)}],
            "raw": [b"s3cret", bytearray(b"s3cret")],
        }
    )
    assert "s3cret" not in json.dumps(concealed)
    assert concealed["FunctionName"] == "places"
    assert concealed["Targets"][0]["Id"] == "1"


def test_concealing_leaves_the_original_alone() -> None:
    params = {"Environment": {"Variables": {"TOKEN": "x"}}}
    conceal(params)
    assert params == {"Environment": {"Variables": {"TOKEN": "x"}}}


def test_many_writers_leave_whole_lines(tmp_path: Path) -> None:
    path = tmp_path / "j.jsonl"
    journals = [Journal(path), Journal(path)]  # two runs at once are two journals on one file

    def write(journal: Journal, writer: int) -> None:
        for number in range(50):
            journal.write(
                service="lambda",
                operation="TagResource",
                region="us-east-1",
                params={"writer": writer, "number": number, "padding": "x" * 500},
                outcome="ok",
                request_id="r",
            )

    threads = [threading.Thread(target=write, args=(journals[n % 2], n)) for n in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    lines = [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]
    assert {(line["params"]["writer"], line["params"]["number"]) for line in lines} == {
        (writer, number) for writer in range(8) for number in range(50)
    }
    assert len(lines) == 400


def test_a_line_tells_when_in_utc_and_takes_values_that_json_does_not_know(tmp_path: Path) -> None:
    Journal(tmp_path / "j.jsonl").write(
        service="lambda",
        operation="TagResource",
        region="us-east-1",
        params={"At": datetime(2026, 1, 2, tzinfo=UTC)},
        outcome="ok",
        request_id="",
    )
    line = json.loads((tmp_path / "j.jsonl").read_text(encoding="utf-8"))
    assert datetime.strptime(line["time"], "%Y-%m-%dT%H:%M:%S%z").tzinfo is not None
    assert line["params"]["At"].startswith("2026-01-02")


def test_the_journal_is_its_owner_s_alone_also_when_it_was_not_before(tmp_path: Path) -> None:
    path = tmp_path / "state" / "shop.jsonl"
    Journal(path).open()
    assert path.stat().st_mode & 0o777 == 0o600
    path.chmod(0o644)
    Journal(path).open()
    assert path.stat().st_mode & 0o777 == 0o600


def test_one_that_cannot_be_written_is_one_sentence_with_the_way_round(tmp_path: Path) -> None:
    (tmp_path / "state").write_text("a file, not a folder", encoding="utf-8")
    path = tmp_path / "state" / "shop.jsonl"
    with pytest.raises(BackendctlError) as refused:
        Journal(path).open()
    assert str(path) in refused.value.message
    assert "nothing has been changed" in refused.value.message
    assert "--no-journal" in refused.value.hint


def test_a_pipe_that_nobody_reads_is_not_waited_for(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "shop.jsonl")
    with pytest.raises(BackendctlError, match="cannot be written"):
        Journal(tmp_path / "shop.jsonl").open()


def test_what_a_run_was_allowed_to_delete_is_remembered(tmp_path: Path) -> None:
    path = tmp_path / "shop.jsonl"
    Journal(path).allow(["us-east-1/table/old"])
    with path.open("a", encoding="utf-8") as file:
        file.write('{"allowed": ["cut')
    assert Journal(path).allowed() == {"us-east-1/table/old"}
    assert Journal(tmp_path / "none.jsonl").allowed() == frozenset()
