"""What AWS says when it means "not yet", and what it says when it means no."""

from __future__ import annotations

import pytest

from backendctl.aws.retry import _RULES, Rule, is_final, rule_for

_ARN = "arn:aws:lambda:us-east-1:123456789012:function:corkhounds-places"

# service, operation, code, message: as AWS words it.
NOT_YET = [
    (
        "wafv2",
        "AssociateWebACL",
        "WAFUnavailableEntityException",
        "AWS WAF couldn't retrieve the resource that you requested. Retry your request.",
    ),
    (
        "lambda",
        "UpdateFunctionConfiguration",
        "ResourceConflictException",
        f"The operation cannot be performed at this time. An update is in progress for resource: {_ARN}",
    ),
    (
        "lambda",
        "PublishVersion",
        "ResourceConflictException",
        "The operation cannot be performed at this time. The function is currently in the following state: Pending",
    ),
    ("lambda", "Invoke", "ResourceConflictException", "The function state is Pending"),
    ("lambda", "Invoke", "CodeArtifactUserPendingException", "The function is pending"),
    (
        "lambda",
        "CreateFunction",
        "InvalidParameterValueException",
        "The role defined for the function cannot be assumed by Lambda.",
    ),
    (
        "lambda",
        "CreateFunction",
        "InvalidParameterValueException",
        "The provided execution role does not have permissions to call PutTraceSegments on XRAY",
    ),
    (
        "lambda",
        "CreateFunction",
        "InvalidParameterValueException",
        "Lambda was unable to configure access to your environment variables: the KMS key is invalid for CreateGrant.",
    ),
    (
        "lambda",
        "CreateFunction",
        "InvalidParameterValueException",
        "Your request has been throttled by EC2, please make sure you have enough API rate limit.",
    ),
    ("lambda", "CreateAlias", "ResourceNotFoundException", f"Function not found: {_ARN}"),
    ("apigateway", "DeleteRestApi", "TooManyRequestsException", "Too Many Requests"),
    (
        "apigateway",
        "PutRestApi",
        "ConflictException",
        "Unable to complete operation due to concurrent modification. Please try again later.",
    ),
    (
        "apigateway",
        "UpdateAccount",
        "BadRequestException",
        "The role ARN does not have required permissions configured. Please grant trust permission for API Gateway",
    ),
    (
        "apigateway",
        "UpdateAccount",
        "BadRequestException",
        "API Gateway could not successfully write to CloudWatch Logs using the ARN specified",
    ),
    (
        "dynamodb",
        "UpdateTable",
        "ResourceInUseException",
        "The resource which you are attempting to change is in use.",
    ),
    ("dynamodb", "UpdateTable", "ResourceInUseException", "Table is being changed: corkhounds-places"),
    (
        "dynamodb",
        "UpdateTable",
        "ResourceInUseException",
        "Attempt to change a resource which is still in use: Table is being updated: corkhounds-places",
    ),
    (
        "dynamodb",
        "UpdateTable",
        "LimitExceededException",
        "Subscriber limit exceeded: Only 1 online index can be created or deleted simultaneously per table",
    ),
    ("dynamodb", "TagResource", "LimitExceededException", "Table tags are being updated"),
    (
        "dynamodb",
        "UpdateContinuousBackups",
        "ContinuousBackupsUnavailableException",
        "Backups are being enabled for the table: corkhounds-places. Please retry later",
    ),
    (
        "dynamodb",
        "UpdateTable",
        "ValidationException",
        "Table write capacity should either be Pay-Per-Request or AutoScaled.",
    ),
    (
        "dynamodb",
        "UpdateTable",
        "ValidationException",
        "GSI write capacity should either be Pay-Per-Request or AutoScaled.",
    ),
    (
        "application-autoscaling",
        "RegisterScalableTarget",
        "ValidationException",
        "Unable to assume IAM role: arn:aws:iam::123456789012:role/scaling",
    ),
    ("application-autoscaling", "PutScalingPolicy", "ConcurrentUpdateException", "You already have a pending update"),
    ("events", "PutRule", "ConcurrentModificationException", "Rule was modified concurrently"),
    ("events", "PutTargets", "InternalException", "An internal error occurred"),
    ("events", "DeleteRule", "ValidationException", "Rule can't be deleted since it has targets."),
    (
        "scheduler",
        "CreateSchedule",
        "ValidationException",
        "The execution role you provide must allow AWS EventBridge Scheduler to assume the role.",
    ),  # D21
    (
        "route53",
        "ChangeResourceRecordSets",
        "PriorRequestNotComplete",
        "The request was rejected because Route 53 was still processing a prior request.",
    ),
    (
        "logs",
        "PutRetentionPolicy",
        "OperationAbortedException",
        "A conflicting operation is currently in progress against this resource.",
    ),
    ("iam", "AttachRolePolicy", "ConcurrentModification", "The request was rejected because of multiple requests"),
    ("iam", "DeleteRole", "DeleteConflict", "Cannot delete entity, must detach all policies first."),
]

