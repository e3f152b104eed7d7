from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from backendctl.errors import AGAIN, AwsError, SpecError
from backendctl.spec import Draft, Offline
from backendctl.spec.values import ExpressionError, Scope, expand

if TYPE_CHECKING:
    from collections.abc import Callable

FUNCTION = (
    "backend: shop\nregions: [us-east-1, us-west-2]\n"
    "functions:\n  items:\n    code: x.zip\n    runtime: java21\n    handler: a.B\n    "
)


class Answers:
    """AWS, with an account and a parameter of every name."""

    def account(self) -> str:
        return "123456789012"

    def parameter(self, region: str, name: str) -> str:
        return f"{name}@{region}"


def _scope(**more: object) -> Scope:
    given = {
        "environ": {"A": "1", "EMPTY": ""},
        "folder": Path(__file__).parent,
        "lookups": Answers(),
        "primary": "us-east-1",
        "region": "us-west-2",
        "tables": {"places": "shop-places"},
    }
    return Scope(**(given | more))  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ('{{ env "A" }}', "1"),
        ("{{env 'A'}}", "1"),
        ('a-{{ env "B" }}-b', "a--b"),
        ('{{ env "B" "de fault" }}', "de fault"),
        ('{{ env "EMPTY" "x" }}', "x"),
        ('{{ must_env "A" }}{{ region }}', "1us-west-2"),
        ("arn:{{ account }}:x", "arn:123456789012:x"),
        ('{{ ssm "/db/host" }}', "/db/host@us-west-2"),
        ('{{ table "places" }}', "shop-places"),
        ('{{ "{{" }} stays }}', "{{ stays }}"),
        ("no expression }}", "no expression }}"),
    ],
)
def test_expressions_are_replaced(text: str, value: str) -> None:
    assert expand(text, _scope()) == value


@pytest.mark.parametrize(
    ("text", "offset", "message"),
    [
        ('ab {{ evn "A" }}', 3, "there is no expression 'evn'; did you mean 'env'?"),
        ("{{ env A }}", 0, '\'env\' is written {{ env "NAME" }} or {{ env "NAME" "default" }}'),
        ("{{ ssm }}", 0, "'ssm' is written {{ ssm \"/path\" }}"),
        ('{{ region "x" }}', 0, "'region' is written {{ region }}"),
        ("x{{ region", 1, "'{{' without its '}}'"),
        ("{{ }}", 0, "the expression is empty"),
        ('{{ must_env "EMPTY" }}', 0, "the environment variable 'EMPTY' is not set"),
        ('{{ table "place" }}', 0, "there is no table 'place'; did you mean 'places'?"),
        ('{{ file "none.txt" }}', 0, "the file 'none.txt' cannot be read: No such file or directory"),
    ],
)
def test_faulty_expressions_have_their_offset(text: str, offset: int, message: str) -> None:
    with pytest.raises(ExpressionError) as caught:
        expand(text, _scope())
    assert (caught.value.offset, caught.value.message) == (offset, message)


def test_outside_functions_parameters_are_the_primary_region_s() -> None:
    assert expand('{{ ssm "/x" }}', _scope(region=None)) == "/x@us-east-1"


def test_outside_functions_there_is_no_region(faults_of: Callable[..., list[str]]) -> None:
    (said,) = faults_of("backend: shop\nregions: [us-east-1]\ntags: {at: 'in {{ region }}'}\n")
    known = "functions, certificates, web ACLs and tables' policies"
    assert said == f"3:16: '{{{{ region }}}}' has no value here: only {known} have regions"


def test_files_are_read_beside_the_spec(tmp_path: Path, draft_of: Callable[..., Draft]) -> None:
    (tmp_path / "specs" / "note.txt").write_text("hello\n", encoding="utf-8")
    spec = draft_of(FUNCTION + "description: '{{ file \"note.txt\" }}'\n").expand(Offline())
    assert spec.functions_in("us-east-1")[0].description == "hello"


def test_a_faulty_expression_is_shown_at_its_column(faults_of: Callable[..., list[str]]) -> None:
    assert faults_of(FUNCTION + "description: 'x {{ evn \"A\" }}'\n") == [
        "8:21: there is no expression 'evn'; did you mean 'env'?"
    ]


def test_functions_are_expanded_in_each_region(draft_of: Callable[..., Draft]) -> None:
    layer = "arn:aws:lambda:{{ region }}:{{ account }}:layer:x:1"
    draft = draft_of(FUNCTION + f"layers: ['{layer}']\n    environment: {{URL: '{{{{ ssm \"/url\" }}}}'}}\n")
    spec = draft.expand(Answers())
    assert draft.needs_aws
    for region in ("us-east-1", "us-west-2"):
        (function,) = spec.functions_in(region)
        assert function.layers == (f"arn:aws:lambda:{region}:123456789012:layer:x:1",)
        assert function.environment == {"URL": f"/url@{region}"}


