"""The `canary` section: defaults that work unconfigured, and its faults."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
import yaml

from backendctl.errors import SpecError
from backendctl.spec import Offline, load
from backendctl.spec.canary import CanarySpec, Hooks, Judging

if TYPE_CHECKING:
    from pathlib import Path

API = 'openapi: 3.0.1\ninfo: {title: x, version: "1"}\npaths: {}\n'


def read(
    folder: Path, canary: dict[str, Any] | None, regions: tuple[str, ...] = ("us-east-1", "us-west-2")
) -> CanarySpec:
    (folder / "api.yaml").write_text(API)
    spec: dict[str, Any] = {"backend": "shop", "regions": list(regions), "api": {"definition": "api.yaml"}}
    if canary is not None:
        spec["canary"] = canary
    (folder / "spec.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
    return load(folder / "spec.yaml", Offline()).canary


def faults(folder: Path, canary: dict[str, Any]) -> list[str]:
    with pytest.raises(SpecError) as caught:
        read(folder, canary)
    return [fault.message for fault in caught.value.faults]


def test_without_a_section_there_are_defaults_and_the_primary_goes_last(tmp_path: Path) -> None:
    assert read(tmp_path, None) == CanarySpec(waves=(("us-west-2",), ("us-east-1",)))


def test_everything_can_be_said(tmp_path: Path) -> None:
    found = read(
        tmp_path,
        {
            "strategy": "alias",
            "steps": [5, 25.5],
            "bake-time": "2 minutes",
            "waves": [["us-east-1"], ["us-west-2"]],
            "on-no-data": "synthetic",
            "on-inconclusive": "abort",
            "fail-fast": 3,
            "accept-blind": True,
            "judge": {"confidence": 99, "min-requests": 10, "max-error-increase": 0.5, "quantile": 99},
            "hooks": {"before-promote": "./check", "on-abort": "https://example.com/x"},
        },
    )
    assert found == CanarySpec(
        strategy="alias",
        steps=(5.0, 25.5),
        bake_time=120.0,
        waves=(("us-east-1",), ("us-west-2",)),
        on_inconclusive="abort",
        fail_fast=3,
        judging=Judging(
            confidence=99,
            min_requests=10,
            max_error_increase=0.5,
            quantile=99,
            on_no_data="synthetic",
            accept_blind=True,
        ),
        hooks=Hooks(before_promote="./check", on_abort="https://example.com/x"),
    )


@pytest.mark.parametrize(
    ("word", "waves"),
    [
        ("together", (("us-east-1", "us-west-2", "eu-west-1"),)),
        ("primary-first", (("us-east-1",), ("us-west-2", "eu-west-1"))),
        ("primary-last", (("us-west-2", "eu-west-1"), ("us-east-1",))),
    ],
)
def test_a_word_makes_waves_of_the_regions(tmp_path: Path, word: str, waves: tuple[tuple[str, ...], ...]) -> None:
    assert read(tmp_path, {"waves": word}, ("us-east-1", "us-west-2", "eu-west-1")).waves == waves


def test_one_region_is_one_wave(tmp_path: Path) -> None:
    assert read(tmp_path, None, ("us-east-1",)).waves == (("us-east-1",),)


def test_faults_come_all_at_once(tmp_path: Path) -> None:
    assert faults(
        tmp_path,
        {
            "steps": [25, 5],
            "waves": [["us-west-2", "us-west-3"]],
            "judge": {"confidence": 3},
            "hooks": {"on-abort": "ftp://x"},
            "on-no-data": "pas",
        },
    ) == [
        "the steps must rise, and 5 follows 25",
        "'us-east-1' is in no wave",
        "'us-west-3' is not a region of this spec; did you mean 'us-west-2'?",
        "'confidence' must be from 50 to less than 100, not 3",
        "a hook is a command, or a URL with http:// or https://",
        "'on-no-data' cannot be 'pas'; did you mean 'pass'?",
    ]


@pytest.mark.parametrize("step", [0, 100, 120])
def test_a_step_is_a_share_of_the_requests(tmp_path: Path, step: float) -> None:
    assert faults(tmp_path, {"steps": [step]}) == [
        f"item 1 of 'steps' cannot be {step}: each step is more than 0 and less than 100 per cent"
    ]
