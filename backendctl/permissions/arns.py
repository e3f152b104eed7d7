"""What the table's resources are in one backend: ARN patterns, every region of its in one of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.resources.apigateway.api_account import ROLE as LOG_ROLE
from backendctl.resources.iam.role import scheduler_role
from backendctl.resources.iam.role_policy import name_patterns

if TYPE_CHECKING:
    from backendctl.spec.model import Spec


@dataclass(frozen=True, kw_only=True, slots=True)
class Scope:
    """What the ARNs of a backend are made from.

    Attributes:
        regions: where the backend is, or is to be.
        functions: names in AWS of functions beside the spec that the API calls.
        zones: ids of the hosted zones, empty where no domain names one; `*` where they are not known.
        parameters: names of parameters that expressions in the spec read.
    """

    spec: Spec
    account: str
    partition: str
    regions: frozenset[str]
    functions: frozenset[str] = frozenset()
    zones: tuple[str, ...] = ()
    parameters: frozenset[str] = frozenset()

    def arn(self, service: str, resource: str, *, region: str = "*") -> str:
        """An ARN of this account."""
        return f"arn:{self.partition}:{service}:{region}:{self.account}:{resource}"

    def api(self, *paths: str) -> list[str]:
        """ARNs of API Gateway's paths, which have no account."""
        return [f"arn:{self.partition}:apigateway:*::{path}" for path in paths]


@dataclass(frozen=True, kw_only=True, slots=True)
class Resource:
    """A row of `RESOURCES`.

    Attributes:
        find: the ARN patterns; [] where the backend has no such thing.
        regional: whether the region of a call says where it is; the calls of IAM and Route 53 say us-east-1 for all.
    """

    find: Callable[[Scope], Iterable[str]]
    regional: bool = True


def _all_functions(scope: Scope) -> set[str]:
    functions = [one for region in scope.spec.all_regions for one in scope.spec.functions_in(region)]
    names = {function.physical for function in functions} | scope.functions
    return {f"{scope.spec.backend}-*", *name_patterns(scope.spec.backend, names)}


def _functions(scope: Scope) -> Iterable[str]:
    names = _all_functions(scope)
    tails = {name: ("",) if name.endswith("*") else ("", ":*") for name in names}  # a star crosses the colon
    return [scope.arn("lambda", f"function:{name}{tail}") for name in names for tail in tails[name]]


def _layers(scope: Scope) -> Iterable[str]:
    return {
        layer
        for region in scope.spec.all_regions
        for function in scope.spec.functions_in(region)
        for layer in function.layers
    }


def _tables(scope: Scope) -> Iterable[str]:
    names = {f"{scope.spec.backend}-*", *name_patterns(scope.spec.backend, {one.physical for one in scope.spec.tables})}
    return [scope.arn("dynamodb", f"table/{name}") for name in names]


def _keys(scope: Scope) -> Iterable[str]:
    encrypted = {one for table in scope.spec.tables for one in (table.encryption or {}).values()}
    managed = [scope.arn("kms", "key/*")] if "aws-managed" in encrypted else []
    return [*managed, *(one for one in encrypted if one.startswith("arn:"))]


def _function_logs(scope: Scope) -> Iterable[str]:
    return [
        scope.arn("logs", f"log-group:/aws/lambda/{name}{tail}")
        for name in _all_functions(scope)
        for tail in (("",) if name.endswith("*") else ("", ":*"))
    ]


def _api_logs(scope: Scope) -> Iterable[str]:
    if scope.spec.api is None:
        return []
    access = {stage.logging.access for stage in scope.spec.api.stages if stage.logging and stage.logging.access}
    names = {"API-Gateway-Execution-Logs_*", *(f"{name}{tail}" for name in access for tail in ("", ":*", "/*"))}
    return [scope.arn("logs", f"log-group:{name}") for name in names]


def _web_acls(scope: Scope) -> Iterable[str]:
    return {arn for stage in (scope.spec.api.stages if scope.spec.api else ()) for arn in stage.web_acl.values()}


def _domain(scope: Scope) -> Iterable[str]:
    names = [domain.name for domain in scope.spec.domains] or ["*"]
    each = [path for name in names for path in (f"/domainnames/{name}", f"/domainnames/{name}/*")]
    return scope.api("/domainnames", *each)


def _own_roles(scope: Scope) -> Iterable[str]:
    return [_role(scope, f"{scope.spec.backend}-lambda"), _role(scope, scheduler_role(scope.spec.backend))]


