"""What AWS would refuse of a plan, said before the first call."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from backendctl.engine.action import Action
from backendctl.resources.apigateway import api_key
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.lambda_ import code_buckets
from backendctl.resources.lambda_.provisioned_limits import lost_by_turning, over_limits
from backendctl.resources.route53.dns_refusals import with_dns

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Plan
    from backendctl.resources.deploy_context import DeployContext


def with_refusals(plan: Plan, context: DeployContext, aws: Aws) -> Plan:
    """The plan with what AWS would refuse of it: provisioned concurrency, code buckets, values of keys, records."""
    turning = {c.name for c in plan.changes if c.kind == Stage.kind and c.action is Action.UPDATE}
    refusals = over_limits(plan.changes, aws)
    refusals += lost_by_turning(context, aws, stages=turning)
    refusals += code_buckets.unfit(plan.changes, aws)
    refusals += api_key.taken(plan.changes, aws)
    return with_dns(replace(plan, refusals=(*plan.refusals, *refusals)), context.spec, aws)
