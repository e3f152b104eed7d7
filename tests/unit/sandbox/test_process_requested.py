"""What the environment asks of a sandbox, before anything is started."""

from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.sandbox.process import SandboxError, start
from tests.functional.project import environment


@pytest.mark.parametrize("text", ["abc", "-1", "0", "nan", "inf"])
@pytest.mark.parametrize("name", ["BACKENDCTL_SANDBOX_IDLE_MINUTES", "BACKENDCTL_SANDBOX_MINUTE_SECONDS"])
def test_a_variable_that_is_no_number_above_0_is_refused(tmp_path: Path, name: str, text: str) -> None:
    with environment(**{name: text}), pytest.raises(SandboxError, match=f"{name} is '{text}'"):
        start(1, tmp_path / "data")
    assert not (tmp_path / "data").exists()
