"""Provisioned concurrency and SnapStart under `warm`: what is refused before AWS is asked."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from backendctl.spec import Offline, parse
from backendctl.spec.model import FunctionSpec, Provisioned, Warm
from backendctl.spec.ready import takes_snapstart

SPEC = """\
backend: corkhounds
regions: [us-east-1]
functions:
  places:
    code: {code}
    runtime: {runtime}
    handler: app.handler
    aliases: [live]
    warm: {warm}
"""


@pytest.fixture
def function(tmp_path: Path) -> Callable[[str], FunctionSpec]:
    """The function of a spec that says so of its warmth."""

    def make(warm: str) -> FunctionSpec:
        (tmp_path / "app").mkdir(exist_ok=True)
        (tmp_path / "app" / "app.py").write_text("")
        file = tmp_path / "spec.yaml"
        file.write_text(SPEC.format(code="s3://bucket/key.zip", runtime="python3.13", warm=warm))
        return parse(file).expand(Offline()).functions_in("us-east-1")[0]

    return make


def test_provisioned_concurrency_takes_the_place_of_pings(function: Callable[[str], FunctionSpec]) -> None:
    found = function("{provisioned: 2}")
    assert (found.provisioned, found.warm, found.snapstart) == (Provisioned(environments=2, bake=30), None, None)
    assert function("{provisioned: 3, bake-time: 2 hours}").provisioned == Provisioned(environments=3, bake=120)


@pytest.mark.parametrize(
    ("warm", "pings", "snapstart"),
    [
        ("snapstart", None, True),
        ("{snapstart: true, every: 10 minutes}", Warm(every=10), True),
        ("{snapstart: false}", None, False),
        ("{}", Warm(), None),
        ("false", None, None),
    ],
)
def test_snapstart_stands_alone_or_beside_pings(
    warm: str, pings: Warm | None, *, snapstart: bool | None, function: Callable[[str], FunctionSpec]
) -> None:
    found = function(warm)
    assert (found.warm, found.snapstart, found.provisioned) == (pings, snapstart, None)


@pytest.mark.parametrize(
    ("warm", "faults"),
    [
        ("{provisioned: 0}", ["9:25: 'provisioned' must be at least 1, not 0"]),
        (
            "{provisioned: 2, every: 5 minutes, snapstart: true}",
            [
                "9:28: 'every' is about pings, and provisioned environments need none",
                "9:46: Lambda takes either SnapStart or provisioned concurrency for a function, not both",
            ],
        ),
        ("{bake-time: 1 hour}", ["9:12: 'bake-time' has no effect without 'provisioned'"]),
        (
            "{provisioned: 2, bake-time: 30}",
            ["9:39: 'bake-time' cannot be 30; write whole minutes or hours, for instance '30 minutes'"],
        ),
        (
            "{every: 5}",
            ["9:19: 'every' cannot be 5; write whole minutes or hours, for instance '5 minutes' or cron(…)"],
        ),
        (
            "true",
            ["9:11: 'warm' is false, snapstart or a mapping such as {every: 5 minutes} or {provisioned: 2}"],
        ),
        (
            "{hold: 100}",
            ["9:12: 'hold' has no effect with one instance: a ping carries 'holdMs' where 'instances' is above 1"],
        ),
    ],
)
def test_what_does_not_go_together_is_refused(
    warm: str, faults: list[str], faults_of: Callable[..., list[str]]
) -> None:
    assert faults_of(SPEC.format(code="s3://bucket/key.zip", runtime="python3.13", warm=warm)) == faults


def test_every_fault_of_a_window_is_told_at_once(faults_of: Callable[..., list[str]]) -> None:
    warm = '{only: "Mon-Xri 07:99-20:00 Europe/Dublimm", every: 7 minutes}'
    found = faults_of(SPEC.format(code="s3://bucket/key.zip", runtime="python3.13", warm=warm))
    assert [fault.split(" ", 1)[0] for fault in found] == ["9:19:", "9:27:", "9:39:", "9:63:"]


@pytest.mark.parametrize("runtime", ["nodejs22.x", "python3.11", "java8.al2", "dotnet6", "provided.al2023"])
def test_snapstart_is_refused_for_other_runtimes(runtime: str, faults_of: Callable[..., list[str]]) -> None:
    (found,) = faults_of(SPEC.format(code="s3://bucket/key.zip", runtime=runtime, warm="snapstart"))
    assert found == f"9:5: SnapStart does not know the runtime '{runtime}': Java 11, Python 3.12, .NET 8 and later"


@pytest.mark.parametrize("runtime", ["java11", "java21", "python3.12", "python3.13", "dotnet8", "java17.al2023"])
def test_snapstart_is_taken_for_these(runtime: str) -> None:
    assert takes_snapstart(runtime)


def test_snapstart_is_refused_with_images_and_more_storage(faults_of: Callable[..., list[str]]) -> None:
    text = """\
backend: corkhounds
regions: [us-east-1]
functions:
  places:
    code: {image: 123456789012.dkr.ecr.us-east-1.amazonaws.com/places:1}
    ephemeral-storage: 1024
    aliases: [live]
    warm: snapstart
"""
    assert faults_of(text) == [
        "6:5: SnapStart allows 512 MB of 'ephemeral-storage', not 1024",
        "8:5: SnapStart takes no container image: only the managed runtimes, from an archive",
    ]


@pytest.mark.parametrize("warm", ["snapstart", "{provisioned: 2}"])
def test_a_function_without_an_alias_is_refused(warm: str, faults_of: Callable[..., list[str]]) -> None:
    text = SPEC.format(code="s3://bucket/key.zip", runtime="python3.13", warm=warm).replace("    aliases: [live]\n", "")
    assert ["no alias that could be kept warm" in fault for fault in faults_of(text)] == [True]