def test_a_value_only_aws_knows_is_judged_once_it_is_known(draft_of: Callable[..., Draft]) -> None:
    draft = draft_of(FUNCTION + "role: '{{ ssm \"/role\" }}'\n")
    with pytest.raises(SpecError) as caught:
        draft.expand(Answers())
    assert [fault.message for fault in caught.value.faults] == [
        f"'/role@{region}' is not valid for 'role': the ARN of a role, arn:aws:iam::123456789012:role/name, "
        "or {statements: [...]}"
        for region in ("us-east-1", "us-west-2")
    ]


def test_the_kind_of_code_shows_once_it_is_expanded(draft_of: Callable[..., Draft]) -> None:
    text = "backend: shop\nregions: [us-east-1]\nfunctions:\n  items: {code: '{{ env \"CODE\" }}'}\n"
    image = "123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1"
    assert draft_of(text, environ={"CODE": image}).expand(Offline()).functions_in("us-east-1")[0].code.image == image


def test_an_overridden_value_is_not_looked_up(draft_of: Callable[..., Draft]) -> None:
    class Picky(Answers):
        def parameter(self, region: str, name: str) -> str:
            assert region != "us-west-2"
            return super().parameter(region, name)

    text = FUNCTION + "description: '{{ ssm \"/x\" }}'\n    regions: {us-west-2: {description: plain}}\n"
    assert draft_of(text).expand(Picky()).functions_in("us-west-2")[0].description == "plain"


class Half(Answers):
    """One of the regions gives no answer."""

    def __init__(self, silent: str) -> None:
        self.silent = silent

    def parameter(self, region: str, name: str) -> str:
        if region == self.silent:
            raise AwsError("nothing came", doing=f"read {name} in {region}", code="NoAnswer", hint=AGAIN)
        return "512" if name == "/mb" else super().parameter(region, name)


@pytest.mark.parametrize(("silent", "other"), [("us-west-2", "us-east-1"), ("us-east-1", "us-west-2")])
def test_a_region_without_an_answer_keeps_nobody_from_working_on_another(
    silent: str, other: str, draft_of: Callable[..., Draft]
) -> None:
    draft = draft_of(FUNCTION + "description: '{{ ssm \"/x\" }}'\n    memory: '{{ ssm \"/mb\" }}'\n")
    (function,) = draft.expand(Half(silent), regions=[other]).functions_in(other)
    assert (function.description, function.memory) == (f"/x@{other}", 512)
    with pytest.raises(AwsError, match=f"read /(x|mb) in {silent}") as caught:
        draft.expand(Half(silent))
    assert caught.value.hint == f"{AGAIN}; or go on without {silent}: the same command with -r for each other region"


@pytest.mark.parametrize(
    "place",
    [
        "domain: {name: a.shop.example, GIVEN}",
        "domain: {name: a.shop.example}\ndomains: [{name: b.shop.example, GIVEN}]",
    ],
)
def test_the_certificates_of_a_region_that_is_not_asked_are_judged_for_no_domain(
    place: str, draft_of: Callable[..., Draft]
) -> None:
    class Certificates(Half):
        def parameter(self, region: str, name: str) -> str:
            super().parameter(region, name)
            return f"arn:aws:acm:{region}:123456789012:certificate/x"

    api = "memory: 512\napi: {definition: api.yaml, stages: {prod: {path: v1, variables: {itemsAlias: v1}}}}\n"
    given = "certificate: '{{ ssm \"/c\" }}'"
    text = FUNCTION + api + place.replace("GIVEN", given) + "\n"
    spec = draft_of(text).expand(Certificates("us-west-2"), regions=["us-east-1"])
    assert spec.domains[-1].certificates["us-east-1"].endswith(":certificate/x")


@pytest.mark.parametrize(
    "text",
    [
        FUNCTION + "name: 'f-{{ ssm \"/x\" }}'\n",
        FUNCTION + "role: 'arn:aws:iam::111111111111:role/{{ ssm \"/x\" }}'\n",
        "tags: {a: '{{ ssm \"/x\" }}'}\n" + FUNCTION,
    ],
)
def test_what_all_regions_share_is_made_up_for_none(text: str, draft_of: Callable[..., Draft]) -> None:
    with pytest.raises(AwsError) as caught:
        draft_of(text.rstrip(" ")).expand(Half("us-east-1"), regions=["us-west-2"])
    assert caught.value.hint == AGAIN


