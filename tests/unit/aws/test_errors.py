"""What AWS said, as a sentence with a next step."""

from __future__ import annotations

import boto3
import pytest
from botocore import exceptions as botocore
from botocore.exceptions import ClientError
from urllib3.exceptions import URLSchemeUnknown

from backendctl.aws.errors import ASKED, code_of, conceal, explain, is_missing, says, unanswered
from backendctl.errors import AwsError, BackendctlError, BugError, Exit, RefusedError
from backendctl.secrets import KNOWN

_ECHO = (
    "Lambda was unable to configure your environment variables because the environment variables you have provided "
    'exceeded the 4KB limit. String measured: {"TOKEN":"s3cret"}'
)


def _client_error(code: str, message: str = "No.", request_id: str = "r-1") -> ClientError:
    return ClientError(
        {"Error": {"Code": code, "Message": message}, "ResponseMetadata": {"RequestId": request_id}},  # type: ignore[typeddict-item]  # the rest is not looked at
        "Anything",
    )


def _explained(error: BaseException) -> AwsError:
    told = explain(error, doing="update us-west-2/stage/prodv1")
    assert isinstance(told, AwsError)
    return told


def test_a_refusal_tells_what_was_done_the_code_the_message_and_the_request() -> None:
    told = _explained(_client_error("ConflictException", "Stage already exists"))
    assert told.message == "update us-west-2/stage/prodv1: ConflictException: Stage already exists (request r-1)"
    assert (told.doing, told.code, told.request_id) == ("update us-west-2/stage/prodv1", "ConflictException", "r-1")
    assert told.exit_code is Exit.ERROR


def test_a_refusal_without_a_request_id_has_no_empty_brackets() -> None:
    assert "(request" not in _explained(_client_error("ConflictException", request_id="")).message


@pytest.mark.parametrize(
    ("code", "hint"),
    [
        ("ExpiredToken", "aws sso login"),
        ("ExpiredTokenException", "aws sso login"),
        ("UnrecognizedClientException", "list-regions"),
        ("InvalidClientTokenId", "list-regions"),
        ("AccessDeniedException", "get-caller-identity"),
        ("AccessDenied", "get-caller-identity"),
        ("LimitExceededException", "quota"),
        ("SomethingNew", "run the same command again"),
        ("RequestTimeTooSkewed", "clock"),
        ("ThrottlingException", "run the same command again"),
    ],
)
def test_each_code_has_its_next_step(code: str, hint: str) -> None:
    assert hint in _explained(_client_error(code)).hint


@pytest.mark.parametrize(
    ("error", "code", "hint"),
    [
        (botocore.NoCredentialsError(), "NoCredentials", "--sandbox"),
        (
            botocore.PartialCredentialsError(provider="env", cred_var="AWS_SECRET_ACCESS_KEY"),
            "NoCredentials",
            "sign in",
        ),
        (botocore.ProfileNotFound(profile="nobody"), "Profile", "list-profiles"),
        (botocore.SSOTokenLoadError(error_msg="expired"), "Profile", "aws sso login"),
        (botocore.UnauthorizedSSOTokenError(), "Profile", "aws sso login"),
        (botocore.TokenRetrievalError(provider="sso", error_msg="expired"), "Profile", "aws sso login"),
        (botocore.ConfigParseError(path="/x"), "Profile", "correct that file"),
        (botocore.InvalidDefaultsMode(mode="x", valid_modes="y"), "Settings", "correct that setting"),
        (botocore.EndpointConnectionError(endpoint_url="https://x"), "NoAnswer", "again"),
        (botocore.ReadTimeoutError(endpoint_url="https://x"), "NoAnswer", "again"),
        (botocore.ConnectTimeoutError(endpoint_url="https://x"), "NoAnswer", "again"),
    ],
)
def test_what_went_wrong_before_aws_answered_is_told_too(error: Exception, code: str, hint: str) -> None:
    told = _explained(error)
    assert told.code == code
    assert hint in told.hint
    assert told.message.startswith("update us-west-2/stage/prodv1: ")


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"endpoint_url": "localhost:4566"}, "Invalid endpoint: localhost:4566"),
        ({"endpoint_url": "http://localhost:99999"}, "Port out of range 0-65535"),
        ({"aws_access_key_id": "x\nsecret"}, "a key, a token or another setting has characters that no"),
    ],
)
def test_a_setting_that_cannot_be_sent_is_no_bug(given: dict[str, str], told: str) -> None:
    usual = {
        "aws_session_token": "z",
        "endpoint_url": "http://127.0.0.1:9",
        "aws_access_key_id": "x",
        "aws_secret_access_key": "y",
    }
    session = boto3.Session()
    with pytest.raises((ValueError, botocore.HTTPClientError)) as caught:
        session.client("sts", region_name="us-east-1", **(usual | given)).get_caller_identity()  # type: ignore[call-overload]  # any setting
    error = explain(caught.value, doing="ask us-east-1 who we are")
    assert isinstance(error, AwsError)
    assert error.code == "Settings"
    assert told in str(error)
    assert "secret" not in str(error)


