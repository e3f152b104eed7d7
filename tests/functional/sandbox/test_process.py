from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

from backendctl.sandbox import process
from tests.functional.sandboxed import Sandbox, eventually, free_port


@pytest.fixture(scope="module")
def place(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Sandbox]:
    """Where the tests of this file keep one sandbox."""
    kept = Sandbox(port=free_port(), data=tmp_path_factory.mktemp("place") / "data")
    yield kept
    kept.stop()


@pytest.fixture
def running(place: Sandbox) -> Sandbox:
    """It runs; a test may stop it, and what it holds is of no concern."""
    place.start()
    return place


def test_it_is_up_within_the_promised_time(tmp_path: Path) -> None:
    port = free_port()
    began = time.monotonic()
    status = process.start(port, tmp_path / "data")
    took = time.monotonic() - began
    process.stop(port, tmp_path / "data")
    assert status.ready
    assert status.url == f"http://127.0.0.1:{port}"
    assert took < 30  # two seconds on a quiet machine


def test_starting_twice_finds_the_first(running: Sandbox) -> None:
    first = process.status(running.port, running.data)
    assert running.start() == first


def test_two_sandboxes_live_side_by_side(sandbox: Sandbox, running: Sandbox) -> None:
    sandbox.client("ssm").put_parameter(Name="/side", Value="one", Type="String", Overwrite=True)
    other = running.client("ssm")
    with pytest.raises(other.exceptions.ParameterNotFound):
        other.get_parameter(Name="/side")


def test_a_taken_port_is_said(tmp_path: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        with pytest.raises(process.SandboxError, match="is taken by something else"):
            process.start(taken.getsockname()[1], tmp_path / "data")


def test_another_sandbox_on_the_port_is_not_taken_for_ours(sandbox: Sandbox, tmp_path: Path) -> None:
    with pytest.raises(process.SandboxError, match="is taken by something else"):
        process.start(sandbox.port, tmp_path / "data")


def test_a_pid_which_now_belongs_to_something_else_is_left_alone(tmp_path: Path) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)"])
    try:
        process.pid_file(tmp_path).write_text(str(stranger.pid), encoding="ascii")
        assert not process.stop(free_port(), tmp_path)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


@pytest.mark.parametrize("text", ["-1", "0", "1", "99999999999999999999999", "text", "", "{self}"])
def test_whatever_stands_in_the_pid_file_signals_nobody(tmp_path: Path, text: str) -> None:
    stranger = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(60)", "backendctl.sandbox"])
    try:
        process.pid_file(tmp_path).write_text(text.replace("{self}", str(stranger.pid)), encoding="ascii")
        assert not process.status(free_port(), tmp_path).running
        assert not process.stop(free_port(), tmp_path)
        assert stranger.poll() is None
    finally:
        stranger.kill()
        stranger.wait()


