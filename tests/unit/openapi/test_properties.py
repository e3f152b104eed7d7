"""Of any definition: a change is seen, none is seen where none was made, and an export gives back what counts."""

from __future__ import annotations

import random
from functools import cache
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from backendctl.openapi.diff import Action, differences
from backendctl.openapi.lost import losses
from backendctl.openapi.pointer import Way, at
from backendctl.openapi.refusals import refusals
from backendctl.openapi.repair import repaired
from tests.unit.openapi import made
from tests.unit.openapi.everywhere import canonical, digest, neutralise, surviving
from tests.unit.openapi.samples import definitions, example, loaded
from tests.unit.openapi.test_corpus import HERE, THERE, after_import, moved

FAST = settings(max_examples=60, deadline=None)
FEW = settings(max_examples=15, deadline=None)


@cache
def real() -> tuple[tuple[dict[str, Any], list[Way]], ...]:
    """Canonical forms of real definitions, each with its places."""
    documents = [example(), *(loaded(path) for path in definitions())]
    return tuple((form, made.places(form)) for form in map(canonical, documents))


@FAST
@given(made.SEEDS, made.SEEDS)
def test_the_same_api_in_other_words_is_no_difference(seed: int, other_seed: int) -> None:
    document = made.definition(seed)
    other = made.rewritten(document, random.Random(other_seed))  # noqa: S311  # dice, not a secret
    assert differences(canonical(document), canonical(other)) == ()
    assert canonical(document) == canonical(other)
    assert digest(document) == digest(other)


@FAST
@given(made.SEEDS)
def test_what_is_made_can_be_sent_and_its_form_is_stable(seed: int) -> None:
    document = made.definition(seed)
    assert refusals(repaired(document)[0]) == []
    form = canonical(document)
    assert canonical(form) == form
    assert surviving(surviving(document)) == surviving(document)
    assert surviving(form) == surviving(document)
    neutral = neutralise(document)
    assert neutralise(moved(neutral, THERE)) == neutral
    assert canonical(moved(form, HERE)) == form


@FAST
@given(made.SEEDS, made.SEEDS, st.booleans(), st.booleans())
def test_any_change_is_seen_where_it_was_made(seed: int, place: int, taken: bool, own: bool) -> None:  # noqa: FBT001
    if own:
        before = canonical(made.definition(seed))
        places = made.places(before)
    else:
        before, places = real()[seed % len(real())]
    way = places[place % len(places)]
    after = made.changed(before, way, None if taken else made.other)
    found = differences(before, after)
    assert found
    for each in found:
        steps = tuple(step.replace("~1", "/").replace("~0", "~") for step in each.pointer.split("/")[1:])
        if not any(step.isdigit() for step in way):
            shared = min(len(steps), len(way))
            assert steps[:shared] == way[:shared]
        if each.action is Action.REMOVED:
            assert each.after is None
            assert at(before, steps) == each.before
        else:
            assert at(after, steps) == each.after
        if way[0] == "paths" and len(way) > 1:
            assert each.path == way[1]
    assert differences(after, before)


@FAST
@given(made.SEEDS, made.SEEDS)
def test_a_difference_there_is_a_difference_back(seed: int, other_seed: int) -> None:
    one, other = (canonical(made.definition(each - each % 2)) for each in (seed, other_seed))  # of one format
    found, back = differences(one, other), differences(other, one)
    assert bool(found) == bool(back) == (one != other)
    assert differences(one, one) == ()
    swapped = {Action.ADDED: Action.REMOVED, Action.REMOVED: Action.ADDED, Action.CHANGED: Action.CHANGED}
    told = sorted((each.path or "", each.method or "", each.aspect, swapped[each.action]) for each in found)
    assert told == sorted((each.path or "", each.method or "", each.aspect, each.action) for each in back)


@FEW
@given(made.SEEDS)
def test_an_import_and_an_export_keep_all_that_is_not_listed_as_lost(seed: int) -> None:
    document = made.definition(seed)
    local = moved(document, HERE)
    exported = after_import(local)
    assert differences(surviving(local), surviving(exported)) == ()
    assert all(each.why for each in losses(document))
    again = moved(exported, HERE)
    assert surviving(after_import(again)) == surviving(exported)
