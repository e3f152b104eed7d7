"""What every run of the tests ends with."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from backendctl.secrets import KNOWN
from tests.conformance.table import print_table


@pytest.fixture(autouse=True)
def no_secrets_of_other_tests() -> Iterator[None]:
    """What a test makes secret is no secret in the next one."""
    yield
    KNOWN.forget()


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the recorded exchanges.

    It stands here because a run on several processes reads no conftest but this one in the process that prints.
    """
    print_table(terminalreporter)