NO = [
    ("lambda", "CreateFunction", "ResourceConflictException", "Function already exist: corkhounds-places"),
    ("lambda", "AddPermission", "ResourceConflictException", "The statement id (version1) provided already exists."),
    ("lambda", "GetFunction", "ResourceNotFoundException", f"Function not found: {_ARN}"),
    ("lambda", "DeleteFunction", "ResourceNotFoundException", f"Function not found: {_ARN}"),
    (
        "lambda",
        "CreateFunction",
        "InvalidParameterValueException",
        "Unzipped size must be smaller than 262144000 bytes",
    ),
    (
        "lambda",
        "UpdateFunctionConfiguration",
        "InvalidParameterValueException",
        'the environment variables you have provided exceeded the 4KB limit. String measured: {"TOKEN":"x"}',
    ),
    ("apigateway", "PutRestApi", "ConflictException", "The domain name you provided already exists."),
    ("apigateway", "PutRestApi", "BadRequestException", "Invalid OpenAPI input. "),
    ("dynamodb", "CreateTable", "ResourceInUseException", "Table already exists: corkhounds-places"),
    ("dynamodb", "CreateTable", "LimitExceededException", "Subscriber limit exceeded: there are too many tables"),
    ("dynamodb", "UpdateTable", "ValidationException", "One or more parameter values were invalid"),
    ("route53", "ChangeResourceRecordSets", "InvalidChangeBatch", "Tried to create resource record set but it exists"),
    ("s3", "PutObject", "OperationAborted", "A conflicting conditional operation is in progress"),
]


@pytest.mark.parametrize(("service", "operation", "code", "message"), NOT_YET)
def test_these_words_of_aws_mean_not_yet(service: str, operation: str, code: str, message: str) -> None:
    assert rule_for(service=service, operation=operation, code=code, message=message) is not None
    assert not is_final(service=service, code=code)


@pytest.mark.parametrize(("service", "operation", "code", "message"), NO)
def test_these_words_of_aws_mean_no(service: str, operation: str, code: str, message: str) -> None:
    assert rule_for(service=service, operation=operation, code=code, message=message) is None


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: f"{rule.service}-{rule.code}-{rule.fragment}")
def test_every_rule_answers_a_sentence_that_aws_really_says(rule: Rule) -> None:
    assert any(
        rule_for(service=service, operation=operation, code=code, message=message) is rule
        for service, operation, code, message in NOT_YET
    )


@pytest.mark.parametrize("rule", _RULES, ids=lambda rule: f"{rule.service}-{rule.code}-{rule.fragment}")
def test_every_rule_asks_more_than_once_and_gives_up_in_the_end(rule: Rule) -> None:
    assert 0 < rule.step < rule.limit <= 3600


def test_the_case_of_a_message_does_not_matter() -> None:
    assert rule_for(
        service="apigateway", operation="PutRestApi", code="ConflictException", message="CONCURRENT MODIFICATION"
    )


@pytest.mark.parametrize("service", ["apigateway", "lambda", "events"])
def test_a_quota_that_is_reached_is_final(service: str) -> None:
    assert is_final(service=service, code="LimitExceededException")


def test_throttling_is_not_final() -> None:
    assert not is_final(service="apigateway", code="TooManyRequestsException")
    assert not is_final(service="dynamodb", code="LimitExceededException")


@pytest.mark.parametrize(
    ("service", "operation", "code"),
    [
        ("lambda", "AddPermission", "TooManyRequestsException"),  # B56
        ("route53", "ChangeResourceRecordSets", "Throttling"),  # E22
        ("dynamodb", "CreateTable", "ThrottlingException"),  # C56
        ("logs", "FilterLogEvents", "ThrottlingException"),
        ("ssm", "PutParameter", "ThrottlingException"),
        ("s3", "PutObject", "SlowDown"),
    ],
)
def test_a_rate_that_somebody_else_uses_up_is_waited_for_longer_than_botocore_does(
    service: str, operation: str, code: str
) -> None:
    rule = rule_for(service=service, operation=operation, code=code, message="Rate exceeded")
    assert rule is not None
    assert rule.limit == 300


def test_a_function_that_is_throttled_itself_is_told_at_once() -> None:
    said = {"operation": "Invoke", "code": "TooManyRequestsException", "message": "Rate Exceeded."}
    assert rule_for(service="lambda", **said) is None


def test_the_throughput_of_a_table_is_told_at_once() -> None:
    said = {"operation": "PutItem", "code": "ProvisionedThroughputExceededException", "message": "The level of …"}
    assert rule_for(service="dynamodb", **said) is None