def test_of_many_starts_at_once_one_wins_and_all_find_it(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    code = (
        "import sys; from pathlib import Path; from backendctl.sandbox import process\n"
        "print(process.start(int(sys.argv[1]), Path(sys.argv[2]), timeout=60).pid)"
    )
    line = [sys.executable, "-c", code, str(port), str(data)]
    starters = [subprocess.Popen(line, stdout=subprocess.PIPE, text=True) for _ in range(3)]
    told = {starter.communicate()[0].strip() for starter in starters}
    assert told == {str(process.status(port, data).pid)}
    assert process.stop(port, data)
    assert not process.status(port, data).running


def test_a_second_server_on_the_same_folder_touches_nothing(running: Sandbox) -> None:
    unpacked = running.data / "tmp" / "unpacked"
    unpacked.touch()
    line = [sys.executable, "-m", "backendctl.sandbox", "--port", f"{free_port()}", "--data", f"{running.data}"]
    done = subprocess.run(line, capture_output=True, text=True, check=False)
    assert (done.returncode, "another sandbox is running" in done.stderr) == (1, True)
    assert unpacked.exists()
    unpacked.unlink()
    assert process.pid_file(running.data).exists()
    assert process.status(running.port, running.data).ready


def test_a_server_in_the_foreground_starts_anew_with_an_environment_of_its_own(tmp_path: Path) -> None:
    port, data = free_port(), tmp_path / "data"
    line = [sys.executable, "-m", "backendctl.sandbox", "--port", f"{port}", "--data", f"{data}"]
    given = {"PATH": os.environ["PATH"], "AWS_SECRET_ACCESS_KEY": "of the operator", "PYTHONPATH": str(Path.cwd())}
    server = subprocess.Popen(line, env=given)  # without LANG, to which the interpreter answers with LC_CTYPE
    try:
        eventually(lambda: process.status(port, data).ready)
        assert process.status(port, data).pid == server.pid
        assert b"of the operator" not in Path(f"/proc/{server.pid}/environ").read_bytes()
    finally:
        process.stop(port, data)


def test_stop_ends_it_and_says_whether_there_was_one(running: Sandbox) -> None:
    assert running.stop()
    assert not running.stop()
    status = process.status(running.port, running.data)
    assert not status.running
    assert status.pid is None
    assert not process.pid_file(running.data).exists()


def test_a_changed_pid_file_changes_nothing(running: Sandbox) -> None:
    before = process.status(running.port, running.data)
    process.pid_file(running.data).write_text("-1", encoding="ascii")
    assert process.status(running.port, running.data) == before
    assert running.stop()


def test_only_the_owner_reads_what_it_keeps(running: Sandbox) -> None:
    running.client("ssm").put_parameter(Name="/secret", Value="x", Type="SecureString")
    s3 = running.client("s3")
    s3.create_bucket(Bucket="private")
    s3.put_object(Bucket="private", Key="key", Body=b"value")
    running.stop()
    kept = [running.data, *running.data.rglob("*")]
    assert {place.stat().st_mode & 0o777 for place in kept if place.is_dir()} == {0o700}
    files = {place: place.stat().st_mode & 0o777 for place in kept if place.is_file()}
    assert (running.data / "state" / "ssm.json") in files
    assert set(files.values()) == {0o600}


def test_an_open_folder_of_an_older_version_is_closed(running: Sandbox) -> None:
    running.stop()
    left = running.data / "state" / "old.json"
    left.write_text("{}", encoding="utf-8")
    for place, mode in ((running.data, 0o755), (left.parent, 0o755), (left, 0o644)):
        place.chmod(mode)
    running.start()
    assert [place.stat().st_mode & 0o777 for place in (running.data, left.parent, left)] == [0o700, 0o700, 0o600]


def test_reset_deletes_the_state(running: Sandbox) -> None:
    process.reset(running.port, running.data)
    assert not running.data.exists()


def test_reset_spares_a_directory_which_is_no_sandbox(tmp_path: Path) -> None:
    (tmp_path / "thesis.txt").write_text("years of work", encoding="utf-8")
    with pytest.raises(process.SandboxError, match="nothing was deleted"):
        process.reset(free_port(), tmp_path)
    assert (tmp_path / "thesis.txt").exists()


def test_the_default_directory_follows_xdg(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("XDG_DATA_HOME", str(tmp_path))
    assert process.default_data(4566) == tmp_path / "backendctl" / "sandbox-4566"


def test_the_module_needs_nothing_of_the_extra() -> None:
    code = (
        "import sys, backendctl.sandbox.process\n"
        "print([name for name in ('ministack', 'moto', 'hypercorn', 'boto3') if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code],
        capture_output=True,
        check=True,
        text=True,
        env={**os.environ, "PYTHONPATH": os.pathsep.join(sys.path)},
    )
    assert done.stdout.strip() == "[]"


def test_it_listens_on_the_loopback_interface_only(sandbox: Sandbox) -> None:
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as outside:
        outside.settimeout(2)
        assert outside.connect_ex(("127.0.0.2", sandbox.port)) != 0
