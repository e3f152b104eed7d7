from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from backendctl.sandbox import process
from backendctl.sandbox.environments import Environments
from tests.functional.copied import copied
from tests.functional.sandbox.runtimes import environments
from tests.functional.sandboxed import Sandbox, free_port


@pytest.fixture(scope="session")
def slow_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One at a fifth of AWS's pace: what is under way is still so at the next call."""
    running = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("slow"))
    process.start(running.port, running.data, time_scale=0.2, popen=copied)
    yield running
    running.stop()


@pytest.fixture(scope="session")
def metered_sandbox(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """One with AWS's rates at AWS's own pace, for what is refused at once."""
    running = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("metered"))
    process.start(running.port, running.data, time_scale=1, quotas=True, popen=copied)
    yield running
    running.stop()


@pytest.fixture
def kept(tmp_path: Path) -> Iterator[Environments]:
    """Environments without a server; what they start is ended."""
    with environments(tmp_path) as running:
        yield running
