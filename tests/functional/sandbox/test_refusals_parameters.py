"""Parameter Store's tiers and versions; the sandbox keeps to them as AWS does."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.functional.refusals import refused, unique

if TYPE_CHECKING:
    from tests.functional.sandboxed import Sandbox

EXISTS = "ParameterAlreadyExists 400: The parameter already exists. "


def put(ssm: Any, name: str, value: str = "x", **more: Any) -> dict[str, Any]:
    """PutParameter of a new version."""
    answer: dict[str, Any] = ssm.put_parameter(Name=name, Value=value, Type="String", Overwrite=True, **more)
    return answer


def tier(ssm: Any, name: str) -> str:
    """The tier DescribeParameters shows."""
    filters = [{"Key": "Name", "Values": [name]}]
    return str(ssm.describe_parameters(ParameterFilters=filters)["Parameters"][0]["Tier"])


def test_intelligent_tiering_turns_advanced_above_4_kb_and_stays_so(sandbox: Sandbox) -> None:
    ssm, name = sandbox.client("ssm"), f"/{unique('tier')}"
    assert put(ssm, name, "x" * 4096, Tier="Intelligent-Tiering")["Tier"] == "Standard"
    assert put(ssm, name, "x" * 4097, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    assert tier(ssm, name) == "Advanced"
    assert put(ssm, name, Tier="Intelligent-Tiering")["Tier"] == "Advanced"
    assert put(ssm, name, "x" * 8192)["Tier"] == "Advanced"
    assert ssm.get_parameter(Name=name)["Parameter"]["Version"] == 4


def test_an_advanced_parameter_is_not_turned_back_into_a_standard_one(sandbox: Sandbox) -> None:
    ssm, name = sandbox.client("ssm"), f"/{unique('back')}"
    put(ssm, name, Tier="Standard")
    put(ssm, name, Tier="Advanced")
    told = refused(put, ssm=ssm, name=name, Tier="Standard")
    assert told.startswith("ValidationException 400: This parameter uses the advanced-parameter tier. ")
    ssm.delete_parameter(Name=name)
    assert put(ssm, name, Tier="Standard")["Tier"] == "Standard"


def test_the_setting_of_the_region_is_the_tier_of_what_names_none(sandbox: Sandbox) -> None:
    ssm, setting = sandbox.client("ssm", "ap-south-1"), "/ssm/parameter-store/default-parameter-tier"
    assert "Standard tier parameters" in refused(put, ssm=ssm, name=f"/{unique('set')}", value="x" * 4097)
    ssm.update_service_setting(SettingId=setting, SettingValue="Intelligent-Tiering")
    try:
        assert put(ssm, f"/{unique('set')}", "x" * 4097)["Tier"] == "Advanced"
    finally:
        ssm.reset_service_setting(SettingId=setting)


def test_a_parameter_is_there_once(sandbox: Sandbox) -> None:
    ssm, asked = sandbox.client("ssm"), {"Name": f"/{unique('once')}", "Value": "x", "Type": "String"}
    ssm.put_parameter(**asked, Tier="Advanced")
    assert refused(ssm.put_parameter, **asked).startswith(EXISTS)
    assert refused(ssm.put_parameter, **asked, Tier="Standard").startswith(EXISTS)


def test_the_last_hundred_versions_are_kept_and_a_labelled_one_is_not_dropped(sandbox: Sandbox) -> None:
    ssm, name = sandbox.client("ssm"), f"/{unique('versions')}"
    for _ in range(102):
        newest = put(ssm, name)["Version"]
    pages = ssm.get_paginator("get_parameter_history").paginate(Name=name)
    kept = [version["Version"] for page in pages for version in page["Parameters"]]
    assert (newest, kept) == (102, list(range(3, 103)))
    with pytest.raises(ssm.exceptions.ParameterVersionNotFound):
        ssm.get_parameter(Name=f"{name}:2")
    ssm.label_parameter_version(Name=name, ParameterVersion=3, Labels=["kept"])
    assert refused(put, ssm=ssm, name=name).startswith(
        f"ParameterMaxVersionLimitExceeded 400: You attempted to create a new version of {name} "
    )
    ssm.label_parameter_version(Name=name, ParameterVersion=50, Labels=["kept"])
    assert put(ssm, name)["Version"] == 103
