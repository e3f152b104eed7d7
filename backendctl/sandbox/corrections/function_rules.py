"""What Lambda refuses, judged from the request and the facts alone."""

from __future__ import annotations

import base64
import hashlib
import io
import json
import re
import zipfile
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.corrections import lambda_model
from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.http import PRECONDITION

if TYPE_CHECKING:
    from collections.abc import Mapping

ENVIRONMENT_BYTES = 4096  # B55
UNRESERVED = 100  # B49
_SNAPSHOT_STORAGE = 512  # MB, B52
_MORE = "Requested Provisioned Concurrency should not be greater than"
_RESERVED = re.compile(
    r"_HANDLER|_X_AMZN_TRACE_ID|AWS_(DEFAULT_REGION|REGION|EXECUTION_ENV|ACCESS_KEY|ACCESS_KEY_ID"
    r"|SECRET_ACCESS_KEY|SESSION_TOKEN|LAMBDA_\w+)|LAMBDA_(TASK_ROOT|RUNTIME_DIR)"
)


def bad_value(message: str) -> Refusal:
    """InvalidParameterValueException."""
    return Refusal(code="InvalidParameterValueException", message=message)


def environment(asked: Mapping[str, Any]) -> Refusal | None:
    """At most 4 KB of variables, and none that Lambda sets itself (B55)."""
    variables: dict[str, str] = (asked.get("Environment") or {}).get("Variables") or {}
    reserved = [name for name in variables if _RESERVED.fullmatch(name)]
    if reserved:
        return bad_value(
            "Lambda was unable to configure your environment variables because the environment variables you have "
            "provided contains reserved keys that are currently not supported for modification. Reserved keys used "
            f"in this request: {', '.join(reserved)}"
        )
    measured = json.dumps(variables, separators=(",", ":"))
    if len(measured.encode()) <= ENVIRONMENT_BYTES:
        return None
    return bad_value(
        "Lambda was unable to configure your environment variables because the environment variables you have "
        f"provided exceeded the 4KB limit. String measured: {measured}"
    )


def runtime(asked: Mapping[str, Any]) -> Refusal | None:
    """What is no runtime, and runtimes which are blocked for good (B33)."""
    name = asked.get("Runtime")
    if name is None or lambda_model.is_offered(name):
        return None
    if not lambda_model.is_gone(name):
        return bad_value(
            f"Value {name} at 'runtime' failed to satisfy constraint: Member must satisfy enum value set: "
            f"[{', '.join(lambda_model.OFFERED)}] or be a valid ARN"
        )
    return bad_value(
        f"The runtime parameter of {name} is no longer supported for creating or updating AWS Lambda functions. "
        "We recommend you use a supported runtime while creating or updating functions."
    )


def archive(encoded: str | None) -> Refusal | None:
    """What is no zip file."""
    if encoded is None or zipfile.is_zipfile(io.BytesIO(base64.b64decode(encoded))):
        return None
    return bad_value("Could not unzip uploaded file. Please check your file, then try to upload again.")


def layers_here(asked: Mapping[str, Any], region: str) -> Refusal | None:
    """Layers are of the function's region (B54)."""
    if all(arn.split(":")[3] in {region, ""} for arn in asked.get("Layers") or []):
        return None
    return bad_value(
        f"Layers are not in the same region as the function. Layers are expected to be in region {region}."
    )


def layers_once(asked: Mapping[str, Any]) -> Refusal | None:
    """A function has one version of a layer, once."""
    seen: dict[str, str] = {}
    for arn in asked.get("Layers") or []:
        layer = arn.rpartition(":")[0]
        if layer in seen:
            return bad_value(
                "Two different versions of the same layer are not allowed to be referenced in the same function. "
                f"{seen[layer]} and {arn} are versions of the same layer."
            )
        seen[layer] = arn
    return None


def same_code(asked: Mapping[str, Any], now: Mapping[str, Any]) -> Refusal | None:
    """The guard of PublishVersion: the code which is published is the code that was meant (B24)."""
    given = asked.get("CodeSha256")
    if not given or not now or given == now["CodeSha256"]:
        return None
    return bad_value(
        f"CodeSHA256 ({given}) is different from current CodeSHA256 in $LATEST ({now['CodeSha256']}). "
        "Please try again with the CodeSHA256 in $LATEST."
    )


def revision(asked: Mapping[str, Any], now: Mapping[str, Any], *, read: str = "GetFunction/GetAlias") -> Refusal | None:
    """A RevisionId which is not the current one (B10).

    Args:
        read: the operation which tells the current one.
    """
    given = asked.get("RevisionId")
    if not given or not now or given == now.get("RevisionId"):
        return None
    return Refusal(
        code="PreconditionFailedException",
        message=f"The Revision Id provided does not match the latest Revision Id. Call the {read} API to retrieve the "
        "latest Revision Id",
        status=PRECONDITION,
    )


