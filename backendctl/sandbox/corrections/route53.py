"""Route 53: batches judged as a whole, health checks with their defaults, statuses and tags of many."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from backendctl.sandbox.corrections.answers import Refusal, resent, rewritten
from backendctl.sandbox.corrections.health.service import PATH, HealthChecks
from backendctl.sandbox.corrections.records import NS, Change, Record, judge, normal, parsed, record_of, text, xml
from backendctl.sandbox.http import CREATED, OK
from backendctl.sandbox.timing import Deadlines

if TYPE_CHECKING:
    from collections.abc import Callable
    from xml.etree import ElementTree as ET

    from backendctl.sandbox.corrections.health.prober import Prober
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.timing import Pace

_ROOT = "/2013-04-01"
_BATCH = re.compile(rf"{_ROOT}/hostedzone/([^/]+)/rrset/?")
_CHANGE = re.compile(rf"{_ROOT}/change/([^/]+)/?")
_CHANGE_ID = re.compile(rb"<Id>/?(?:change/)?([^<]+)</Id>")
SPREADING, PROCESSING = (30.0, 60.0), (0.1, 0.3)
"""AWS's seconds until all name servers have a change, and until the zone takes the next one (E22)."""
_ZONES = f"{_ROOT}/hostedzone"
_NEW_ZONE = re.compile(rb"<HostedZone>\s*<Id>/hostedzone/([^<]+)</Id>")
_VPC = re.compile(rb"The VPC ID '[^']*' is not valid\.")
_NO_COMMENT = re.compile(rb"<Comment>\s*</Comment>|<Comment\s*/>")
_WRITTEN = re.compile(rb"(<(?:Name|DNSName|NextRecordName)>)([^<]*)")
_SPECIAL = re.compile(r"[^A-Za-z0-9._\-]")
_TAGS = re.compile(rf"{_ROOT}/tags/([^/]+)/?")


