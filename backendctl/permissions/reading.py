"""What a policy is made from, with the least that has to be asked: who we are, and, where allowed, what exists."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from backendctl.account import refuse_account
from backendctl.aws.connection import Aws
from backendctl.aws.errors import BotoCoreError, ClientError, explain
from backendctl.errors import BackendctlError
from backendctl.nearest import refuse_unknown
from backendctl.permissions.arns import Scope
from backendctl.resources import assemble
from backendctl.resources.deploy_context import DeployContext, Stamp
from backendctl.resources.iam.role_policy import statements_for
from backendctl.resources.route53 import dns
from backendctl.resources.ssm import region_index
from backendctl.spec import Offline, parse

if TYPE_CHECKING:
    from backendctl.backend import Settings


@dataclass(frozen=True, kw_only=True)
class Read:
    """A backend as far as its policies need it.

    Attributes:
        notes: what is wider than it would have to be, and why.
    """

    context: DeployContext
    scope: Scope
    notes: tuple[str, ...] = ()

    def role_policy(self, name: str) -> dict[str, Any]:
        """The policy that the role of one function needs, in all its regions."""
        spec = self.context.spec
        functions = [one for region in spec.all_regions for one in spec.functions_in(region) if one.name == name]
        return {"Version": "2012-10-17", "Statement": statements_for(self.context, functions)}


@dataclass(frozen=True, slots=True)
class Named(Offline):
    """Stands for AWS while a spec is expanded, and keeps which parameters it would have asked for."""

    id: str
    parameters: set[str] = field(default_factory=set)

    def account(self) -> str:
        return self.id

    def parameter(self, region: str, name: str) -> str:
        self.parameters.add(name)
        return Offline.parameter(self, region, name)


def read(settings: Settings) -> Read:
    """The spec, its account, the regions that the backend still lives in, and the id of its zone.

    Raises:
        SpecError: faults in the spec; AWS has not been called.
        RefusedError: this account may not be touched.
        AwsError: no credentials.
    """
    draft = parse(settings.spec, elsewhere=True)
    aws = Aws(settings.access, backend=draft.backend)
    account, partition = refuse_account(aws, draft.regions, allowed=settings.accounts)
    lookups = Named(account)
    spec = draft.expand(lookups)
    refuse_unknown("--region", settings.regions, spec.regions)
    named = dict.fromkeys(domain.zone for domain in spec.domains if domain.zone is not None)
    zones, notes = _zones(list(named), aws)
    try:
        regions = settings.regions or tuple(region_index.known_regions(aws, spec.regions))
    except BackendctlError as error:
        regions = spec.regions
        notes = (*notes, f"the policy is for the regions of the spec alone: {error}")
    scope = Scope(
        spec=spec,
        account=account,
        partition=partition,
        regions=frozenset(regions),
        functions=assemble.called_names(spec),
        zones=zones,
        parameters=frozenset(lookups.parameters),
    )
    stamp = Stamp(commit="", author="", time="")
    return Read(
        context=DeployContext(spec=spec, account=account, partition=partition, stamp=stamp), scope=scope, notes=notes
    )


def _zones(names: list[str], aws: Aws) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """Their ids, and why they stand for every zone where the id of one is not known."""
    try:
        return tuple(dict.fromkeys(dns.require_zone(aws, name) for name in names)), ()
    except (BackendctlError, ClientError, BotoCoreError) as error:
        why = explain(error, doing="list the hosted zones")
        told = f"the policy allows every hosted zone, because the id of {' or '.join(names)} is not known: {why}"
        return ("*",), (told,)
