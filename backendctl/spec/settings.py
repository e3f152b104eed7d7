"""What a spec says of a function and AWS has as it is said: one row each, and nothing else anywhere.

The plan, both ways to AWS, the schema, parsing and the page in docs/ come from the row; see `rows`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from backendctl.spec.roles import role_arn
from backendctl.spec.rows import AwsPath, build, flag, many, ref, row, some, text, whole, words


@dataclass(frozen=True, kw_only=True, slots=True)
class Vpc:
    """Subnets and security groups, given per region."""

    subnets: tuple[str, ...] = field(metadata=row(many(some(), least=1, what="subnets"), "Subnet ids."))
    security_groups: tuple[str, ...] = field(
        metadata=row(many(some(), least=1, what="security-groups"), "Security group ids.")
    )

    @classmethod
    def found(cls, config: dict[str, Any]) -> Vpc:
        """From AWS's VpcConfig; ids have no order there."""
        return cls(
            subnets=tuple(sorted(config.get("SubnetIds", ()))),
            security_groups=tuple(sorted(config.get("SecurityGroupIds", ()))),
        )

    def told(self) -> dict[str, list[str]]:
        """As AWS's VpcConfig."""
        return {"SubnetIds": sorted(self.subnets), "SecurityGroupIds": sorted(self.security_groups)}


NO_VPC = Vpc(subnets=(), security_groups=())


@dataclass(frozen=True, kw_only=True, slots=True)
class Settings:
    """What a function has of the spec in its configuration in AWS; None of any is left as it is.

    Attributes:
        vpc: None for none. tracing: "Active" or "PassThrough" (B58).
        role: ARN of a role that exists; None for the one we keep.
    """

    runtime: str | None = field(
        default=None,
        metadata=row(
            some(examples=["python3.13", "python3.12", "java21", "java17", "nodejs22.x", "provided.al2023"]),
            "Lambda runtime; not for images.",
            aws=AwsPath("Runtime"),
        ),
    )
    handler: str | None = field(
        default=None,
        metadata=row(
            text(least=1, most=128),
            "Handler, e.g. app.handler or com.example.Handler::handleRequest; not for images.",
            aws=AwsPath("Handler"),
        ),
    )
    memory: int = field(
        default=1024,
        metadata=row(
            whole(128, 10240, unit="MB"),
            "MB; CPU grows with it (1769 MB is one CPU).",
            aws=AwsPath("MemorySize", unset=128),
        ),
    )
    timeout: int = field(
        default=10, metadata=row(whole(1, 900, unit="seconds"), "Seconds.", aws=AwsPath("Timeout", unset=3))
    )
    ephemeral_storage: int | None = field(
        default=None,
        metadata=row(whole(512, 10240, unit="MB"), "MB of /tmp.", aws=AwsPath("EphemeralStorage.Size", unset=512)),
    )
    architecture: str = field(default="x86_64", metadata=row(words("x86_64", "arm64"), "Processor."))
    environment: dict[str, str] = field(
        default_factory=dict,
        metadata=row(ref("environment"), secret=True, aws=AwsPath("Environment.Variables", unset={}, read=dict)),
        repr=False,
    )
    layers: tuple[str, ...] = field(
        default=(),
        metadata=row(
            many(some(), most=5, what="layers"),
            "ARNs of layer versions, at most 5, of the function's own region ('{{ region }}' helps).",
            aws=AwsPath("Layers", unset=(), read=lambda found: tuple(one["Arn"] for one in found), write=list),
        ),
    )
    vpc: Vpc | None = field(
        default=None,
        metadata=row(
            ref("vpc"), read=partial(build, Vpc), aws=AwsPath("VpcConfig", unset=NO_VPC, read=Vpc.found, write=Vpc.told)
        ),
    )
    tracing: str = field(
        default="PassThrough",
        metadata=row(
            flag(default=False),
            "X-Ray.",
            read=lambda on: "Active" if on else "PassThrough",
            aws=AwsPath("TracingConfig.Mode", unset="PassThrough"),
        ),
    )
    role: str | None = field(default=None, metadata=row(ref("role"), read=role_arn, aws=AwsPath("Role")))
    log_format: str | None = field(
        default=None,
        metadata=row(
            words("text", "json"),
            "How Lambda and its runtimes write the log: lines of text, or a JSON object each.",
            read={"text": "Text", "json": "JSON"}.__getitem__,
            aws=AwsPath("LoggingConfig.LogFormat", unset="Text"),
        ),
    )
    log_level: str | None = field(
        default=None,
        metadata=row(
            words("trace", "debug", "info", "warn", "error", "fatal"),
            "The least level of the function's own lines that is kept; with log-format json.",
            read=str.upper,
            aws=AwsPath("LoggingConfig.ApplicationLogLevel", unset="INFO"),
        ),
    )
    system_log_level: str | None = field(
        default=None,
        metadata=row(
            words("debug", "info", "warn"),
            "The least level of Lambda's own lines that is kept; with log-format json. warn leaves out the reports "
            "that warm-status and tune read.",
            read=str.upper,
            aws=AwsPath("LoggingConfig.SystemLogLevel", unset="INFO"),
        ),
    )


_TARGET = r"arn:aws[a-z-]*:(sqs|sns|lambda|events{}):.+"


def _destination(member: str, sentence: str, services: str, more: str = "") -> Mapping[str, Any]:
    """The metadata of the member of AWS's DestinationConfig; more: services beside those of `_TARGET`, as a pattern."""
    return row(
        text(rf"^{_TARGET.format(more)}$|\{{\{{", f"the ARN of {services}"),
        sentence,
        aws=AwsPath(f"DestinationConfig.{member}.Destination", unset=""),
    )


@dataclass(frozen=True, kw_only=True, slots=True)
class Asynchronous:
    """Calls of a function that nobody waits for; what is not said is as AWS has it by default."""

    retries: int = field(
        default=2,
        metadata=row(
            whole(0, 2), "How often a call that failed is tried again.", aws=AwsPath("MaximumRetryAttempts", unset=2)
        ),
    )
    max_age: int = field(
        default=21600,
        metadata=row(
            whole(60, 21600, unit="seconds"),
            "Seconds after which an event that was not taken is given up.",
            aws=AwsPath("MaximumEventAgeInSeconds", unset=21600),
        ),
    )
    on_success: str = field(
        default="",
        metadata=_destination(
            "OnSuccess",
            "Where the results of calls go: the ARN of an SQS queue, an SNS topic, a function or an event bus.",
            "an SQS queue, an SNS topic, a function or an event bus",
        ),
    )
    on_failure: str = field(
        default="",
        metadata=_destination(
            "OnFailure",
            "Where events go that failed for good: as on-success, or the ARN of an S3 bucket.",
            "an SQS queue, an SNS topic, a function, an event bus or an S3 bucket",
            "|s3",
        ),
    )

    @property
    def destinations(self) -> tuple[str, ...]:
        """The ARNs that the function's role sends to."""
        return tuple(arn for arn in (self.on_success, self.on_failure) if arn)
