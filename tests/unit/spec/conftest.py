"""Specs written on the spot."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from backendctl.errors import SpecError
from backendctl.spec import Draft, parse

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    Write = Callable[..., Draft]
    Faults = Callable[..., list[str]]

URI = (
    "arn:aws:apigateway:us-east-1:lambda:path/2015-03-31/functions/"
    "arn:aws:lambda:us-east-1:123456789012:function:{target}/invocations"
)
DEFINITION = f"""\
openapi: 3.0.1
info: {{title: shop, version: "1"}}
paths:
  /healthz:
    get:
      x-amazon-apigateway-integration:
        uri: {URI.format(target="shop-items:${stageVariables.itemsAlias}")}
"""


@pytest.fixture
def draft_of(tmp_path: Path) -> Write:
    """Writes a spec, with the definition api.yaml and some code beside it, and parses it."""
    folder = tmp_path / "specs"
    for name in ("specs/a", "specs/x.zip", "specs/y", "x", "items"):
        (tmp_path / name).mkdir(parents=True)

    def write(text: str, *, definition: str = DEFINITION, environ: Mapping[str, str] | None = None) -> Draft:
        (folder / "api.yaml").write_text(definition, encoding="utf-8")
        path = folder / "shop.yaml"
        path.write_text(text, encoding="utf-8")
        return parse(path, environ=environ or {})

    return write


@pytest.fixture
def faults_of(draft_of: Write) -> Faults:
    """The same for faulty ones: `line:column: sentence`, with the file in front when it is not the spec."""

    def faults(text: str, **more: object) -> list[str]:
        with pytest.raises(SpecError) as caught:
            draft_of(text, **more)
        return [
            ("" if one.file.endswith("shop.yaml") else "api.yaml:") + f"{one.line}:{one.column}: {one.message}"
            for one in caught.value.faults
        ]

    return faults
