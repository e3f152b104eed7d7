"""Route 53: batches judged as a whole, health checks with their defaults, statuses and tags of many."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from backendctl.sandbox.corrections.records import NAMESPACE, NS, Change, Record, judge, record_of, text
from backendctl.sandbox.corrections.refusals import CONFLICT, Refusal
from backendctl.sandbox.http import Response
from backendctl.sandbox.timing import Deadlines

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.sandbox.http import Request
    from backendctl.sandbox.inner import Inner
    from backendctl.sandbox.timing import Pace

OK, CREATED = 200, 201
_ROOT = "/2013-04-01"
_BATCH = re.compile(rf"{_ROOT}/hostedzone/([^/]+)/rrset/?")
_CHECK = re.compile(rf"{_ROOT}/healthcheck(?:/([^/]+))?(/status)?/?")
_CHANGE = re.compile(rf"{_ROOT}/change/([^/]+)/?")
_CHANGE_ID = re.compile(rb"<Id>/?(?:change/)?([^<]+)</Id>")
SPREADING, PROCESSING = (30.0, 60.0), (0.1, 0.3)
"""AWS's seconds until all name servers have a change, and until the zone takes the next one (E22)."""
_ZONES = f"{_ROOT}/hostedzone"
_NEW_ZONE = re.compile(rb"<HostedZone>\s*<Id>/hostedzone/([^<]+)</Id>")
_VPC = re.compile(rb"The VPC ID '[^']*' is not valid\.")
_NO_COMMENT = re.compile(rb"<Comment>\s*</Comment>|<Comment\s*/>")
_TAGS = re.compile(rf"{_ROOT}/tags/([^/]+)/?")
_DEFAULTS = {"RequestInterval": "30", "FailureThreshold": "3", "MeasureLatency": "false", "Inverted": "false"}
_PROBED = ("HTTP", "HTTPS", "HTTP_STR_MATCH", "HTTPS_STR_MATCH", "TCP")
_CHECKERS = ("us-east-1", "us-west-1", "us-west-2", "eu-west-1", "ap-southeast-1", "ap-northeast-1", "sa-east-1")


