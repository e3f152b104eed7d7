"""Code cannot be sent through a bucket that is not there, or is another region's; a plan says so."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, cast

import pytest
from botocore.exceptions import ClientError

from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Change
from backendctl.errors import AwsError
from backendctl.resources.lambda_.code_buckets import unfit
from backendctl.resources.lambda_.function import Function
from backendctl.spec.model import Code

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws

EAST, WEST = "us-east-1", "us-west-2"


class S3:
    """Buckets with their regions; each look is counted. forbidden: those of which only the region is told."""

    def __init__(self, buckets: Mapping[str, str], forbidden: Mapping[str, str] | None = None) -> None:
        self.buckets, self.forbidden, self.asked = buckets, forbidden or {}, 0
        self.exceptions = self
        self.ClientError = ClientError

    def s3(self, _: str) -> S3:
        return self

    def head_bucket(self, *, Bucket: str) -> dict[str, Any]:  # noqa: N803  # AWS's name
        self.asked += 1
        if Bucket in self.buckets:
            return {"BucketRegion": self.buckets[Bucket]}
        code = "403" if Bucket in self.forbidden else "404" if Bucket != "broken" else "500"
        headers = {"x-amz-bucket-region": self.forbidden.get(Bucket, "")}
        answer: Any = {"Error": {"Code": code}, "ResponseMetadata": {"HTTPHeaders": headers}}
        raise ClientError(answer, "HeadBucket")


def change(region: str, name: str, code: Code, *, field: str = "code") -> Change:
    function = Function(region=region, name=name, owner="shop", physical=f"shop-{name}", source=code)
    return Change(
        action=Action.UPDATE, desired=function, live=function, fields=(FieldChange(field=field, before="a", after="b"),)
    )


def test_a_bucket_has_to_be_there_and_in_the_function_s_region() -> None:
    s3 = S3({"code-us-east-1": EAST, "code": EAST}, forbidden={"theirs": WEST, "secret": ""})
    changes = [
        change(EAST, "good", Code(bucket="code-{region}")),
        change(WEST, "none", Code(bucket="code-{region}")),
        change(WEST, "far", Code(s3="s3://code/x.zip")),
        change(WEST, "far-too", Code(bucket="code")),
        change(EAST, "theirs", Code(bucket="theirs")),
        change(EAST, "not-told", Code(bucket="secret")),
        change(WEST, "kept", Code(bucket="code"), field="memory"),
        change(WEST, "direct", Code()),
    ]
    elsewhere = "and Lambda takes code only from a bucket of its own region"
    assert sorted(unfit(changes, cast("Aws", s3))) == [
        f"us-east-1/function/theirs: the bucket 'theirs' is in us-west-2, {elsewhere}",
        f"us-west-2/function/far-too: the bucket 'code' is in us-east-1, {elsewhere}",
        f"us-west-2/function/far: the bucket 'code' is in us-east-1, {elsewhere}",
        "us-west-2/function/none: there is no bucket 'code-us-west-2'",
    ]
    assert s3.asked == 5


def test_an_s3_that_does_not_answer_is_no_missing_bucket() -> None:
    with pytest.raises(AwsError, match="read bucket broken from us-east-1"):
        unfit([change(EAST, "x", Code(bucket="broken"))], cast("Aws", S3({})))
