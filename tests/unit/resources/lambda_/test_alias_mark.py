"""What the description of an alias says, for aliases have no tags."""

from __future__ import annotations

import pytest

from backendctl.resources.lambda_.alias_mark import AliasMark, mark, read_mark

TAG, NEXT = "8-3f2a1c9d", "9-12345678"


@pytest.mark.parametrize(
    ("description", "told"),
    [
        ("backendctl:shop", AliasMark(owner="shop")),
        (f"backendctl:shop {TAG}", AliasMark(owner="shop", release=TAG)),
        ("backendctl:shop canary", AliasMark(owner="shop", canary=True)),
        (f"backendctl:shop {TAG} canary {NEXT}", AliasMark(owner="shop", release=TAG, canary=True, next=NEXT)),
        ("somebody's", None),
        ("", None),
        ("backendctl:shop and more", None),
        (f"backendctl:shop {TAG} and more", None),
    ],
)
def test_it_is_read_as_it_was_written(description: str, told: AliasMark | None) -> None:
    assert read_mark(description) == told
    if told is not None:
        canary = told.next if told.canary else None
        assert mark(told.owner, release=told.release, canary=canary) == description
