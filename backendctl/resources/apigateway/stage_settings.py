"""What is compared of a stage, as the spec wants it or as AWS has it."""

from __future__ import annotations

from dataclasses import dataclass, field

from backendctl.engine.resource import GUARDED, PARTIAL
from backendctl.spec.callers import Throttling
from backendctl.spec.model import Logging


@dataclass(frozen=True, kw_only=True, slots=True)
class StageSettings:
    """A difference in one of these is a change of the stage. None leaves AWS's value alone.

    Attributes:
        release: tag of the release it serves, such as "8-3f2a1c9d"; None leaves it alone, empty when it has none.
        definition: digest of the deployed definition, from the deployment's description.
        localised: the same with this region's ids filled in.
        variables: all of them; one that names a staged alias names the slot.
        cache: GB as AWS spells it, or "off". cache_ttl: seconds.
        throttling, logging: None leaves them alone.
        methods: settings of single methods, as `stage_live.methods_of` has them; None leaves them alone.
        method_throttling: limits by route ("GET /places") that are not the stage's; None leaves them alone.
    """

    release: str | None = None
    definition: str | None = None
    localised: str | None = None
    variables: dict[str, str] | None = field(default=None, metadata=GUARDED)
    tracing: bool | None = None
    metrics: bool | None = None
    throttling: Throttling | None = None
    cache: str | None = None
    cache_ttl: int | None = None
    methods: dict[str, str] | None = None
    method_throttling: dict[str, Throttling] | None = None
    logging: Logging | None = None
    description: str | None = None
    tags: dict[str, str] | None = field(default=None, metadata=PARTIAL)