def test_our_own_errors_stay_as_they_are() -> None:
    error = RefusedError(["no"])
    assert explain(error, doing="anything") is error


def test_parameters_that_botocore_refuses_are_a_bug_of_ours_and_not_a_reason_to_try_again() -> None:
    told = explain(botocore.ParamValidationError(report="Unknown parameter"), doing="create x")
    assert isinstance(told, BugError)
    assert "report it" in told.hint


def test_anything_else_is_a_bug_with_its_traceback() -> None:
    def broken() -> None:
        raise KeyError("arn")

    try:
        broken()
    except KeyError as error:
        told = explain(error, doing="create us-east-1/alias/a")
    assert isinstance(told, BugError)
    assert told.message == "create us-east-1/alias/a: KeyError: 'arn'"
    assert "in broken" in told.trace


def test_the_environment_that_aws_echoes_is_concealed() -> None:
    told = _explained(_client_error("InvalidParameterValueException", _ECHO))
    assert "s3cret" not in told.message
    assert "exceeded the 4KB limit" in told.message  # B55


def test_the_echo_is_concealed_in_the_traceback_of_a_bug_too() -> None:
    try:
        try:
            raise _client_error("InvalidParameterValueException", _ECHO)
        except ClientError as refused:
            raise KeyError("met while handling it") from refused
    except KeyError as error:
        told = explain(error, doing="create x")
    assert isinstance(told, BugError)
    assert "4KB limit" in told.trace
    assert "s3cret" not in told.trace + told.message


def test_an_ordinary_message_is_not_cut() -> None:
    assert conceal("Stage already exists") == "Stage already exists"


def test_no_expected_error_keeps_a_traceback_of_its_own() -> None:
    assert not isinstance(_explained(_client_error("X")), BugError)
    assert isinstance(_explained(_client_error("X")), BackendctlError)


@pytest.mark.parametrize(
    "code",
    [
        "ResourceNotFoundException",
        "NotFoundException",
        "NoSuchEntity",
        "NoSuchHealthCheck",
        "NoSuchHostedZone",
        "ObjectNotFoundException",
        "ParameterNotFound",
        "TableNotFoundException",
    ],
)
def test_each_service_has_its_word_for_missing(code: str) -> None:
    assert is_missing(_client_error(code))


def test_a_refusal_is_not_missing_and_neither_is_a_bug() -> None:
    assert not is_missing(_client_error("AccessDenied"))
    assert not is_missing(KeyError("x"))
    assert code_of(KeyError("x")) == ""


def test_says_wants_the_code_and_the_fragment_in_any_case() -> None:
    error = _client_error("ConflictException", "Function Already Exists")
    assert says(error, "ConflictException")
    assert says(error, "ConflictException", "already exists")
    assert not says(error, "ConflictException", "in progress")
    assert not says(error, "ResourceConflictException", "already exists")
    assert not says(KeyError("already exists"), "ConflictException")


@pytest.mark.parametrize(
    ("code", "message", "status", "hint"),
    [
        ("ValidationException", "1 validation error detected", 400, "correct what AWS names"),
        ("InvalidParameterValueException", "The role cannot be assumed", 400, "correct what AWS names"),
        ("BadRequestException", "Invalid stage name", 400, "correct what AWS names"),
        ("SignatureDoesNotMatch", "Signature expired: 20261128 is now earlier than 20261129", 403, "clock"),
        ("InvalidSignatureException", "Signature not yet current: 20261128", 403, "clock"),
        ("SignatureDoesNotMatch", "The request signature we calculated does not match", 403, "secret access key"),
        ("ThrottlingException", "Rate exceeded", 400, "continues where this stopped"),
        ("ServiceUnavailable", "", 503, "continues where this stopped"),
    ],
)
def test_a_hint_says_only_what_helps(code: str, message: str, status: int, hint: str) -> None:
    error = _client_error(code, message)
    error.response["ResponseMetadata"]["HTTPStatusCode"] = status
    assert hint in _explained(error).hint
    assert ("continues" in _explained(error).hint) == ("continues" in hint)


