"""A backend whose answers say which code and which definition gave them, and users who complain of a mix."""

from __future__ import annotations

import contextlib
import json
import threading
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

import urllib3

from tests.functional.project import Project
from tests.functional.sandboxed import EAST, WEST

MARKED = """
import json

RELEASE = "{release}"


def handler(event, context):
    if event.get("instruction") == "warmer":
        return {{"warmed": True}}
    return {{"statusCode": 200, "body": json.dumps({{"code": RELEASE, "definition": event["resource"]}})}}
"""


def write_release(project: Project, number: int, *, code: bool = True, definition: bool = True) -> None:
    """Write new code of "one" and a new definition: the name of a path's parameter is the definition's mark."""
    if code:
        folder = project.folder / "functions" / "one"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "app.py").write_text(MARKED.format(release=f"r{number}"))
    if definition:
        project.routes = {"/one": "one", "/two": "two", f"/marked/{{r{number}}}": "one"}
        project.routes = {path: name for path, name in project.routes.items() if name in project.spec["functions"]}
    project.save()


def asked(project: Project, region: str) -> tuple[str, str]:
    """One request: the marks of code and definition; ("", status) when it failed."""
    status, body = project.get("/v1/marked/x", region)
    if status != 200:
        return "", str(status)
    return body["code"], body["definition"].removeprefix("/marked/{").removesuffix("}")


@dataclass(kw_only=True)
class Users:
    """They ask both regions all the time, several at once, and note everything but a plain answer of one release."""

    url: str
    host: str
    each: int = 1
    pause: float = 0.01
    complaints: list[Any] = field(default_factory=list)
    seen: dict[str, list[str]] = field(default_factory=lambda: {EAST: [], WEST: []})
    counts: dict[str, Counter[str]] = field(default_factory=lambda: {EAST: Counter(), WEST: Counter()})
    asked: int = 0
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @contextlib.contextmanager
    def asking(self) -> Iterator[None]:
        """As long as the block lasts."""
        enough = threading.Event()
        threads = [
            threading.Thread(target=self._ask, args=(region, enough)) for region in self.seen for _ in range(self.each)
        ]
        for thread in threads:
            thread.start()
        try:
            yield
        finally:
            enough.set()
            for thread in threads:
                thread.join()

    def fresh_counts(self) -> dict[str, Counter[str]]:
        """What has been counted since the last time this was asked."""
        with self._lock:
            counts, self.counts = self.counts, {region: Counter() for region in self.counts}
            return counts

    def _ask(self, region: str, enough: threading.Event) -> None:
        with urllib3.PoolManager(retries=False) as pool:
            while not enough.wait(self.pause):
                headers = {"Host": self.host, "X-Sandbox-Region": region}
                answer = pool.request("GET", f"{self.url}/v1/marked/x", headers=headers)
                body = json.loads(answer.data) if answer.status == 200 else {}
                with self._lock:
                    self._note(region, answer.status, answer.data, body)

    def _note(self, region: str, status: int, data: bytes, body: dict[str, Any]) -> None:
        self.asked += 1
        if body.get("definition") != f"/marked/{{{body.get('code')}}}":
            self.complaints.append((region, status, data))
            return
        self.counts[region][body["code"]] += 1
        if body["code"] not in self.seen[region][-1:]:
            self.seen[region].append(body["code"])
