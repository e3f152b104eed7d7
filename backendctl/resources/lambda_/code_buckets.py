"""Buckets that code goes through: Lambda takes it only from one of its own region (B21)."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable
from typing import TYPE_CHECKING

from backendctl.aws.errors import code_of, explain
from backendctl.resources.lambda_.code_source import split_s3
from backendctl.resources.lambda_.function import Function
from backendctl.resources.lambda_.lambda_code import bucket_of

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.engine.plan import Change

_ABSENT = frozenset({"404", "NoSuchBucket", "NotFound"})
_REGION_HEADER = "x-amz-bucket-region"


def unfit(changes: Iterable[Change], aws: Aws) -> list[str]:
    """Why code could not be sent or fetched as these changes want it, one sentence for each bucket and region.

    Raises:
        AwsError: S3 did not answer.
    """
    wanted: dict[tuple[str, str], list[str]] = defaultdict(list)
    for change in changes:
        function = change.desired
        if isinstance(function, Function) and any(one.field == "code" for one in change.fields):
            code, region = function.source, function.region
            bucket = split_s3(code.s3)[0] if code.s3 else bucket_of(code, region)
            if bucket:
                wanted[region, bucket].append(function.name)
    found = {place: _fault(aws, *place) for place in sorted(wanted)}
    return [
        f"{region}/function/{name}: {fault}"
        for (region, bucket), fault in found.items()
        for name in wanted[region, bucket]
        if fault
    ]


def _fault(aws: Aws, region: str, bucket: str) -> str:
    try:
        home = dict(aws.s3(region).head_bucket(Bucket=bucket)).get("BucketRegion", "")
    except aws.s3(region).exceptions.ClientError as error:
        if code_of(error) in _ABSENT:
            return f"there is no bucket '{bucket}'"
        home = error.response["ResponseMetadata"]["HTTPHeaders"].get(_REGION_HEADER, "")
        if not home and code_of(error) not in {"403", "AccessDenied"}:  # who may put may not always look
            raise explain(error, doing=f"read bucket {bucket} from {region}") from error
    except Exception as error:
        raise explain(error, doing=f"read bucket {bucket} from {region}") from error
    if home in ("", region):
        return ""
    return f"the bucket '{bucket}' is in {home}, and Lambda takes code only from a bucket of its own region"
