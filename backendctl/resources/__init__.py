"""The kinds of resource, in creation order. Adding a kind is one new file and one line here."""

from __future__ import annotations

from backendctl.engine.resource import Resource
from backendctl.engine.traits import REST, Traits, traits_of
from backendctl.resources.acm.certificate import Certificate
from backendctl.resources.apigateway.api_account import ApiAccount
from backendctl.resources.apigateway.api_key import ApiKey
from backendctl.resources.apigateway.domain import Domain
from backendctl.resources.apigateway.mapping import Mapping
from backendctl.resources.apigateway.rest_api import RestApi
from backendctl.resources.apigateway.stage import Stage
from backendctl.resources.apigateway.stage_log import StageLog
from backendctl.resources.apigateway.usage_plan import UsagePlan
from backendctl.resources.dynamodb.replica import Replica
from backendctl.resources.dynamodb.scaling import Scaling
from backendctl.resources.dynamodb.table import Table
from backendctl.resources.events.schedule import Schedule
from backendctl.resources.events.warmer import Warmer
from backendctl.resources.iam.role import Role
from backendctl.resources.kind import Kind
from backendctl.resources.lambda_.alias import Alias
from backendctl.resources.lambda_.event_invoke import EventInvokeConfig
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.log_group import LogGroup
from backendctl.resources.lambda_.permission import Permission
from backendctl.resources.lambda_.provisioned import ProvisionedConcurrency
from backendctl.resources.lambda_.reserved import ReservedConcurrency
from backendctl.resources.route53.health_check import HealthCheck
from backendctl.resources.route53.record import Record
from backendctl.resources.ssm.region_index import RegionIndex
from backendctl.resources.ssm.release_parameters import ReleaseLog
from backendctl.resources.wafv2.web_acl import WebAcl

KINDS: tuple[type[Kind], ...] = (
    RegionIndex,
    Role,
    LogGroup,
    Function,
    Alias,
    EventInvokeConfig,
    ReservedConcurrency,
    ProvisionedConcurrency,
    Table,
    Scaling,
    Replica,
    RestApi,
    Permission,
    ApiAccount,
    ApiKey,
    StageLog,
    Stage,
    WebAcl,
    UsagePlan,
    Certificate,
    Domain,
    Mapping,
    Warmer,
    Schedule,
    HealthCheck,
    Record,
)
REMOVED: tuple[type[Resource], ...] = (KINDS[0], ReleaseLog, *KINDS[1:])
"""What a destroy looks for: what releases have written as well."""
ORDER: tuple[str, ...] = tuple(kind.kind for kind in REMOVED)
_TRAITS = {kind.kind: traits_of(kind) for kind in REMOVED}


def traits_of_kind(kind: str) -> Traits:
    """Of the kind of that name."""
    return _TRAITS[kind]


def rows() -> tuple[str, ...]:
    """The titles of what `status` shows resources under, in creation order; what belongs to nothing comes last."""
    found = dict.fromkeys(traits.row.title for traits in _TRAITS.values() if traits.row is not REST)
    return (*found, REST.title)


__all__ = ["KINDS", "ORDER", "REMOVED", "rows", "traits_of_kind"]
