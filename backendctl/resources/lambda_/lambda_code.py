"""A function's code as CreateFunction and UpdateFunctionCode take it."""

from __future__ import annotations

import base64
import urllib.request
import zipfile
from functools import partial
from typing import TYPE_CHECKING, Any

from backendctl.aws.errors import code_of
from backendctl.aws.progress import note
from backendctl.errors import BackendctlError
from backendctl.package import DIRECT_LIMIT, Artefact, received
from backendctl.resources.lambda_.code_source import split_s3
from backendctl.spec.model import Code

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_CHUNK = 1 << 20
_FETCH = 60.0
"""Seconds for each wait while code is fetched."""
_ABSENT = frozenset({"404", "NoSuchKey", "NotFound"})


def code_arguments(aws: Aws, region: str, *, code: Code, artefact: Artefact | None) -> dict[str, Any]:
    """ImageUri, S3Bucket and S3Key, or ZipFile; what is too large for the request goes through a bucket (B20).

    Raises:
        BackendctlError: there is nothing to send, or it is too large and no bucket is named.
    """
    if code.image is not None:
        return {"ImageUri": code.image}
    if code.s3 is not None:
        bucket, key = split_s3(code.s3)
        return {"S3Bucket": bucket, "S3Key": key}
    if artefact is None:
        raise BackendctlError(
            "there is no archive to send", hint="name a folder, an archive, S3 or an image in the spec"
        )
    if bucket := bucket_of(code, region):
        return _uploaded(aws, region, bucket=bucket, artefact=artefact)
    if artefact.size >= DIRECT_LIMIT:
        raise BackendctlError(
            f"the archive has {artefact.size} bytes and must be smaller than {DIRECT_LIMIT} to be sent directly",
            hint="name a bucket in the same region under code: in the spec",
        )
    return {"ZipFile": artefact.content()}


def bucket_of(code: Code, region: str) -> str:
    """The bucket that archives of this region go through; empty when none is named."""
    return (code.bucket or "").replace("{region}", region)


def copied_code(aws: Aws, region: str, *, physical: str, number: str, sha256: str) -> Artefact:
    """The archive of a version that another region has published.

    Args:
        region: of the version. sha256: its CodeSha256.

    Raises:
        BackendctlError: it cannot be fetched, or is another one.
    """
    place = f"{physical}:{number} in {region}"
    found = aws.lambda_(region).get_function(FunctionName=physical, Qualifier=number)
    location = found.get("Code", {}).get("Location", "")
    try:
        with urllib.request.urlopen(location, timeout=_FETCH) as answer:  # noqa: S310  # where AWS keeps it
            artefact = received(iter(partial(answer.read, _CHUNK), b""))
    except (OSError, ValueError, zipfile.BadZipFile) as error:
        raise BackendctlError(
            f"the code of {place} cannot be fetched: {type(error).__name__}", hint="run the same command again"
        ) from error
    if artefact.sha256 != sha256:
        raise BackendctlError(f"the code of {place} is not what its version says: {artefact.sha256}, not {sha256}")
    return artefact


def _uploaded(aws: Aws, region: str, *, bucket: str, artefact: Artefact) -> dict[str, Any]:
    """Upload unless it is there; the bucket is of the function's own region (B21)."""
    s3 = aws.s3(region)
    key = f"{aws.backend}/{base64.b64decode(artefact.sha256).hex()}.zip"
    try:
        s3.head_object(Bucket=bucket, Key=key)
    except s3.exceptions.ClientError as error:
        if code_of(error) not in _ABSENT:
            raise
        note(f"uploading {artefact.size} bytes to s3://{bucket}/{key}")
        with artefact.path.open("rb") as body:
            s3.put_object(Bucket=bucket, Key=key, Body=body)
    return {"S3Bucket": bucket, "S3Key": key}
