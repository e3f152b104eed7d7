from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.errors import SpecError, UsageError
from backendctl.spec import Config, Environment, load_config

FULL = """\
profile: me
role-arn: arn:aws:iam::123456789012:role/deployer
spec: specs/shop.yaml
regions: [us-east-1]
max-parallel: 4
output: json
color: false
environments:
  prod: {account: "123456789012", profile: prod, spec: specs/prod.yaml}
accounts: ["123456789012"]
pacing: {apigateway: {CreateDeployment: 0.2}}
"""


def _config(tmp_path: Path, text: str, **environ: str) -> Config:
    path = tmp_path / "config.yaml"
    path.write_text(text, encoding="utf-8")
    return load_config(path, environ)


def test_the_default_file_need_not_exist(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_config(None, {}) == Config()


def test_the_default_file_is_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("config.yaml").write_text("output: json\n", encoding="utf-8")
    assert load_config(None, {}).output == "json"


def test_a_file_that_is_named_must_exist(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        load_config(tmp_path / "none.yaml", {})
    assert caught.value.faults[0].message == "there is no such file"


def test_an_empty_file_says_nothing(tmp_path: Path) -> None:
    assert _config(tmp_path, "") == Config(file=tmp_path / "config.yaml")


def test_everything_is_read_and_paths_are_beside_the_file(tmp_path: Path) -> None:
    assert _config(tmp_path, FULL) == Config(
        file=tmp_path / "config.yaml",
        profile="me",
        role_arn="arn:aws:iam::123456789012:role/deployer",
        spec=tmp_path.resolve() / "specs/shop.yaml",
        regions=("us-east-1",),
        max_parallel=4,
        output="json",
        color=False,
        environments={
            "prod": Environment(account="123456789012", profile="prod", spec=tmp_path.resolve() / "specs/prod.yaml")
        },
        accounts=("123456789012",),
        pacing={"apigateway": {"CreateDeployment": 0.2}},
    )


def test_the_environment_overrides_the_file(tmp_path: Path) -> None:
    config = _config(
        tmp_path,
        FULL,
        BACKENDCTL_PROFILE="you",
        BACKENDCTL_SPEC="other.yaml",
        BACKENDCTL_REGION="eu-west-1,us-west-2",
        BACKENDCTL_OUTPUT="text",
        BACKENDCTL_MAX_PARALLEL="8",
        BACKENDCTL_ENDPOINT_URL="http://127.0.0.1:4566",
        BACKENDCTL_SANDBOX="1",
    )
    assert (config.profile, config.spec, config.regions) == ("you", Path("other.yaml"), ("eu-west-1", "us-west-2"))
    assert (config.output, config.max_parallel) == ("text", 8)
    assert (config.endpoint_url, config.sandbox) == ("http://127.0.0.1:4566", True)


def test_an_environment_narrows_the_accounts_and_brings_its_own(tmp_path: Path) -> None:
    text = FULL.replace('accounts: ["123456789012"]', 'accounts: ["123456789012", "210987654321"]')
    config = _config(tmp_path, text).for_environment("prod")
    assert (config.accounts, config.profile) == (("123456789012",), "prod")
    assert config.spec == tmp_path.resolve() / "specs/prod.yaml"
    assert config.role_arn == "arn:aws:iam::123456789012:role/deployer"


def test_variables_win_over_an_environment_of_the_config(tmp_path: Path) -> None:
    assert _config(tmp_path, FULL, BACKENDCTL_PROFILE="you").for_environment("prod").profile == "you"


def test_an_unknown_environment_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError) as caught:
        _config(tmp_path, FULL).for_environment("prdo")
    assert caught.value.message == "the config has no environment 'prdo'; did you mean 'prod'?"


def test_empty_variables_are_as_good_as_unset(tmp_path: Path) -> None:
    assert _config(tmp_path, FULL, BACKENDCTL_OUTPUT="", BACKENDCTL_SANDBOX="").output == "json"


@pytest.mark.parametrize(
    ("text", "fault"),
    [
        (
            "accounts: [123456789012]\n",
            "1:12: item 1 of 'accounts' must be text and 123456789012 reads as a number; put it in quotes: \"123456789012\"",  # noqa: E501
        ),
        (
            "environments: {prod: {account: 012345678901}}\n",
            "1:32: 'account' must be text and 012345678901 reads as a number (12345678901); put it in quotes: \"012345678901\"",  # noqa: E501
        ),
        ("accounts: ['1234']\n", "1:12: '1234' is not valid for item 1 of 'accounts': 12 digits, in quotes"),
        ("ouput: json\n", "1:1: 'ouput' is not a setting of the config; did you mean 'output'?"),
        ("output: jsn\n", "1:9: 'output' cannot be 'jsn'; did you mean 'json'?"),
        ("max-parallel: 0\n", "1:15: 'max-parallel' must be from 1 to 256, not 0"),
        ("pacing: {sts: {X: 0}}\n", "1:19: 'X' must be more than 0, not 0"),
        ("color: no\n", "1:8: 'color' must be true or false; 'no' is text here, write false"),
    ],
)
def test_fault_in_sentence_out(tmp_path: Path, text: str, fault: str) -> None:
    with pytest.raises(SpecError) as caught:
        _config(tmp_path, text)
    assert [f"{one.line}:{one.column}: {one.message}" for one in caught.value.faults] == [fault]


def test_faulty_variables_are_told_all_at_once(tmp_path: Path) -> None:
    with pytest.raises(SpecError) as caught:
        _config(tmp_path, "", BACKENDCTL_OUTPUT="jsn", BACKENDCTL_MAX_PARALLEL="many", BACKENDCTL_SANDBOX="perhaps")
    assert [one.message for one in caught.value.faults] == [
        "BACKENDCTL_OUTPUT cannot be 'jsn'; did you mean 'json'?",
        "BACKENDCTL_MAX_PARALLEL must be a whole number from 1 to 256, not 'many'",
        "BACKENDCTL_SANDBOX must be 1 or 0, not 'perhaps'",
    ]
