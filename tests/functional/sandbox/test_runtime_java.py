from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import pytest

from backendctl.sandbox import cpu
from tests.functional.sandbox.java import jar
from tests.functional.sandbox.runtimes import call, config, environments, packed, result

if TYPE_CHECKING:
    from collections.abc import Iterator

    from backendctl.sandbox.environment import Outcome
    from backendctl.sandbox.environments import Environments

pytestmark = pytest.mark.skipif(
    shutil.which("javac") is None or shutil.which("java") is None, reason="there is no Java to compile with"
)


@pytest.fixture(scope="module")
def code(tmp_path_factory: pytest.TempPathFactory) -> bytes:
    return jar(tmp_path_factory.mktemp("jar"))


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Environments]:
    """For all tests of this file, so that the bootstrap is compiled once."""
    with environments(tmp_path_factory.mktemp("environments")) as running:
        yield running


def _call(kept: Environments, code: bytes, handler: str, event: Any, **more: Any) -> tuple[Outcome, str]:
    return call(kept, config("java17", **{"Handler": handler, "MemorySize": 512, **more}), code, event)


def test_a_pojo_is_filled_and_its_environment_is_kept(kept: Environments, code: bytes) -> None:
    event = {"instruction": "warm up", "open": True, "parts": [{"weight": 1}], "unknown": {}}
    first, second = (_call(kept, code, "example.Pojo::handleRequest", event)[0] for _ in range(2))
    answer = {"instruction": "warm up", "open": True, "parts": [{"weight": 1.0}]}
    assert result(first) == {**answer, "count": 1}
    assert result(second) == {**answer, "count": 2}
    assert first.init_seconds is not None
    assert first.init_seconds > 0
    assert second.init_seconds is None
    assert first.peak > 30


def test_streams_and_maps_and_plain_methods_are_handlers(kept: Environments, code: bytes) -> None:
    assert result(_call(kept, code, "example.Stream", {"a": "ü"})[0]) == [{"a": "ü"}]
    outcome, request_id = _call(kept, code, "example.Maps", {"n": [1, 2.5, None, {"x": "y"}], "big": 12345678901})
    seen = result(outcome)
    assert (seen["n"], seen["big"]) == ([1, 2.5, None, {"x": "y"}], 12345678901)
    assert (seen["id"], seen["arn"], seen["memory"]) == (request_id, "arn:of:f", 512)
    assert 15_000 < seen["left"] <= 20_000
    assert result(_call(kept, code, "example.Plain::text", 'hé\n"\\')[0]) == 'HÉ\n"\\'
    assert result(_call(kept, code, "example.Plain::number", 41)[0]) == 42
    assert result(_call(kept, code, "example.Plain::nothing", {})[0]) is None


def test_an_exception_is_told_and_logged_as_aws_does(kept: Environments, code: bytes) -> None:
    outcome, _ = _call(kept, code, "example.Pojo", {"instruction": "fail"})
    error = outcome.error
    assert error is not None
    assert (error["errorType"], error["errorMessage"]) == ("java.lang.IllegalStateException", "boom")
    assert len(error["stackTrace"]) == 1
    assert error["stackTrace"][0].startswith("example.Pojo.handleRequest(Pojo.java:")
    assert outcome.logged
    assert outcome.lines[-1][1].startswith(
        "boom: java.lang.IllegalStateException\njava.lang.IllegalStateException: boom\n\tat "
    )
    assert outcome.status is None


def test_an_event_which_does_not_fit_is_the_calls_error(kept: Environments, code: bytes) -> None:
    error = _call(kept, code, "example.Pojo", {"parts": "many"})[0].error
    assert error is not None
    assert "`parts` of the event is a String and cannot become java.util.List" in error["errorMessage"]


def test_what_is_printed_is_in_the_log(kept: Environments, code: bytes) -> None:
    outcome, request_id = _call(kept, code, "example.Pojo", {"instruction": "log"})
    assert [text for _, text in outcome.lines] == [
        f"logged\ntwo lines {request_id}",
        "printed ü",
        "to the error stream",
    ]


@pytest.mark.parametrize(
    ("handler", "kind", "words"),
    [
        ("example.Nothing", "java.lang.ClassNotFoundException", "Class not found: example.Nothing"),
        ("example.Plain::other", "java.lang.NoSuchMethodException", "No public method named other "),
        ("example.Broken", "java.lang.IllegalArgumentException", "early"),
    ],
)
def test_what_cannot_be_loaded_says_why(kept: Environments, code: bytes, handler: str, kind: str, words: str) -> None:
    outcome, _ = _call(kept, code, handler, {})
    assert outcome.error is not None
    assert outcome.error["errorType"] == kind
    assert outcome.error["errorMessage"].startswith(words)
    assert outcome.status == "error"


def test_a_jar_without_awss_interfaces_is_named(kept: Environments, tmp_path_factory: pytest.TempPathFactory) -> None:
    bare = jar(tmp_path_factory.mktemp("bare"), without=frozenset({"RequestHandler"}))
    error = _call(kept, bare, "example.Pojo", {})[0].error
    assert error is not None
    assert error["errorType"] == "Runtime.NotSupported"
    assert "package aws-lambda-java-core with it" in error["errorMessage"]


def test_an_exit_and_a_timeout_end_the_machine(kept: Environments, code: bytes) -> None:
    outcome, request_id = _call(kept, code, "example.Pojo", {"instruction": "exit"})
    assert outcome.error is not None
    assert outcome.error["errorMessage"] == f"RequestId: {request_id} Error: Runtime exited with error: exit status 5"
    outcome, _ = _call(kept, code, "example.Pojo", {"instruction": "sleep"}, Timeout=1)
    assert (outcome.status, outcome.seconds) == ("timeout", 1)


def test_jars_of_the_archive_and_of_layers_are_on_the_class_path(kept: Environments, code: bytes) -> None:
    outcome, _ = call(kept, config("java21", Handler="example.Plain::text"), packed({"lib/own.jar": code}), "a")
    assert result(outcome) == "A"
    setup = config("java21", Handler="example.Plain::text", Layers=[{"Arn": "one"}])
    outcome, _ = call(kept, setup, packed({"x": ""}), "b", [packed({"java/lib/shared.jar": code})])
    assert result(outcome) == "B"


@pytest.mark.full
@pytest.mark.skipif(cpu.used(1) is None, reason="the system does not tell the processor time of others")
def test_processor_time_follows_memory(kept: Environments, code: bytes) -> None:
    """A tenth of a second of work: a fourteenth of a processor takes 1.4 s for it."""
    for memory in (128, 1769):
        _call(kept, code, "example.Pojo", {}, MemorySize=memory, Version=str(memory))
    burn = {"instruction": "burn"}
    small = _call(kept, code, "example.Pojo", burn, MemorySize=128, Version="128")[0].seconds
    assert small > 0.1 / cpu.share(128) * 0.7
    large = _call(kept, code, "example.Pojo", burn, MemorySize=1769, Version="1769")[0].seconds
    assert 0.09 < large < small
