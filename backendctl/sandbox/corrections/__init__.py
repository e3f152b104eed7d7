"""What the services behind let through and AWS refuses, or lack and AWS has; one file per service."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from backendctl.sandbox import ministack_names
from backendctl.sandbox.corrections.acm import Certificates
from backendctl.sandbox.corrections.awslambda import Lambda
from backendctl.sandbox.corrections.cloudwatch import CloudWatch
from backendctl.sandbox.corrections.dynamodb import DynamoDB
from backendctl.sandbox.corrections.events import Events
from backendctl.sandbox.corrections.health.check import take_over_lists
from backendctl.sandbox.corrections.iam import IAM, Roles, Sessions
from backendctl.sandbox.corrections.logs import LogQueries, Logs
from backendctl.sandbox.corrections.parameters import Parameters
from backendctl.sandbox.corrections.route53 import Route53
from backendctl.sandbox.corrections.scaling import Scaling
from backendctl.sandbox.corrections.scheduler import Scheduler
from backendctl.sandbox.corrections.tagging import Tagging
from backendctl.sandbox.corrections.waf import Stages, Waf
from backendctl.sandbox.insights.queries import Queries
from backendctl.sandbox.timing import Pace, TimeScale

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.sandbox.corrections.health.prober import Prober
    from backendctl.sandbox.corrections.readiness import Provisioner
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.router import Correction
    from backendctl.sandbox.scaling import Moto
    from backendctl.sandbox.telemetry import Meter


class Gateway(Stages, Protocol):
    """API Gateway, as far as other services ask it."""

    def certificate_users(self, region: str, arn: str) -> list[str]:
        """What of it uses a certificate."""


def corrections(
    *,
    inner: Inner,
    moto: Moto,
    meter: Meter,
    traces: Correction,
    zones_changed: Callable[[], None],
    prober: Prober,
    gateway: Gateway,
    scale: TimeScale | None = None,
    provisioner: Provisioner | None = None,
) -> dict[str, Correction]:
    """The corrected services, by signing name.

    Args:
        zones_changed: called when records may have changed. prober: asks what health checks are about.
        gateway: uses certificates, and has the stages that web ACLs stand in front of.
        scale: how long what AWS does in the background takes; None is the default.
        provisioner: loads functions ahead of calls; None loads none.
    """
    _take_over()
    pace = Pace(scale=scale or TimeScale.default())
    roles = Roles(inner=inner, pace=pace)
    scaling = Scaling(inner=inner, moto=moto)
    return {
        "acm": Certificates(inner=inner, users=gateway.certificate_users, pace=pace),
        "application-autoscaling": scaling,
        "dynamodb": DynamoDB(inner=inner, scaling=scaling, pace=pace),
        "events": Events(inner=inner),
        "iam": IAM(inner=inner, roles=roles),
        "lambda": Lambda(inner, meter, roles=roles, pace=pace, provisioner=provisioner),
        "logs": Logs(inner=inner, queries=LogQueries(queries=Queries(pace=pace))),
        "monitoring": CloudWatch(inner=inner),
        "route53": Route53(inner=inner, changed=zones_changed, pace=pace, prober=prober),
        "scheduler": Scheduler(inner=inner, roles=roles),
        "ssm": Parameters(inner=inner),
        "sts": Sessions(inner=inner),
        "tagging": Tagging(inner=inner, pace=pace),
        "wafv2": Waf(inner=inner, stages=gateway, pace=pace),
        "xray": traces,
    }


def _take_over() -> None:
    """Functions change their states by our clock; the emulated Lambda's own would add half a second to each."""
    take_over_lists(ministack_names.module("services.route53"))
    ministack_names.replace(ministack_names.module("services.lambda_svc"), "_LAMBDA_STATE_TRANSITION_DELAY", 0.0)