def test_no_answer_is_told_with_service_region_and_operation_and_with_the_bound() -> None:
    error = botocore.ReadTimeoutError(endpoint_url="https://x")
    unanswered(error, "lambda", "us-west-2", "ListFunctions", within=60.0)
    told = explain(error, doing="ask AWS").message
    assert "lambda in us-west-2 gave no answer to ListFunctions within 60 s (--timeout): Read timeout on" in told
    refused = botocore.EndpointConnectionError(endpoint_url="https://x")
    unanswered(refused, "lambda", "us-west-2", "ListFunctions", within=60.0)
    assert "ListFunctions: Could not connect" in explain(refused, doing="ask AWS").message


def test_an_address_that_nothing_can_be_sent_to_is_no_wrong_header() -> None:
    told = explain(botocore.HTTPClientError(error=URLSchemeUnknown("ftp")), doing="ask AWS")
    assert "Endpoint: Not supported URL scheme ftp" in told.message
    told = explain(botocore.HTTPClientError(error=ValueError("Invalid header value b'secret'")), doing="ask AWS")
    assert "no HTTP header may have" in told.message
    assert "secret" not in told.message


def test_what_only_reads_does_not_continue_anything() -> None:
    told = explain(botocore.ReadTimeoutError(endpoint_url="https://x"), doing="read us-west-2/table/places")
    assert told.hint.startswith("run the same command again")
    assert "continues" not in told.hint


@pytest.mark.parametrize(
    ("message", "asked", "action"),
    [
        (
            "User: arn:aws:iam::1:user/me is not authorized to perform: lambda:CreateFunction on resource: arn:x",
            None,
            "lambda:CreateFunction",
        ),
        ("You are not authorized to perform this operation", ("ssm", "us-east-1"), "ssm:Anything"),
        ("denied", None, "Anything"),
    ],
)
def test_a_denial_names_the_action_that_is_missing(message: str, asked: object, action: str) -> None:
    error = _client_error("AccessDeniedException", message)
    if asked is not None:
        error.response["ResponseMetadata"][ASKED] = asked  # type: ignore[literal-required]  # our own key
    assert f"do {action};" in _explained(error).hint


@pytest.mark.parametrize(
    ("error", "hint"),
    [
        (botocore.SSLError(endpoint_url="https://x", error=OSError("certificate verify failed")), "AWS_CA_BUNDLE"),
        (botocore.ProxyConnectionError(proxy_url="http://proxy"), "HTTPS_PROXY"),
    ],
)
def test_what_the_same_command_would_meet_again_is_no_reason_to_run_it_again(error: Exception, hint: str) -> None:
    told = _explained(error)
    assert hint in told.hint
    assert "again" not in told.hint


def test_nobody_listening_at_an_address_of_the_users_own_is_told_as_that() -> None:
    told = _explained(botocore.EndpointConnectionError(endpoint_url="http://127.0.0.1:1/"))
    assert "--endpoint-url" in told.hint
    assert (
        "--endpoint-url"
        not in _explained(botocore.EndpointConnectionError(endpoint_url="https://a.amazonaws.com")).hint
    )


@pytest.mark.parametrize(
    "error",
    [
        botocore.CredentialRetrievalError(provider="custom-process", error_msg="exit 1\nno vault"),
        botocore.RefreshWithMFAUnsupportedError(),
        botocore.InfiniteLoopConfigError(source_profile="a", visited_profiles=["a", "b"]),
        botocore.InvalidConfigError(error_msg="no source_profile"),
    ],
)
def test_credentials_that_a_profile_cannot_give_are_one_sentence(error: Exception) -> None:
    told = _explained(error)
    assert told.code == "Credentials"
    assert "\n" not in told.message
    assert "same command again; it continues" not in told.hint


def test_the_values_of_an_environment_are_hidden_in_any_wording_of_aws() -> None:
    KNOWN.add_echoed(["hunter2hunter2"])
    error = ClientError({"Error": {"Code": "X", "Message": "odd: {T=hunter2hunter2}"}}, "UpdateFunctionConfiguration")
    assert "hunter2" not in _explained(error).message
