"""`cost --from-metrics`: what users did in the sandbox, read back and scaled to a month."""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterator
from typing import Any

import urllib3

from backendctl.errors import Exit
from tests.functional.project import Project
from tests.functional.sandboxed import EAST, WEST, eventually

_MONTH = 43_800


def _per_window(quantity: float) -> tuple[float, float]:
    """A month's figure in the six and the five minutes that a window of 5m may span."""
    return quantity * 5 / _MONTH, quantity * 6 / _MONTH


def _quantities(document: dict[str, Any], item: str, region: str) -> dict[str | None, float]:
    lines = document["lines"]
    return {one["of"]: one["quantity"] for one in lines if (one["item"], one["region"]) == (item, region)}


@contextlib.contextmanager
def _down(project: Project, region: str) -> Iterator[None]:
    """A region that answers nothing for a while."""
    url = f"{project.url}/_sandbox/faults"
    ours = {"X-Sandbox-Client": "tests"}
    made = urllib3.request("POST", url, json={"effect": "reset", "region": region}, headers=ours, retries=False).json()
    try:
        yield
    finally:
        urllib3.request("DELETE", f"{url}/{made['id']}", headers=ours, retries=False)


def test_live_traffic_is_priced_and_a_region_that_is_down_is_told(new_project: Callable[..., Project]) -> None:
    project = new_project()
    project.deploy()
    for number in range(7):
        assert project.request("PUT", "/v1/one", EAST, body={"id": f"{number}", "owner": "me"})[0] == 201
    found: dict[str, Any] = {}

    def counted() -> bool:
        found.update(project.run("cost", "--from-metrics", "5m", "-o", "json").json)
        low, high = _per_window(_quantities(found, "requests", EAST).get(None, 0.0))
        return low <= 7 <= high

    eventually(counted)
    assert found["source"] == "metrics"
    assert set(_quantities(found, "requests", EAST)) == {None, "one", "two"}  # the deploy called both to warm them
    assert _quantities(found, "compute", EAST)["one"] > 0
    with _down(project, WEST):
        result = project.run("cost", "--from-metrics", "5m", "-o", "json", expect=Exit.PARTIAL)
    assert result.json["regions"] == [EAST]
    assert f"read {WEST}/metrics" in result.err
