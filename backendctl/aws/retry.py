"""The waits that botocore does not know: eventual consistency, and one writer at a time (F4).

Each rule is one sentence of AWS that means "not yet". Whatever no rule names is final.
"""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, kw_only=True, slots=True)
class Rule:
    """Wait while AWS says this.

    Attributes:
        service: botocore service name. code: error code. fragment: part of the message, any case.
        limit: seconds in all before it counts as final. step: seconds between tries.
        operations: only these; empty means any.
    """

    service: str
    code: str
    fragment: str = ""
    limit: float = 120.0
    step: float = 2.0
    operations: frozenset[str] = frozenset()


_RULES = (
    # A function, or its version, is still being made or updated.
    Rule(service="lambda", code="ResourceConflictException", fragment="in progress", limit=300),  # B3, B4
    Rule(service="lambda", code="ResourceConflictException", fragment="state is Pending", limit=300),  # B2
    Rule(
        service="lambda",
        code="ResourceConflictException",
        fragment="is currently in the following state",
        limit=300,
    ),  # B2
    Rule(service="lambda", code="CodeArtifactUserPendingException", limit=300),
    # A new role travels for seconds; a wrong trust policy gives the same text, hence the limit (B17).
    Rule(
        service="lambda",
        code="InvalidParameterValueException",
        fragment="cannot be assumed",
        limit=150,
        step=3,
    ),  # B15
    Rule(
        service="lambda",
        code="InvalidParameterValueException",
        fragment="execution role does not have permissions",
        limit=150,
        step=3,
    ),  # B16, B58
    Rule(service="lambda", code="InvalidParameterValueException", fragment="CreateGrant", limit=150, step=3),  # B16
    Rule(
        service="lambda",
        code="InvalidParameterValueException",
        fragment="throttled by EC2",
        limit=540,
        step=5,
    ),  # B16
    # Just made, not yet seen by this API (B13).
    Rule(
        service="lambda",
        code="ResourceNotFoundException",
        fragment="function not found",
        limit=20,
        operations=frozenset({"PublishVersion", "CreateAlias", "AddPermission", "PutFunctionConcurrency"}),
    ),
    # Two writers on one API.
    Rule(service="apigateway", code="ConflictException", fragment="concurrent modification", limit=120, step=3),  # A38
    # An account role that is still travelling.
    Rule(
        service="apigateway",
        code="BadRequestException",
        fragment="role ARN does not have required permissions",
        limit=120,
        step=20,
    ),  # A58
    Rule(
        service="apigateway",
        code="BadRequestException",
        fragment="could not successfully write to CloudWatch Logs",
        limit=120,
        step=20,
    ),  # A58
    # One change at a time on a table.
    Rule(service="dynamodb", code="ResourceInUseException", fragment="being changed", limit=1800, step=5),  # C6
    Rule(
        service="dynamodb",
        code="ResourceInUseException",
        fragment="attempting to change is in use",
        limit=1800,
        step=5,
    ),  # C6
    # Application Auto Scaling changes a table at any moment, also between our look at it and our call.
    Rule(
        service="dynamodb", code="ResourceInUseException", fragment="resource which is still in use", limit=1800, step=5
    ),  # C43
    Rule(service="dynamodb", code="LimitExceededException", fragment="Only 1 online index", limit=3600, step=10),  # C41
    Rule(service="dynamodb", code="LimitExceededException", fragment="tags are being updated", limit=60, step=2),  # C51
    Rule(service="dynamodb", code="ContinuousBackupsUnavailableException", limit=120, step=2),  # C50
    Rule(
        service="dynamodb",
        code="ValidationException",
        fragment="write capacity should either be",
        limit=60,
        step=3,
    ),  # C15: the scaling policy was just registered
    Rule(
        service="application-autoscaling",
        code="ValidationException",
        fragment="assume IAM role",
        limit=120,
        step=3,
    ),  # C18
    Rule(service="application-autoscaling", code="ConcurrentUpdateException", limit=120),  # C18
    Rule(service="events", code="ConcurrentModificationException", limit=60),  # D17
    Rule(service="events", code="InternalException", limit=60),  # D17
    Rule(service="events", code="ValidationException", fragment="since it has targets", limit=60),  # D10
    # A role that is still travelling; a wrong trust policy gives the same text.
    Rule(
        service="scheduler",
        code="ValidationException",
        fragment="must allow AWS EventBridge Scheduler to assume the role",
        limit=150,
        step=3,
    ),  # D21
    Rule(service="route53", code="PriorRequestNotComplete", limit=120, step=3),  # E22
    Rule(service="logs", code="OperationAbortedException", limit=60),  # F4
    # A web ACL that was just made: seconds to minutes, says AWS.
    Rule(service="wafv2", code="WAFUnavailableEntityException", limit=300, step=5),
    Rule(service="iam", code="ConcurrentModification", limit=60),
    Rule(service="iam", code="DeleteConflict", limit=30),
)

TOO_FAST = frozenset(
    {
        "BandwidthLimitExceeded",
        "RequestLimitExceeded",
        "RequestThrottled",
        "RequestThrottledException",
        "SlowDown",
        "ThrottledException",
        "Throttling",
        "ThrottlingException",
        "TooManyRequestsException",
    }
)
"""What services say where a rate of theirs is exceeded (F3). The throughput of a table is not among it: that is the
table's own, and whoever reads or writes it wants to know."""
_ABOUT_ITSELF = {("lambda", "Invoke")}
"""Here it is the function that is throttled, which the caller wants to know."""

# botocore's standard mode retries these for nothing: they are quotas (A37, D5).
_FINAL = {
    ("apigateway", "LimitExceededException"),
    ("events", "LimitExceededException"),
    ("lambda", "LimitExceededException"),
}


def rule_for(*, service: str, operation: str, code: str, message: str) -> Rule | None:
    """The rule that says to wait, None when the answer is not one of these."""
    for rule in _RULES:
        if rule.service != service or rule.code != code:
            continue
        if rule.operations and operation not in rule.operations:
            continue
        if rule.fragment.lower() in message.lower():
            return rule
    if code in TOO_FAST and (service, operation) not in _ABOUT_ITSELF:
        # The pacer knows this process only; what somebody else used up outlasts botocore's attempts (A36, F2, F5).
        return Rule(service=service, code=code, limit=300, step=5)
    return None


def is_final(*, service: str, code: str) -> bool:
    """Whether a code that botocore would retry is final (A37)."""
    return (service, code) in _FINAL
