"""What every run of the tests ends with."""

from __future__ import annotations

import gc
import os
import resource
from collections.abc import Iterator

import hypothesis
import pytest

from backendctl.hints import aim
from backendctl.secrets import KNOWN
from tests.compiled import compile_package, compile_share, keep_bytecode, leave_no_trace
from tests.conformance.table import print_table
from tests.unused_rights import unused_rights

hypothesis.settings.register_profile("any machine", deadline=None)  # 200 ms are missed where much else runs
hypothesis.settings.load_profile("any machine")
keep_bytecode()  # before the first file of tests is compiled
gc.set_threshold(50_000, 20, 100)
"""Collecting garbage as often as Python does by itself took a quarter of the time of a command in this process."""
_MUCH = 64_000
"""KB."""

_LOOKED_AT = [0]


def pytest_configure(config: pytest.Config) -> None:
    """Files in their own order: xdist would begin with those of most tests, and the slow ones have few."""
    if hasattr(config.option, "loadscopereorder"):
        config.option.loadscopereorder = False


def pytest_sessionstart(session: pytest.Session) -> None:
    """Compile what all processes of the run would compile each."""
    if hasattr(session.config, "workerinput"):
        compile_share(session.config)
    else:
        compile_package()


def pytest_collection_finish() -> None:
    """What stays for the whole run is not looked through again by each collection of garbage."""
    gc.collect()
    gc.freeze()


@pytest.fixture(scope="module", autouse=True)
def nothing_of_other_files() -> Iterator[None]:
    """What files have left as garbage is collected when the process has grown by much: it is not so by itself."""
    yield
    largest = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    if largest > _LOOKED_AT[0] + _MUCH:
        gc.collect()
        _LOOKED_AT[0] = largest


@pytest.fixture(autouse=True)
def nothing_of_other_tests() -> Iterator[None]:
    """What a test makes secret is no secret in the next one, and what its command typed is in no hint."""
    yield
    KNOWN.forget()
    aim(())


def pytest_sessionfinish(session: pytest.Session) -> None:
    """With BACKENDCTL_TEST_RIGHTS a whole functional run fails when the policy that we print grants what nobody used.

    A test that was skipped or has failed uses less, so that this is asked for and not done every time. It stands here
    because a run on several processes reads no conftest but this one in the process that prints.
    """
    if hasattr(session.config, "workerinput"):
        leave_no_trace(session.config)
    asked = "BACKENDCTL_TEST_RIGHTS" in os.environ and not hasattr(session.config, "workerinput")
    if asked and unused_rights(session.config):
        session.exitstatus = pytest.ExitCode.TESTS_FAILED


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the recorded exchanges, and rights that nobody used."""
    print_table(terminalreporter)
    if unused := unused_rights(terminalreporter.config):
        terminalreporter.section("rights that iam-policy grants and no functional test used")
        for right in unused:
            terminalreporter.write_line(right)
