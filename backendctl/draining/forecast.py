"""What clients will see of a drain, and in how many seconds; pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.resources.ssm.drain_mark import Means

if TYPE_CHECKING:
    from backendctl.resources.route53.evacuation import HealthPath
    from backendctl.spec.model import Spec

TTL = 60
"""Seconds for which resolvers keep an alias to API Gateway (E24)."""
SPREADING = 60
"""Seconds until all name servers have a change of the zone, as a rule (E24)."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Forecast:
    """How a region is to be left.

    Attributes:
        means: in the order in which they are tried. others: regions that get the users.
        measured: seconds until Route 53's checkers have seen a failing health path; 0 without a health check.
    """

    region: str
    means: tuple[Means, ...]
    others: tuple[str, ...]
    measured: int = 0
    place: HealthPath | None = None

    @property
    def seconds(self) -> int:
        """Until the last client has left, at most; clients that keep an address longer than they may aside."""
        return TTL + (self.measured if self.place is not None else SPREADING)

    def sentences(self, *, time_scale: float = 1.0) -> Iterator[str]:
        """For people. time_scale: of a local AWS."""
        at = f", here {self.seconds * time_scale:.1f} s" if time_scale != 1 else ""
        yield (
            f"clients of {self.region} are sent to {_either(self.others)}; the last one leaves within "
            f"{self.seconds} s ({self._sum()}){at}; until then {self.region} answers as before"
        )
        if Means.HEALTH_CHECK in self.means:
            yield f"first, in Route 53's control plane (us-east-1): the health check of {self.region} is inverted"
        if self.place is not None and not self.place.unfit:
            order = "if that does not answer" if Means.HEALTH_CHECK in self.means else "first"
            yield (
                f"{order}, in {self.region} alone: {self.place.route} is throttled to 0, and Route 53's checkers see "
                "429 there (not confirmed on AWS, so it is asked afterwards); others who ask it get 429 too"
            )
        elif self.place is not None:
            yield f"the health path cannot be throttled, should Route 53 not answer: {self.place.unfit}"
        if Means.RECORD in self.means:
            yield f"there is no health check: the records of {self.region} are taken out of the zone"

    def _sum(self) -> str:
        if self.place is None:
            return f"{SPREADING} s until all name servers know it + {TTL} s that resolvers remember an answer"
        return f"{self.measured} s until the checkers agree + {TTL} s that resolvers remember an answer"


def forecast(spec: Spec, region: str, others: Sequence[str], place: HealthPath | None) -> Forecast:
    """How a region of this spec is left."""
    check = spec.domain.health_check if spec.domain is not None else None
    if place is None or check is None:
        return Forecast(region=region, means=(Means.RECORD,), others=tuple(others))
    means = (Means.HEALTH_CHECK, *([] if place.unfit else [Means.THROTTLE]))
    measured = check.interval * check.failures
    return Forecast(region=region, means=means, others=tuple(others), measured=measured, place=place)


def _either(regions: Sequence[str]) -> str:
    *first, last = regions or ("another region",)
    return f"{', '.join(first)} or {last}" if first else last
