"""Which mapping a path of a domain goes to, also of several levels."""

from __future__ import annotations

from typing import Any

import pytest

from backendctl.sandbox.apigateway.mappings import route

MAPPINGS: dict[str, Any] = {base: {"basePath": base} for base in ("(none)", "shop", "shop/v1")}


@pytest.mark.parametrize(
    ("path", "base", "rest"),
    [
        ("/shop/v1/items", "shop/v1", "/items"),
        ("/shop/v1", "shop/v1", "/"),
        ("/shop/v10/items", "shop", "/v10/items"),
        ("/shop", "shop", "/"),
        ("/shopping", "(none)", "/shopping"),
        ("/", "(none)", "/"),
    ],
)
def test_the_longest_base_path_wins_and_ends_at_a_slash(path: str, base: str, rest: str) -> None:
    found = route(MAPPINGS, path)
    assert found is not None
    assert (found[0]["basePath"], found[1]) == (base, rest)


def test_without_a_root_other_paths_lead_nowhere() -> None:
    assert route({"shop": {}}, "/else") is None
