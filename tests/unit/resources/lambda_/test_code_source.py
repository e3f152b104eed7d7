"""Code in S3 is named by its sum, and not fetched when it is too large to be any function's."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import pytest

from backendctl.building import project_root
from backendctl.package import UNZIPPED_LIMIT, PackageError
from backendctl.resources.lambda_.code_source import identify
from backendctl.spec.model import Code, FunctionSpec, Spec

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.aws.connection import Aws

FUNCTION = FunctionSpec(name="items", physical="shop-items", code=Code(s3="s3://bucket/key.zip"))
SPEC = Spec(backend="shop", file=Path("shop.yaml"), regions=("us-east-1",), functions={"us-east-1": (FUNCTION,)})


class Bucket:
    """An S3 with one object, which is asked for its head only."""

    def __init__(self, size: int) -> None:
        self.size = size

    def shared(self, _: object, make: Callable[[], str]) -> str:
        return make()

    def s3(self, _: str) -> Bucket:
        return self

    def head_object(self, **_: str) -> dict[str, Any]:
        return {"ContentLength": self.size, "ChecksumType": "FULL_OBJECT", "ChecksumSHA256": "sum"}


def test_the_sum_that_s3_knows_is_taken() -> None:
    aws = cast("Aws", Bucket(UNZIPPED_LIMIT - 1))
    assert identify(SPEC, aws) == {("us-east-1", "items"): "sum"}


def test_an_object_larger_than_any_function_is_refused_by_its_size() -> None:
    aws = cast("Aws", Bucket(UNZIPPED_LIMIT))
    with pytest.raises(PackageError, match=f"s3://bucket/key.zip: the archive alone has {UNZIPPED_LIMIT} bytes"):
        identify(SPEC, aws)


def test_the_project_is_the_repository_or_else_what_holds_spec_and_code(tmp_path: Path) -> None:
    specs, code = tmp_path / "shop/specs", tmp_path / "shop/functions/items"
    assert project_root(specs, code) == tmp_path / "shop"
    assert project_root(specs, Path("/elsewhere")) == specs
    (tmp_path / ".git").mkdir()
    assert project_root(specs, code) == tmp_path
