"""A loaded spec: plain values, every default filled in, every expression expanded.

One `Spec` describes the backend; `Spec.functions_in(region)` gives what that region gets after its
overrides. Names are the user's short ones; `physical` gives what AWS sees (`<backend>-<name>`).
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from functools import partial
from pathlib import Path
from typing import Any

from backendctl.errors import Fault
from backendctl.spec.callers import ApiKey, Cors, Smoke, Throttling, UsagePlan, method_throttling
from backendctl.spec.canary import ALIAS, CanarySpec
from backendctl.spec.domains import DomainSpec
from backendctl.spec.function import HOLD, RETENTION, UNRESERVED, Code, FunctionSpec, Provisioned, Warm
from backendctl.spec.rows import build, by_region, flag, many, named, ref, row, some, text, whole, words
from backendctl.spec.settings import NO_VPC, Asynchronous, Settings, Vpc
from backendctl.spec.tables import Attribute, Index, Key, LocalIndex, Scaling, TableReplica, TableSpec

__all__ = [  # of the model, in files of their own
    "HOLD",
    "NO_VPC",
    "RETENTION",
    "UNRESERVED",
    "Asynchronous",
    "Attribute",
    "Code",
    "FunctionSpec",
    "Index",
    "Key",
    "LocalIndex",
    "Provisioned",
    "Scaling",
    "Settings",
    "TableReplica",
    "TableSpec",
    "Vpc",
    "Warm",
]

SLOTS = ("a", "b")
"""An alias that a stage variable names has two more beside it, `version1-a` and `version1-b`, which releases move."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Logging:
    """Stage logging. level: OFF, ERROR or INFO; access: log group name, format: access log line (A56, A77)."""

    level: str = field(
        default="OFF", metadata=row(words("off", "error", "info", default="off"), "Execution log.", read=str.upper)
    )
    data_trace: bool = field(
        default=False, metadata=row(flag(), "Whole requests and answers in the log, personal data included.")
    )
    access: str | None = field(
        default=None,
        metadata=row(
            text(
                r"^[a-zA-Z0-9_./#-]{1,512}$|\{\{",
                "the name of a log group: letters, digits, '_', '-', '/', '.' and '#'",
            ),
            "Name of the log group for access logs.",
        ),
    )
    format: str | None = field(
        default=None,
        metadata=row(
            text(),
            "An access log line; must hold $context.requestId or $context.extendedRequestId.",
            read=lambda given: given.strip("\n"),
        ),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSpec:
    """One stage of the API.

    Attributes:
        path: base path of the custom domain that maps to this stage; None for no mapping, "" for the root.
        definition: a document of its own, with what the API's says of the API as a whole; None takes the API's.
        file: absolute path of that document; None where it has none.
        pinned: whether it keeps what it serves unless it is named.
        variables: as the user wrote them; a value naming an alias is a plain alias name.
        method_throttling: limits of single methods by route ("GET /places"); None leaves those that are there alone.
        cache_size: GB as AWS spells it ("0.5"), None for no cache. cache_ttl: seconds.
        log_retention: days of its logs, None leaves them alone.
        web_acl: region → ARN of the web ACL in front of it; a region not named has none of ours.
    """

    name: str
    path: str | None = field(
        default=None,
        metadata=row(text(), "Base path of the custom domain, without '/' before and after; '' is the root."),
    )
    definition: dict[str, Any] | None = None
    file: Path | None = field(
        default=None,
        metadata=row(
            some(),
            "Path of this stage's own OpenAPI 3 or Swagger 2 file, by default the API's. What belongs to the API as a "
            "whole is said by the API's.",
            key="definition",
        ),
    )
    pinned: bool = field(
        default=False,
        metadata=row(
            flag(),
            "Keep the definition and the versions that it serves, in every region; only --stage releases to it.",
        ),
    )
    variables: dict[str, str] = field(
        default_factory=dict,
        metadata=row(
            named("variables", text(), maxProperties=100),
            "Stage variables. A value that names an alias is the plain alias name.",
        ),
    )
    tracing: bool = field(default=False, metadata=row(flag(), "X-Ray."))
    metrics: bool = field(default=False, metadata=row(flag(), "Detailed metrics per method."))
    throttling: Throttling | None = field(
        default=None,
        metadata=row(ref("throttling"), "Limits of the whole stage, per method.", read=partial(build, Throttling)),
    )
    method_throttling: dict[str, Throttling] | None = field(
        default=None,
        metadata=row(
            ref("method-throttling"),
            "Limits of single methods by route: 'GET /places'; they take the place of `throttling`.",
            read=method_throttling,
        ),
    )
    cache_size: str | None = None
    cache_ttl: int | None = None
    logging: Logging | None = field(default=None, metadata=row(ref("logging")))
    log_retention: int | None = None
    web_acl: dict[str, str] = field(
        default_factory=dict,
        metadata=row(
            by_region("web-acl-arn", "web-acl"),
            "Web ACL of AWS WAF in front of the stage: an ARN, or one per region; a region not named has none. It is "
            "made elsewhere.",
        ),
    )
    description: str = field(default="", metadata=row(text(most=1024), "Free text."))
    tags: dict[str, str] = field(default_factory=dict, metadata=row(ref("tags")))


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveApi:
    """A stage of a live API that is the source of the definition. api: its name or id; None is the API's own name."""

    region: str = field(metadata=row(ref("region"), "Region of the live API.", key="export"))
    stage: str = field(metadata=row(some(), "Its stage: what is deployed there is the source."))
    api: str | None = field(
        default=None, metadata=row(some(), "Its name or id there, by default the name of this API.")
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Api:
    """The REST API.

    Attributes:
        name: its name in AWS (A8).
        definition: the parsed OpenAPI or Swagger document as the file has it; empty until AWS has been asked for one
            that is live.
        path: absolute path of the definition file; the spec's own when the source is live.
        source: the live API the definition is taken from, None for a file.
        stages_told: whether the spec says what the stages are like; else they are as the live source's stage is, and
            only its name is known.
        bindings: region → name → id or ARN there, of what differs by region (A27).
        source_account, source_region: what a definition file was written for, beside the account and the regions of
            the spec; ARNs that name them are the API's own.
        timeout_quota: seconds; the account's quota for an integration's timeout (A42).
        keep: ids and texts of another region or account that are meant as they are, in every region.
        cors: what is added to the definition for browsers; None adds nothing.
    """

    name: str
    path: Path
    definition: dict[str, Any]
    stages: tuple[StageSpec, ...] = field(default=(), metadata=row(named("stages", ref("stage")), "Stages by name."))
    tags: dict[str, str] = field(default_factory=dict, metadata=row(ref("tags")))
    source: LiveApi | None = None
    stages_told: bool = True
    bindings: dict[str, dict[str, str]] = field(
        default_factory=dict,
        metadata=row(
            named("bindings", named("bindings", some())),
            "What has an id of its own in every region (user pools, VPC links): region, then name, then the id or ARN "
            "there.",
        ),
    )
    smoke: tuple[Smoke, ...] = field(
        default=(),
        metadata=row(
            named("smoke requests", ref("smoke")),
            "Requests that `sync-api` makes after a switch, by route: 'GET /places'. false leaves a route out.",
        ),
    )
    source_account: str | None = field(
        default=None,
        metadata=row(
            text("^[0-9]{12}$", "an account id has 12 digits"),
            "The account the definition file was written for, when it is not the one deployed to: its ARNs are this "
            "API's own.",
        ),
    )
    source_region: str | None = field(
        default=None,
        metadata=row(
            ref("region"),
            "The region the definition file was written for, when the spec does not name it: its ARNs are this API's "
            "own.",
        ),
    )
    timeout_quota: int = field(
        default=29,
        metadata=row(
            whole(29, 900, unit="seconds"),
            "Longest integration timeout in seconds, when AWS raised the account's quota.",
        ),
    )
    keep: tuple[str, ...] = field(
        default=(),
        metadata=row(
            many(some(), once=True),
            "Ids and texts of another region or account that are meant as they are, in every region.",
        ),
    )
    cors: Cors | None = field(
        default=None,
        metadata=row(
            ref("cors"),
            "Adds what pages of other origins need: OPTIONS on every path that has none, and headers on API Gateway's "
            "own 4XX and 5XX.",
            read=partial(build, Cors),
        ),
    )
    keys: tuple[ApiKey, ...] = field(
        default=(),
        metadata=row(named("API keys", ref("api-key")), "API keys by name, the same value in every region."),
    )
    usage_plans: tuple[UsagePlan, ...] = field(
        default=(),
        metadata=row(
            named("usage plans", ref("usage-plan")), "Usage plans by name: which keys open which stages, and how often."
        ),
    )

    def document_named(self, stage: str | None) -> dict[str, Any]:
        """The document that a stage of that name serves; the API's own where there is no such stage."""
        return next((self.document_of(one) for one in self.stages if one.name == stage), self.definition)

    def document_of(self, stage: StageSpec) -> dict[str, Any]:
        """The document that a stage serves: its own, or the API's."""
        return self.definition if stage.definition is None else stage.definition


@dataclass(frozen=True, kw_only=True, slots=True)
class Spec:
    """The whole backend.

    Attributes:
        regions: those to work on; all of the file's, or what `narrowed` left.
        functions: per region of the file, in its order.
        role, statements: of the functions that have none of their own; as `Function` has them.
        domain: the one that callers are told of. further_domains: those beside it.
        group: all regions of the file, the primary first; set by `narrowed`.
        deprecated: where the file has an old name for a key.
    """

    backend: str
    file: Path
    regions: tuple[str, ...]
    functions: dict[str, tuple[FunctionSpec, ...]]
    tables: tuple[TableSpec, ...] = ()
    api: Api | None = None
    domain: DomainSpec | None = None
    further_domains: tuple[DomainSpec, ...] = ()
    role: str | None = None
    statements: tuple[dict[str, Any], ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    canary: CanarySpec = field(default_factory=CanarySpec)
    group: tuple[str, ...] = ()
    deprecated: tuple[Fault, ...] = field(default=(), compare=False)

    @property
    def all_regions(self) -> tuple[str, ...]:
        """Every region of the file, whatever is worked on."""
        return self.group or self.regions

    @property
    def primary(self) -> str:
        """The region where group-wide things are written."""
        return self.all_regions[0]

    @property
    def domains(self) -> tuple[DomainSpec, ...]:
        """Every custom domain, the one that callers are told of first."""
        return (*((self.domain,) if self.domain is not None else ()), *self.further_domains)

    def functions_in(self, region: str) -> tuple[FunctionSpec, ...]:
        """What that region gets, overrides applied."""
        return self.functions[region]

    def narrowed(self, regions: tuple[str, ...]) -> Spec:
        """The same spec for some of its regions; the primary stays what it was."""
        return replace(self, regions=regions, group=self.all_regions)


def by_alias(spec: Spec) -> bool:
    """Whether releases are of aliases, because no stage turns: there is none, or canaries are Lambda's own."""
    return spec.api is None or spec.canary.strategy == ALIAS
