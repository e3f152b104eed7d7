"""What AWS said, turned into a sentence with a next step."""

from __future__ import annotations

import re
import sys
import traceback
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from typing import Any, TypeVar

from botocore import exceptions as botocore
from botocore.exceptions import BotoCoreError, ClientError
from urllib3.exceptions import LocationValueError

from backendctl.aws.answers import MalformedAnswerError, lacking
from backendctl.aws.retry import TOO_FAST
from backendctl.aws.silence import SilentError
from backendctl.errors import AGAIN, AwsError, BackendctlError, BugError
from backendctl.secrets import KNOWN

__all__ = [
    "BotoCoreError",
    "ClientError",
    "attempt",
    "code_of",
    "conceal",
    "explain",
    "gone_already",
    "is_missing",
    "no_credentials",
    "quietly",
    "says",
]

T = TypeVar("T")

_NO_ANSWER = "NoAnswer"
ASKED = "BackendctlAsked"
"""In the ResponseMetadata of an error: (service, region)."""
_UNANSWERED = "backendctl_asked"
"""On an exception that stands for no answer: what was asked."""
_CHANGING = ("create", "update", "delete")

_SIGN_IN = "sign in again (aws sso login, or new keys), then run the same command"
_WHO = "the keys are wrong, or this region is not enabled for the account: aws account list-regions"
_CLOCK = "set this machine's clock: AWS refuses what is signed more than 5 minutes off"
_WRONG = "correct what AWS names; the same input is refused again"
_PROFILE = "aws configure list-profiles shows the profiles there are; aws sso login signs in"
# code → the next thing to do
_HINTS = {
    "ExpiredToken": _SIGN_IN,
    "ExpiredTokenException": _SIGN_IN,
    "TokenRefreshRequired": _SIGN_IN,
    "InvalidClientTokenId": _WHO,
    "UnrecognizedClientException": _WHO,
    "AuthFailure": _WHO,
    "InvalidAccessKeyId": _WHO,
    "SignatureDoesNotMatch": "the secret access key is not that of the access key id, or is cut: aws configure list",
    "IncompleteSignature": "the access key id or the secret access key is cut or has a stray character",
    "RequestTimeTooSkewed": _CLOCK,
    "RequestExpired": _CLOCK,
    "OptInRequired": _WHO,
    "LimitExceededException": "an account quota is reached, and waiting does not help: raise it or remove something",
}
_DENIALS = frozenset({"AccessDenied", "AccessDeniedException", "UnauthorizedOperation", "AccessDeniedFault"})
_AS_SIGNED = frozenset({"SignatureDoesNotMatch", "InvalidSignatureException", "AuthFailure"})
_OF_THE_CLOCK = ("expired", "not yet current", "too skewed")
_WAIT = frozenset(
    {"ResourceConflictException", "ConflictException", "ResourceInUseException", "PriorRequestNotComplete"}
    | {"ConcurrentModificationException", "OperationAbortedException", "ConcurrentUpdateException"}
    | TOO_FAST
)
_REFUSALS = range(400, 500)
_DENIED_ACTION = re.compile(r"not authorized to perform:? ([\w-]+:[\w*]+)")
_WITH_ENVIRONMENT = frozenset(
    {"CreateFunction", "UpdateFunctionConfiguration", "UpdateFunctionCode", "PublishVersion", "Invoke"}
)
_INVALID_ENVIRONMENT = re.compile(r"(Value ').*?(' at 'environment)", re.DOTALL)


def is_denied(error: BaseException) -> bool:
    """Whether the caller lacks a right."""
    return code_of(error) in _DENIALS


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


def unanswered(error: BaseException, service: str, region: str, operation: str, *, within: float) -> None:
    """Have the sentence about an error that is no answer of AWS name what was asked, and where.

    Args:
        within: seconds that the call had at most.
    """
    bound = f" within {within:g} s (--timeout)" if isinstance(error, _TIMEOUTS) else ""
    error.__dict__[_UNANSWERED] = f"{service} in {region} gave no answer to {operation}{bound}"


@contextmanager
def gone_already() -> Iterator[None]:
    """Around one call: what AWS does not have (any more) is no error.

    Never around two: the "missing" of one would be taken for all that follows.
    """
    try:
        yield
    except ClientError as error:
        if not is_missing(error):
            raise


def is_silent(error: BaseException) -> bool:
    """Whether a region did not answer: nothing came back, or nothing but that the service is not available."""
    told = explain(error, doing="ask AWS")
    return isinstance(told, AwsError) and told.silent


def attempt(work: Callable[[], T], *, doing: str, let: tuple[type[Exception], ...] = ()) -> T | BackendctlError:
    """What the work gives, or its error in words: the failure of one region is that region's, the others go on.

    Args:
        doing: begins the sentence, as `explain` has it. let: errors that are raised all the same.
    """
    try:
        return work()
    except let:
        raise
    except Exception as error:  # noqa: BLE001  # the one place: a bug is explained with its traceback
        return explain(error, doing=doing)


