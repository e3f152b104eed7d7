from __future__ import annotations

from backendctl.sandbox.admission import Admission, Rules

PLACE = ("us-east-1", "f")


def _admitted(rules: Rules, *versions: str) -> list[bool]:
    admission = Admission()
    return [admission.admit(PLACE, version, rules) for version in versions]


def test_without_a_reservation_everybody_is_let_in() -> None:
    assert _admitted(Rules(), *["$LATEST"] * 50) == [True] * 50


def test_versions_share_what_is_reserved() -> None:
    assert _admitted(Rules(reserved=2), "$LATEST", "1", "1", "$LATEST") == [True, True, False, False]
    assert _admitted(Rules(reserved=0), "1") == [False]


def test_what_a_version_has_provisioned_is_its_own() -> None:
    whole = Rules(reserved=2, provisioned={"1": 2})
    assert _admitted(whole, "$LATEST", "1", "1", "1") == [False, True, True, False]
    partly = Rules(reserved=3, provisioned={"1": 1})
    assert _admitted(partly, "1", "1", "$LATEST", "1", "$LATEST") == [True, True, True, False, False]


def test_a_call_that_is_over_makes_room() -> None:
    admission, rules = Admission(), Rules(reserved=1)
    assert admission.admit(PLACE, "1", rules)
    assert not admission.admit(PLACE, "2", rules)
    admission.leave(PLACE, "1")
    assert admission.admit(PLACE, "2", rules)
    assert (admission.busy(PLACE, "1"), admission.busy(PLACE, "2")) == (0, 1)