def provisioned(*, wanted: int, others: int, own: int | None, unreserved: int) -> Refusal | None:
    """Provisioned concurrency is within what is reserved or free (B49).

    Args:
        wanted: concurrent executions asked for.
        others: what other versions and aliases of the function have already.
        own: what is reserved for the function; None when nothing is.
        unreserved: what the account has left for functions without a reservation.
    """
    if own is not None and wanted > own:
        return bad_value(f"{_MORE} the reservedConcurrentExecution for function [{own}]")
    if own is not None and wanted + others > own:
        return bad_value(f"{_MORE} the reservedConcurrentExecution for function")
    if own is None and wanted > unreserved:
        return bad_value(
            "Specified ConcurrentExecutions for function is greater than account's unreserved concurrency "
            f"[{unreserved}]."
        )
    if own is None and wanted > unreserved - UNRESERVED:
        return bad_value(
            "Specified ConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below its "
            f"minimum value of [{UNRESERVED}]."
        )
    return None


def snapstart(asked: Mapping[str, Any], now: Mapping[str, Any]) -> Refusal | None:
    """Not with images, file systems or more than 512 MB of /tmp (B52); the sentences are ours (unconfirmed).

    Args:
        asked: the request. now: the configuration that it changes, empty for a new function.
    """
    wanted = {**now, **asked}
    if (wanted.get("SnapStart") or {}).get("ApplyOn") != "PublishedVersions":
        return None
    faults = {
        "SnapStart is not supported for container images.": wanted.get("PackageType") == "Image",
        "SnapStart is not supported with Amazon EFS.": bool(wanted.get("FileSystemConfigs")),
        "SnapStart is not supported with ephemeral storage greater than 512 MB.": (
            (wanted.get("EphemeralStorage") or {}).get("Size", 512) > _SNAPSHOT_STORAGE
        ),
    }
    return next((bad_value(message) for message, holds in faults.items() if holds), None)


def alias(
    *, arn: str, main: str, weights: Mapping[str, float], versions: Mapping[str, Mapping[str, Any]]
) -> Refusal | None:
    """An alias stands on versions which exist; weights are for two published, alike ones (B28)."""
    for version in (main, *weights):
        if version not in versions:
            return Refusal(code="ResourceNotFoundException", message=f"Function not found: {arn}:{version}", status=404)
    return _weights(main=main, weights=weights, versions=versions) if weights else None


def _weights(*, main: str, weights: Mapping[str, float], versions: Mapping[str, Mapping[str, Any]]) -> Refusal | None:
    other, *more = weights
    unlike = [key for key in ("Role", "DeadLetterConfig") if versions[main].get(key) != versions[other].get(key)]
    faults = {
        "$LATEST is not supported for an alias pointing to more than 1 version": main == "$LATEST",
        "Number of items in AdditionalVersionWeights cannot be greater than 1": bool(more),
        f"Invalid function version {other}. Function version {main} is already included in routing "
        "configuration.": other == main,
        f"Alias with weights can not be used with two versions which have different {' and '.join(unlike)}": bool(
            unlike
        ),
    }
    return next((bad_value(message) for message, holds in faults.items() if holds), None)


def reserved(*, wanted: int, limit: int, others: int, provisioned: int) -> Refusal | None:
    """A reservation leaves at least 100 concurrent executions to the rest of the account (B49).

    Args:
        wanted: concurrent executions asked for.
        limit: of the account.
        others: what is reserved for other functions.
        provisioned: what versions and aliases of the function have, all together.
    """
    if wanted < provisioned:
        return bad_value(
            f" ReservedConcurrentExecutions  {wanted} should not be lower than function's total provisioned "
            f"concurrency [{provisioned}]."
        )
    if limit - others - wanted >= UNRESERVED:
        return None
    return bad_value(
        "Specified ReservedConcurrentExecutions for function decreases account's UnreservedConcurrentExecution below "
        f"its minimum value of [{UNRESERVED}]."
    )


def logging(asked: Mapping[str, Any]) -> Refusal | None:
    """Levels are of JSON logs; the format is that of the request, Text when it names none (unconfirmed)."""
    wanted = asked.get("LoggingConfig") or {}
    levels = {"ApplicationLogLevel", "SystemLogLevel"} & wanted.keys()
    if not levels or wanted.get("LogFormat") == "JSON":
        return None
    return bad_value(
        'LogLevel is not supported when LogFormat is set to "Text". Remove LogLevel from your request or change the '
        'LogFormat to "JSON" and try again.'
    )


def code_facts(asked: Mapping[str, Any]) -> dict[str, Any]:
    """What an UpdateFunctionCode with a zip file would make of the configuration."""
    if "ZipFile" not in asked:
        return {}
    archive = base64.b64decode(asked["ZipFile"])
    return {"CodeSize": len(archive), "CodeSha256": base64.b64encode(hashlib.sha256(archive).digest()).decode()}