def test_the_backend_must_be_known_before_aws_is_asked(faults_of: Callable[..., list[str]]) -> None:
    text = 'backend: \'shop-{{ ssm "/x" }}\'\nregions: [\'{{ env "R" "us-east-1" }}\']\n'
    assert faults_of(text) == ["1:10: 'backend' must be known before AWS is asked"]


def test_backend_and_regions_may_come_from_the_environment(draft_of: Callable[..., Draft]) -> None:
    text = 'backend: \'shop-{{ env "STAGE" }}\'\nregions: [\'{{ env "R" "us-east-1" }}\']\n'
    draft = draft_of(text, environ={"STAGE": "test"})
    assert (draft.backend, draft.regions, draft.needs_aws) == ("shop-test", ("us-east-1",), False)


def test_an_enumerated_value_may_come_from_the_environment(
    draft_of: Callable[..., Draft], faults_of: Callable[..., list[str]]
) -> None:
    text = FUNCTION + 'architecture: \'{{ env "ARCH" "x86_64" }}\'\n'
    assert (
        draft_of(text, environ={"ARCH": "arm64"}).expand(Offline()).functions_in("us-east-1")[0].architecture == "arm64"
    )
    assert faults_of(text, environ={"ARCH": "arm"}) == ["8:19: 'architecture' cannot be 'arm'; did you mean 'arm64'?"]


SETTINGS = (
    ("memory: '{{ ssm \"/mb\" }}'", "memory", 1024),
    ("timeout: '{{ env \"SECONDS\" }}'", "timeout", 20),
    ("tracing: '{{ ssm \"/on\" }}'", "tracing", "Active"),
    ("regions: {us-west-2: {memory: '{{ must_env \"SECONDS\" }}48'}}", "memory", 2048),
)


class Numbers(Answers):
    def parameter(self, region: str, name: str) -> str:
        given = {"/mb": "1024", "/on": "true", "/text": "much", "/huge": "9" * 5000, "/hot": "7", "/step": "20"}
        return given.get(name, region)


@pytest.mark.parametrize(("text", "field", "value"), SETTINGS)
def test_an_expression_gives_a_number_or_a_truth_where_one_is_wanted(
    text: str, field: str, value: object, draft_of: Callable[..., Draft]
) -> None:
    draft = draft_of(FUNCTION + text + "\n", environ={"SECONDS": "20"})
    draft.expand(Offline())
    (function,) = draft.expand(Numbers()).functions_in("us-west-2")
    assert getattr(function, field) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("memory: '{{ ssm \"/text\" }}'", "'memory' must be a whole number, and the expression gives something else"),
        ("memory: '{{ ssm \"/huge\" }}'", "'memory' must be a whole number, and the expression gives something else"),
        ("memory: '{{ ssm \"/hot\" }}'", "'memory' must be from 128 to 10240 MB, not 7"),
        ("tracing: '{{ ssm \"/mb\" }}'", "'tracing' must be true or false, and the expression gives something else"),
    ],
)
def test_a_number_only_aws_knows_is_judged_once_it_is_known(
    text: str, message: str, draft_of: Callable[..., Draft]
) -> None:
    draft = draft_of(FUNCTION + text + "\n")
    draft.expand(Offline())
    with pytest.raises(SpecError) as caught:
        draft.expand(Numbers())
    assert [fault.message for fault in caught.value.faults] == [message]


def test_a_number_the_environment_gives_is_judged_before_aws_is_asked(faults_of: Callable[..., list[str]]) -> None:
    text = FUNCTION + "memory: '{{ env \"MB\" }}'\n"
    assert faults_of(text, environ={"MB": "1.5"}) == [
        "8:13: 'memory' must be a whole number, and the expression gives something else"
    ]


def test_bounds_that_only_aws_knows_are_no_fault_until_it_has_told_them(draft_of: Callable[..., Draft]) -> None:
    bounds = "{min: 2000, max: '{{ ssm \"/mb\" }}', target: '{{ ssm \"/hot\" }}0'}"
    table = f"  t:\n    key: {{hash: id S}}\n    billing: {{read: {bounds}, write: {bounds}}}\n"
    canary = "canary: {strategy: alias, steps: [5, '{{ ssm \"/step\" }}', 50]}\n"
    draft = draft_of(f"backend: shop\nregions: [us-east-1]\ntables:\n{table}{canary}")
    assert draft.expand(Offline()).tables
    with pytest.raises(SpecError) as caught:
        draft.expand(Numbers())
    assert {fault.message for fault in caught.value.faults} == {"'min' is 2000 and 'max' is 1024"}
