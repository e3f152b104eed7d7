"""A backend whose health path is a method of its own, and its clients in several places."""

from __future__ import annotations

import time
import urllib.parse
from collections.abc import Callable
from dataclasses import dataclass

import urllib3

from backendctl.draining.load import Load, Resolved
from tests.functional.project import Project
from tests.functional.sandboxed import EAST, WEST

PLACES = (EAST, WEST, "us-west-1", "eu-west-1")
"""Where clients are: two regions' worth of them on either side."""
_OWN = {"X-Sandbox-Client": "x"}
_POOL = urllib3.PoolManager(retries=False)


def with_health_path(project: Project) -> Project:
    """Checked every 10 s, so that the sandbox's checkers are as quick as they get."""
    project.routes["/health"] = "one"
    project.spec["domain"]["health-check"] = {"path": "/v1/health", "interval": 10, "failures": 2}
    project.save()
    return project


@dataclass(frozen=True, kw_only=True)
class Clients:
    """Those of one project."""

    project: Project

    def load(self, places: tuple[str, ...] = PLACES, path: str = "/v1/one", pause: float = 0.05) -> Load:
        """Who ask that path through the custom domain."""
        return Load(
            places=places,
            resolve=self.resolve,
            ask=lambda region: self.ask(region, path),
            pause=pause,
            clock=time.monotonic,
        )

    def resolve(self, place: str) -> Resolved:
        """As Route 53 answers a resolver there."""
        query = urllib.parse.urlencode({"name": self.project.domain, "near": place})
        answer = _POOL.request("GET", f"{self.project.url}/_sandbox/resolve?{query}", headers=_OWN).json()
        return Resolved(region=answer["region"] or "", ttl=answer["ttl"])

    def ask(self, region: str, path: str) -> int:
        """The status; 0 when nothing answers."""
        headers = {"Host": self.project.domain, "X-Sandbox-Region": region}
        try:
            return _POOL.request("GET", self.project.url + path, headers=headers).status
        except urllib3.exceptions.HTTPError:
            return 0

    def lands(self, place: str, region: str, *, within: float = 30.0) -> None:
        """Wait until a resolver at a place is answered with a region."""
        _until(lambda: self.resolve(place).region == region, f"{place} to land in {region}", within)


def left(load: Load, region: str, *, within: float = 30.0) -> float:
    """Wait until no client has landed in a region for a while; when the last one did."""
    since = load.clock()

    def nobody() -> bool:
        now = load.clock()
        last = max((one.at for one in load.landed(region, since=since)), default=since)
        return now - last > 1.5

    _until(nobody, f"{region} to be left", within)
    return max((one.at for one in load.landed(region, since=since)), default=since)


def _until(holds: Callable[[], bool], what: str, within: float) -> None:
    ends = time.monotonic() + within
    while not holds():
        assert time.monotonic() < ends, f"waited in vain for {what}"
        time.sleep(0.05)