def quietly(read: Callable[[], object]) -> None:
    """Read what others share: what cannot be read is read again, and told, by whoever needs it."""
    with suppress(ClientError, BotoCoreError, BackendctlError):
        read()


def explain(error: BaseException, *, doing: str) -> BackendctlError:
    """The same error as one of ours; ours stay as they are.

    Args:
        doing: what was being done, e.g. "update us-west-2/stage/prodv1".
    """
    if isinstance(error, BackendctlError):
        return error
    if isinstance(error, ClientError):
        return _refused(error, doing)
    if isinstance(error, _OF_THE_CREDENTIALS):
        return no_credentials(error, doing=doing)
    if (told := _unsent(error, doing)) is not None:
        return told
    malformed = lacking(error) or error
    if _unanswered(malformed):
        hint = _unanswered_hint(malformed, doing)
        return AwsError(_sentence(malformed), doing=doing, code=_NO_ANSWER, hint=hint)
    return _bug(error, doing)


def _unsent(error: BaseException, doing: str) -> AwsError | None:
    """What this machine's settings forbid, so that AWS was never asked; None for any other error."""
    for kinds, code, hint in _BEFORE_ANY_ANSWER:
        if isinstance(error, kinds):
            return AwsError(_sentence(error), doing=doing, code=code, hint=hint)
    inner = error.kwargs.get("error") if isinstance(error, botocore.HTTPClientError) else None
    if isinstance(inner, LocationValueError):  # an address that nothing can be sent to, in urllib3's words
        return AwsError(_sentence(inner), doing=doing, code="Endpoint", hint=_OF_THE_SETTINGS)
    if isinstance(inner, ValueError):
        # Python's words hold the whole header.
        told = "a key, a token or another setting has characters that no HTTP header may have"
        return AwsError(told, doing=doing, code="Settings", hint=_SETTING)
    last = error.__traceback__
    while last is not None and last.tb_next is not None:
        last = last.tb_next
    where = str(last.tb_frame.f_globals.get("__name__", "")) if last else ""
    if isinstance(error, ValueError) and where.partition(".")[0] in _SENDERS:
        return AwsError(_sentence(error), doing=doing, code="Settings", hint=_SETTING)
    return None


def _bug(error: BaseException, doing: str) -> BugError:
    trace = "".join(conceal(line) for line in traceback.format_exception(error))
    return BugError(f"{doing}: {type(error).__name__}: {conceal(str(error))}", trace=trace)


def no_credentials(error: BaseException, *, doing: str) -> BackendctlError:
    """Why there are no credentials: whatever a profile's command, role or token said, in one sentence.

    Args:
        doing: what was being done, e.g. "sign in to us-east-1".
    """
    if isinstance(error, ClientError) or (_unanswered(error) and not isinstance(error, _OF_THE_CREDENTIALS)):
        return explain(error, doing=doing)
    if isinstance(error, botocore.RefreshWithMFAUnsupportedError):
        hint = f"{AGAIN}: it asks for a new MFA code, which works once"
        return AwsError(_sentence(error), doing=doing, code="Credentials", hint=hint)
    told = _sentence(error) or type(error).__name__
    if not isinstance(error, BotoCoreError):  # Python's own words, such as of a JSON that is a list
        told = f"what the profile names for its credentials failed, or gave none that can be read: {told}"
    return AwsError(
        told,
        doing=doing,
        code="Credentials",
        hint="aws sts get-caller-identity shows whether the profile signs in; aws sso login renews a token",
    )


_OF_THE_CREDENTIALS = (
    botocore.CredentialRetrievalError,
    botocore.RefreshWithMFAUnsupportedError,
    botocore.InvalidConfigError,
    botocore.InfiniteLoopConfigError,
    botocore.UnknownCredentialError,
    botocore.MissingDependencyException,
    botocore.MetadataRetrievalError,
)
_TIMEOUTS = (botocore.ReadTimeoutError, botocore.ConnectTimeoutError)
_OF_THE_SETTINGS = (
    "look at --endpoint-url, BACKENDCTL_ENDPOINT_URL and AWS_ENDPOINT_URL, and at the regions of the spec"
)
_SETTING = (
    "correct that setting: --endpoint-url, the environment (AWS_..., BACKENDCTL_...) or the AWS configuration has it"
)
_SENDERS = frozenset({"boto3", "botocore", "urllib", "urllib3"})
"""Packages whose ValueErrors are about what they were given to send to, or with."""
_Kinds = tuple[type[BaseException], ...]
_BEFORE_ANY_ANSWER: tuple[tuple[_Kinds, str, str], ...] = (
    (
        (botocore.NoCredentialsError, botocore.PartialCredentialsError),
        "NoCredentials",
        "sign in (aws sso login / aws configure), name one with --profile, or try --sandbox",
    ),
    (
        (
            botocore.ProfileNotFound,
            botocore.SSOError,
            botocore.TokenRetrievalError,
        ),
        "Profile",
        _PROFILE,
    ),
    (
        (botocore.ConfigNotFound, botocore.ConfigParseError),
        "Profile",
        "correct that file, or name another (AWS_CONFIG_FILE, AWS_SHARED_CREDENTIALS_FILE)",
    ),
    (
        (
            botocore.InvalidRegionError,
            botocore.NoRegionError,
            botocore.UnknownRegionError,
            botocore.UnknownEndpointError,
            botocore.InvalidProxiesConfigError,
        ),
        "Endpoint",
        _OF_THE_SETTINGS,
    ),
    (
        (
            botocore.InvalidDefaultsMode,
            botocore.InvalidIMDSEndpointError,
            botocore.InvalidIMDSEndpointModeError,
            botocore.InvalidMaxRetryAttemptsError,
            botocore.InvalidRetryConfigurationError,
            botocore.InvalidRetryModeError,
            botocore.InvalidS3AddressingStyleError,
            botocore.InvalidS3UsEast1RegionalEndpointConfigError,
            botocore.InvalidSTSRegionalEndpointsConfigError,
        ),
        "Settings",
        _SETTING,
    ),
)


