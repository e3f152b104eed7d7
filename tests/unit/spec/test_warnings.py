"""What may be meant but is more often a mistake is a warning with its place."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backendctl.errors import SpecError
from backendctl.spec import Offline
from backendctl.spec.check_names import looks_like
from tests.unit.spec.conftest import DEFINITION

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.spec import Draft

    Write = Callable[..., Draft]

SPEC = """\
backend: shop
regions: [us-east-1, us-west-2]
functions:
  items: {{code: x.zip, runtime: java21, handler: a.B, timeout: {timeout}}}
  other: {{code: x.zip, runtime: java21, handler: a.B, timeout: 900}}
api:
  definition: api.yaml
  stages:
    prod: {{variables: {{itemsAlias: version1}}}}
    test: {{variables: {{itemsAlias: {alias}}}}}
"""


def warnings(draft: Draft) -> list[str]:
    return [f"{one.line}:{one.column}: {one.message}" for one in draft.warnings]


@pytest.mark.parametrize(("timeout", "route", "number"), [(29, "", 0), (30, "", 1), (60, "timeoutInMillis: 60000", 0)])
def test_a_timeout_that_the_api_does_not_wait_for_is_a_warning(
    draft_of: Write, timeout: int, route: str, number: int
) -> None:
    definition = DEFINITION + f"        {route}\n" if route else DEFINITION
    found = warnings(draft_of(SPEC.format(timeout=timeout, alias="version2"), definition=definition))
    assert len(found) == number
    if found:
        assert found[0].startswith("4:64: the API gives up after 29 s and answers 504, while 'items' may run 30 s")


def test_an_alias_that_looks_like_a_typo_is_a_warning_at_its_place(draft_of: Write) -> None:
    assert warnings(draft_of(SPEC.format(timeout=3, alias="verison1"))) == [
        "10:36: the alias 'verison1' looks like a typo of 'version1'; as it stands, there will be both"
    ]


@pytest.mark.parametrize("code", ["a" * 5000, "a/" * 3000, "a\\0b"])
@pytest.mark.parametrize("form", ['"{}"', '{{folder: "{}", build: make}}', '{{folder: a, include: ["{}"]}}'])
def test_what_cannot_be_a_path_is_a_fault(faults_of: Callable[..., list[str]], form: str, code: str) -> None:
    settings = f"{{runtime: java21, handler: a.B, code: {form.format(code)}}}"
    (fault,) = faults_of(f"backend: shop\nregions: [us-east-1]\nfunctions:\n  items: {settings}\n")
    assert "cannot be the name of a file" in fault


@pytest.mark.parametrize(
    ("one", "other", "typo"),
    [
        ("version1", "verison1", True),
        ("version1", "verson1", True),
        ("version1", "version-1", True),
        ("version1", "Version1", True),
        ("live", "lice", True),
        ("version1", "version2", False),
        ("version1", "version11", False),
        ("blue-a", "blue-b", False),
        ("v1a", "v1b", False),
        ("prod1a", "prod1b", False),
        ("blue", "green", False),
        ("dev", "dew", False),
        ("prod", "prod-old", False),
    ],
)
def test_digits_and_single_letters_tell_names_apart_on_purpose(one: str, other: str, typo: bool) -> None:  # noqa: FBT001
    assert looks_like(one, other) is typo
    assert looks_like(other, one) is typo


def test_what_a_parameter_holds_is_judged_once_aws_has_told_it(draft_of: Write) -> None:
    draft = draft_of(SPEC.format(timeout=3, alias="'{{ ssm \"/shop/alias\" }}'"))
    assert draft.expand(Offline()).api is not None

    class Lookups:
        def account(self) -> str:
            return "123456789012"

        def parameter(self, region: str, name: str) -> str:
            return f"two words of {name} in {region}"

    with pytest.raises(SpecError, match=r"faults? found"):
        draft.expand(Lookups())


@pytest.mark.parametrize(
    ("code", "sentence"),
    [
        ("{archive: x.zip, follow-links: true}", "'follow-links' has no effect with 'archive'"),
        ("{s3: 's3://bucket/key', build-timeout: 3}", "'build-timeout' has no effect with 's3'"),
        ("{folder: a, build-timeout: 3}", "'build-timeout' has no effect without 'build'"),
        ("{folder: a, build: make, build-timeout: 0}", "build-timeout"),
        ("{folder: a, build: 'make {{ ssm \"/x\" }}'}", "'build' runs before AWS is asked"),
    ],
)
def test_settings_of_code_are_refused_where_they_mean_nothing(
    faults_of: Callable[..., list[str]], code: str, sentence: str
) -> None:
    text = (
        "backend: shop\nregions: [us-east-1]\nfunctions:\n  items:\n    runtime: java21\n    handler: a.B\n    code: "
    )
    found = faults_of(f"{text}{code}\n")
    assert any(sentence in one for one in found)