def _given_roles(scope: Scope) -> set[str]:
    functions = [one for region in scope.spec.all_regions for one in scope.spec.functions_in(region)]
    return {role for role in (scope.spec.role, *(function.role for function in functions)) if role}


def _role(scope: Scope, name: str) -> str:
    return scope.arn("iam", f"role/{name}", region="")


def _zone(scope: Scope) -> Iterable[str]:
    return [f"arn:{scope.partition}:route53:::hostedzone/{zone}" for zone in scope.zones]


def _buckets(scope: Scope) -> set[str]:
    functions = [one for region in scope.spec.all_regions for one in scope.spec.functions_in(region)]
    given = {one.code.s3.removeprefix("s3://").partition("/")[0] for one in functions if one.code.s3}
    return given | {one.code.bucket.replace("{region}", "*") for one in functions if one.code.bucket}


def _truststores(scope: Scope) -> Iterable[str]:
    given = [domain.mutual_tls.truststore for domain in scope.spec.domains if domain.mutual_tls is not None]
    return [f"arn:{scope.partition}:s3:::{uri.removeprefix('s3://')}" for uri in given]


RESOURCES: Mapping[str, Resource] = {
    "everything": Resource(find=lambda _: ["*"]),
    "all of the account": Resource(find=lambda _: ["*"], regional=False),
    "functions": Resource(find=_functions),
    "layers": Resource(find=_layers),  # F24
    "tables": Resource(find=_tables),
    "keys of tables": Resource(find=_keys),  # C53
    "logs of all functions": Resource(find=lambda scope: [scope.arn("logs", "log-group:/aws/lambda/*")]),
    "function logs": Resource(find=_function_logs),
    "API logs": Resource(find=_api_logs),
    "rules": Resource(find=lambda scope: [scope.arn("events", f"rule/{scope.spec.backend}-warm-*")]),
    "schedules": Resource(
        find=lambda scope: [
            scope.arn("scheduler", f"schedule/{scope.spec.backend}-warm-*"),
            scope.arn("scheduler", f"schedule-group/{scope.spec.backend}-warm-*"),
        ]
    ),
    "parameters": Resource(  # a path is asked for by its own name too
        find=lambda scope: [scope.arn("ssm", f"parameter/backendctl/{scope.spec.backend}{tail}") for tail in ("", "/*")]
    ),
    "parameters of the spec": Resource(
        find=lambda scope: [scope.arn("ssm", f"parameter/{name.strip('/')}") for name in scope.parameters]
    ),
    "APIs": Resource(find=lambda scope: scope.api("/restapis", "/restapis/*")),
    "domains": Resource(find=_domain),
    "API keys": Resource(find=lambda scope: scope.api("/apikeys", "/apikeys/*")),
    "usage plans": Resource(find=lambda scope: scope.api("/usageplans", "/usageplans/*")),
    "settings of API Gateway": Resource(find=lambda scope: scope.api("/account")),
    "stages": Resource(find=lambda scope: scope.api("/restapis/*/stages/*")),
    "web ACLs": Resource(find=_web_acls),
    "API tags": Resource(find=lambda scope: scope.api("/tags/*")),
    "roles": Resource(find=_own_roles, regional=False),
    "given roles": Resource(find=_given_roles, regional=False),
    "log role of API Gateway": Resource(find=lambda scope: [_role(scope, LOG_ROLE)], regional=False),
    "roles of functions": Resource(
        find=lambda scope: {_role(scope, f"{scope.spec.backend}-lambda"), *_given_roles(scope)}, regional=False
    ),
    "role of Scheduler": Resource(
        find=lambda scope: [_role(scope, scheduler_role(scope.spec.backend))], regional=False
    ),
    "zone": Resource(find=_zone, regional=False),
    "health checks": Resource(find=lambda scope: [f"arn:{scope.partition}:route53:::healthcheck/*"], regional=False),
    "DNS changes": Resource(find=lambda scope: [f"arn:{scope.partition}:route53:::change/*"], regional=False),
    "certificates": Resource(find=lambda scope: [scope.arn("acm", "certificate/*")]),
    "truststores": Resource(find=_truststores, regional=False),
    "code in S3": Resource(
        find=lambda scope: [
            f"arn:{scope.partition}:s3:::{bucket}{tail}" for bucket in _buckets(scope) for tail in ("", "/*")
        ],
        regional=False,
    ),
}
"""What `table` names, by the name that it has there."""