@dataclass(kw_only=True, slots=True)
class Route53:
    """Route 53 in front of the emulated one.

    Attributes:
        changed: called when records or health checks may have changed.
    """

    inner: Inner
    changed: Callable[[], None]
    pace: Pace
    _spent: set[str] = field(default_factory=set)
    _pending: Deadlines[str] = field(init=False)
    _busy: Deadlines[str] = field(init=False)

    def __post_init__(self) -> None:
        self._pending = Deadlines(pace=self.pace)
        self._busy = Deadlines(pace=self.pace)

    async def handle(self, request: Request) -> Response:
        """Answer a request."""
        batch, check, tags = (pattern.fullmatch(request.path) for pattern in (_BATCH, _CHECK, _TAGS))
        if request.method != "GET":
            self.changed()
        if batch and request.method == "POST":
            return await self._change(request, batch[1])
        change = _CHANGE.fullmatch(request.path)
        if change:
            return self._dated(change[1], await self.inner.forward(request))
        if check and check[2]:
            return await self._status(check[1])
        if check:
            return await self._health_check(request, check[1])
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
        answer = await self.inner.forward(request)
        submitted = _CHANGE_ID.search(answer.body)
        if answer.status == OK and submitted:
            self._pending.begin(submitted[1].decode(), *SPREADING)
            self._busy.begin(zone, *PROCESSING)
        return answer

    def _dated(self, change: str, answer: Response) -> Response:
        status = b"PENDING" if self._pending.lasts(change) else b"INSYNC"
        return replace(answer, body=re.sub(rb"<Status>\w+</Status>", b"<Status>%b</Status>" % status, answer.body))

    async def _judge(self, zone: str, body: bytes) -> Refusal | None:
        described = await self._read(f"/hostedzone/{zone}")
        batch = _parsed(body)
        if described is None or batch is None:
            return None  # the service behind has the right words
        changes = [
            Change(action=text(node, "r:Action"), record=record_of(found))
            for node in batch.iterfind(".//r:Change", NS)
            if (found := node.find("r:ResourceRecordSet", NS)) is not None
        ]
        checks = await self._read("/healthcheck")
        return judge(
            zone=text(described, ".//r:HostedZone/r:Name"),
            current=await self._records(zone),
            changes=changes,
            checks={
                node.text or ""
                for node in (checks if checks is not None else [])
                for node in node.iterfind("*/r:Id", NS)
            },
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

    async def _health_check(self, request: Request, identifier: str | None) -> Response:
        if request.method == "POST" and identifier is None:
            asked = _parsed(request.body)
            if asked is not None:
                _complete(asked)
                refusal = await self._taken(asked)
                if refusal is not None:
                    return refusal.rest_xml()
                body = ET.tostring(asked)
                headers = {**request.headers, "content-length": str(len(body))}
                request = replace(request, body=body, headers=headers)
        elif request.method == "DELETE" and identifier is not None:
            known = await self._read(f"/healthcheck/{identifier}")
            if known is not None:
                self._spent.add(text(known, ".//r:CallerReference"))
        answer = await self.inner.forward(request)
        # The emulated service writes Python's "True", which no client takes for true.
        body = answer.body.replace(b">True</", b">true</").replace(b">False</", b">false</")
        return replace(answer, body=body)

    async def _taken(self, asked: ET.Element) -> Refusal | None:
        """A caller reference is good for one check and its exact repetition (E21)."""
        reference = text(asked, "r:CallerReference")
        listed = await self._read("/healthcheck")
        for node in [] if listed is None else listed.iterfind(".//r:HealthCheck", NS):
            if text(node, "r:CallerReference") == reference and _settings(node) != _settings(asked):
                self._spent.add(reference)
        if reference not in self._spent:
            return None
        return Refusal(
            code="HealthCheckAlreadyExists",
            message="The health check you are trying to create already exists: the caller reference "
            f"{reference} was used with other settings or for a deleted health check.",
            status=CONFLICT,
        )

    async def _status(self, identifier: str) -> Response:
        """Nothing is probed: a check is healthy (E18) unless it is inverted and disabled at once."""
        known = await self._read(f"/healthcheck/{identifier}")
        if known is None:
            return Refusal(
                code="NoSuchHealthCheck", message=f"No health check exists with the ID {identifier}", status=404
            ).rest_xml()
        down = {text(known, f".//r:{flag}").lower() for flag in ("Inverted", "Disabled")} == {"true"}
        status = "Failure: forced by Inverted and Disabled" if down else "Success: HTTP Status Code 200, OK"
        now = datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%S.000Z")
        observations = "".join(
            f"<HealthCheckObservation><Region>{region}</Region><IPAddress>192.0.2.{number}</IPAddress><StatusReport>"
            f"<Status>{status}</Status><CheckedTime>{now}</CheckedTime></StatusReport></HealthCheckObservation>"
            for number, region in enumerate(_CHECKERS)
        )
        return _xml(
            "GetHealthCheckStatusResponse", f"<HealthCheckObservations>{observations}</HealthCheckObservations>"
        )

    async def _tags(self, kind: str, body: bytes) -> Response:
        """ListTagsForResources, put together from the tags of each."""
        asked = _parsed(body)
        sets: list[str] = []
        for node in [] if asked is None else asked.iterfind(".//r:ResourceId", NS):
            answer = await self.inner.ask(
                service="route53", region="us-east-1", method="GET", path=f"{_ROOT}/tags/{kind}/{node.text}"
            )
            if answer.status != OK:
                return answer
            found = re.search(rb"<ResourceTagSet>.*</ResourceTagSet>", answer.body, re.DOTALL)
            sets.append(found[0].decode() if found else "")
        return _xml("ListTagsForResourcesResponse", f"<ResourceTagSets>{''.join(sets)}</ResourceTagSets>")

    async def _read(self, path: str, query: dict[str, list[str]] | None = None) -> ET.Element | None:
        answer = await self.inner.ask(
            service="route53", region="us-east-1", method="GET", path=f"{_ROOT}{path}", query=query
        )
        return _parsed(answer.body) if answer.status == OK else None


def _parsed(body: bytes) -> ET.Element | None:
    try:
        return ET.fromstring(body)  # noqa: S314 - a local client's own request
    except ET.ParseError:
        return None


def _complete(asked: ET.Element) -> None:
    """Write the defaults AWS shows in every health check."""
    config = asked.find("r:HealthCheckConfig", NS)
    if config is None:
        return
    kind = text(config, "r:Type")
    wanted = {"Disabled": "false"} | (_DEFAULTS if kind in _PROBED else {"Inverted": "false"})
    if kind.startswith("HTTPS"):
        wanted = {"Port": "443", "EnableSNI": "true"} | wanted
    elif kind.startswith("HTTP"):
        wanted = {"Port": "80", "EnableSNI": "false"} | wanted
    for name, value in wanted.items():
        if config.find(f"r:{name}", NS) is None:
            ET.SubElement(config, f"{{{NAMESPACE}}}{name}").text = value


def _settings(node: ET.Element) -> dict[str, str]:
    config = node.find("r:HealthCheckConfig", NS)
    leaves = [] if config is None else [leaf for leaf in config.iter() if len(leaf) == 0]
    return {leaf.tag: (leaf.text or "").strip().lower() for leaf in leaves}


def _xml(tag: str, inside: str) -> Response:
    body = f'<?xml version="1.0"?>\n<{tag} xmlns="{NAMESPACE}">{inside}</{tag}>'
    return Response(headers={"Content-Type": "text/xml"}, body=body.encode())


def _zone(request: Request, answer: Response) -> Response:
    """An answer about zones: without a comment none has given, and with the place of a new one."""
    body = _VPC.sub(b"The VPC ID is invalid.", _NO_COMMENT.sub(b"", answer.body))
    new = _NEW_ZONE.search(body) if request.method == "POST" and answer.status == CREATED else None
    where = {"Location": f"https://route53.amazonaws.com{_ZONES}/{new[1].decode()}"} if new else {}
    headers = {name: value for name, value in answer.headers.items() if name.lower() not in {"content-length", *where}}
    return replace(answer, headers={**headers, **where}, body=body)
