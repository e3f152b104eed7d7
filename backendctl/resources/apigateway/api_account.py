"""API Gateway's right to write logs: one role per account and region, shared by all APIs there (A57)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar, Self

from backendctl.aws.errors import says
from backendctl.engine.traits import Traits
from backendctl.resources.apigateway.stage_live import logs

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

ROLE = "backendctl-apigateway-logs"
"""Shared by every backend of the account, hence without a mark, and never deleted."""

_TRUST = {
    "Version": "2012-10-17",
    "Statement": [
        {"Effect": "Allow", "Principal": {"Service": "apigateway.amazonaws.com"}, "Action": "sts:AssumeRole"}
    ],
}
# What the managed policy AmazonAPIGatewayPushToCloudWatchLogs allows; API Gateway checks for it (A58).
_POLICY = {
    "Version": "2012-10-17",
    "Statement": [
        {
            "Effect": "Allow",
            "Action": [
                "logs:CreateLogGroup",
                "logs:CreateLogStream",
                "logs:DescribeLogGroups",
                "logs:DescribeLogStreams",
                "logs:PutLogEvents",
                "logs:GetLogEvents",
                "logs:FilterLogEvents",
            ],
            "Resource": "*",
        }
    ],
}


@dataclass(frozen=True, kw_only=True, slots=True)
class ApiAccount:
    """A region's setting "logging"; whichever role is set stays.

    Attributes:
        role_set: whether the account has a log role there.
    """

    kind: ClassVar[str] = "api-account"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = "region"
    traits: ClassVar[Traits] = Traits(beside_canary=True, of_release=True, made_if_missing=True)

    region: str = field(compare=False)
    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    role_set: bool = True

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """One per region, when some stage logs."""
        stages = context.spec.api.stages if context.spec.api else ()
        if any(logs(stage.logging) for stage in stages):
            for region in context.spec.regions:
                yield cls(region=region, name="logging", owner=context.backend)

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """Nobody's own, so never foreign; None while no role is set."""

        def load() -> str | None:
            return aws.apigateway(desired.region).get_account().get("cloudwatchRoleArn")

        if not aws.shared(("api-account", desired.region), load):
            return None
        return cls(region=desired.region, name=desired.name, owner=desired.owner)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """None: other backends log through the same setting."""
        del aws, region
        return ()

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """The role if it is not there, then the setting, which is refused while the role travels (A58)."""
        client = aws.apigateway(self.region)
        if client.get_account().get("cloudwatchRoleArn"):
            return
        _ensure_role(aws)
        arn = f"arn:{aws.partition}:iam::{aws.account}:role/{ROLE}"
        client.update_account(patchOperations=[{"op": "replace", "path": "/cloudwatchRoleArn", "value": arn}])

    def update(self, aws: Aws, live: Self) -> None:
        """Nothing differs while a role is set; without one there is nothing live."""
        del live
        self.create(aws)

    def delete(self, aws: Aws) -> None:
        """Left as it is: `owned` never offers it, because other APIs of the account may log."""
        del aws


def _ensure_role(aws: Aws) -> None:
    """Safe to repeat; every region wants the same role at the same moment."""
    with aws.exclusive("role", ROLE):
        try:
            aws.iam().create_role(
                RoleName=ROLE,
                AssumeRolePolicyDocument=json.dumps(_TRUST),
                Description="Lets API Gateway write logs; shared by the APIs of this account",
            )
        except aws.iam().exceptions.ClientError as error:
            if not says(error, "EntityAlreadyExists"):
                raise
        aws.iam().put_role_policy(RoleName=ROLE, PolicyName="logs", PolicyDocument=json.dumps(_POLICY))
