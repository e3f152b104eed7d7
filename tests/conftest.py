"""What every run of the tests ends with."""

from __future__ import annotations

import pytest

from tests.conformance.table import print_table


def pytest_terminal_summary(terminalreporter: pytest.TerminalReporter) -> None:
    """Print the table of the recorded exchanges.

    It stands here because a run on several processes reads no conftest but this one in the process that prints.
    """
    print_table(terminalreporter)
