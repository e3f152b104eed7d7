"""Which release is the one before: what was rolled back from is never the way back."""

from __future__ import annotations

from backendctl.release.targets import before
from backendctl.resources.ledger import Entry


def entry(how: str, release: int) -> Entry:
    return Entry(how=how, deployment=f"d{release}", versions={"f:live": str(release)})


def releases(*told: tuple[str, int]) -> list[Entry]:
    """Given oldest first, as they happened; the newest first, as the ledger has them."""
    return [entry(how, release) for how, release in reversed(told)]


def test_it_is_the_one_that_served_before() -> None:
    found = before(releases(("found", 1), ("deploy", 2), ("promote", 3)), entry("found", 3))
    assert found is not None
    assert found.deployment == "d2"


def test_the_first_release_has_none_before_it() -> None:
    assert before(releases(("deploy", 1)), entry("found", 1)) is None
    assert before([], entry("found", 1)) is None


def test_said_again_it_goes_further_back_and_not_forth() -> None:
    told = [("deploy", 1), ("deploy", 2), ("deploy", 3), ("rollback", 2)]
    found = before(releases(*told), entry("found", 2))
    assert found is not None
    assert found.deployment == "d1"
    assert before(releases(*told, ("rollback", 1)), entry("found", 1)) is None


def test_after_a_rollback_and_a_new_release_the_way_back_is_what_served_between() -> None:
    told = [("deploy", 1), ("deploy", 2), ("rollback", 1), ("deploy", 3)]
    found = before(releases(*told), entry("found", 3))
    assert found is not None
    assert found.deployment == "d1"


def test_what_was_changed_by_hand_goes_back_to_the_last_release() -> None:
    found = before(releases(("deploy", 1), ("deploy", 2)), entry("found", 9))
    assert found is not None
    assert found.deployment == "d2"


def test_the_same_release_twice_is_one() -> None:
    found = before(releases(("deploy", 1), ("deploy", 2), ("found", 2)), entry("found", 2))
    assert found is not None
    assert found.deployment == "d1"
