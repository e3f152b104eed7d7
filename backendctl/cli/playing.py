"""A game day on its ground: the sandbox with clients of our own, or AWS with real users."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import click

from backendctl.app import carry_out
from backendctl.cli.applying import Consent, ask
from backendctl.cli.local import sandbox_errors
from backendctl.draining.drain import Drain, plan_drain
from backendctl.draining.forecast import TTL, forecast
from backendctl.draining.game_day import BREAK, DRAIN, GameDay, Playing
from backendctl.draining.load import Load, Resolved
from backendctl.draining.rehearsal import Rehearsal
from backendctl.draining.restore import plan_restore
from backendctl.endpoints import endpoints, sample_path
from backendctl.engine.events import Failed, Noted
from backendctl.engine.safety import refuse_danger
from backendctl.errors import BackendctlError
from backendctl.hints import runnable
from backendctl.http_call import send
from backendctl.resources.route53.evacuation import health_path
from backendctl.resources.ssm.drain_mark import drained
from backendctl.resources.ssm.drain_mark import now as moment
from backendctl.sandbox import process
from backendctl.sandbox.process import default_data

if TYPE_CHECKING:
    from backendctl.backend import Backend
    from backendctl.cli.opening import Opened
    from backendctl.engine.plan import Plan

_PLACES = ("us-east-1", "us-west-1", "eu-west-1", "ap-northeast-1", "sa-east-1")
"""Where clients are beside the backend's own regions."""
_CHECKERS = 1.0
"""Seconds between two probes of the sandbox's checkers, at least."""
_PATIENCE = 60.0


def play(ready: Opened, region: str, *, port: int, yes: bool) -> GameDay:
    """All acts that the ground allows.

    Raises:
        UsageError: the region cannot be drained. RefusedError: it is the last one that answers well.
        BackendctlError: a drain or a restore failed, or no client is near the region.
    """
    backend = ready.backend
    plan = plan_drain(backend, region, reason="game day")
    refuse_danger(plan)  # before anybody is asked
    return _in_sandbox(ready, region, port=port) if ready.sandbox else _on_aws(ready, plan, region, yes=yes)


def _in_sandbox(ready: Opened, region: str, *, port: int) -> GameDay:
    backend = ready.backend
    places = tuple(dict.fromkeys((*backend.spec.all_regions, *_PLACES)))
    ground = _Sandbox(ready=ready, port=port, places=places)
    check = backend.spec.domain.health_check if backend.spec.domain is not None else None
    time_scale = backend.aws.time_scale
    told = forecast(backend.spec, region, (), health_path(backend.spec))
    remembered = TTL * time_scale
    checkers = max(_CHECKERS, check.interval * time_scale) * check.failures if check is not None else 0.0
    playing = Playing(
        ground=ground,
        region=region,
        expected={BREAK: checkers + remembered, DRAIN: told.seconds * time_scale},
        quiet=2 * remembered + 1.0,
        patience=_PATIENCE,
        tell=lambda text: _say(ready, text),
        sleep=time.sleep,
    )
    note = "there is no health check: nobody leaves a region that breaks, so it is not broken"
    if check is not None:
        asked = max(_CHECKERS, check.interval * time_scale)
        note = f"all waits are AWS's times {time_scale:g}, and the checkers ask every {asked:g} s"
    with ground.load.running():
        acts = playing.acts((BREAK, DRAIN) if check is not None else (DRAIN,))
    return _day(backend, region, where="the sandbox", places=places, acts=acts, notes=(note,))


def _on_aws(ready: Opened, plan: Plan, region: str, *, yes: bool) -> GameDay:
    backend = ready.backend
    told = next(one.operation.forecast for one in plan.changes if isinstance(one.operation, Drain))
    click.echo(
        f"This takes the real users of {backend.spec.backend} out of {region} and back, in account "
        f"{backend.aws.account}: about {2 * told.seconds / 60:.0f} minutes, and nothing is broken on purpose.",
        err=True,
    )
    ask(Consent(dry_run=False, yes=yes, plan_digest=None, allow_delete=()), f"Drain {region} now?")
    rehearsal = Rehearsal(
        backend=backend,
        told=told,
        drain=lambda: _carried_out(backend, plan, ready),
        restore=lambda: _restored(ready, region),
        tell=lambda text: _say(ready, text),
    )
    notes = ("counted by CloudWatch to the minute; failed are answers of 5xx in all regions, whatever their cause",)
    try:
        act = rehearsal.play()
    except BaseException:  # Ctrl-C too
        if region in drained(backend.aws, backend.spec.all_regions):
            click.echo(f"{region} is still drained. Next: {runnable(f'backendctl restore {region}')}", err=True)
        raise
    return _day(backend, region, where=f"account {backend.aws.account}", places=(), acts=(act,), notes=notes)


def _day(backend: Backend, region: str, **facts: object) -> GameDay:
    return GameDay(
        backend=backend.spec.backend,
        region=region,
        at=moment(),
        operator=backend.context.stamp.operator,
        **facts,  # type: ignore[arg-type]  # the rest of its fields
    )


def _carried_out(backend: Backend, plan: Plan, ready: Opened) -> None:
    refuse_danger(plan)
    for event in carry_out(plan, backend, stop=threading.Event()):
        if isinstance(event, Failed):
            raise event.error
        if isinstance(event, Noted):
            _say(ready, event.message)


def _restored(ready: Opened, region: str) -> None:
    ready.backend.aws.forget()
    _carried_out(ready.backend, plan_restore(ready.backend, region), ready)


def _say(ready: Opened, text: str) -> None:
    if not ready.screen.quiet:
        click.echo(f"  … {text}", err=True)


@dataclass(kw_only=True)
class _Sandbox:
    """Clients ask the custom domain, as the sandbox's Route 53 sends them."""

    ready: Opened
    port: int
    places: tuple[str, ...]
    load: Load = field(init=False)
    _fault: str = ""

    def __post_init__(self) -> None:
        spec = self.ready.backend.spec
        endpoint = self.ready.backend.settings.access.endpoint_url
        url = next((one for one in endpoints(spec, self.ready.backend.aws, endpoint_url=endpoint) if one.host), None)
        if url is None:
            raise BackendctlError(f"{spec.file} has no stage behind its domain: there is nothing to ask")
        target = url

        def ask_in(region: str) -> int:
            try:
                headers = {"X-Sandbox-Region": region}
                return send(target.url + sample_path(spec), headers=headers, host=target.host, timeout=10).status
            except OSError:
                return 0

        self.load = Load(places=self.places, resolve=self._resolve, ask=ask_in)

    def begin(self, act: str, region: str) -> None:
        """Break the region, or drain it."""
        if act == BREAK:
            with sandbox_errors():
                wanted = {"effect": "reset", "region": region, "traffic": True}
                self._fault = str(process.add_fault(self.port, default_data(self.port), wanted)["id"])
            return
        self.ready.backend.aws.forget()
        plan = plan_drain(self.ready.backend, region, reason="game day")
        _carried_out(self.ready.backend, plan, self.ready)

    def end(self, act: str, region: str) -> None:
        """Mend it, or restore it."""
        if act == BREAK:
            with sandbox_errors():
                process.clear_faults(self.port, default_data(self.port), name=self._fault)
            return
        _restored(self.ready, region)

    def _resolve(self, place: str) -> Resolved:
        name = next((one.name for one in self.ready.backend.spec.domains if one.zone is not None), "")
        answer = process.resolve(self.port, default_data(self.port), name=name, near=place)
        return Resolved(region=answer.get("region") or "", ttl=float(answer.get("ttl") or 0.0))
