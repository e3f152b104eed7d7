"""Archives that somebody else made are judged in bounded time and memory, and never with a traceback."""

from __future__ import annotations

import contextlib
import os
import random
import stat
import struct
import time
import zipfile
from pathlib import Path

import pytest

from backendctl.package import UNZIPPED_LIMIT, PackageError, Source, build, code_faults, ready
from tests.unit.package.zipped import entry, zipped


def fault(path: Path) -> str:
    found = code_faults(Source(path=path))
    assert len(found) == 1, found
    return found[0]


def patched(path: Path, local: int, central: int, form: str, value: int) -> Path:
    """Overwrite one field of the only entry, in its local and its central header."""
    data = bytearray(path.read_bytes())
    for begin, offset in ((data.index(b"PK\3\4"), local), (data.index(b"PK\1\2"), central)):
        struct.pack_into(form, data, begin + offset, value)
    path.write_bytes(data)
    return path


def test_a_sound_archive_has_no_fault(tmp_path: Path) -> None:
    files = {"app.py": "a = 1", "lib/x.py": "", "link.py": "lib/x.py", "layer": "/opt/lib"}
    modes = {"link.py": stat.S_IFLNK | 0o777, "layer": stat.S_IFLNK | 0o777}
    assert code_faults(Source(path=zipped(tmp_path / "a.zip", files, modes=modes, method=zipfile.ZIP_DEFLATED))) == []


def test_an_encrypted_entry_is_a_fault(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path / "a.zip", {"app.py": "x"}), 6, 8, "<H", 1)
    assert "'app.py' is encrypted" in fault(path)


@pytest.mark.parametrize(("method", "name"), [(99, "AES"), (9, "deflate64"), (12, "bzip2"), (77, "method 77")])
def test_a_method_that_lambda_does_not_unpack_is_a_fault(tmp_path: Path, method: int, name: str) -> None:
    path = patched(zipped(tmp_path / "a.zip", {"app.py": "x"}), 8, 10, "<H", method)
    assert name in fault(path)


def test_a_bad_sum_is_a_fault(tmp_path: Path) -> None:
    path = patched(zipped(tmp_path / "a.zip", {"app.py": "x"}), 14, 16, "<I", 7)
    assert "'app.py' is damaged: Bad CRC-32" in fault(path)


@pytest.mark.parametrize(
    ("name", "sentence"),
    [
        ("../app.py", "leads out of the archive"),
        ("a/../../app.py", "leads out of the archive"),
        ("/etc/passwd", "absolute"),
        ("C:/app.py", "absolute"),
        ("src\\app.py", "backslash"),
    ],
)
def test_an_entry_that_lands_elsewhere_is_a_fault(tmp_path: Path, name: str, sentence: str) -> None:
    assert sentence in fault(zipped(tmp_path / "a.zip", {name: "x"}))


def test_a_link_out_of_the_archive_is_a_fault(tmp_path: Path) -> None:
    modes = {"lib/up": stat.S_IFLNK | 0o777}
    assert "leads out" in fault(zipped(tmp_path / "a.zip", {"app.py": "", "lib/up": "../../etc"}, modes=modes))


@pytest.mark.parametrize("mode", [stat.S_IFIFO | 0o644, stat.S_IFCHR | 0o644, stat.S_IFSOCK | 0o644])
def test_a_device_in_an_archive_is_a_fault(tmp_path: Path, mode: int) -> None:
    assert "pipe, socket or device" in fault(zipped(tmp_path / "a.zip", {"odd": ""}, modes={"odd": mode}))


@pytest.mark.parametrize(("name", "mode"), [("app.py", 0o600), ("app.py", 0o440), ("lib/", stat.S_IFDIR | 0o700)])
def test_what_lambdas_user_cannot_read_is_a_fault(tmp_path: Path, name: str, mode: int) -> None:
    path = zipped(tmp_path / "a.zip", {name: "", "b.py": ""}, modes={name: mode})
    assert f"{name!r} has mode 0{stat.S_IMODE(mode):o}" in fault(path)


def test_an_archive_of_an_archive_is_a_fault(tmp_path: Path) -> None:
    inner = zipped(tmp_path / "inner.zip", {"app.py": ""}).read_bytes()
    assert "nothing but 'inner.zip'" in fault(zipped(tmp_path / "a.zip", {"inner.zip": inner}))


def test_many_faults_are_told_in_few_lines(tmp_path: Path) -> None:
    found = code_faults(Source(path=zipped(tmp_path / "a.zip", {f"/{number}": "" for number in range(50)})))
    assert len(found) == 6
    assert "45 more" in found[-1]


def test_sizes_are_judged_before_anything_is_unpacked(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        chunk = bytes(1 << 20)
        with archive.open(entry("model.bin"), "w", force_zip64=True) as stream:
            for _ in range(300):
                stream.write(chunk)
    assert f"must be smaller than {UNZIPPED_LIMIT}" in fault(path)


def test_a_file_larger_than_any_archive_is_not_read(tmp_path: Path) -> None:
    path = tmp_path / "a.zip"
    with path.open("wb") as stream:
        stream.truncate(UNZIPPED_LIMIT * 4)  # sparse: no disk is used
    started = time.process_time()
    assert "the archive alone has" in fault(path)
    assert time.process_time() - started < 1


def test_a_list_of_entries_without_end_is_not_read(tmp_path: Path) -> None:
    path = zipped(tmp_path / "a.zip", {"app.py": "x"})
    data = bytearray(path.read_bytes())
    struct.pack_into("<I", data, data.rindex(b"PK\5\6") + 12, 0xFFFFFFF)
    path.write_bytes(data)
    assert "more than" in fault(path)


@pytest.mark.parametrize("kind", ["pipe", "zero"])
def test_what_is_no_file_is_not_opened(tmp_path: Path, kind: str) -> None:
    path = tmp_path / "a.zip"
    if kind == "pipe":
        os.mkfifo(path)
    else:
        path.symlink_to("/dev/zero")
    assert "pipe, socket or device" in fault(path)


def test_a_device_is_no_folder_of_code() -> None:
    assert "neither a folder" in fault(Path("/dev/zero"))


@pytest.mark.parametrize("seed", range(150))
def test_damaged_archives_are_faults_or_sound_but_never_a_traceback(tmp_path: Path, seed: int) -> None:
    dice = random.Random(seed)  # noqa: S311 - no secret
    files = {"app.py": b"def handler(e, c): ...\n" * 20, "lib/x.py": b"x", "big.bin": bytes(5000)}
    path = zipped(tmp_path / "a.zip", files, method=dice.choice([zipfile.ZIP_STORED, zipfile.ZIP_DEFLATED]))
    data = bytearray(path.read_bytes())
    for _ in range(dice.randint(1, 6)):
        data[dice.randrange(len(data))] = dice.randrange(256)
    path.write_bytes(data[: dice.choice([len(data), len(data), dice.randrange(len(data))])])
    ready._judged.cache_clear()
    with contextlib.suppress(PackageError):  # anything else is a traceback
        build(Source(path=path))
