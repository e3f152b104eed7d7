"""A loaded spec: plain values, every default filled in, every expression expanded.

One `Spec` describes the backend; `Spec.functions_in(region)` gives what that region gets after its
overrides. Names are the user's short ones; `physical` gives what AWS sees (`<backend>-<name>`).
"""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from backendctl.spec.callers import ApiKey, Cors, Smoke, Throttling, UsagePlan
from backendctl.spec.canary import ALIAS, Canary
from backendctl.spec.domains import Domain
from backendctl.spec.tables import Attribute, Index, Key, LocalIndex, Scaling, Table, TableReplica

__all__ = ["Attribute", "Index", "Key", "LocalIndex", "Scaling", "Table", "TableReplica"]  # of the model, in their file

SLOTS = ("a", "b")
"""An alias that a stage variable names has two more beside it, `version1-a` and `version1-b`, which releases move."""

HOLD = "holdMs"
"""What a ping asks the handler in its event: to stay for so many milliseconds before it returns."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """Where a function's code comes from; exactly one of path, s3, image.

    Attributes:
        path: a folder, .zip or .jar; absolute.
        include: further folders put under their own names into the root of the archive.
        build: shell command run first, in the folder of the spec file.
        build_timeout: seconds.
        follow_links: whether links that leave the folder are replaced by what they lead to.
        s3: s3://bucket/key of a ready-made archive.
        image: container image URI.
        bucket: name pattern of the bucket to upload large archives to, per region (B21); may hold {region}.
    """

    path: Path | None = None
    include: tuple[Path, ...] = ()
    build: str | None = None
    build_timeout: int = 600
    follow_links: bool = False
    s3: str | None = None
    image: str | None = None
    bucket: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Warm:
    """How a function is kept warm.

    Attributes:
        every: whole minutes between two pings; of a cron expression the shortest time between them.
        input: JSON text sent to the function.
        instances: environments to hold per alias, 1 to 5.
        hold: milliseconds for which a ping asks the handler to stay, where instances is above 1.
        enabled: False switches the pings off, True on; None leaves them as they are, once they are there.
        expressions: cron expressions, all of which fire; empty for a plain rate.
        time_zone: IANA name, in which the expressions are meant; None is UTC.
    """

    every: int = 5
    input: str = '{"instruction": "warmer"}'
    instances: int = 1
    hold: int = 75
    enabled: bool | None = None
    expressions: tuple[str, ...] = ()
    time_zone: str | None = None

    @property
    def is_scheduled(self) -> bool:
        """Whether EventBridge Scheduler pings, for the rules of EventBridge know no time zones (D19)."""
        return self.time_zone is not None

    def event(self, instances: int, *, hold: int | None = None) -> str:
        """The JSON text of one of so many pings that are to overlap: the input, and `holdMs` when they are several.

        Args:
            hold: milliseconds, in the place of the spec's.
        """
        if instances == 1 or not self.takes_hold:
            return self.input
        return json.dumps(json.loads(self.input) | {HOLD: self.hold if hold is None else hold})

    @property
    def takes_hold(self) -> bool:
        """Whether the input is a JSON object, to which something can be added."""
        return isinstance(json.loads(self.input), dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class Provisioned:
    """Provisioned concurrency of every alias that users reach.

    Attributes:
        environments: that Lambda keeps ready on each.
        bake: minutes for which the release before keeps as much, after the stage has turned away from it.
    """

    environments: int
    bake: int = 30


@dataclass(frozen=True, kw_only=True, slots=True)
class Vpc:
    """Subnets and security groups, given per region."""

    subnets: tuple[str, ...]
    security_groups: tuple[str, ...]


@dataclass(frozen=True, kw_only=True, slots=True)
class Function:
    """One function as one region gets it.

    Attributes:
        physical: the Lambda function name.
        memory: MB. timeout: seconds. ephemeral_storage: MB or None (left alone).
        aliases: plain alias names, without the -a/-b of a stage's pair.
        log_retention: days, None leaves the log group alone.
        tracing: "Active" or "PassThrough" (B58).
        role: ARN of a role that exists; None for the one we keep. statements: of policies, what the function may do
            beside logs, the spec's tables and tracing; for the role we keep.
        warm: its pings. snapstart: on or off; None leaves it as it is.
        overridden: names of the settings that the spec says of this region alone; of the environment
            "environment.NAME".
    """

    name: str
    physical: str
    code: Code
    runtime: str | None = None
    handler: str | None = None
    description: str = ""
    memory: int = 1024
    timeout: int = 10
    ephemeral_storage: int | None = None
    architecture: str = "x86_64"
    environment: dict[str, str] = field(default_factory=dict)
    layers: tuple[str, ...] = ()
    vpc: Vpc | None = None
    tracing: str = "PassThrough"
    role: str | None = None
    aliases: tuple[str, ...] = ()
    statements: tuple[dict[str, Any], ...] = ()
    warm: Warm | None = None
    provisioned: Provisioned | None = None
    snapstart: bool | None = None
    log_retention: int | None = 30
    tags: dict[str, str] = field(default_factory=dict)
    overridden: frozenset[str] = field(default=frozenset(), compare=False, repr=False)


@dataclass(frozen=True, kw_only=True, slots=True)
class Logging:
    """Stage logging. level: OFF, ERROR or INFO; access: log group name, format: access log line (A56, A77)."""

    level: str = "OFF"
    data_trace: bool = False
    access: str | None = None
    format: str | None = None


@dataclass(frozen=True, kw_only=True, slots=True)
class Stage:
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
    """

    name: str
    path: str | None = None
    definition: dict[str, Any] | None = None
    file: Path | None = None
    pinned: bool = False
    variables: dict[str, str] = field(default_factory=dict)
    tracing: bool = False
    metrics: bool = False
    throttling: Throttling | None = None
    method_throttling: dict[str, Throttling] | None = None
    cache_size: str | None = None
    cache_ttl: int | None = None
    logging: Logging | None = None
    log_retention: int | None = None
    description: str = ""
    tags: dict[str, str] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True, slots=True)
