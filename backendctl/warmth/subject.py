"""What `warm-status` looks at: one function in one region through the alias that users hit, and its warmer."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

LATEST = "$LATEST"


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """A scheduled rule that calls the function, as EventBridge has it.

    Attributes:
        is_there: False for one that the spec wants and EventBridge has not.
        schedule: the expression. interval: seconds between two firings; None for a cron expression.
        targets: qualifier of this function (None is the function itself) → how many of the rule's targets call it.
        all_targets: of any function.
        is_permitted: whether the policy of what users hit lets this rule call it.
        hold_ms: how long the handler is asked to stay; 0 when it is not asked.
        changed: when it was changed last, seconds since the epoch; 0 for never, or unknown.
        is_schedule: all schedules of a group of EventBridge Scheduler, whose metrics know groups only, and which need
            no permission of the function (D18, D22).
    """

    name: str
    is_there: bool = True
    is_enabled: bool = False
    schedule: str = ""
    interval: float | None = None
    targets: Mapping[str | None, int] = field(default_factory=dict)
    all_targets: int = 0
    is_permitted: bool = True
    hold_ms: float = 0.0
    changed: float = 0.0
    is_schedule: bool = False

    @property
    def told(self) -> str:
        """As sentences name it."""
        return f"schedule group {self.name}" if self.is_schedule else f"rule {self.name}"


@dataclass(frozen=True, kw_only=True, slots=True)
class Subject:
    """One row before anything is counted.

    Attributes:
        function: its name in the spec; physical: in AWS.
        alias: what users hit now, such as "version1-a"; None is the function itself.
        stages: of the API, whose users hit it.
        api: its name, as metrics have it; None where users do not come through one, or only a canary's share does.
        aliases: of the function → the version behind each.
        is_there: False when the region has no such function or alias.
        is_reached: False when the spec's stages lead to it, and none of them is live.
        is_in_spec: False for a function named by hand.
        version: behind the alias. versions: whose invocations are this row's.
        is_arm: whether it runs on arm64. memory_mb, log_group: of the function.
        reports: whether its log has report lines at all (K15).
        published: version → when, seconds since the epoch.
        provisioned: environments of provisioned concurrency on the alias or its version; 0 without.
        allocated: how many of them are there. allocation: AWS's status, and its reason for a failure.
        wants_provisioned: environments that the spec asks for.
        snapshot: "On" or "Off" with SnapStart: whether new environments start from a snapshot; empty without SnapStart.
        access_groups: log groups of access logs that tell the requests of its users; None where one is lacking.
        wants_warmth: whether the spec has a warmer for it. disabled_by_spec: it has, switched off.
        instances: environments the spec wants to hold.
        rules: that call it, or should.
    """

    region: str
    function: str
    physical: str
    alias: str | None
    stages: tuple[str, ...] = ()
    api: str | None = None
    aliases: Mapping[str, str] = field(default_factory=dict)
    is_there: bool = True
    is_reached: bool = True
    is_in_spec: bool = False
    version: str | None = None
    versions: frozenset[str] = frozenset()
    memory_mb: int = 0
    is_arm: bool = False
    log_group: str = ""
    reports: bool = True
    published: Mapping[str, float] = field(default_factory=dict)
    provisioned: int = 0
    allocated: int = 0
    allocation: str = ""
    wants_provisioned: int = 0
    snapshot: str = ""
    access_groups: tuple[str, ...] | None = None
    wants_warmth: bool = False
    disabled_by_spec: bool = False
    instances: int = 1
    rules: tuple[Rule, ...] = ()

    @property
    def called(self) -> str:
        """`corkhounds-places:version1-a`, as the CLI of AWS names it."""
        return self.physical if self.alias is None else f"{self.physical}:{self.alias}"

    @property
    def is_allocated(self) -> bool:
        """Whether all provisioned environments are there."""
        return self.allocation in {"", "READY"}

    def version_of(self, qualifier: str | None) -> str:
        """The version that a call of this qualifier runs."""
        return LATEST if qualifier is None else self.aliases.get(qualifier, qualifier)

    @property
    def born(self) -> float:
        """When its first version that still exists was published, seconds since the epoch; 0 when unknown."""
        return min(self.published.values(), default=0.0)

    @property
    def interval(self) -> float | None:
        """Seconds between two pings of what users hit; None when no rule of a fixed rate calls it."""
        return min((rule.interval for rule in self.calling if rule.interval is not None), default=None)

    @property
    def calling(self) -> tuple[Rule, ...]:
        """The rules that call what users hit and are enabled."""
        return tuple(rule for rule in self.rules if rule.is_enabled and self.alias in rule.targets)

    @property
    def hold_ms(self) -> float:
        """How long a ping asks the handler to stay, milliseconds."""
        return max((rule.hold_ms for rule in self.calling), default=0.0)
