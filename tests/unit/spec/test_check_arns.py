"""An ARN or image that AWS would refuse is a fault before any call."""

from __future__ import annotations

from pathlib import Path

import pytest

from backendctl.errors import SpecError
from backendctl.spec import Offline, parse
from backendctl.spec.check_arns import arn_fault, image_fault

_CN = "arn:aws-cn:iam::123456789012:role/deploy"


@pytest.mark.parametrize(
    ("arn", "service", "region", "told"),
    [
        ("arn:aws:acm:us-east-1:123456789012:certificate/x", "acm", "us-east-1", ""),
        (
            "arn:aws:acm:us-east-1:123456789012:certificate/x",
            "acm",
            "eu-west-1",
            "is in us-east-1, and",
        ),
        ("arn:aws:acm:us-east-1:123456789012:certificate/x", "acm", "cn-north-1", "is in the partition aws, and"),
        ("arn:aws:iam::123456789012:server-certificate/x", "acm", "us-east-1", "is of iam; one of acm belongs here"),
        ("arn:aws:acm", "acm", "us-east-1", "is not an ARN"),
    ],
)
def test_an_arn_of_another_service_partition_or_region_is_told(arn: str, service: str, region: str, told: str) -> None:
    fault = arn_fault(arn, service=service, region=region)
    assert (told in fault) if told else fault == ""


@pytest.mark.parametrize(
    ("image", "told"),
    [
        ("123456789012.dkr.ecr.us-east-1.amazonaws.com/x:1", ""),
        ("123456789012.dkr.ecr.eu-west-1.amazonaws.com/x:1", "takes its own region's only"),
        ("public.ecr.aws/lambda/python:3.13", "is not an image of ECR"),
        ("docker.io/library/python", "is not an image of ECR"),
    ],
)
def test_lambda_takes_images_of_ecr_in_its_own_region(image: str, told: str) -> None:
    fault = image_fault(image, "us-east-1")
    assert (told in fault) if told else fault == ""


def _faults(tmp_path: Path, lines: str) -> list[str]:
    (tmp_path / "fn").mkdir()
    (tmp_path / "fn" / "app.py").write_text("def handler(event, context): ...\n", encoding="utf-8")
    spec = tmp_path / "s.yaml"
    spec.write_text(
        "backend: shop\nregions: [us-east-1]\nfunctions:\n"
        f"  a: {{code: fn, runtime: python3.13, handler: app.handler{lines}}}\n",
        encoding="utf-8",
    )
    try:
        parse(spec, environ={}).expand(Offline())
    except SpecError as error:
        return [fault.message for fault in error.faults]
    return []


def test_a_role_or_layer_of_another_partition_is_a_fault(tmp_path: Path) -> None:
    layer = "arn:aws-cn:lambda:cn-north-1:123456789012:layer:x:1"
    told = _faults(tmp_path, f", role: '{_CN}', layers: ['{layer}']")
    assert told == [
        f"'{_CN}' is in the partition aws-cn, and us-east-1 is in aws",
        f"'{layer}' is in the partition aws-cn, and us-east-1 is in aws",
    ]


def test_what_only_aws_knows_is_not_judged(tmp_path: Path) -> None:
    assert _faults(tmp_path, """, role: '{{ ssm "/role" }}', layers: ['{{ ssm "/layer" }}']""") == []