class LiveApi:
    """A stage of a live API that is the source of the definition. api: its name or id; None is the API's own name."""

    region: str
    stage: str
    api: str | None = None


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
    stages: tuple[Stage, ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    source: LiveApi | None = None
    stages_told: bool = True
    bindings: dict[str, dict[str, str]] = field(default_factory=dict)
    smoke: tuple[Smoke, ...] = ()
    source_account: str | None = None
    source_region: str | None = None
    timeout_quota: int = 29
    keep: tuple[str, ...] = ()
    cors: Cors | None = None
    keys: tuple[ApiKey, ...] = ()
    usage_plans: tuple[UsagePlan, ...] = ()

    def document_named(self, stage: str | None) -> dict[str, Any]:
        """The document that a stage of that name serves; the API's own where there is no such stage."""
        return next((self.document_of(one) for one in self.stages if one.name == stage), self.definition)

    def document_of(self, stage: Stage) -> dict[str, Any]:
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
    """

    backend: str
    file: Path
    regions: tuple[str, ...]
    functions: dict[str, tuple[Function, ...]]
    tables: tuple[Table, ...] = ()
    api: Api | None = None
    domain: Domain | None = None
    further_domains: tuple[Domain, ...] = ()
    role: str | None = None
    statements: tuple[dict[str, Any], ...] = ()
    tags: dict[str, str] = field(default_factory=dict)
    canary: Canary = field(default_factory=Canary)
    group: tuple[str, ...] = ()

    @property
    def all_regions(self) -> tuple[str, ...]:
        """Every region of the file, whatever is worked on."""
        return self.group or self.regions

    @property
    def primary(self) -> str:
        """The region where group-wide things are written."""
        return self.all_regions[0]

    @property
    def domains(self) -> tuple[Domain, ...]:
        """Every custom domain, the one that callers are told of first."""
        return (*((self.domain,) if self.domain is not None else ()), *self.further_domains)

    def functions_in(self, region: str) -> tuple[Function, ...]:
        """What that region gets, overrides applied."""
        return self.functions[region]

    def narrowed(self, regions: tuple[str, ...]) -> Spec:
        """The same spec for some of its regions; the primary stays what it was."""
        return replace(self, regions=regions, group=self.all_regions)


def by_alias(spec: Spec) -> bool:
    """Whether releases are of aliases, because no stage turns: there is none, or canaries are Lambda's own."""
    return spec.api is None or spec.canary.strategy == ALIAS
