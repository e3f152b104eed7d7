"""The roles we keep, with no more rights than they need: of functions that name none, and of what pings them."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, ClassVar, Self

from backendctl.aws import tags as tagging
from backendctl.aws.errors import ClientError, gone_already, is_missing, says
from backendctl.aws.wait import settle
from backendctl.engine.resource import GLOBAL, PARTIAL
from backendctl.engine.traits import Traits
from backendctl.resources.iam.role_policy import (
    TRUST,
    calling,
    normalised,
    scheduled_functions,
    scheduler_trust,
    statements_of,
)

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.resources.deploy_context import DeployContext

POLICY = "backendctl"
"""The name of our inline policy; whatever else is attached to the role is left alone."""
_SPREADS = 8.0
"""Seconds until other services usually know a new role."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Role:
    """`<backend>-lambda`, under which functions run, or `<backend>-scheduler`, by which Scheduler calls them (D18).

    Attributes:
        trust, policy: statements by their Sid, lists sorted, so that equal documents are equal.
    """

    kind: ClassVar[str] = "role"
    stateful: ClassVar[bool] = False
    scope: ClassVar[str] = GLOBAL
    traits: ClassVar[Traits] = Traits(beside_canary=True, made_if_missing=True)

    name: str = field(compare=False)
    owner: str | None = field(compare=False)
    region: str = field(default=GLOBAL, compare=False)

    trust: dict[str, Any] | None = None
    policy: dict[str, Any] | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)

    @classmethod
    def desired(cls, context: DeployContext) -> Iterable[Self]:
        """The functions' own, unless the spec gives a role for each; Scheduler's where something is scheduled.

        Both cover every region of the spec.
        """
        if context.role_name is not None:
            yield cls(
                name=context.role_name,
                owner=context.backend,
                trust=normalised(TRUST),
                policy=normalised({"Statement": statements_of(context)}),
                tags=tagging.marked(context.backend, context.spec.tags),
            )
        if scheduled := scheduled_functions(context):
            yield cls(
                name=scheduler_role(context.backend),
                owner=context.backend,
                trust=normalised(scheduler_trust(context)),
                policy=normalised({"Statement": [calling(context, scheduled)]}),
                tags=tagging.marked(context.backend, context.spec.tags),
            )

    @classmethod
    def read(cls, aws: Aws, desired: Self) -> Self | None:
        """GetRole tells the tags as well."""
        return cls._read(aws, desired.name)

    @classmethod
    def owned(cls, aws: Aws, region: str) -> Iterable[Self]:
        """Those of these names, if they carry our mark."""
        del region
        for name in (f"{aws.backend}-lambda", scheduler_role(aws.backend)):
            live = cls._read(aws, name)
            if live is not None and live.owner == aws.backend:
                yield live

    @classmethod
    def _read(cls, aws: Aws, name: str) -> Self | None:
        found = aws.shared(("role", name), lambda: _documents(aws, name))
        if found is None:
            return None
        trust, policy, tags = found
        return cls(name=name, owner=tagging.owner_of(tags), trust=trust, policy=policy, tags=tags)

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def create(self, aws: Aws) -> None:
        """Made with its tags, then its policy; Lambda believes in it some seconds later (B15).

        Asking earlier would use up the rate of Lambda for every function that waits.
        """
        tags: Any = tagging.to_list(self.tags or {})
        try:
            aws.iam().create_role(
                RoleName=self.name,
                AssumeRolePolicyDocument=_document(self.trust or {}),
                Description=f"backendctl: {self._purpose} {self.owner}",
                Tags=tags,
            )
        except ClientError as error:
            if not says(error, "EntityAlreadyExists"):
                raise
            aws.forget("role", self.name)
            live = type(self).read(aws, self)
            if live is None or live.owner != self.owner:
                raise
            self.update(aws, live)
            return
        self._put_policy(aws)
        settle(aws, "AWS's services to know the role", seconds=_SPREADS)

    def update(self, aws: Aws, live: Self) -> None:
        """Tags, trust and policy, each only if it differs."""
        if changed := tagging.missing(self.tags, live.tags):
            tags: Any = tagging.to_list(changed)
            aws.iam().tag_role(RoleName=self.name, Tags=tags)
        if self.trust != live.trust:
            aws.iam().update_assume_role_policy(RoleName=self.name, PolicyDocument=_document(self.trust or {}))
        if self.policy != live.policy:
            self._put_policy(aws)

    def delete(self, aws: Aws) -> None:
        """Inline policies, attached ones, then the role; IAM takes no other order."""
        iam, role = aws.iam(), self.name
        for policy in _inline(aws, role):
            with gone_already():
                iam.delete_role_policy(RoleName=role, PolicyName=policy)
        for policy in _attached(aws, role):
            with gone_already():
                iam.detach_role_policy(RoleName=role, PolicyArn=policy)
        with gone_already():
            iam.delete_role(RoleName=role)

    @property
    def _purpose(self) -> str:
        return "calls the functions of" if self.name == scheduler_role(self.owner or "") else "the functions of"

    def _put_policy(self, aws: Aws) -> None:
        aws.iam().put_role_policy(RoleName=self.name, PolicyName=POLICY, PolicyDocument=_document(self.policy or {}))


def scheduler_role(backend: str) -> str:
    """The name of the role by which EventBridge Scheduler calls a backend's functions."""
    return f"{backend}-scheduler"


def _inline(aws: Aws, role: str) -> list[str]:
    """Names of its inline policies; [] when there is no such role."""
    found: list[str] = []
    with gone_already():
        found += aws.iam().get_paginator("list_role_policies").paginate(RoleName=role).search("PolicyNames[]")
    return found


def _attached(aws: Aws, role: str) -> list[str]:
    """ARNs of the policies attached to it; [] when there is no such role."""
    pages = aws.iam().get_paginator("list_attached_role_policies").paginate(RoleName=role)
    found: list[str] = []
    with gone_already():
        found += pages.search("AttachedPolicies[].PolicyArn")
    return found


def _documents(aws: Aws, name: str) -> tuple[dict[str, Any], dict[str, Any], dict[str, str]] | None:
    """Trust, policy and tags; None when there is no such role."""
    try:
        role = aws.iam().get_role(RoleName=name)["Role"]
    except ClientError as error:
        if is_missing(error):
            return None
        raise
    policy: dict[str, Any] = {}
    with gone_already():
        policy = normalised(aws.iam().get_role_policy(RoleName=name, PolicyName=POLICY)["PolicyDocument"])
    tags: Any = role.get("Tags", [])
    return normalised(role["AssumeRolePolicyDocument"]), policy, tagging.from_list(tags)


def _document(statements: Mapping[str, Any]) -> str:
    return json.dumps(
        {"Version": "2012-10-17", "Statement": [{"Sid": sid, **statements[sid]} for sid in sorted(statements)]}
    )
