"""The sandbox's one process: the router with everything behind it, served on the loopback interface."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

import hypercorn.asyncio.run
from hypercorn.asyncio.tcp_server import TCPServer
from hypercorn.config import Config

from backendctl.sandbox import forgetting, kin, ministack_names, service_models, world
from backendctl.sandbox.access_middleware import AccessMiddleware
from backendctl.sandbox.apigateway.service import ApiGateway
from backendctl.sandbox.asynchronous import Asynchronous
from backendctl.sandbox.behind import Behind
from backendctl.sandbox.corrections import corrections
from backendctl.sandbox.corrections.health.prober import Prober
from backendctl.sandbox.deliveries import Deliveries
from backendctl.sandbox.direct import dispatcher
from backendctl.sandbox.environments import Environments, idle_minutes
from backendctl.sandbox.executor import Executor
from backendctl.sandbox.fault_middleware import FaultMiddleware, transport
from backendctl.sandbox.iam.guard import Guard
from backendctl.sandbox.inner import Inner
from backendctl.sandbox.ownership import start_time
from backendctl.sandbox.process_copy import share_everything
from backendctl.sandbox.quotas import Quotas
from backendctl.sandbox.router import Router
from backendctl.sandbox.routing import Routing
from backendctl.sandbox.scaling import Moto
from backendctl.sandbox.schedules import Schedules, minute_seconds, quicken
from backendctl.sandbox.state import State, take_over
from backendctl.sandbox.telemetry import Telemetry
from backendctl.sandbox.timing import Pace
from backendctl.sandbox.world import LOOPBACK

if TYPE_CHECKING:
    from collections.abc import Callable

    from backendctl.sandbox.asgi import App, Message, Receive, Scope, Send
    from backendctl.sandbox.http import Request, Response
    from backendctl.sandbox.keys import Keys
    from backendctl.sandbox.timing import TimeScale

logger = logging.getLogger(__name__)

_LOOK = 0.05
"""Seconds between two looks whether the port is open."""


def build(
    *, data: Path, scale: TimeScale, quotas: bool, keys: Keys | None, policy: Path | None = None
) -> AccessMiddleware:
    """Put the parts together, in the loop which will serve them.

    The process environment must be `world.environment` already.

    Args:
        quotas: whether AWS's control-plane rates hold.
        keys: the access keys which the control plane takes; None takes any.
        policy: a file with what an operator may do; None allows everything.
    """
    kin.adopt_orphans()
    router = _router(data, scale)
    service_models.share()
    kept = {
        "idle_minutes": idle_minutes(os.environ.get(world.IDLE_MINUTES)),
        "minute_seconds": minute_seconds(os.environ.get(world.MINUTE_SECONDS)),
    }
    calls = os.environ.get(world.CALLS)
    guard = Guard(policy=policy, calls=Path(calls) if calls else None)
    faults = FaultMiddleware(router=router, quotas=Quotas(factor=scale.factor) if quotas else None, guard=guard)
    router.prober.endpoints = faults
    me = {"data": str(data), "started": start_time(os.getpid()), "token": keys is not None}
    router.about = lambda: {"time_scale": scale.factor, **kept, **faults.about(), **me}
    return AccessMiddleware(inside=faults, names=router.gateway, keys=keys)


@dataclass(slots=True)
class _Whole:
    """All of the sandbox for parts of it: API Gateway calls functions through their corrections, as clients do."""

    router: Router = field(init=False)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        await self.router(scope, receive, send)

    async def inside(self, request: Request) -> Response:
        return await self.router.inside(request)


def _router(data: Path, scale: TimeScale) -> Router:
    ministack, persistence, lambda_svc = map(ministack_names.module, ("app", "core.persistence", "services.lambda_svc"))
    inner = Inner(app=ministack.app, direct=dispatcher())
    forgetting.seldom()
    telemetry = Telemetry(inner=inner, counts_canaries=os.environ.get(world.CANARY_METRICS) != "off")
    whole = _Whole()
    behind = Behind(inner=Inner(app=whole, direct=whole.inside))
    gateway = telemetry.gateway = ApiGateway(behind, pace=Pace(scale=scale), on_served=telemetry.served)
    _take_over_timers(Deliveries(behind=behind, telemetry=telemetry, loop=asyncio.get_running_loop()))
    environments = _environments(data)
    executor = Executor(environments=environments, telemetry=telemetry)
    executor.install(lambda_svc)
    Asynchronous(inner=behind.inner, loop=asyncio.get_running_loop()).install(lambda_svc)
    environments.start()
    moto = Moto()
    prober = Prober(inner=inner, pace=Pace(scale=scale), telemetry=telemetry)
    routing = Routing(inner=inner, regional_domain=gateway.regional_domain, health=prober)
    take_over(ministack, persistence, data / "state")

    def save() -> None:
        persistence.save_all(ministack_names.read(ministack, "_build_persistence_save_dict")())

    state = State(data=data, gateway=gateway, moto=moto, save_services=save)
    router = whole.router = Router(
        gateway=gateway,
        services=ministack.app,
        routing=routing,
        corrections=corrections(
            inner=inner,
            moto=moto,
            meter=telemetry,
            traces=telemetry.traces,
            zones_changed=routing.forget,
            prober=prober,
            gateway=gateway,
            scale=scale,
            provisioner=executor,
        ),
        lifespan=ministack.app,
        prober=prober,
        dirty=state.touch,
    )
    router.lifespan = _lifespan(router, (state, telemetry), ministack.app, environments.end)
    return router


def _take_over_timers(deliveries: Deliveries) -> None:
    """Rules and schedules call through permissions and roles, at the pace and in the time zone that are theirs."""
    eventbridge, scheduler = map(ministack_names.module, ("services.eventbridge", "services.scheduler"))
    deliveries.install(eventbridge)
    quicken(eventbridge, scheduler, minute_seconds(os.environ.get(world.MINUTE_SECONDS)))
    Schedules(scheduler=scheduler, eventbridge=eventbridge).install()


def _environments(data: Path) -> Environments:
    return Environments(
        folder=data / "tmp" / "code",
        base=world.handler_environment(os.environ),
        idle_minutes=idle_minutes(os.environ.get(world.IDLE_MINUTES)),
    )


def _lifespan(
    router: Router, background: tuple[State, Telemetry], services: App, end_handlers: Callable[[], None]
) -> App:
    state, telemetry = background

    async def lifespan(scope: Scope, receive: Receive, send: Send) -> None:
        async def relayed(message: Message) -> None:
            if message["type"] == "lifespan.startup.complete":
                state.restore()
                state.start()
                telemetry.start()
                router.prober.start()
                router.ready = True
            elif message["type"] == "lifespan.shutdown.complete":
                state.finish()
                await asyncio.to_thread(end_handlers)
            await send(message)

        async def received() -> Message:
            message = await receive()
            if message["type"] == "lifespan.shutdown":
                router.ready = False
                await router.prober.stop()
                await telemetry.stop()  # before the services behind save themselves
                await state.pause()
                share_everything()  # what comes now is the last saving
            return message

        await services(scope, received, relayed)

    return lifespan


async def serve(
    *,
    port: int,
    data: Path,
    scale: TimeScale,
    quotas: bool,
    keys: Keys | None,
    policy: Path | None,
    ready: Callable[[], None],
) -> None:
    """Serve until SIGTERM or SIGINT, then save and return.

    Args:
        ready: called once it can be connected to. For the others see `build`.
    """
    ministack_names.module("core.hypercorn_compat").install()  # old urllib3 needs a reason phrase after "100"

    class Connection(TCPServer):
        async def run(self) -> None:
            transport.set(self.writer.transport)  # ASGI has no word for a reset
            await super().run()

    hypercorn.asyncio.run.TCPServer = Connection  # type: ignore[attr-defined]  # it takes no class of ours
    config = Config()
    config.bind = [f"{LOOPBACK}:{port}"]
    config.keep_alive_timeout = 75
    config.graceful_timeout = 1
    config.shutdown_timeout = 10
    config.loglevel = "WARNING"
    ended = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, ended.set)
    app = build(data=data, scale=scale, quotas=quotas, keys=keys, policy=policy)
    announcement = asyncio.create_task(_announce(port, ready))
    await hypercorn.asyncio.serve(cast("Any", app), config, shutdown_trigger=ended.wait)
    announcement.cancel()


async def _announce(port: int, ready: Callable[[], None]) -> None:
    while True:
        try:
            _, writer = await asyncio.open_connection(LOOPBACK, port)
        except OSError:
            await asyncio.sleep(_LOOK)
        else:
            writer.close()
            ready()
            return
