"""What is written to a file can be read, kept and imported, and is the same API."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.unit.openapi.everywhere import canonical, comparable, written
from tests.unit.openapi.samples import INTEGRATION, corpus, example, loaded, openapi, operation
from tests.unit.openapi.test_corpus import HERE, after_import, moved


@pytest.mark.parametrize("path", corpus())
def test_the_file_has_the_canonical_form_of_its_source(path: Path) -> None:
    document = loaded(path)
    file = written(document)
    assert canonical(file) == canonical(document)
    assert canonical(yaml.safe_load(yaml.safe_dump(file, sort_keys=False))) == canonical(document)
    assert written(file) == file


def test_the_first_sync_after_an_adoption_finds_nothing_to_do() -> None:
    source = moved(example(), HERE)
    del source["info"]["version"]
    exported = after_import(source)
    file = written(exported)
    assert file["info"]["version"] == exported["info"]["version"]
    assert comparable(moved(file, HERE)) == comparable(exported)


def test_it_is_complete_and_in_order() -> None:
    document: dict[str, Any] = openapi({"/a": {"get": {INTEGRATION: operation()[INTEGRATION], "operationId": "a"}}})
    del document["info"]["version"]
    file = written(document)
    assert list(file) == ["openapi", "info", "paths"]
    assert list(file["paths"]["/a"]["get"]) == ["operationId", "responses", INTEGRATION]
    assert file["info"].keys() == {"title", "version"}


def test_ids_of_the_region_become_names() -> None:
    link = {"type": "http", "uri": "http://x", "connectionType": "VPC_LINK", "connectionId": "abc123"}
    file = written(openapi({"/a": {"get": operation(integration=link)}}), bindings={"link": "abc123"})
    assert file["paths"]["/a"]["get"][INTEGRATION]["connectionId"] == "${binding:link}"
