"""Functions beside the spec that an API calls: whoever keeps them, its stages lead to what serves now."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.resources.deploy_context import SlotChoice
from backendctl.spec.model import SLOTS

if TYPE_CHECKING:
    from backendctl.api.lambda_targets import LambdaTargets
    from backendctl.resources.deploy_context import DeployContext


def with_lambda_targets(context: DeployContext, lambda_targets: Mapping[str, LambdaTargets]) -> DeployContext:
    """The context with every call that was looked up in AWS, beside those that the spec itself leads to."""
    links = dict(context.links)
    slots = dict(context.slots)
    serving = dict(context.serving)
    for region, found in lambda_targets.items():
        links[region] = (*links.get(region, ()), *found.links)
        for link in found.links:
            if link.variable is None or link.alias is None:
                continue
            value = found.variables[link.stage.name][link.variable]
            letter = value[-1] if value.endswith(tuple(f"{link.alias}-{slot}" for slot in SLOTS)) else SLOTS[0]
            slots[region, link.function.physical, link.alias] = SlotChoice(target=letter, idle_exists=True)
        for stage, values in found.variables.items():
            own = {link.variable for link in context.links.get(region, ()) if link.stage.name == stage}
            serving |= {(region, stage, name): value for name, value in values.items() if name not in own}
    return replace(context, links=links, slots=slots, serving=serving)
