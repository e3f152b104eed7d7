"""A region more and a region less under load: no request fails, and the data is everywhere."""

from __future__ import annotations

import time
import uuid
from dataclasses import dataclass, field
from typing import Any

import pytest

from backendctl.draining.load import Load
from tests.functional.drained import Clients, with_health_path
from tests.functional.project import Project, make_project
from tests.functional.sandboxed import EAST, WEST, eventually

EUROPE = "eu-west-1"
ITEMS = [{"id": f"i{number}", "owner": "ada"} for number in range(20)]


@pytest.fixture
def project(command_line_home: int, tmp_path_factory: pytest.TempPathFactory) -> Project:
    """Two regions that serve, with data."""
    folder = tmp_path_factory.mktemp("grown")
    name = f"g{uuid.uuid4().hex[:6]}"
    project = with_health_path(make_project(folder, name=name, port=command_line_home, regions=[EAST, WEST]))
    project.deploy()
    for item in ITEMS:
        assert project.request("PUT", "/v1/one", EAST, body=item)[0] == 201
    return project


@dataclass
class Writers:
    """Clients that write an item of their own with each request.

    Attributes:
        written: ids of what was answered with 201.
    """

    project: Project
    written: list[str] = field(default_factory=list)

    def load(self, places: tuple[str, ...]) -> Load:
        """Who write, from these places."""
        clients = Clients(project=self.project)
        return Load(places=places, resolve=clients.resolve, ask=self._write, pause=0.3, clock=time.monotonic)

    def _write(self, region: str) -> int:
        item = {"id": f"w{uuid.uuid4().hex}", "owner": region}
        try:
            status, _ = self.project.request("PUT", "/v1/one", region, body=item)
        except OSError:
            return 0
        if status == 201:
            self.written.append(item["id"])
        return 200 if status == 201 else status

    def arrived(self, *regions: str) -> None:
        """Wait until all that was written by now is in the tables of these regions."""
        wanted = set(self.written)
        assert wanted
        for region in regions:
            tables = self.project.client("dynamodb", region)
            name = f"{self.project.name}-things"
            pages = tables.get_paginator("scan")
            eventually(
                lambda pages=pages, name=name: (
                    wanted  # type: ignore[misc]  # bound in the loop
                    <= {item["id"]["S"] for page in pages.paginate(TableName=name) for item in page["Items"]}
                ),
                seconds=30,
            )


def read(project: Project, region: str) -> list[Any]:
    """Every item, through the API of that region."""
    return [project.get(f"/v1/one?id={item['id']}", region)[1]["item"] for item in ITEMS]


@pytest.mark.full
def test_two_regions_to_three_and_back_under_load(project: Project) -> None:
    clients, writers = Clients(project=project), Writers(project)
    reading = clients.load(places=(EAST, WEST, EUROPE), pause=0.2)
    with reading.running() as load, writers.load(places=(EAST, WEST, EUROPE)).running() as writing:
        clients.lands(EUROPE, EAST)
        project.spec["regions"] = [EAST, WEST, EUROPE]
        project.save()
        made = project.deploy().actions()
        assert made[f"{EUROPE}/smoke-test/{project.domain}"] == "create"
        clients.lands(EUROPE, EUROPE)
        assert read(project, EUROPE) == ITEMS
        writers.arrived(EAST, WEST, EUROPE)
        assert project.request("PUT", "/v1/one", EUROPE, body={"id": "new", "owner": "bo"})[0] == 201
        project.assert_nothing_to_do()

        project.spec["regions"] = [EAST, WEST]
        project.save()
        refused = project.run("deploy", "-y", expect=1).err
        assert f"--allow-delete {EUROPE}/replica/things" in refused
        gone = [f"{EUROPE}/replica/things", f"{EUROPE}/domain/{project.domain}"]
        project.deploy(*[word for one in gone for word in ("--allow-delete", one)])
        clients.lands(EUROPE, EAST)
    assert [one for one in (*load.samples, *writing.samples) if one.failed] == []
    assert load.landed(EUROPE, since=0)
    assert writing.landed(EUROPE, since=0)
    writers.arrived(EAST, WEST)
    assert read(project, WEST) == ITEMS
    assert project.get("/v1/one?id=new", EAST)[1]["item"] == {"id": "new", "owner": "bo"}
    assert project.functions(EUROPE) == []
    project.assert_nothing_to_do()


@pytest.mark.full
def test_a_region_that_does_not_answer_as_it_should_gets_no_users(project: Project) -> None:
    project.spec["regions"] = [EAST, WEST, EUROPE]
    (project.folder / "functions" / "one" / "bad.py").write_text("def handler(event, context):\n    raise OSError\n")
    project.spec["functions"]["one"]["regions"] = {EUROPE: {"handler": "bad.handler"}}
    project.spec["functions"]["one"].pop("warm")
    project.save()
    failed = project.run("deploy", "-y", expect=5)
    assert f"{EUROPE} gets no users" in failed.err
    assert Clients(project=project).resolve(EUROPE).region == EAST
    del project.spec["functions"]["one"]["regions"]
    project.save()
    project.deploy()
    Clients(project=project).lands(EUROPE, EUROPE)


@pytest.mark.full
def test_another_region_may_become_the_first_once_its_tables_are_told(project: Project) -> None:
    project.spec["regions"] = [WEST, EAST]
    project.save()
    refused = project.run("deploy", "-y", expect=1).err
    assert "move the tag, in every REGION of the table: aws" in refused
    for region in (EAST, WEST):
        tables = project.client("dynamodb", region)
        arn = tables.describe_table(TableName=f"{project.name}-things")["Table"]["TableArn"]
        tables.tag_resource(ResourceArn=arn, Tags=[{"Key": "backendctl:primary", "Value": WEST}])
    project.deploy()
    assert read(project, EAST) == read(project, WEST) == ITEMS
    project.assert_nothing_to_do()
