"""`drain`: users are taken out of a region, as a plan with one operation."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, ClassVar

from backendctl.aws.crew import together
from backendctl.aws.errors import attempt, explain
from backendctl.aws.progress import note, remark
from backendctl.aws.wait import until
from backendctl.draining.forecast import TTL, Forecast, forecast
from backendctl.draining.health import Health, ask_health
from backendctl.draining.zone import Zone, ask_zone, only_there
from backendctl.engine.action import Action
from backendctl.engine.diff import FieldChange
from backendctl.engine.plan import Plan, operating
from backendctl.engine.resource import GLOBAL
from backendctl.errors import AGAIN, AwsError, BackendctlError, OvertakenError, UsageError
from backendctl.nearest import refuse_unknown
from backendctl.resources.route53.evacuation import CLOSED, force_checks, health_path, limits_of, set_limits
from backendctl.resources.route53.record import Record
from backendctl.resources.ssm import drain_mark
from backendctl.resources.ssm.drain_mark import DrainMark, Means, Phase

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.aws.connection import Aws
    from backendctl.backend import Backend

KIND = "drain"
_LONGEST = 500
"""Characters of a reason."""
_NOT_ENABLED = frozenset(
    {"UnrecognizedClientException", "InvalidClientTokenId", "OptInRequired", "InvalidIdentityToken"}
)
_FAILS = 60.0
"""Seconds until a throttled method answers 429 everywhere, at most."""


class OnlyCheckersError(BackendctlError):
    """Nothing that could take the change answered; the checkers of Route 53 may see the region fail by themselves."""


def plan_drain(backend: Backend, region: str, *, reason: str) -> Plan:
    """What a drain of that region does.

    Raises:
        UsageError: there is no such region, it is the only one, it is drained already, or nobody is sent there.
        BackendctlError: neither AWS nor the spec lets it be known what to do.
    """
    refuse_impossible(backend, region)
    if said := only_there(backend.spec, region):
        raise UsageError(said, hint="give it `routing: latency` or `routing: failover`, and deploy")
    if len(reason) > _LONGEST:
        raise UsageError(f"--reason has {len(reason)} characters, and {_LONGEST} have room")
    regions = backend.spec.all_regions
    found, silent = drain_mark.read_marks(backend.aws, regions)
    refuse_disabled(region, silent)
    zone = ask_zone(backend)
    mark = found.get(region)
    if mark is not None and mark.phase is Phase.DRAINED and _holds(backend, mark, zone):
        raise UsageError(
            f"{region} is drained already, {mark.told}", hint=f"bring it back: backendctl restore {region}"
        )
    if zone.silent is None and region not in zone.records and not _begun(mark):
        raise UsageError(f"no record of ours sends anybody to {region}: there is nothing to drain")
    healths = others_health(backend, region, found, zone)
    well = tuple(one.region for one in healths if one.is_well)
    guarded = zone.silent is not None or zone.records.get(region, Means.RECORD not in (mark.means if mark else ()))
    place = health_path(backend.spec) if guarded else None
    told = forecast(backend.spec, region, well, place)
    operation = Drain(
        backend=backend,
        name=region,
        forecast=told,
        mark=_next_mark(mark, region, reason=reason, operator=backend.context.stamp.operator),
    )
    notes = [f"{one.region} gets nobody: {one.said}" for one in healths if not one.is_well]
    notes += [f"{one} does not answer and is not marked: {error.message}" for one, error in silent.items()]
    if zone.silent is not None:
        notes.append(f"Route 53's control plane does not answer: {zone.silent.message}")
    return Plan(
        backend=backend.spec.backend,
        regions=regions,
        changes=(operating(operation, operation.read(backend.aws)),),
        unreachable={**silent, **({GLOBAL: zone.silent} if zone.silent is not None else {})},
        leaves_out=False,
        refusals=() if well else (_last(region, healths, found),),
        remarks=(*(told.sentences(time_scale=backend.aws.time_scale) if well else ()), *notes),
    )


def refuse_impossible(backend: Backend, region: str) -> None:
    """Refuse what no answer of AWS would make possible.

    Raises:
        UsageError: there is no such region, or only one, or no domain of ours in a zone.
    """
    spec = backend.spec
    refuse_unknown("REGION", [region], spec.all_regions)
    if len(spec.all_regions) == 1:
        raise UsageError(f"{region} is the only region of {spec.backend}: there is nowhere to send its users")
    if spec.api is None or all(domain.zone is None for domain in spec.domains):
        raise UsageError(
            f"{spec.file} has no domain with a zone: no record of ours sends users to {region}",
            hint="give `domain` a `zone`; or take it out of your own DNS",
        )


def refuse_disabled(region: str, silent: Mapping[str, BackendctlError]) -> None:
    """Refuse a region that the account has not enabled (F13).

    Raises:
        UsageError: so it is.
    """
    error = silent.get(region)
    if isinstance(error, AwsError) and error.code in _NOT_ENABLED:
        raise UsageError(
            f"{region} is not enabled for this account ({error.code})",
            hint=f"aws account get-region-opt-status --region-name {region}",
        )


def others_health(backend: Backend, region: str, marks: Mapping[str, DrainMark], zone: Zone) -> list[Health]:
    """How the other regions of the spec are, by their own health URLs; one that gets nobody anyway is not well."""
    others = [one for one in backend.spec.all_regions if one != region]
    asked = [one for one in others if not _kept_away(one, marks, zone)]
    answers = dict(zip(asked, together(partial(ask_health, backend, one) for one in asked), strict=True))
    return [answers.get(one) or Health(region=one, said=_kept_away(one, marks, zone)) for one in others]


def _kept_away(region: str, marks: Mapping[str, DrainMark], zone: Zone) -> str:
    """Why nobody is sent to a region, however well it is; empty when users are."""
    mark = marks.get(region)
    if mark is not None and mark.is_drained:
        return f"{region} is {mark.phase}, {mark.told}"
    if region in zone.forced:
        return f"the health check of {region} is inverted and disabled"
    if zone.silent is None and region not in zone.records:
        return f"{region} has no record of ours"
    return ""


def _last(region: str, healths: Sequence[Health], marks: Mapping[str, DrainMark]) -> str:
    why = "; ".join(one.said for one in healths)
    drained = [one.region for one in healths if one.region in marks and marks[one.region].is_drained]
    restore = f"bring one back: backendctl restore {drained[0]}" if drained else ""
    ill = "see what is wrong in the others: backendctl check-regions" if len(drained) < len(healths) else ""
    return f"{region} is the last healthy region: {why}; {', or '.join(one for one in (restore, ill) if one)}"


def _begun(mark: DrainMark | None) -> bool:
    return mark is not None and mark.is_drained


def _next_mark(mark: DrainMark | None, region: str, *, reason: str, operator: str) -> DrainMark:
    """The mark of this drain; of one that was begun, with what it has to put back."""
    if mark is not None and mark.is_drained:
        return replace(mark.at(Phase.DRAINING), reason=reason or mark.reason)
    return DrainMark(
        region=region,
        phase=Phase.DRAINING,
        serial=1 if mark is None else mark.serial + 1,
        time=drain_mark.now(),
        operator=operator,
        reason=reason,
    )


def _holds(backend: Backend, mark: DrainMark, zone: Zone) -> bool:
    """Whether what a drain has done is still so; what cannot be asked is taken for it."""
    for means in mark.means:
        if means is Means.HEALTH_CHECK and (zone.silent is not None or mark.region in zone.forced):
            return True
        if means is Means.RECORD and (zone.silent is not None or mark.region not in zone.records):
            return True
        if means is Means.THROTTLE and _is_closed(backend, mark.region):
            return True
    return False


def _is_closed(backend: Backend, region: str) -> bool:
    place = health_path(backend.spec)
    if place is None:
        return False
    try:
        return limits_of(backend.aws, region, place) == CLOSED
    except Exception as error:
        told = explain(error, doing=f"read the stage of {region}")
        if isinstance(told, AwsError) and told.silent:
            return True
        raise told from error


@dataclass(frozen=True, kw_only=True, slots=True)
class Drain:
    """The drain of one region; it is nowhere itself, for the region may not answer.

    Attributes:
        name: the region. mark: what is to be written before anything else.
    """

    kind: ClassVar[str] = KIND
    action: ClassVar[Action] = Action.UPDATE
    taken_back: ClassVar[str] = "backendctl restore"

    region: str = GLOBAL
    name: str
    backend: Backend
    forecast: Forecast
    mark: DrainMark

    def needs(self) -> frozenset[str]:
        """Nothing."""
        return frozenset()

    def read(self, aws: Aws) -> tuple[FieldChange, ...]:
        """What becomes of the users."""
        del aws
        away = ", ".join(self.forecast.others)
        return (
            FieldChange(field="users", before=f"sent to {self.name}", after=f"sent to {away or 'nowhere else'}"),
            FieldChange(field="means", before=None, after=", else ".join(self.forecast.means)),
        )

    def run(self, aws: Aws) -> None:
        """Mark, then the first means that works, then mark that it is done.

        Raises:
            OvertakenError: another drain took the last other region meanwhile.
            OnlyCheckersError: no means worked, as nothing answered.
        """
        mark = self.mark
        failed: list[BackendctlError] = []
        for means in self.forecast.means:
            mark = self._marked(aws, mark, means)
            if not failed:
                self._refuse_last(aws, mark)
            told = attempt(partial(self._use, aws, means), doing=f"take users out of {self.name} by {means}")
            if told is not None:  # the next means is there for just that
                failed.append(told)
                note(f"{means} did not work: {told.message}")
                continue
            if failed:
                remark(f"{failed[0].message}; {self.name} is drained by {means} instead")
            drain_mark.write(aws, self.backend.spec.all_regions, mark.at(Phase.DRAINED))
            return
        raise self._stuck(failed)

    def _marked(self, aws: Aws, mark: DrainMark, means: Means) -> DrainMark:
        """Written with that means, before it is used, and with what it has to put back."""
        limits = None
        if means is Means.THROTTLE and means not in mark.means and self.forecast.place is not None:
            place = self.forecast.place
            found = attempt(
                lambda: limits_of(aws, self.name, place), doing=f"read the limits of {place.route} in {self.name}"
            )
            if isinstance(found, BackendctlError):  # then it will not be throttled either, and says why
                note(found.message)
                return mark
            limits = found
        mark = mark.using(means, limits)
        for region, silence in drain_mark.write(aws, self.backend.spec.all_regions, mark).items():
            note(f"{region} does not answer and has no mark: {silence.message}")
        return mark

    def _refuse_last(self, aws: Aws, mark: DrainMark) -> None:
        """Two operators may drain two regions at the same moment; each sees the other's mark by now."""
        regions = self.backend.spec.all_regions
        found = drain_mark.drained(aws, regions)
        if set(self.forecast.others) <= set(found):
            drain_mark.write(aws, regions, mark.at(Phase.RESTORED))
            told = "; ".join(f"{one} {found[one].told}" for one in self.forecast.others)
            raise OvertakenError(
                f"{self.name} is not drained: the others have been drained meanwhile ({told})",
                hint="bring one of them back first: backendctl restore",
            )

    def _use(self, aws: Aws, means: Means) -> None:
        match means:
            case Means.HEALTH_CHECK:
                if not force_checks(aws, self.name, down=True):
                    raise BackendctlError(f"{self.name} has no health check of ours")
            case Means.THROTTLE:
                self._throttle(aws)
            case Means.RECORD:
                for record in _records(self.backend, self.name):
                    record.delete(aws)

    def _throttle(self, aws: Aws) -> None:
        place = self.forecast.place
        if place is None:
            raise BackendctlError(f"{self.name} has no health path")
        set_limits(aws, self.name, place, CLOSED)

        def fails() -> bool | None:
            return None if ask_health(self.backend, self.name).is_well else True

        until(aws, f"{place.route} in {self.name} to be refused", fails, limit=_FAILS)

    def _stuck(self, failed: Iterable[BackendctlError]) -> BackendctlError:
        errors = list(failed)
        reasons = "; ".join(error.message for error in errors)
        if not all(isinstance(error, AwsError) and error.silent for error in errors):
            return BackendctlError(f"{self.name} is marked and still gets users: {reasons}")
        place = self.forecast.place
        unfit = f"; {place.route} cannot be throttled: {place.unfit}" if place is not None and place.unfit else ""
        if place is None:
            return BackendctlError(f"{self.name} is marked and still gets users: {reasons}", hint=AGAIN)
        return OnlyCheckersError(
            f"{self.name} is marked, and no control plane could make the change ({reasons}{unfit}). Only the "
            f"checkers of Route 53 can act now: when {place.route} fails in {self.name}, they agree within "
            f"{self.forecast.measured} s, and resolvers forget {self.name} {TTL} s later: {self.forecast.seconds} s",
            hint=f"{AGAIN}, to make sure of it once Route 53 answers: backendctl drain {self.name}",
        )


def _records(backend: Backend, region: str) -> list[Record]:
    return [one for one in Record.desired(backend.context) if one.region == region]
