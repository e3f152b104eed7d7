"""Release ids and the descriptions that carry them."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

from backendctl.resources.deploy_context import Stamp
from backendctl.resources.lambda_ import lambda_settings, releases
from backendctl.resources.lambda_.lambda_reads import version_of
from backendctl.spec.model import Vpc

if TYPE_CHECKING:
    from mypy_boto3_lambda.type_defs import FunctionConfigurationTypeDef

STAMP = Stamp(commit="abc1234", author="Ann B. Onymous", time="2026-11-23T10:00:00Z")
CONFIG = cast(
    "FunctionConfigurationTypeDef",
    {
        "FunctionName": "corkhounds-places",
        "Version": "3",
        "CodeSha256": "abc=",
        "Runtime": "python3.13",
        "Handler": "app.handler",
        "Role": "arn:aws:iam::123456789012:role/r",
        "Description": "backendctl release=0123456789ab",
        "VpcConfig": {"SubnetIds": ["s-2", "s-1"], "SecurityGroupIds": ["g-1"]},
    },
)


def test_a_fingerprint_does_not_depend_on_the_order_of_settings() -> None:
    assert releases.fingerprint({"a": 1, "b": {"x": "1", "y": "2"}}) == releases.fingerprint(
        {"b": {"y": "2", "x": "1"}, "a": 1}
    )


def test_a_fingerprint_names_what_is_left_alone_not_at_all() -> None:
    assert releases.fingerprint({"a": 1, "b": None}) == releases.fingerprint({"a": 1})
    assert releases.managed({"a": 1, "b": None}) == {"a"}


def test_a_fingerprint_has_twelve_hex_digits_and_differs_with_the_code() -> None:
    first, second = releases.fingerprint({"code": "x"}), releases.fingerprint({"code": "y"})
    assert len(first) == 12
    assert int(first, 16) >= 0
    assert first != second


def test_the_order_of_layers_is_part_of_a_release() -> None:
    assert releases.fingerprint({"layers": ("a", "b")}) != releases.fingerprint({"layers": ("b", "a")})


def test_what_aws_leaves_out_is_its_default() -> None:
    settings = lambda_settings.settings_of(CONFIG)
    assert settings["memory"] == 128
    assert settings["timeout"] == 3
    assert settings["ephemeral_storage"] == 512
    assert settings["architecture"] == "x86_64"
    assert settings["environment"] == {}
    assert settings["tracing"] == "PassThrough"
    assert settings["vpc"] == Vpc(subnets=("s-1", "s-2"), security_groups=("g-1",))


def test_the_code_of_an_image_is_its_uri() -> None:
    image = cast("FunctionConfigurationTypeDef", {**CONFIG, "PackageType": "Image"})
    assert lambda_settings.settings_of(image, image="1.dkr.ecr.us-east-1.amazonaws.com/x:1")["code"] == (
        "1.dkr.ecr.us-east-1.amazonaws.com/x:1"
    )


def test_a_description_tells_what_went_in() -> None:
    text = releases.described("0123456789ab", STAMP)
    assert text == "backendctl release=0123456789ab commit=abc1234 time=2026-11-23T10:00:00Z by=Ann B. Onymous"
    assert releases.facts_of(text) == {
        "release": "0123456789ab",
        "commit": "abc1234",
        "time": "2026-11-23T10:00:00Z",
        "by": "Ann B. Onymous",
    }


def test_a_description_is_never_longer_than_aws_takes() -> None:
    long = Stamp(commit="abc1234", author="A" * 400, time="2026-11-23T10:00:00Z")
    text = releases.described("0123456789ab", long)
    assert len(text) == 256
    assert releases.facts_of(text)["release"] == "0123456789ab"


def test_outside_git_a_description_says_no_commit() -> None:
    text = releases.described("0123456789ab", Stamp(commit="", author="", time="2026-11-23T10:00:00Z"))
    assert text == "backendctl release=0123456789ab time=2026-11-23T10:00:00Z"


def test_the_description_of_somebody_else_tells_nothing() -> None:
    assert releases.facts_of("release=0123456789ab by hand") == {}
    assert releases.facts_of("") == {}


def test_a_version_is_the_release_its_description_carries() -> None:
    assert version_of(CONFIG).carries("0123456789ab", frozenset())


def test_a_version_is_also_the_release_its_own_configuration_makes() -> None:
    managed = frozenset({"code", "memory"})
    release = releases.fingerprint({"code": "abc=", "memory": 128})
    assert version_of(CONFIG).carries(release, managed)
    assert not version_of(CONFIG).carries(release, managed | {"timeout"})
