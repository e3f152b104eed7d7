"""What the sandbox uses of ministack's own names is there in the version that is pinned."""

from __future__ import annotations

import re
import tomllib
from importlib import import_module
from importlib.metadata import version
from pathlib import Path
from types import SimpleNamespace

import pytest

from backendctl.sandbox import ministack_names

_ROOT = Path(__file__).parents[3]


@pytest.mark.parametrize(
    ("module", "name"),
    [(module, name) for module, names in sorted(ministack_names.PRIVATE.items()) for name in sorted(names)],
)
def test_the_installed_ministack_has_every_private_name_that_is_used(module: str, name: str) -> None:
    assert hasattr(import_module(f"ministack.{module}"), name)


def test_the_version_they_belong_to_is_the_one_that_is_pinned_and_installed() -> None:
    extras = tomllib.loads((_ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]["optional-dependencies"]
    assert f"ministack=={ministack_names.VERSION}" in extras["sandbox"]
    assert version("ministack") == ministack_names.VERSION


def test_every_listed_name_is_used() -> None:
    source = "".join(
        file.read_text(encoding="utf-8")
        for file in (_ROOT / "backendctl" / "sandbox").rglob("*.py")
        if file.name != "ministack_names.py"
    )
    used = set(re.findall(r'"(_\w+)"', source))
    assert frozenset[str]().union(*ministack_names.PRIVATE.values()) - used == frozenset()


def test_a_name_that_is_not_listed_is_neither_read_nor_replaced() -> None:
    module = SimpleNamespace(_other=1)
    with pytest.raises(KeyError):
        ministack_names.read(module, "_other")
    with pytest.raises(KeyError):
        ministack_names.replace(module, "_other", 2)
    assert module._other == 1
