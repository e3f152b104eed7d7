"""A plan on a terminal, and in a pipe."""

from __future__ import annotations

from dataclasses import replace
from io import StringIO

from rich.console import Console
from rich.theme import Theme

from backendctl.engine.plan import Plan
from backendctl.engine.resource import GLOBAL, Resource
from backendctl.ui.console import Screen
from backendctl.ui.plan_text import show_plan
from tests.unit.engine.things import EAST, NORTH, WEST, Cloud, Function, Role, Table, plan_for

_STYLES = ("create", "update", "delete", "ok", "bad", "quiet", "name", "region")


def _shown(plan: Plan, *, verbose: bool = False) -> str:
    """As a pipe gets it."""
    out = StringIO()
    show_plan(plan, Screen(out=out, err=StringIO()).result, verbose=verbose)
    return out.getvalue()


def _drawn(plan: Plan, *, width: int) -> str:
    """As a terminal gets it, colours and all."""
    out = StringIO()
    theme = Theme(dict.fromkeys(_STYLES, "green"))
    console = Console(file=out, width=width, force_terminal=True, theme=theme, no_color=False, color_system="standard")
    show_plan(plan, console)
    return out.getvalue()


def _functions(*regions: str, size: int = 1024) -> list[Resource]:
    return [Function(region=region, name="places", size=size) for region in regions]


def _standing(*things: Function | Table) -> Cloud:
    cloud = Cloud()
    cloud.standing = {f"{thing.region}/{thing.kind}/{thing.name}": thing for thing in things}
    return cloud


def test_an_empty_plan_is_one_sentence_that_names_the_regions() -> None:
    cloud = _standing(Function(region=EAST, name="places", size=1))
    text = _shown(plan_for(cloud, [Function(region=EAST, name="places", size=1)]))
    assert text == "Nothing to do: shop is as specified in us-east-1, us-west-2 (1 resources).\n"


def test_each_action_has_its_sign() -> None:
    cloud = _standing(Function(region=EAST, name="old"), Table(region=EAST, name="places", size=1))
    lines = _shown(
        plan_for(cloud, [Table(region=EAST, name="places", size=2), Function(region=EAST, name="new")])
    ).splitlines()
    assert lines[0] == "us-east-1"
    assert [line.split() for line in lines[1:4]] == [
        ["+", "function", "new"],
        ["-", "function", "old"],
        ["~", "table", "places", "size", "1", "→", "2"],
    ]


def test_it_ends_with_the_count_and_the_digest() -> None:
    plan = plan_for(_standing(Function(region=EAST, name="old")), _functions(EAST, WEST))
    assert _shown(plan).splitlines()[-1] == f"Plan {plan.digest}: 2 to create, 1 to delete, 0 unchanged"


def test_regions_in_which_the_same_happens_are_one_block() -> None:
    text = _shown(plan_for(Cloud(), _functions(EAST, WEST, NORTH), regions=(EAST, WEST, NORTH)))
    assert text.splitlines()[0] == "us-east-1 and us-west-2 and eu-north-1"
    assert text.count("places") == 1


def test_a_value_that_names_its_own_region_does_not_keep_regions_apart() -> None:
    desired = [Function(region=region, name="places", key=f"arn:aws:x:{region}:y") for region in (EAST, WEST)]
    assert _shown(plan_for(Cloud(), desired)).splitlines()[0] == "us-east-1 and us-west-2"


def test_regions_that_differ_are_blocks_of_their_own() -> None:
    text = _shown(plan_for(Cloud(), [*_functions(EAST), *_functions(WEST, size=512)]), verbose=True)
    assert "us-east-1\n" in text
    assert "us-west-2\n" in text
    assert "size 1024" in text
    assert "size 512" in text


def test_what_is_global_is_not_folded_with_a_region() -> None:
    text = _shown(plan_for(Cloud(), [Role(region=GLOBAL, name="r"), *_functions(EAST, WEST)]))
    assert [line for line in text.splitlines() if not line.startswith(" ")][:1] == ["global"]


def test_an_update_of_several_fields_shows_one_line_each() -> None:
    live = Function(region=EAST, name="places", size=1, settings={"a": 1, "b": 2})
    wanted = replace(live, size=2, settings={"b": 3})
    text = _shown(plan_for(_standing(live), [wanted]))
    assert "size 1 → 2" in text
    assert "settings.a 1 → removed" in text
    assert "settings.b 2 → 3" in text


def test_fields_of_what_is_created_are_shown_only_when_verbose() -> None:
    plan = plan_for(Cloud(), _functions(EAST))
    assert "1024" not in _shown(plan)
    assert "size 1024" in _shown(plan, verbose=True)


def test_what_exists_and_is_not_ours_is_marked() -> None:
    cloud = _standing(Function(region=EAST, name="places", owner=None))
    assert "exists, not ours" in _shown(plan_for(cloud, [Function(region=EAST, name="places")]))


def test_no_secret_is_shown_however_verbose() -> None:
    live = Function(region=EAST, name="places", environment={"TOKEN": "s3cret-old"})
    plan = plan_for(_standing(live), [replace(live, environment={"TOKEN": "s3cret-new", "KEY": "s3cret"})])
    for text in (_shown(plan), _shown(plan, verbose=True), _drawn(plan, width=80)):
        assert "environment.TOKEN" in text
        assert "s3cret" not in text


def test_a_long_value_is_cut_and_brackets_are_no_markup() -> None:
    live = Function(region=EAST, name="places", key="[red]x[/red]", settings={"a": "y" * 500})
    text = _shown(plan_for(_standing(live), [replace(live, key="[bold]z", settings={"a": "short"})]))
    assert "[red]x[/red] → [bold]z" in text
    assert "y" * 61 not in text
    assert "…" in text


def test_a_pipe_gets_no_escape_sequences_and_unbroken_lines() -> None:
    live = Function(region=EAST, name="places-" + "x" * 100, key="a" * 55)
    text = _shown(plan_for(_standing(live), [replace(live, key="b" * 55)]))
    assert "\x1b" not in text
    assert any("x" * 100 in line and "b" * 55 in line for line in text.splitlines())


def test_a_terminal_gets_colours() -> None:
    assert "\x1b[32m" in _drawn(plan_for(Cloud(), _functions(EAST)), width=100)
