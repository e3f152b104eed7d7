"""What is worth saying of a live stage."""

from __future__ import annotations

from typing import TYPE_CHECKING

from backendctl.resources.ssm import release_log
from backendctl.resources.ssm.release_record import VARIABLE, Event, split_tag

if TYPE_CHECKING:
    from mypy_boto3_apigateway.type_defs import StageTypeDef

    from backendctl.aws.connection import Aws


def pinned(tag: str) -> str:
    """That a stage keeps what it serves, as a plan and `status` say it."""
    told = split_tag(tag)
    return "pinned" if told is None else f"pinned, serves v{told[0]}"


def shared(aws: Aws, region: str, found: StageTypeDef) -> str:
    """With whom a stage shares its requests, as a plan and `status` say it."""
    settings = found["canarySettings"]
    told = split_tag((settings.get("stageVariableOverrides") or {}).get(VARIABLE, ""))
    share = f"{settings.get('percentTraffic', 0.0):g} %"
    if told is None:
        return f"running a canary, {share}"
    log = release_log.read(aws, region)
    entry = log.release(told[0])
    steps = [step.time for step in log.canary_steps(told[0]) if step.event is Event.SHIFT]
    since = f" since {max([entry.time, *steps])}" if entry is not None else ""
    return f"running the canary v{told[0]}, {share}{since}"
