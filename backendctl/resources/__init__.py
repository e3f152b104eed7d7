"""The kinds of resource, in creation order. Adding a kind is one new file and one line here."""

from __future__ import annotations

from backendctl.engine.resource import Resource
from backendctl.engine.traits import REST, Traits, traits_of
from backendctl.resources.alias import Alias
from backendctl.resources.api_account import ApiAccount
from backendctl.resources.api_key import ApiKey
from backendctl.resources.certificate import Certificate
from backendctl.resources.domain import Domain
from backendctl.resources.event_invoke import EventInvokeConfig
from backendctl.resources.function import Function
from backendctl.resources.health_check import HealthCheck
from backendctl.resources.kind import Kind
from backendctl.resources.log_group import LogGroup
from backendctl.resources.mapping import Mapping
from backendctl.resources.permission import Permission
from backendctl.resources.provisioned import ProvisionedConcurrency
from backendctl.resources.record import Record
from backendctl.resources.region_index import RegionIndex
from backendctl.resources.release_parameters import ReleaseLog
from backendctl.resources.replica import Replica
from backendctl.resources.reserved import ReservedConcurrency
from backendctl.resources.rest_api import RestApi
from backendctl.resources.role import Role
from backendctl.resources.scaling import Scaling
from backendctl.resources.schedule import Schedule
from backendctl.resources.stage import Stage
from backendctl.resources.stage_log import StageLog
from backendctl.resources.table import Table
from backendctl.resources.usage_plan import UsagePlan
from backendctl.resources.warmer import Warmer
from backendctl.resources.web_acl import WebAcl

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
