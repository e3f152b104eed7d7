"""Code is laid out as Lambda does it, and nothing of it lands outside its folder."""

from __future__ import annotations

import io
import os
import stat
import zipfile
from typing import TYPE_CHECKING

import pytest

from backendctl.sandbox.unpack import unpack

if TYPE_CHECKING:
    from pathlib import Path

LINK = stat.S_IFLNK | 0o777


def archive(*entries: tuple[str, int, str]) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as packed:
        for name, mode, content in entries:
            info = zipfile.ZipInfo(name)
            info.create_system = 3
            info.external_attr = mode << 16
            packed.writestr(info, content)
    return buffer.getvalue()


def test_links_and_the_executable_bit_are_restored(tmp_path: Path) -> None:
    code = archive(
        ("bin/tool", LINK, "../lib/tool"), ("lib/tool", stat.S_IFREG | 0o755, "#!"), ("all", LINK, "lib"), ("x", 0, "")
    )
    unpack(code, tmp_path / "code")
    assert os.readlink(tmp_path / "code/bin/tool") == "../lib/tool"  # noqa: PTH115 - as it is written
    assert (tmp_path / "code/all/tool").read_text() == "#!"
    assert os.access(tmp_path / "code/lib/tool", os.X_OK)
    assert not os.access(tmp_path / "code/x", os.X_OK)


@pytest.mark.parametrize(
    "entries",
    [
        [("up", LINK, ".."), ("up/evil", 0o644, "x")],
        [("up", LINK, "../.."), ("down", LINK, "up/evil")],
        [("abs", LINK, "/etc"), ("abs/evil", 0o644, "x")],
        [("../evil", 0o644, "x")],
        [("a/../../evil", 0o644, "x")],
        [("/evil", 0o644, "x")],
        [("../evil", LINK, "x")],
        [("a/b/c/up", LINK, "d/../.."), ("a/b/c/d", LINK, "../../../e"), ("e/f", 0o644, "")],
        [("loop", LINK, "loop")],
    ],
)
def test_nothing_leads_out_of_the_folder(tmp_path: Path, entries: list[tuple[str, int, str]]) -> None:
    folder = tmp_path / "deep" / "code"
    unpack(archive(*entries, ("app.py", 0o644, "fine")), folder)
    assert (folder / "app.py").read_text() == "fine"
    assert {path.name for path in tmp_path.rglob("evil") if not path.is_relative_to(folder)} == set()
    for path in folder.rglob("*"):
        if path.is_symlink():
            assert path.resolve().is_relative_to(folder.resolve())
