"""What AWS said, turned into a sentence with a next step."""

from __future__ import annotations

import re
import traceback

from botocore import exceptions as botocore
from botocore.exceptions import BotoCoreError, ClientError
from botocore.parsers import ResponseParserError

from backendctl.errors import AwsError, BackendctlError, BugError

__all__ = ["BotoCoreError", "ClientError", "code_of", "conceal", "explain", "is_missing", "says"]

_NO_ANSWER = "NoAnswer"

_WHO = "the keys are wrong, or this region is not enabled for the account (F13): aws account list-regions"
_DENIED = "the profile or role in use lacks this permission: aws sts get-caller-identity shows who you are"
# code → the next thing to do
_HINTS = {
    "ExpiredToken": "sign in again (aws sso login, or new keys), then run the same command",
    "ExpiredTokenException": "sign in again (aws sso login, or new keys), then run the same command",
    "InvalidClientTokenId": _WHO,
    "UnrecognizedClientException": _WHO,
    "AccessDenied": _DENIED,
    "AccessDeniedException": _DENIED,
    "LimitExceededException": "an account quota is reached; waiting does not help (A37): raise it or remove something",
}
_INVALID_ENVIRONMENT = re.compile(r"(Value ').*?(' at 'environment)", re.DOTALL)
_AGAIN = "run the same command again; it continues where this stopped"


def code_of(error: BaseException) -> str:
    """AWS's error code, empty when it is not AWS's error."""
    return str(error.response.get("Error", {}).get("Code", "")) if isinstance(error, ClientError) else ""


def says(error: BaseException, code: str, fragment: str = "") -> bool:
    """Whether it is that error; AWS rewords messages, so code first and a fragment second."""
    if code_of(error) != code or not isinstance(error, ClientError):
        return False
    return fragment.lower() in str(error.response.get("Error", {}).get("Message", "")).lower()


def is_missing(error: BaseException) -> bool:
    """Whether AWS says that the thing is not there; missing is a value, not an error (H5)."""
    return code_of(error) in {
        "ResourceNotFoundException",
        "NotFoundException",
        "NoSuchEntity",
        "NoSuchHealthCheck",
        "NoSuchHostedZone",
        "ObjectNotFoundException",
        "ParameterNotFound",
        "TableNotFoundException",
        "ProvisionedConcurrencyConfigNotFoundException",  # B47
    }


def explain(error: BaseException, *, doing: str) -> BackendctlError:
    """The same error as one of ours; ours stay as they are.

    Args:
        doing: what was being done, e.g. "update us-west-2/stage/prodv1".
    """
    if isinstance(error, BackendctlError):
        return error
    if isinstance(error, ClientError):
        return _refused(error, doing)
    if isinstance(error, botocore.NoCredentialsError | botocore.PartialCredentialsError):
        return AwsError(
            "there are no AWS credentials",
            doing=doing,
            code="NoCredentials",
            hint="sign in (aws sso login / aws configure), name one with --profile, or try --sandbox",
        )
    if isinstance(error, botocore.ProfileNotFound | botocore.SSOError | botocore.TokenRetrievalError):
        return AwsError(str(error), doing=doing, code="Profile", hint="aws configure list-profiles; aws sso login")
    if _unanswered(error):
        return AwsError(str(error), doing=doing, code=_NO_ANSWER, hint=_AGAIN)
    trace = "".join(conceal(line) for line in traceback.format_exception(error))
    return BugError(f"{doing}: {type(error).__name__}: {conceal(str(error))}", trace=trace)


def _unanswered(error: BaseException) -> bool:
    """Whether nothing came back, or nothing that AWS would say, such as a proxy's page."""
    answerless = isinstance(error, BotoCoreError | ResponseParserError)
    return answerless and not isinstance(error, botocore.ParamValidationError)


def _refused(error: ClientError, doing: str) -> AwsError:
    told = error.response.get("Error", {})
    code = str(told.get("Code", "Unknown"))
    return AwsError(
        conceal(str(told.get("Message") or error)),
        doing=doing,
        code=code,
        request_id=str(error.response.get("ResponseMetadata", {}).get("RequestId", "")),
        hint=_HINTS.get(code, _AGAIN),
    )


def conceal(message: str) -> str:
    """Take out what AWS echoes: all environment variables, secrets included, if too large (B55) or invalid."""
    message = _INVALID_ENVIRONMENT.sub(r"\1(hidden)\2", message)
    head, mark, _ = message.partition("String measured:")
    return f"{head}{mark} (hidden)" if mark else message