@dataclass(kw_only=True, slots=True)
class Route53:
    """Route 53 in front of the emulated one.

    Attributes:
        changed: called when records may have changed.
        prober: what is known of the endpoints of health checks.
    """

    inner: Inner
    changed: Callable[[], None]
    pace: Pace
    prober: Prober
    _checks: HealthChecks = field(init=False)
    _pending: Deadlines[str] = field(init=False)
    _busy: Deadlines[str] = field(init=False)

    def __post_init__(self) -> None:
        self._pending = Deadlines(pace=self.pace)
        self._busy = Deadlines(pace=self.pace)
        self._checks = HealthChecks(inner=self.inner, prober=self.prober)

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        try:
            return await self._handle(request)
        finally:
            if request.method != "GET":
                self.changed()
                self.prober.forget()

    async def _handle(self, request: Request) -> Response:
        batch, check, tags = (pattern.fullmatch(request.path) for pattern in (_BATCH, PATH, _TAGS))
        if batch and request.method == "POST":
            return await self._change(request, batch[1])
        change = _CHANGE.fullmatch(request.path)
        if change:
            return self._dated(change[1], await self.inner.forward(request))
        if batch and request.method == "GET":
            return _escaped(await self.inner.forward(_plain(request)))
        if check:
            return await self._checks.handle(request, check)
        if tags and request.method == "POST":
            return await self._tags(tags[1], request.body)
        answer = await self.inner.forward(request)
        return _zone(request, answer) if request.path.startswith(_ZONES) else answer

    async def _change(self, request: Request, zone: str) -> Response:
        """A batch, which the name servers have half a minute later; before that the zone is busy for a moment."""
        refusal = await self._judge(zone, request.body)
        if refusal is None and self._busy.lasts(zone):  # E22
            refusal = Refusal(
                code="PriorRequestNotComplete",
                message="The request was rejected because Route 53 was still processing a prior request.",
            )
        if refusal is not None:
            return refusal.rest_xml()
        answer = await self.inner.forward(_plain(request))
        submitted = _CHANGE_ID.search(answer.body)
        if answer.status == OK and submitted:
            self._pending.begin(submitted[1].decode(), *SPREADING)
            self._busy.begin(zone, *PROCESSING)
        return answer

    def _dated(self, change: str, answer: Response) -> Response:
        status = b"PENDING" if self._pending.lasts(change) else b"INSYNC"
        return rewritten(answer, re.sub(rb"<Status>\w+</Status>", b"<Status>%b</Status>" % status, answer.body))

    async def _judge(self, zone: str, body: bytes) -> Refusal | None:
        described = await self._read(f"/hostedzone/{zone}")
        batch = parsed(body)
        if described is None or batch is None:
            return None  # the service behind has the right words
        changes = [
            Change(action=text(node, "r:Action"), record=record_of(found))
            for node in batch.iterfind(".//r:Change", NS)
            if (found := node.find("r:ResourceRecordSet", NS)) is not None
        ]
        return judge(
            zone=text(described, ".//r:HostedZone/r:Name"),
            current=await self._records(zone),
            changes=changes,
            checks=await self._checks.ids(),
        )

    async def _records(self, zone: str) -> list[Record]:
        found: list[Record] = []
        query: dict[str, list[str]] = {}
        while True:
            page = await self._read(f"/hostedzone/{zone}/rrset", query)
            if page is None:
                return found
            found += [record_of(node) for node in page.iterfind(".//r:ResourceRecordSet", NS)]
            if text(page, "r:IsTruncated") != "true":
                return found
            query = {
                "name": [text(page, "r:NextRecordName")],
                "type": [text(page, "r:NextRecordType")],
                "identifier": [text(page, "r:NextRecordIdentifier")],
            }

    async def _tags(self, kind: str, body: bytes) -> Response:
        """ListTagsForResources, put together from the tags of each."""
        asked = parsed(body)
        sets: list[str] = []
        for node in [] if asked is None else asked.iterfind(".//r:ResourceId", NS):
            answer = await self.inner.ask(
                service="route53", region="us-east-1", method="GET", path=f"{_ROOT}/tags/{kind}/{node.text}"
            )
            if answer.status != OK:
                return answer
            found = re.search(rb"<ResourceTagSet>.*</ResourceTagSet>", answer.body, re.DOTALL)
            sets.append(found[0].decode() if found else "")
        return xml("ListTagsForResourcesResponse", f"<ResourceTagSets>{''.join(sets)}</ResourceTagSets>")

    async def _read(self, path: str, query: dict[str, list[str]] | None = None) -> ET.Element | None:
        answer = await self.inner.ask(
            service="route53", region="us-east-1", method="GET", path=f"{_ROOT}{path}", query=query
        )
        return parsed(answer.body) if answer.status == OK else None


def _plain(request: Request) -> Request:
    """The same request with names as they are kept: in small letters, without escapes, with the last dot (E25)."""
    body = _WRITTEN.sub(lambda found: found[1] + normal(found[2].decode()).encode(), request.body)
    query = {
        key: [normal(value) if key == "name" else value for value in values] for key, values in request.query.items()
    }
    return replace(resent(request, body), query=query)


def _escaped(answer: Response) -> Response:
    r"""The same answer with names as AWS lists them: `*` is `\052` (E25)."""

    def told(found: re.Match[bytes]) -> bytes:
        return found[1] + _SPECIAL.sub(lambda one: f"\\{ord(one[0]):03o}", found[2].decode()).encode()

    return rewritten(answer, _WRITTEN.sub(told, answer.body))


def _zone(request: Request, answer: Response) -> Response:
    """An answer about zones: without a comment none has given, and with the place of a new one."""
    body = _VPC.sub(b"The VPC ID is invalid.", _NO_COMMENT.sub(b"", answer.body))
    new = _NEW_ZONE.search(body) if request.method == "POST" and answer.status == CREATED else None
    where = {"Location": f"https://route53.amazonaws.com{_ZONES}/{new[1].decode()}"} if new else {}
    headers = {name: value for name, value in answer.headers.items() if name not in where}
    return rewritten(replace(answer, headers={**headers, **where}), body)
