"""What names code that AWS fetches by itself, so that it can be compared with what runs."""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING

from backendctl.aws.errors import explain
from backendctl.package import UNZIPPED_LIMIT, PackageError
from backendctl.spec.model import FunctionSpec, Spec

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

_CHUNK = 1 << 20
_LIMIT = f"a function must be smaller than {UNZIPPED_LIMIT} unzipped"


def identify(spec: Spec, aws: Aws) -> dict[tuple[str, str], str]:
    """Per (region, function name): base64 sha256 of an S3 archive (Lambda's CodeSha256), or the image URI.

    Raises:
        AwsError: the object cannot be read in that region.
        PackageError: the object is larger than any function's code.
    """
    found: dict[tuple[str, str], str] = {}
    for region in spec.regions:
        for function in spec.functions_in(region):
            if function.code.image is not None:
                found[region, function.name] = function.code.image
            elif function.code.s3 is not None:
                found[region, function.name] = _digest_of_object(function, region, aws)
    return found


def split_s3(uri: str) -> tuple[str, str]:
    """Bucket and key of s3://bucket/key."""
    bucket, _, key = uri.removeprefix("s3://").partition("/")
    return bucket, key


def _digest_of_object(function: FunctionSpec, region: str, aws: Aws) -> str:
    uri = function.code.s3 or ""
    bucket, key = split_s3(uri)

    def ask() -> str:
        try:
            head = aws.s3(region).head_object(Bucket=bucket, Key=key, ChecksumMode="ENABLED")
            _refuse_large(uri, head["ContentLength"])
            if head.get("ChecksumType") == "FULL_OBJECT" and "ChecksumSHA256" in head:
                return head["ChecksumSHA256"]
            body = aws.s3(region).get_object(Bucket=bucket, Key=key)["Body"]
            digest = hashlib.sha256()
            for chunk in body.iter_chunks(_CHUNK):
                digest.update(chunk)
        except PackageError:
            raise
        except Exception as error:
            raise explain(error, doing=f"read {uri} for {region}/function/{function.name}") from error
        return base64.b64encode(digest.digest()).decode()

    return aws.shared(("code", region, uri), ask)


def _refuse_large(uri: str, size: int) -> None:
    """Not even fetched: it would be refused."""
    if size >= UNZIPPED_LIMIT:
        raise PackageError(f"{uri}: the archive alone has {size} bytes; {_LIMIT}")
