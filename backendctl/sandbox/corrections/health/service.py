"""Route 53's calls about health checks, in front of the emulated ones."""

from __future__ import annotations

import re
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from backendctl.sandbox.corrections.answers import Refusal
from backendctl.sandbox.corrections.health.check import PROBED, refuse_new, refuse_update, values_of
from backendctl.sandbox.corrections.records import NAMESPACE, NS, parsed, text, xml
from backendctl.sandbox.http import CONFLICT, NOT_FOUND, OK
from backendctl.sandbox.world import DEFAULT_REGION

if TYPE_CHECKING:
    from backendctl.sandbox.corrections.health.check import Check
    from backendctl.sandbox.corrections.health.prober import Prober
    from backendctl.sandbox.corrections.health.states import Report
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.inner import Inner

ROOT = "/2013-04-01/healthcheck"
PATH = re.compile(rf"{ROOT}(?:/(?P<id>[^/]+))?(?:/(?P<about>status|lastfailurereason))?/?")
_DEFAULTS = {"RequestInterval": "30", "FailureThreshold": "3", "MeasureLatency": "false", "Inverted": "false"}


@dataclass(kw_only=True, slots=True)
class HealthChecks:
    """CreateHealthCheck and its kin.

    Attributes:
        prober: what is known of the endpoints.
    """

    inner: Inner
    prober: Prober
    _spent: set[str] = field(default_factory=set)

    async def handle(self, request: Request, found: re.Match[str]) -> Response:
        """Answer a request whose path `PATH` found."""
        identifier = found["id"]
        if found["about"]:
            return await self._observations(identifier, failures=found["about"] == "lastfailurereason")
        refusal = None
        if request.method == "POST":
            asked = parsed(request.body)
            if asked is not None and identifier is None:
                _complete(asked)
                refusal = await self._refuse_new(asked)
                body = ET.tostring(asked)
                request = replace(request, body=body, headers={**request.headers, "content-length": str(len(body))})
            elif asked is not None:
                refusal = await self._refuse_update(asked, identifier)
        elif request.method == "DELETE" and identifier is not None:
            known = await self._read(f"{ROOT}/{identifier}")
            if known is not None:
                self._spent.add(text(known, ".//r:CallerReference"))
        if refusal is not None:
            return refusal.rest_xml()
        answer = await self.inner.forward(request)
        # The emulated service writes Python's "True", which no client takes for true.
        body = answer.body.replace(b">True</", b">true</").replace(b">False</", b">false</")
        return replace(answer, body=body)

    async def ids(self) -> set[str]:
        """Of all health checks."""
        return {check.id for check in (await self.prober.refresh()).checks}

    async def _refuse_new(self, asked: ET.Element) -> Refusal | None:
        return refuse_new(asked, known=await self.ids()) or await self._taken(asked)

    async def _refuse_update(self, asked: ET.Element, identifier: str) -> Refusal | None:
        known = await self._read(f"{ROOT}/{identifier}")
        config = None if known is None else known.find(".//r:HealthCheckConfig", NS)
        if known is None or config is None:
            return None  # the service behind has the right words
        return refuse_update(
            asked,
            identifier=identifier,
            version=int(text(known, ".//r:HealthCheckVersion") or 1),
            config=values_of(config),
            known=await self.ids(),
        )

    async def _taken(self, asked: ET.Element) -> Refusal | None:
        """A caller reference is good for one check and its exact repetition (E21)."""
        reference = text(asked, "r:CallerReference")
        listed = await self._read(ROOT, {"maxitems": ["1000"]})
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

    async def _observations(self, identifier: str, *, failures: bool) -> Response:
        states = await self.prober.refresh()
        check = states.get(identifier)
        name = "GetHealthCheckLastFailureReason" if failures else "GetHealthCheckStatus"
        if check is None:
            message = f"No health check exists with the ID {identifier}"
            return Refusal(code="NoSuchHealthCheck", message=message, status=NOT_FOUND).rest_xml()
        if check.type not in PROBED:
            message = f"{name} is not supported for a health check of type {check.type}"
            return Refusal(code="InvalidInput", message=message).rest_xml()
        report = states.last_failure(identifier) if failures else states.last(identifier)
        return xml(f"{name}Response", f"<HealthCheckObservations>{_told(check, report)}</HealthCheckObservations>")

    async def _read(self, path: str, query: dict[str, list[str]] | None = None) -> ET.Element | None:
        answer = await self.inner.ask(service="route53", region=DEFAULT_REGION, method="GET", path=path, query=query)
        return parsed(answer.body) if answer.status == OK else None


def _told(check: Check, report: Report | None) -> str:
    """One observation per checker; all of them sit in this process and see the same."""
    if report is None:
        return ""
    moment = datetime.fromtimestamp(report.moment, UTC).strftime("%Y-%m-%dT%H:%M:%S.%f")[:-3]
    return "".join(
        f"<HealthCheckObservation><Region>{region}</Region><IPAddress>192.0.2.{number}</IPAddress><StatusReport>"
        f"<Status>{report.status}</Status><CheckedTime>{moment}Z</CheckedTime></StatusReport></HealthCheckObservation>"
        for number, region in enumerate(check.regions)
    )


def _complete(asked: ET.Element) -> None:
    """Write the defaults AWS shows in every health check."""
    config = asked.find("r:HealthCheckConfig", NS)
    if config is None:
        return
    kind = text(config, "r:Type")
    wanted = {"Disabled": "false"} | (_DEFAULTS if kind in PROBED else {"Inverted": "false"})
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
