"""Bad canaries of eight kinds, and good ones, played in a sandbox until `promote-canary --auto` ends.

One release of a backend with two functions, `one` and `two`; the canary changes `one`. Users ask both functions in both
regions until the command is over.
"""

from __future__ import annotations

import contextlib
import json
import random
import threading
import time
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import urllib3

from tests.functional.project import Project
from tests.functional.sandboxed import EAST, WEST, arrived

SHARE = 10
USUAL = """
import json, os, random, time

RELEASE = "{release}"
SERVED = 0


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {{"warmed": True}}
    global SERVED
    SERVED += 1
    time.sleep({seconds})
    {before}
    return {{"statusCode": 200, "body": json.dumps({{"places": {places}, "at": time.time()}})}}
"""
_PLACES = '["Oak", "Elm"]'
_SECONDS = 0.04
_TIMEOUT = 3
_SELDOM = 10


@dataclass(frozen=True, kw_only=True, slots=True)
class Kind:
    """One kind of canary.

    Attributes:
        before: a statement of the handler before it answers. seconds: that an answer takes.
        within: canary requests of each function and region by which it has to be stopped.
        is_checked: whether the spec has a check of answers.
    """

    name: str
    before: str = "pass"
    seconds: float = _SECONDS
    places: str = _PLACES
    within: int = 500
    is_checked: bool = False


BAD = (
    Kind(name="handled-500", before='return {"statusCode": 500, "body": "no"}'),
    Kind(name="raises", before='raise RuntimeError("broken")'),
    Kind(name="times-out", before="time.sleep(30)"),
    Kind(name="twice-as-slow", seconds=2.2 * _SECONDS),
    Kind(name="wrong-in-one-region", before=f'if os.environ["AWS_REGION"] == "{WEST}": return {{"statusCode": 500}}'),
    Kind(name="fails-for-2-percent", before='if random.random() < 0.02: return {"statusCode": 500}', within=1500),
    Kind(name="dies-after-200", before='if SERVED > 200: raise RuntimeError("out of memory")'),
    Kind(name="wrong-body", places='["Oak"]', is_checked=True),
)
CHECK = {
    "name": "places",
    "request": "GET /one",
    "expect": {"status": 200, "json": {"$.places[0]": "Oak"}},
    "ignore": ["$.at"],
}


def good(number: int) -> Kind:
    """A canary that is as good as its base, in one way or another."""
    ways = (
        Kind(name=f"good-{number}"),
        Kind(name=f"good-{number}-quicker", seconds=0.8 * _SECONDS),
        Kind(name=f"good-{number}-few-errors", before='if random.random() < 0.001: return {"statusCode": 500}'),
    )
    return ways[number % len(ways)]


def write(project: Project, release: str, kind: Kind) -> None:
    """The code of `one`, with the behaviour of that kind; `two` stays what it is."""
    code = USUAL.format(release=release, seconds=kind.seconds, before=kind.before, places=kind.places)
    folder = project.folder / "functions" / "one"
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "app.py").write_text(code)


def prepare(project: Project, *, logged: bool, bake_time: str, **canary: Any) -> None:
    """The base goes live.

    Args:
        logged: whether the stage has an access log.
    """
    project.spec["functions"]["one"] |= {"timeout": _TIMEOUT, "memory": 256}
    project.spec["canary"] = {"steps": [SHARE], "bake-time": bake_time, "waves": "together", **canary}
    if logged:
        project.spec["api"]["stages"]["prodv1"]["logging"] = {"access": f"/aws/apigateway/{project.name}-prodv1"}
    write(project, "base", Kind(name="base"))
    project.save()
    project.deploy()


@dataclass(kw_only=True)
class Users:
    """They ask the function that changes in both regions, so many at once, and now and then the other one."""

    project: Project
    each: int = 4
    asked: Counter[str] = field(default_factory=Counter)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """As long as the block lasts."""
        enough = threading.Event()
        threads = [
            threading.Thread(target=self._ask, args=(region, number, enough))
            for region in (EAST, WEST)
            for number in range(self.each)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            enough.set()
            for thread in threads:
                thread.join()

    def _ask(self, region: str, number: int, enough: threading.Event) -> None:
        headers = {"Host": self.project.domain, "X-Sandbox-Region": region}
        with urllib3.PoolManager(retries=False) as pool:
            while not enough.is_set():
                number += 1
                path = "/v1/two" if number % _SELDOM == 0 else "/v1/one"
                with contextlib.suppress(urllib3.exceptions.HTTPError):
                    pool.request("GET", f"{self.project.url}{path}", headers=headers)
                    self.asked[f"{region}{path}"] += 1


@dataclass(frozen=True, kw_only=True, slots=True)
class Played:
    """How it ended.

    Attributes:
        outcome: of the command, such as "promoted". requests: of the canary of `one`, in the region where it had most.
        reason: the first of the worst verdict.
    """

    kind: str
    outcome: str
    exit: int
    requests: int
    reason: str
    seconds: float

    def __str__(self) -> str:
        return (
            f"{self.kind:<24} {self.outcome:<22} exit {self.exit}  {self.requests:>5} canary requests  "
            f"{self.seconds:5.0f} s  {self.reason}"
        )


def play(project: Project, kind: Kind, *, seed: int = 1, each: int = 4) -> Played:
    """Start it, let `promote-canary --auto` decide while users ask, and put the base back."""
    project.spec["canary"]["analysis"] = [CHECK] if kind.is_checked else []
    project.save()
    write(project, f"{kind.name}-{random.Random(seed).random()}", kind)  # noqa: S311 - another release each time
    began = time.monotonic()
    with Users(project=project, each=each).asking():
        project.run("start-canary", "-y", expect=None)
        result = project.run("promote-canary", "--auto", "-y", "-o", "json", expect=None)
        arrived(project.url)
    told = json.loads(result.out)
    verdicts: list[dict[str, Any]] = told["verdicts"]
    worst = min(verdicts, key=lambda one: ("fail", "inconclusive", "pass").index(one["outcome"]), default={})
    if told["outcome"] not in {"promoted", "aborted"}:
        project.run("abort-canary", "-y", expect=None)
        arrived(project.url)
    return Played(
        kind=kind.name,
        outcome=told["outcome"],
        exit=result.code,
        requests=round(max((one["canary"]["requests"] for one in verdicts), default=0) * (1 - 1 / _SELDOM)),
        reason=(worst.get("reasons") or [""])[0],
        seconds=time.monotonic() - began,
    )
