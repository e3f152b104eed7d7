"""Values from outside the project's files, wherever a spec uses them: in no plan, journal, progress or error."""

from __future__ import annotations

import io
import json
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from moto import mock_aws
from rich.console import Console

from backendctl.app import carry_out, open_backend, plan_deploy
from backendctl.aws.connection import Access
from backendctl.backend import Backend, Settings
from backendctl.engine.plan import Plan
from backendctl.secrets import MARK
from backendctl.spec import Offline, effective, parse
from backendctl.ui.plan_data import plan_document, plan_markdown
from backendctl.ui.plan_text import show_plan
from tests.functional.test_with_moto import EAST, House, client, no_apis

SECRETS = {"WARM": "w4rm-s3cret", "NOTE": "n0te-s3cret", "TAG": "t4g-s3cret", "TOKEN": "t0ken-s3cret"}
ROTATED = {name: value.replace("s3cret", "r0tated") for name, value in SECRETS.items()}


@pytest.fixture(autouse=True)
def moto() -> Iterator[None]:
    """An empty AWS."""
    with mock_aws():
        client("ssm").put_parameter(Name="/hut/key", Value="p4rameter-s3cret", Type="SecureString")
        yield


@pytest.fixture(name="house")
def _house(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> House:
    for name, value in SECRETS.items():
        monkeypatch.setenv(name, value)
    house = House(tmp_path)
    function = house.spec["functions"]["one"]
    function["warm"]["input"] = {"password": '{{ must_env "WARM" }}', "deep": [{"key": 'a:{{ ssm "/hut/key" }}'}]}
    function["description"] = 'made with {{ env "NOTE" }}'
    function["environment"]["TOKEN"] = '{{ env "TOKEN" }}'
    house.spec["tags"] = {"team": '{{ env "TAG" }}'}
    return house


def _open(house: House) -> Backend:
    path = house.folder / "spec.yaml"
    path.write_text(yaml.safe_dump(house.spec))
    access = Access(keys=("testing", "testing"), time_scale=0.0)
    backend = open_backend(Settings(spec=path, access=access, journal=house.folder / "journal"))
    events: Any = backend.aws.apigateway(EAST).meta.events
    events.register_first("before-call.api-gateway", no_apis)
    return backend


def _shown(plan: Plan) -> str:
    """The plan in every form there is."""
    drawn = io.StringIO()
    show_plan(plan, Console(file=drawn, width=400), verbose=True)
    return "\n".join([drawn.getvalue(), json.dumps(plan_document(plan), ensure_ascii=False), plan_markdown(plan)])


def _lacks_secrets(text: str) -> bool:
    return not any(word in text for word in ("s3cret", "r0tated"))


def test_no_form_of_a_plan_and_no_journal_has_a_secret(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    backend = _open(house)
    plan = plan_deploy(backend)
    shown = _shown(plan)
    assert MARK in shown
    assert _lacks_secrets(shown)
    events = list(carry_out(plan, backend, stop=threading.Event()))
    assert "Failed" not in {type(event).__name__ for event in events}
    journal = (house.folder / "journal" / "hut.jsonl").read_text(encoding="utf-8")
    assert "CreateFunction" in journal
    assert _lacks_secrets(journal)
    found = client("lambda").get_function_configuration(FunctionName="hut-one")
    assert found["Environment"]["Variables"]["TOKEN"] == SECRETS["TOKEN"]
    assert found["Description"] == f"made with {SECRETS['NOTE']}"
    # The next day they are other ones: neither the new nor the old are shown, and the plan says that they differ.
    for name, value in ROTATED.items():
        monkeypatch.setenv(name, value)
    again = plan_deploy(_open(house))
    assert {change.kind for change in again.changes} >= {"function", "warmer"}
    assert _lacks_secrets(_shown(again))
    for name, value in ROTATED.items():
        monkeypatch.setenv(name, value + "-again")
    assert plan_deploy(_open(house)).digest != again.digest


def test_render_shows_them_only_when_asked(house: House) -> None:
    path = house.folder / "spec.yaml"
    path.write_text(yaml.safe_dump(house.spec))
    spec = parse(path).expand(Offline())
    assert _lacks_secrets(yaml.safe_dump(effective(spec)))
    assert SECRETS["WARM"] in yaml.safe_dump(effective(spec, reveal=True))


def test_a_variable_that_names_something_is_shown(house: House, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STAGE", "blue")
    house.spec["backend"] = 'hut-{{ env "STAGE" }}'
    house.spec["functions"]["one"]["environment"]["STAGE"] = '{{ env "STAGE" }}'
    plan = plan_deploy(_open(house))
    assert plan.backend == "hut-blue"
    assert "/aws/lambda/hut-blue-one" in _shown(plan)