def _sentence(error: BaseException) -> str:
    """Its words on one line."""
    if _is_unparsed(error):  # botocore's words hold the whole body
        return "the response is not from AWS, or is truncated"
    if isinstance(error, botocore.NoCredentialsError):
        return "there are no AWS credentials"
    told = " ".join(conceal(str(error)).split())
    asked = getattr(error, _UNANSWERED, "")
    names_the_region = isinstance(error, SilentError | MalformedAnswerError)
    return f"{asked}: {told}" if asked and not names_the_region else told


def _is_unparsed(error: BaseException) -> bool:
    """Whether botocore could not read an answer; its parsers are loaded by a first call, not by whoever makes none."""
    parsers = sys.modules.get("botocore.parsers")
    return parsers is not None and isinstance(error, parsers.ResponseParserError)


def _unanswered(error: BaseException) -> bool:
    """Whether nothing came back, or nothing that AWS would say, such as a proxy's page."""
    answerless = isinstance(error, BotoCoreError) or _is_unparsed(error)
    return answerless and not isinstance(error, botocore.ParamValidationError)


def _unanswered_hint(error: BaseException, doing: str) -> str:
    error = error.cause if isinstance(error, SilentError) else error
    if isinstance(error, MalformedAnswerError) or _is_unparsed(error):
        return "look at the network (does a proxy or a captive portal answer?), then " + _again(doing)
    if isinstance(error, _TIMEOUTS):
        return f"{_again(doing)} (--timeout SECONDS is how long one call waits)"
    if isinstance(error, botocore.SSLError):
        return "look at the certificates that are trusted (AWS_CA_BUNDLE) and at the proxy, if there is one"
    if isinstance(error, botocore.ProxyConnectionError):
        return "look at HTTPS_PROXY and HTTP_PROXY"
    address = str(getattr(error, "kwargs", {}).get("endpoint_url", ""))
    if isinstance(error, botocore.EndpointConnectionError) and address and "amazonaws.com" not in address:
        return (
            f"is anything listening there? (--endpoint-url, BACKENDCTL_ENDPOINT_URL, AWS_ENDPOINT_URL); {_again(doing)}"
        )
    return _again(doing)


def _again(doing: str) -> str:
    """What is changed goes on where it stopped; what only reads begins anew."""
    return f"{AGAIN}; it continues where this stopped" if doing.startswith(_CHANGING) else AGAIN


def _refused(error: ClientError, doing: str) -> AwsError:
    told = error.response.get("Error", {})
    code = str(told.get("Code", "Unknown"))
    message = str(told.get("Message") or error)
    if error.operation_name in _WITH_ENVIRONMENT:
        message = KNOWN.redact_echo(message)
    message = conceal(message)
    return AwsError(
        message,
        doing=doing,
        code=code,
        request_id=str(error.response.get("ResponseMetadata", {}).get("RequestId", "")),
        hint=_hint(error, code, message, doing),
    )


def _hint(error: ClientError, code: str, message: str, doing: str) -> str:
    if code in _DENIALS:
        return _denied(error, message)
    if code in _AS_SIGNED and any(word in message.lower() for word in _OF_THE_CLOCK):
        return _CLOCK
    if code in _HINTS:
        return _HINTS[code]
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    return _WRONG if status in _REFUSALS and code not in _WAIT else _again(doing)


def _denied(error: ClientError, message: str) -> str:
    """The action that is missing, by AWS's words, else by the call."""
    metadata: Any = error.response.get("ResponseMetadata", {})
    service = str(metadata.get(ASKED, ("",))[0])
    called = f"{service}:{error.operation_name}" if service else error.operation_name
    action = found[1] if (found := _DENIED_ACTION.search(message)) else called
    return f"let the profile or role in use do {action}; aws sts get-caller-identity shows which one that is"


def conceal(message: str) -> str:
    """Take out secrets, and what AWS echoes: all environment variables if too large (B55) or invalid."""
    message = KNOWN.redact(message)
    message = _INVALID_ENVIRONMENT.sub(r"\1(hidden)\2", message)
    head, mark, _ = message.partition("String measured:")
    return f"{head}{mark} (hidden)" if mark else message
