"""`restore`: users are brought back to a drained region, once it has what the others have and answers."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, ClassVar

from backendctl.aws.errors import explain
from backendctl.aws.wait import until
from backendctl.draining.drain import refuse_disabled, refuse_impossible
from backendctl.draining.equal import look_alike
from backendctl.draining.forecast import forecast
from backendctl.draining.health import Health, ask_health
from backendctl.draining.smoke import smoke, warm
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Plan, operating
from backendctl.engine.resource import GLOBAL
from backendctl.errors import AGAIN, BackendctlError, UsageError
from backendctl.resources.route53.evacuation import force_checks, health_path, set_limits
from backendctl.resources.route53.record import Record
from backendctl.resources.ssm import drain_mark
from backendctl.resources.ssm.drain_mark import DrainMark, Means, Phase

if TYPE_CHECKING:
    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend

KIND = "restore"
_BACK = 120.0
"""Seconds until a method that is throttled no more answers everywhere, at most."""


def plan_restore(backend: Backend, region: str) -> Plan:
    """What brings users back to that region.

    Raises:
        UsageError: there is no such region, or it is not drained.
        BackendctlError: it does not answer.
    """
    refuse_impossible(backend, region)
    regions = backend.spec.all_regions
    found, silent = drain_mark.read_marks(backend.aws, regions)
    refuse_disabled(region, silent)
    if region in silent:
        raise silent[region]
    mark = found.get(region)
    if mark is None or not mark.is_drained:
        raise UsageError(f"{region} is not drained: there is nothing to restore")
    others = [one for one in regions if one != region and not (one in found and found[one].is_drained)]
    alike = look_alike(backend)
    if region in alike.unreachable:
        raise alike.unreachable[region]
    differing = list(alike.differing(region, others))
    operation = Restore(backend=backend, name=region, mark=mark)
    notes = [f"{one} did not answer, and keeps an older mark, which does not count" for one in silent]
    if not [one for one in others if one not in alike.unreachable]:
        notes.append(f"no other region answers: {region} is compared with nothing")
    return Plan(
        backend=backend.spec.backend,
        regions=regions,
        changes=(operating(operation, operation.read(backend.aws)),),
        unreachable={**alike.unreachable, **silent},
        leaves_out=False,
        refusals=tuple(f"{one.said}; make it so: {one.command}" for one in differing),
        remarks=(f"{region} was drained {mark.told}", _return(backend, region), *notes),
    )


def _return(backend: Backend, region: str) -> str:
    told = forecast(backend.spec, region, (), health_path(backend.spec))
    at = f", here {told.seconds * backend.aws.time_scale:.1f} s" if backend.aws.time_scale != 1 else ""
    return f"clients near {region} come back within {told.seconds} s{at}, as resolvers forget where they were sent"


@dataclass(frozen=True, kw_only=True, slots=True)
class Restore:
    """The return of one region. name: the region. mark: of its drain, with what is to be put back."""

    kind: ClassVar[str] = KIND
    action: ClassVar[Action] = Action.UPDATE
    taken_back: ClassVar[str] = "backendctl drain"

    region: str = GLOBAL
    name: str
    backend: Backend
    mark: DrainMark

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What comes first, and what becomes of the users."""
        del aws
        return (
            FieldChange(field="first", before=None, after="smoke test, warm functions"),
            FieldChange(field="users", before="sent elsewhere", after=f"sent to {self.name} again"),
        )

    def run(self, aws: Aws) -> None:
        """Test and warm while nobody is there, then undo what the drain has done, in the reverse order.

        Raises:
            BackendctlError: the region does not answer as it should; it gets no users.
        """
        regions = self.backend.spec.all_regions
        smoke(self.backend, self.name, throttled=Means.THROTTLE in self.mark.means)
        warm(self.backend, self.name)
        mark = self.mark.at(Phase.RESTORING)
        drain_mark.write(aws, regions, mark)
        if Means.THROTTLE in mark.means:
            self._unthrottle(aws)
        if Means.HEALTH_CHECK in mark.means:
            force_checks(aws, self.name, down=False)
        if Means.RECORD in mark.means:
            for record in Record.desired(self.backend.context):
                if record.region == self.name:
                    record.create(aws)
        drain_mark.write(aws, regions, replace(mark.at(Phase.RESTORED), means=(), limits=None))

    def _unthrottle(self, aws: Aws) -> None:
        place = health_path(self.backend.spec)
        if place is None:
            raise BackendctlError(
                f"the health path of {self.name} was throttled, and the spec has none any more",
                hint="give `domain` its `health-check` again, restore the region, then take it out",
            )
        set_limits(aws, self.name, place, self.mark.limits)
        seen: list[Health] = []

        def answers() -> bool | None:
            seen[:] = [ask_health(self.backend, self.name)]
            return True if seen[0].is_well else None

        try:
            until(aws, f"{place.route} in {self.name} to answer again", answers, limit=_BACK)
        except BackendctlError as error:
            said = seen[0].said if seen else explain(error, doing=f"ask {self.name}").message
            raise BackendctlError(f"{self.name} gets no users: {said}", hint=f"{AGAIN}: it goes on") from error
