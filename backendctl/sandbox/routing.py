"""In which region a caller of a custom domain lands: the nearest healthy one, as the crow flies."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from math import asin, cos, radians, sin, sqrt
from typing import TYPE_CHECKING
from xml.etree import ElementTree as ET

from backendctl.sandbox.http import Response

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.sandbox.corrections.health.prober import Prober
    from backendctl.sandbox.http import Request
    from backendctl.sandbox.inner import Inner

_EARTH = 6371.0
_PLACES: dict[str, tuple[float, float]] = {
    "af-south-1": (-33.9, 18.4),
    "ap-east-1": (22.3, 114.2),
    "ap-east-2": (25.0, 121.5),
    "ap-northeast-1": (35.7, 139.7),
    "ap-northeast-2": (37.6, 127.0),
    "ap-northeast-3": (34.7, 135.5),
    "ap-south-1": (19.1, 72.9),
    "ap-south-2": (17.4, 78.5),
    "ap-southeast-1": (1.3, 103.8),
    "ap-southeast-2": (-33.9, 151.2),
    "ap-southeast-3": (-6.2, 106.8),
    "ap-southeast-4": (-37.8, 145.0),
    "ap-southeast-5": (3.1, 101.7),
    "ap-southeast-6": (-36.9, 174.8),
    "ap-southeast-7": (13.8, 100.5),
    "ca-central-1": (45.5, -73.6),
    "ca-west-1": (51.0, -114.1),
    "eu-central-1": (50.1, 8.7),
    "eu-central-2": (47.4, 8.5),
    "eu-north-1": (59.3, 18.1),
    "eu-south-1": (45.5, 9.2),
    "eu-south-2": (40.4, -3.7),
    "eu-west-1": (53.3, -6.3),
    "eu-west-2": (51.5, -0.1),
    "eu-west-3": (48.9, 2.4),
    "il-central-1": (32.1, 34.8),
    "me-central-1": (24.5, 54.4),
    "me-south-1": (26.2, 50.6),
    "mx-central-1": (20.6, -100.4),
    "sa-east-1": (-23.5, -46.6),
    "us-east-1": (38.9, -77.4),
    "us-east-2": (40.0, -83.0),
    "us-west-1": (37.4, -121.9),
    "us-west-2": (45.8, -119.7),
}
"""Latitude and longitude in degrees, of the city that AWS names a region after, roughly."""


def kilometres(one: str, other: str) -> float:
    """Along the earth's surface, between two regions; a region that is not known is as far as can be."""
    if one == other:
        return 0.0
    if one not in _PLACES or other not in _PLACES:
        return 3.15 * _EARTH
    (lat1, lon1), (lat2, lon2) = _PLACES[one], _PLACES[other]
    part = sin(radians(lat2 - lat1) / 2) ** 2
    part += cos(radians(lat1)) * cos(radians(lat2)) * sin(radians(lon2 - lon1) / 2) ** 2
    return 2 * _EARTH * asin(sqrt(part))


PATH = "/_sandbox/resolve"
TTL = 60
"""AWS's seconds for which resolvers keep an alias to API Gateway (E24)."""
_NS = {"r": "https://route53.amazonaws.com/doc/2013-04-01/"}


@dataclass(frozen=True, kw_only=True, slots=True)
class _Record:
    region: str
    target: str
    health_check: str | None
    is_secondary: bool = False
    is_latency: bool = False


