"""The part of a loaded spec that is about functions; see `model` for the whole, `rows` for what a field says."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from functools import partial
from pathlib import Path
from typing import Any

from backendctl.spec.rows import build, flag, many, ref, row, some, text, whole, words
from backendctl.spec.settings import Asynchronous, Settings

HOLD = "holdMs"
"""What a ping asks the handler in its event: to stay for so many milliseconds before it returns."""
NEVER = "never"
"""The retention that leaves a log group alone."""
_DAYS = (1, 3, 5, 7, 14, 30, 60, 90, 120, 150, 180, 365, 400, 545, 731, 1096, 1827, 2192, 2557, 2922, 3288, 3653)


def days(retention: str) -> int | None:
    """A retention of logs; None leaves them alone."""
    return None if retention == NEVER else int(retention.split(maxsplit=1)[0])


RETENTION = words(
    *("1 day" if one == 1 else f"{one} days" for one in _DAYS),
    NEVER,
    **{"x-fault": f"logs are kept {', '.join(map(str, _DAYS))} days, or 'never' to leave them alone"},
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Code:
    """Where a function's code comes from; exactly one of path, s3, image.

    Attributes:
        path: a folder, .zip or .jar; absolute. include: absolute as well.
    """

    path: Path | None = None
    include: tuple[Path, ...] = field(
        default=(),
        metadata=row(
            many(some(), what="include"),
            "More folders, each put under its own name into the root of the archive.",
        ),
    )
    build: str | None = field(default=None, metadata=row(some(), "A shell command run first, in this file's folder."))
    build_timeout: int = field(
        default=600, metadata=row(whole(1, 7200, unit="seconds"), "Seconds that the build command may take.")
    )
    follow_links: bool = field(
        default=False,
        metadata=row(
            flag(),
            "Put what a symbolic link leads to in its place when it leaves the folder, from within the project.",
        ),
    )
    s3: str | None = field(
        default=None,
        metadata=row(text(r"^s3://[^/]+/.+$|\{\{", "s3://bucket/key"), "A ready-made archive in S3."),
    )
    image: str | None = field(
        default=None,
        metadata=row(
            text(r"^[^/\s]+/[^\s]+$|\{\{", "an image URI, 123456789012.dkr.ecr.us-east-1.amazonaws.com/name:tag"),
            "A container image in ECR, in the function's own region.",
        ),
    )
    bucket: str | None = field(
        default=None,
        metadata=row(
            text(least=3),
            "Bucket for archives too large to upload directly (over 50 MB); '{region}' stands for the region.",
        ),
    )


CODE_IN_FILES = {
    "folder": some(description="A folder, packed into an archive; relative to this file."),
    "archive": text(
        r"\.(zip|jar)$|\{\{", "a .zip or a .jar", description="A ready-made .zip or .jar; relative to this file."
    ),
}
"""The two ways to name a `Code.path`."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Warm:
    """How a function is kept warm by pings; what it says of provisioned concurrency and SnapStart is the function's.

    Attributes:
        every: whole minutes between two pings; of a cron expression the shortest time between them.
        input: JSON text sent to the function.
        instances: environments to hold per alias, 1 to 5.
        hold: milliseconds for which a ping asks the handler to stay, where instances is above 1.
        enabled: False switches the pings off, True on; None leaves them as they are, once they are there.
        expressions: cron expressions, all of which fire; empty for a plain rate.
        time_zone: IANA name, in which the expressions are meant; None is UTC.
    """

    every: int = field(
        default=5,
        metadata=row(
            text(
                r"^([1-9][0-9]*|\{\{.*\}\}) (minutes?|hours?)$|\{\{|^(rate|cron)\(.*\)$",
                "whole minutes or hours, for instance '5 minutes' or cron(…)",
                default="5 minutes",
            ),
            "How often: '5 minutes', 'rate(5 minutes)' or 'cron(0/5 8-17 ? * MON-FRI *)'.",
        ),
    )
    input: str = field(
        default='{"instruction": "warmer"}',
        metadata=row(
            {"type": ["object", "array", "string", "number", "boolean"], "default": {"instruction": "warmer"}},
            "The event sent to the function: any JSON; an object where 'instances' is above 1.",
            read=json.dumps,
        ),
    )
    instances: int = field(default=1, metadata=row(whole(1, 5), "Instances to keep per alias."))
    hold: int = field(
        default=75,
        metadata=row(
            whole(1, 10000, unit="ms"),
            "Milliseconds that a ping asks the handler to stay, as holdMs in its event, where 'instances' is above 1.",
        ),
    )
    enabled: bool | None = field(
        default=None,
        metadata=row(
            flag(), "false switches the pings off, true on; without it a rule that was disabled by hand stays so."
        ),
    )
    expressions: tuple[str, ...] = ()
    time_zone: str | None = field(
        default=None,
        metadata=row(
            some(examples=["Europe/Dublin"]), "Of a cron expression, as IANA names it; UTC when it is not given."
        ),
    )

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


UNRESERVED = "none"
"""The reserved concurrency of a function that shares what the account has left."""


def _reserved(given: str | float) -> int | str:
    return UNRESERVED if given == UNRESERVED else int(given)


@dataclass(frozen=True, kw_only=True, slots=True)
class FunctionSpec(Settings):
    """One function as one region gets it.

    Attributes:
        physical: the Lambda function name.
        aliases: plain alias names, without the -a/-b of a stage's pair.
        statements: of policies, what the function may do beside logs, the spec's tables and tracing; for the role we
            keep.
        warm: its pings. snapstart: on or off; None leaves it as it is.
        log_retention: days, None leaves the log group alone.
        reserved_concurrency: calls at once, or `UNRESERVED`; None leaves it as it is.
        overridden: names of the settings that the spec says of this region alone; of the environment
            "environment.NAME".
    """

    name: str
    physical: str
    code: Code = field(metadata=row(ref("code")))
    description: str = field(default="", metadata=row(text(most=256), "Free text."))
    aliases: tuple[str, ...] = field(
        default=(),
        metadata=row(
            many({"type": "string"}, once=True, what="aliases"),
            "Alias names; by default those that the stages' variables name for this function.",
        ),
    )
    statements: tuple[dict[str, Any], ...] = ()
    warm: Warm | None = field(default=None, metadata=row(ref("warm")))
    provisioned: Provisioned | None = None
    snapstart: bool | None = None
    log_retention: int | None = field(
        default=30,
        metadata=row(
            {**RETENTION, "default": "30 days"},
            "How long logs are kept: 'never' leaves the log group alone.",
            read=days,
        ),
    )
    reserved_concurrency: int | str | None = field(
        default=None,
        metadata=row(
            {
                "type": ["integer", "string"],
                "minimum": 0,
                "pattern": r"^(none|[0-9]{1,9})$|\{\{",
                "x-fault": "a whole number, or none",
            },
            "How many calls may run at once, kept for this function alone; 0 lets none through, none gives it back. "
            "Without it, it stays as it is.",
            read=_reserved,
        ),
    )
    asynchronous: Asynchronous | None = field(
        default=None,
        metadata=row(
            ref("async"),
            "What becomes of calls that nobody waits for; without it, that stays as it is.",
            key="async",
            read=partial(build, Asynchronous),
        ),
    )
    tags: dict[str, str] = field(default_factory=dict, metadata=row(ref("tags")))
    overridden: frozenset[str] = field(default=frozenset(), compare=False, repr=False)
