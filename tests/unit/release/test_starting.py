"""With which share a canary starts."""

from __future__ import annotations

from dataclasses import replace

from backendctl.release.start import percent_of
from backendctl.resources.ssm.release_record import Event, Record

ENTRY = Record(index=3, number=2, event=Event.CANARY, token="3f2a1c9d", targets=("prodv1",), regions=("us-east-1",))


def test_a_canary_that_was_begun_with_0_per_cent_is_finished_with_0() -> None:
    assert percent_of(replace(ENTRY, percent=0.0), 10.0) == 0.0


def test_one_whose_entry_names_no_share_starts_with_what_is_asked_for() -> None:
    assert percent_of(replace(ENTRY, percent=None), 0.0) == 0.0
    assert percent_of(replace(ENTRY, percent=None), 10.0) == 10.0
