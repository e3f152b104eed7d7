"""Temporary folders go with their process, also when it is killed."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from pathlib import Path

from backendctl.package.temporary import folder, remove_abandoned

_ROOT = Path(__file__).parents[3]
_USER = """
import sys, time
from pathlib import Path
from backendctl.package.temporary import folder
made = folder(Path(sys.argv[1]))
(Path(made.name) / "archive.zip").write_bytes(b"x")
print(made.name, flush=True)
time.sleep(600)
"""


def _user(place: Path) -> tuple[subprocess.Popen[str], Path]:
    """A process that uses a folder, and the folder."""
    command = [sys.executable, "-c", _USER, str(place)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=_ROOT)
    assert process.stdout is not None
    return process, Path(process.stdout.readline().strip())


def test_what_a_killed_process_left_is_removed_by_the_next_and_what_is_in_use_stays(tmp_path: Path) -> None:
    killed, left = _user(tmp_path)
    running, used = _user(tmp_path)
    try:
        os.kill(killed.pid, signal.SIGKILL)
        killed.wait()
        assert left.is_dir()
        own = folder(tmp_path)
        assert not left.exists()
        assert (used / "archive.zip").is_file()
        assert Path(own.name).is_dir()
        own.cleanup()
    finally:
        running.kill()
        running.wait()


def test_what_is_not_ours_is_left(tmp_path: Path) -> None:
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "backendctl-archives-link").symlink_to(tmp_path / "elsewhere")
    (tmp_path / "backendctl-archives-new").mkdir()  # just made, and not locked yet
    (tmp_path / "backendctl-other").mkdir()
    remove_abandoned(tmp_path)
    assert len(list(tmp_path.iterdir())) == 4


def test_an_old_folder_without_a_lock_is_abandoned(tmp_path: Path) -> None:
    old = tmp_path / "backendctl-archives-old"
    old.mkdir()
    os.utime(old, (0, 0))
    remove_abandoned(tmp_path)
    assert not old.exists()
