"""The same files give the same bytes."""

from __future__ import annotations

import base64
import hashlib
import os
import random
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from backendctl.package import PackageError, Source, build
from backendctl.package.archive import STORED_BELOW, pack
from backendctl.package.tree import collect
from tests.unit.package.zipped import zipped

if TYPE_CHECKING:
    from pathlib import Path

FILES = {
    "app.py": b"def handler(event, context): ...\n",
    "lib/b.py": b"b = 1\n",
    "lib/a.py": b"",
    "run.sh": b"#!/bin/sh\n",
}


def write(root: Path, files: dict[str, bytes]) -> Path:
    for name, content in files.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content)
    return root


def large() -> bytes:
    return random.Random(7).randbytes(STORED_BELOW // 2) + bytes(STORED_BELOW)  # noqa: S311 - no secret


@pytest.mark.parametrize("files", [FILES, {**FILES, "large.bin": large()}], ids=["stored", "deflated"])
def test_order_times_and_umask_leave_no_trace(tmp_path: Path, files: dict[str, bytes]) -> None:
    first = write(tmp_path / "first", files)
    before = os.umask(0o077)
    try:
        second = write(tmp_path / "second", dict(reversed(files.items())))
    finally:
        os.umask(before)
    for at, path in enumerate(second.rglob("*")):
        os.utime(path, (at * 10**6, at * 10**6))
    assert (first / "app.py").stat().st_mode != (second / "app.py").stat().st_mode
    one, two = build(Source(path=first)), build(Source(path=second))
    assert one.sha256 == two.sha256
    assert one.content() == two.content()


def test_the_bytes_are_those_of_every_machine(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "run.sh").chmod(0o755)
    assert build(Source(path=tmp_path)).sha256 == "qcqEPdx+yy7kst+pWPTMQ0uIS6vH3BPkbyuMnSOmKsk="


@pytest.mark.parametrize(
    "change",
    [{"app.py": b"def handler(event, context): return 1\n"}, {"new.py": b""}, {"lib/a.py": b"\n"}],
    ids=["content", "a file more", "a byte more"],
)
def test_a_change_gives_another_sum(tmp_path: Path, change: dict[str, bytes]) -> None:
    before = build(Source(path=write(tmp_path, FILES)))
    after = build(Source(path=write(tmp_path, change)))
    assert before.sha256 != after.sha256


def test_a_file_of_another_name_gives_another_sum(tmp_path: Path) -> None:
    before = build(Source(path=write(tmp_path, FILES)))
    (tmp_path / "app.py").rename(tmp_path / "main.py")
    assert build(Source(path=tmp_path)).sha256 != before.sha256


def test_the_executable_bit_is_kept(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    (tmp_path / "app.py").chmod(0o600)
    plain = build(Source(path=tmp_path))
    (tmp_path / "run.sh").chmod(0o711)
    artefact = build(Source(path=tmp_path))
    assert artefact.sha256 != plain.sha256
    with zipfile.ZipFile(artefact.path) as archive:
        modes = {info.filename: info.external_attr >> 16 for info in archive.infolist()}
    assert modes["run.sh"] == stat.S_IFREG | 0o755
    assert modes["app.py"] == stat.S_IFREG | 0o644


def test_the_sum_is_what_lambda_would_tell(tmp_path: Path) -> None:
    artefact = build(Source(path=write(tmp_path, FILES)))
    content = artefact.content()
    assert artefact.sha256 == base64.b64encode(hashlib.sha256(content).digest()).decode()
    assert artefact.size == len(content)
    assert artefact.unzipped == sum(map(len, FILES.values()))


@pytest.mark.parametrize("files", [FILES, {**FILES, "large.bin": large()}], ids=["stored", "deflated"])
def test_the_archive_unpacks_to_the_folder(tmp_path: Path, files: dict[str, bytes]) -> None:
    artefact = build(Source(path=write(tmp_path, files)))
    with zipfile.ZipFile(artefact.path) as archive:
        assert archive.testzip() is None
        assert {name: archive.read(name) for name in archive.namelist()} == files
    assert list(artefact.names()) == sorted(files)
    assert artefact.member("app.py") == files["app.py"]


def test_small_trees_are_stored_and_large_ones_deflated(tmp_path: Path) -> None:
    small = build(Source(path=write(tmp_path / "small", {"a": bytes(STORED_BELOW - 1)})))
    big = build(Source(path=write(tmp_path / "big", {"a": bytes(STORED_BELOW)})))
    assert small.size > STORED_BELOW - 1
    assert big.size < STORED_BELOW / 100


def test_names_of_every_script_survive(tmp_path: Path) -> None:
    files = {"café.py": b"1", "データ/箱.json": b"2", "🐕.txt": b"3"}
    artefact = build(Source(path=write(tmp_path, files)))
    with zipfile.ZipFile(artefact.path) as archive:
        assert {name: archive.read(name) for name in archive.namelist()} == files


def test_links_are_kept_and_the_sum_does_not_depend_on_how_they_were_written(tmp_path: Path) -> None:
    one, two = write(tmp_path / "one", FILES), write(tmp_path / "two", FILES)
    (one / "again.py").symlink_to("lib/b.py")
    (two / "again.py").symlink_to(two / "lib" / "b.py")
    made = build(Source(path=one))
    assert made.sha256 == build(Source(path=two)).sha256
    with zipfile.ZipFile(made.path) as archive:
        info = archive.getinfo("again.py")
        assert (info.external_attr >> 16, archive.read(info)) == (stat.S_IFLNK | 0o777, b"lib/b.py")
    assert made.member("again.py") == FILES["lib/b.py"]
    assert made.files == 5


def test_what_was_left_out_is_told_with_the_archive(tmp_path: Path) -> None:
    write(tmp_path, {**FILES, ".backendctlignore": b"lib/\n", ".git/HEAD": b""})
    made = build(Source(path=tmp_path))
    assert (made.files, made.left_out) == (2, ((".backendctlignore", 2), ("the built-in list", 2)))


def test_a_file_that_grows_meanwhile_is_not_packed_without_end(tmp_path: Path) -> None:
    write(tmp_path, FILES)
    tree = collect(tmp_path)
    (tmp_path / "app.py").write_bytes(b"longer" * 100)
    with pytest.raises(PackageError, match="changed while it was being packaged"):
        pack(tree)


def test_headers_tell_nothing_of_the_machine(tmp_path: Path) -> None:
    artefact = build(Source(path=write(tmp_path, FILES)))
    with zipfile.ZipFile(artefact.path) as archive:
        facts = {(info.date_time, info.create_system, info.extra, info.flag_bits) for info in archive.infolist()}
    assert facts == {((1980, 1, 1, 0, 0, 0), 3, b"", 0)}


@pytest.mark.parametrize("name", ["ready.zip", "ready.jar", "READY.ZIP"])
def test_a_ready_made_archive_is_taken_byte_for_byte(tmp_path: Path, name: str) -> None:
    ready = tmp_path / name
    zipped(ready, {"b.txt": b"b" * 100, "a.txt": b"a"}, method=zipfile.ZIP_DEFLATED)
    content = ready.read_bytes()
    artefact = build(Source(path=ready))
    assert artefact.content() == content
    assert artefact.unzipped == 101


def test_what_was_hashed_is_sent_even_if_the_original_changes(tmp_path: Path) -> None:
    ready = tmp_path / "ready.zip"
    zipped(ready, {"a.txt": b"a"})
    artefact = build(Source(path=ready))
    ready.write_bytes(b"something else")
    assert base64.b64encode(hashlib.sha256(artefact.content()).digest()).decode() == artefact.sha256
