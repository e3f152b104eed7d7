"""The old notes as the first entries of the release log: v1 … vN, the same numbers in every region."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from backendctl.resources.ssm.old_notes import LIVE, Note
from backendctl.resources.ssm.release_log import KEPT, RegionLog
from backendctl.resources.ssm.release_record import Event, Record, State, token_of

# What an old note calls a promotion is a release of its own here: nothing tells its canary's.
_EVENTS = {"deploy": Event.DEPLOY, "promote": Event.DEPLOY, "rollback": Event.ROLLBACK, "found": Event.FOUND}


@dataclass(kw_only=True)
class _Merged:
    """One release of one stage, as far as the regions noted it."""

    target: str
    note: Note
    regions: dict[str, Note] = field(default_factory=dict)


def taken_over(
    notes: Mapping[str, Mapping[str, Sequence[Note]]], logs: Mapping[str, RegionLog]
) -> dict[str, tuple[Record, ...]]:
    """Region → the entries that its notes become.

    The notes of a release are the same in all regions but for their time, so they are paired in order. A region whose
    notes were not read when the others' were taken over, because it was silent, gets the numbers they have.

    Args:
        notes: region → stage or alias → its notes, the oldest first; only of regions without a log.
        logs: of all regions that answer.
    """
    known = [log for log in logs.values() if log.entries]
    merged = _merged(notes)
    if not merged:
        return {}
    merged.sort(key=lambda one: min(note.time for note in one.regions.values()))
    merged = merged[-KEPT:]
    if known:
        return _like_others(merged, known[0])
    made: dict[str, list[Record]] = {}
    last: dict[str, int] = {}
    for number, one in enumerate(merged, 1):
        for region, note in one.regions.items():
            made.setdefault(region, []).append(_record(one, note, number, before=last.get(one.target)))
        last[one.target] = number
    return {region: tuple(entries) for region, entries in made.items()}


def _merged(notes: Mapping[str, Mapping[str, Sequence[Note]]]) -> list[_Merged]:
    found: list[_Merged] = []
    for region, by_target in notes.items():
        for target, told in by_target.items():
            place = 0
            for note in (one for one in told if one.how in LIVE):
                place = _paired(found, region, target, note, place)
    return found


def _paired(found: list[_Merged], region: str, target: str, note: Note, place: int) -> int:
    """Put a note to the release that it tells of, or begin one; where the next note is looked for."""
    facts = (target, note.how, note.commit, note.definition)
    for at in range(place, len(found)):
        one = found[at]
        if region not in one.regions and facts == (one.target, one.note.how, one.note.commit, one.note.definition):
            one.regions[region] = note
            return at + 1
    found.append(_Merged(target=target, note=note, regions={region: note}))
    return place


def _like_others(merged: Sequence[_Merged], known: RegionLog) -> dict[str, tuple[Record, ...]]:
    made: dict[str, list[Record]] = {}
    used: set[int] = set()
    for one in merged:
        for region, note in one.regions.items():
            for entry in known.entries.values():
                facts = (entry.event, entry.commit, entry.definition, entry.targets)
                wanted = (_EVENTS[note.how], note.commit, note.definition, (one.target,))
                if entry.index not in used and facts == wanted:
                    used.add(entry.index)
                    made.setdefault(region, []).append(_record(one, note, entry.number, before=entry.before))
                    break
    return {region: tuple(entries) for region, entries in made.items()}


def _record(one: _Merged, note: Note, number: int, *, before: int | None) -> Record:
    return Record(
        index=number,
        number=number,
        event=_EVENTS[note.how],
        token=token_of("old", one.target, one.note.how, one.note.commit, one.note.definition, number),
        targets=(one.target,),
        regions=tuple(one.regions),
        time=note.time,
        commit=note.commit,
        author=note.by,
        before=before,
        deployment=note.deployment,
        definition=note.definition,
        versions=note.versions,
        state=State.DONE,
    )