@dataclass(kw_only=True, slots=True)
class Routing:
    """Latency, failover and simple records, read from the hosted zones and kept until a zone changes.

    Attributes:
        regional_domain: `ApiGateway.regional_domain`, to see where an alias leads.
        health: what is known of the health checks.
    """

    inner: Inner
    regional_domain: Callable[[str], tuple[str, str] | None]
    health: Prober
    _known: dict[str, list[_Record]] = field(default_factory=dict)

    def forget(self) -> None:
        """Route 53 has changed; read it again."""
        self._known.clear()

    async def region_of(self, domain: str, regions: list[str], near: str = "") -> str:
        """The region which answers a domain: of its best record, the secondary last, else the first that has it.

        Args:
            near: the region that the caller's resolver is in; without it the first healthy record is the best.
        """
        for region in (record[0] for record in await self._ranked(domain, near)):
            if region in regions:
                return region
        return regions[0]

    async def resolve(self, request: Request) -> Response:
        """What Route 53 answers a resolver: `name` and `near`, a region, are in the query.

        The answer has `region`, null when there is no record, `ttl` in real seconds, and by region whether its
        record is healthy.
        """
        name, near = (request.query.get(key, [""])[0].lower().rstrip(".") for key in ("name", "near"))
        if not name:
            return Response.of_json({"message": "`name` is missing"}, status=400)
        records = await self._ranked(name, near)
        states = [(region, not await self._is_down(record)) for region, record in records]
        document = {
            "name": name,
            "region": records[0][0] if records else None,
            "ttl": self.health.pace.scale.seconds(TTL),
            "healthy": {region: all(up for one, up in states if one == region) for region, _ in states},
        }
        return Response.of_json(document)

    async def _ranked(self, domain: str, near: str) -> list[tuple[str, _Record]]:
        """The records with the regions they lead to, the one that is answered with first."""
        if domain not in self._known:
            self._known[domain] = await self._records(domain)
        records = self._known[domain]
        down = [await self._is_down(record) for record in records]
        if all(down):  # then all count as healthy (E15)
            down = [False] * len(records)
        order = sorted(
            range(len(records)), key=lambda n: (down[n], records[n].is_secondary, _distance(records[n], near), n)
        )
        return [(self._leads_to(records[n]), records[n]) for n in order]

    def _leads_to(self, record: _Record) -> str:
        found = self.regional_domain(record.target)
        return found[0] if found else record.region

    async def _records(self, domain: str) -> list[_Record]:
        found: list[_Record] = []
        for zone in await self._zones(domain):
            answer = await self.inner.ask(
                service="route53",
                region="us-east-1",
                method="GET",
                path=f"/2013-04-01/hostedzone/{zone}/rrset",
                query={"name": [domain]},
            )
            for node in answer.xml().iterfind(".//r:ResourceRecordSet", _NS):
                name = _text(node, "r:Name").rstrip(".").replace("\\052", "*")
                if name == domain and _text(node, "r:Type") in {"A", "AAAA"}:
                    found.append(_record(node))
        return sorted(found, key=lambda record: record.is_secondary)

    async def _zones(self, domain: str) -> list[str]:
        answer = await self.inner.ask(
            service="route53", region="us-east-1", method="GET", path="/2013-04-01/hostedzone"
        )
        zones = [
            (_text(node, "r:Name").rstrip("."), re.sub(r".*/", "", _text(node, "r:Id")))
            for node in answer.xml().iterfind(".//r:HostedZone", _NS)
        ]
        fitting = [zone for zone in zones if domain == zone[0] or domain.endswith(f".{zone[0]}")]
        return [identifier for _, identifier in sorted(fitting, key=lambda zone: -len(zone[0]))]

    async def _is_down(self, record: _Record) -> bool:
        if record.health_check is None:
            return False
        return not (await self.health.refresh()).is_healthy(record.health_check)


def _distance(record: _Record, near: str) -> float:
    return kilometres(near, record.region) if near and record.is_latency else 0.0


def _record(node: ET.Element) -> _Record:
    target = _text(node, "r:AliasTarget/r:DNSName").rstrip(".") or _text(node, ".//r:Value").rstrip(".")
    return _Record(
        region=_text(node, "r:Region") or target.partition(".execute-api.")[2].partition(".")[0],
        target=target,
        is_latency=bool(_text(node, "r:Region")),
        is_secondary=_text(node, "r:Failover") == "SECONDARY",
        health_check=_text(node, "r:HealthCheckId") or None,
    )


def _text(node: ET.Element, path: str) -> str:
    return (node.findtext(path, default="", namespaces=_NS) or "").strip()
