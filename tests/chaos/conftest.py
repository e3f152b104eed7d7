from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.chaos.ground import Ground, prepared
from tests.seed import SEED


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Ground]:
    """One for all tests of a file: other files of the same worker have a home and a sandbox of their own."""
    with prepared(tmp_path_factory.mktemp("chaos")) as made:
        yield made


@pytest.fixture(scope="session")
def seed() -> int:
    """What draws the sample; BACKENDCTL_TEST_SEED repeats one."""
    return SEED
