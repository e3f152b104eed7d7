"""Profiles that ask, fail or assume: one sentence each, and the right STS."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest
from botocore.config import Config
from botocore.session import Session as BotocoreSession

from backendctl.aws.connection import Access, Aws
from backendctl.aws.signing_in import sts_clients
from backendctl.errors import AwsError, UsageError

_ANSWER = (
    '<AssumeRoleResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><AssumeRoleResult><Credentials>'
    "<AccessKeyId>ASIA1</AccessKeyId><SecretAccessKey>s</SecretAccessKey><SessionToken>t</SessionToken>"
    "<Expiration>2999-01-01T00:00:00Z</Expiration></Credentials></AssumeRoleResult></AssumeRoleResponse>"
)
_CALLER = (
    '<GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><GetCallerIdentityResult>'
    "<Arn>arn:aws:sts::123456789012:assumed-role/r/backendctl</Arn><Account>123456789012</Account>"
    "</GetCallerIdentityResult></GetCallerIdentityResponse>"
)
_ROLE = "arn:aws:iam::123456789012:role/r"
_MFA = f"[profile p]\nrole_arn = {_ROLE}\nsource_profile = base\nmfa_serial = arn:aws:iam::123456789012:mfa/me\n"
_BASE = "[profile base]\naws_access_key_id = AKIA1\naws_secret_access_key = s\n"


class Script:
    """See conftest."""

    url: str
    asked: list[tuple[str, str]]

    def says(self, *answers: tuple[int, str, str]) -> None: ...


@pytest.fixture(name="configured")
def _configured(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_SESSION_TOKEN", "AWS_PROFILE"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("AWS_CONFIG_FILE", str(tmp_path / "config"))
    monkeypatch.setenv("AWS_SHARED_CREDENTIALS_FILE", str(tmp_path / "none"))
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")

    def write(text: str) -> None:
        (tmp_path / "config").write_text(text, encoding="utf-8")

    return write


def _refused(access: Access) -> AwsError:
    with pytest.raises(AwsError) as refused:
        Aws(access, backend="b").identity("eu-west-1")
    return refused.value


@pytest.mark.parametrize(
    "command",
    ["/nowhere/vault", "false", "echo not-json", "echo '{}'", "echo '{\"Version\": 7}'", "sh -c 'echo a >&2; exit 2'"],
)
def test_a_credential_process_that_fails_is_one_sentence(configured: Callable[[str], None], command: str) -> None:
    configured(f"[profile p]\ncredential_process = {command}\n")
    error = _refused(Access(profile="p"))
    assert error.code == "Credentials"
    assert error.message.startswith("sign in to eu-west-1: Credentials: ")
    assert "\n" not in error.message
    assert "continues" not in error.hint


def test_a_circle_of_roles_is_one_sentence(configured: Callable[[str], None]) -> None:
    configured(
        f"[profile p]\nrole_arn = {_ROLE}\nsource_profile = q\n[profile q]\nrole_arn = {_ROLE}\nsource_profile = p\n"
    )
    assert _refused(Access(profile="p")).code == "Credentials"


def test_an_expired_sso_login_is_one_sentence_that_says_how_to_renew_it(configured: Callable[[str], None]) -> None:
    configured(
        "[profile p]\nsso_start_url = https://a.example/start\nsso_region = eu-west-1\nsso_account_id = 123456789012\n"
        "sso_role_name = r\n"
    )
    assert "aws sso login" in _refused(Access(profile="p")).hint


def test_an_mfa_code_is_asked_for_and_sent_to_the_endpoint(script: Script, configured: Callable[[str], None]) -> None:
    configured(_MFA + _BASE)
    script.says((200, "", _ANSWER), (200, "", _CALLER))
    asked: list[str] = []

    def prompt(question: str) -> str:
        asked.append(question)
        return "123456"

    access = Access(profile="p", endpoint_url=script.url, prompt=prompt)
    assert Aws(access, backend="b").identity("eu-west-1") == ("123456789012", "aws")
    assert len(asked) == 1
    assert "mfa/me" in asked[0]
    assert len(script.asked) == 2  # AssumeRole went there too


def test_without_a_terminal_nobody_is_asked_for_an_mfa_code(configured: Callable[[str], None]) -> None:
    configured(_MFA + _BASE)
    with pytest.raises(UsageError, match="refusing to prompt: stdin is not a TTY"):
        Aws(Access(profile="p"), backend="b").identity("eu-west-1")


def test_a_role_of_the_config_is_assumed_at_the_endpoint_that_was_given(
    script: Script, configured: Callable[[str], None]
) -> None:
    configured(_BASE)
    script.says((200, "", _ANSWER), (200, "", _CALLER))
    access = Access(profile="base", role_arn=_ROLE, endpoint_url=script.url)
    assert Aws(access, backend="b").identity("eu-west-1")[0] == "123456789012"
    assert len(script.asked) == 2


@pytest.mark.parametrize(
    ("home", "given", "url"),
    [
        ("ap-east-1", {}, "https://sts.ap-east-1.amazonaws.com"),
        ("cn-north-1", {"region_name": "us-east-1"}, "https://sts.cn-north-1.amazonaws.com.cn"),
        (None, {"region_name": "eu-west-1"}, "https://sts.eu-west-1.amazonaws.com"),
    ],
)
def test_a_role_is_assumed_at_the_sts_of_the_region_that_is_asked(
    home: str | None, given: dict[str, str], url: str
) -> None:
    create = sts_clients(BotocoreSession(), endpoint_url=None, home=lambda: home, config=Config())
    client = create("sts", aws_access_key_id="a", aws_secret_access_key="b", **given)
    assert client.meta.endpoint_url == url


def test_the_prompt_is_refused_where_stdin_is_no_terminal(monkeypatch: pytest.MonkeyPatch) -> None:
    from backendctl.cli.asking import ask_for_code  # noqa: PLC0415  # rich comes with it

    with open("/dev/null", encoding="utf-8") as nothing:  # noqa: PTH123
        monkeypatch.setattr(sys, "stdin", nothing)
        with pytest.raises(UsageError, match="refusing to prompt: stdin is not a TTY"):
            ask_for_code("Enter MFA code for arn:aws:iam::1:mfa/me: ")
