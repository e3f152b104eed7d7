"""Values that are never shown, wherever and however they are spelled."""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from backendctl.secrets import MARK, Registry, digest, of_environment

SECRET = 'p"ss\\wörd <4> you'


@pytest.fixture(name="registry")
def _registry() -> Registry:
    registry = Registry()
    registry.add(SECRET)
    return registry


@pytest.mark.parametrize(
    "spelled",
    [
        SECRET,
        json.dumps({"input": SECRET}),
        json.dumps({"input": SECRET}, ensure_ascii=False),
        json.dumps({"body": json.dumps({"input": SECRET})}),
        f"https://x.example/?key={quote(SECRET, safe='')}&a=b",
        f"variables={{'KEY': {SECRET!r}}}",
        f"prefix{SECRET}suffix",
    ],
)
def test_a_secret_is_found_in_every_spelling(registry: Registry, spelled: str) -> None:
    told = registry.redact(spelled)
    assert MARK in told
    assert "ss" not in told.replace("https", "").replace("pass", "")
    assert "you" not in told


def test_each_line_of_a_secret_of_several_lines_is_one() -> None:
    registry = Registry()
    registry.add("-----BEGIN KEY-----\nMIIEvQIBADANBgkq\nxyz")
    assert registry.redact("got MIIEvQIBADANBgkq here") == f"got {MARK} here"


def test_a_short_secret_is_hidden_where_it_stands_alone_and_tears_no_hole_into_words() -> None:
    registry = Registry()
    registry.add("prod")
    assert registry.redact("the mode prod of prodv1 in product") == f"the mode {MARK} of prodv1 in product"


def test_a_very_short_secret_is_hidden_in_quotes_and_as_a_whole_value() -> None:
    registry = Registry()
    registry.add("42")
    assert registry.redact("42") == MARK
    assert registry.redact("Value '42' in 42 s") == f"Value '{MARK}' in 42 s"


@pytest.mark.parametrize("word", ["true", "False", "null", "", "  "])
def test_such_words_are_no_secrets(word: str) -> None:
    registry = Registry()
    registry.add(word)
    assert registry.redact(f"it is '{word}'") == f"it is '{word}'"


def test_what_the_spec_says_in_plain_text_is_shown_though_a_variable_says_it_too() -> None:
    registry = Registry()
    registry.add("version1")
    registry.publish(["version1"])
    assert registry.redact("version1") == "version1"


def test_the_longest_secret_goes_first() -> None:
    registry = Registry()
    registry.add("abcdefgh", "abcdefgh-and-more")
    assert registry.redact("x abcdefgh-and-more y") == f"x {MARK} y"


def test_a_document_keeps_its_words_and_loses_only_unmistakable_values() -> None:
    registry = Registry()
    registry.add("region", "1024", "hunter2hunter2")
    document = json.dumps({"region": 1024, "input": "hunter2hunter2"})
    assert json.loads(registry.redact_stream(document)) == {"region": 1024, "input": MARK}


def test_keys_and_values_of_data_are_redacted(registry: Registry) -> None:
    told = registry.redact_data({"a": [SECRET, 1, {"b": f"x{SECRET}"}], SECRET: None})
    assert SECRET not in repr(told)
    assert told["a"][1] == 1


def test_an_environment_is_hidden_where_aws_repeats_it_and_nowhere_else() -> None:
    registry = Registry()
    registry.add_echoed(["shop-places", "s3cret-value"])
    assert registry.redact("table shop-places") == "table shop-places"
    told = registry.redact_echo("Your variables {TABLE=shop-places, TOKEN=s3cret-value} are wrong")
    assert told == f"Your variables {{TABLE={MARK}, TOKEN={MARK}}} are wrong"


def test_after_reveal_everything_is_shown_and_after_forget_nothing_is_known(registry: Registry) -> None:
    registry.reveal()
    assert registry.redact(SECRET) == SECRET
    registry.forget()
    registry.add("another-one")
    assert registry.redact(f"{SECRET} another-one") == f"{SECRET} {MARK}"


def test_a_digest_tells_values_apart_and_is_another_one_elsewhere() -> None:
    assert digest("a", of="x") == digest("a", of="x")
    assert len({digest("a", of="x"), digest("b", of="x"), digest("a", of="y")}) == 3
    assert digest("a", of="x").startswith(MARK)


def test_a_commands_environment_is_secret_but_for_what_every_machine_shows() -> None:
    registry = of_environment({"PATH": "/usr/bin:/bin", "DB": "hunter2hunter2", "HOME": "/home/me", "N": "1"})
    assert registry.redact("/usr/bin:/bin hunter2hunter2 /home/me 1") == f"/usr/bin:/bin {MARK} /home/me 1"


def test_a_secret_across_the_place_of_a_cut_is_taken_out_before_it() -> None:
    registry = Registry()
    registry.add("tok-4f9c2a77d1")
    told = registry.redact_short("x" * 20 + " tok-4f9c2a77d1 and more", 30)
    assert "tok" not in told
    assert len(told) == 30
