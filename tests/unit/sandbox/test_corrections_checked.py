"""Each correction names what it corrects, in the version that is pinned and installed."""

from __future__ import annotations

from importlib.metadata import version
from pathlib import Path

from backendctl.sandbox.corrections import checked

_FOLDER = Path(checked.__file__).parent


def test_every_file_says_what_it_corrects_and_nothing_else_is_listed() -> None:
    files = [f"{file.relative_to(_FOLDER).with_suffix('')}" for file in _FOLDER.rglob("*.py")]
    listed = [name for rows in checked.CORRECTS.values() for name in rows]
    assert sorted([*listed, *checked.SHARED]) == sorted(files)


def test_every_correction_was_held_against_the_installed_version() -> None:
    left = {
        f"{package} {held}: {name}"
        for (package, held), rows in checked.CORRECTS.items()
        for name in rows
        if version(package) != held
    }
    assert left == set()
