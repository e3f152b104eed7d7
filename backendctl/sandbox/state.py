"""What outlives a restart: the saved state of every part, in the data directory."""

from __future__ import annotations

import asyncio
import itertools
import json
import logging
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import ministack_names
from backendctl.sandbox.private import write
from backendctl.sandbox.process_copy import POSSIBLE, ProcessCopy

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path
    from typing import IO

    from backendctl.sandbox.apigateway.service import ApiGateway
    from backendctl.sandbox.scaling import Moto

logger = logging.getLogger(__name__)

SAVE_EVERY = 2.0
"""Seconds between two savings of a changing world, at least."""

LONGEST_PAUSE = 30.0
"""Seconds after which a changing world is saved again, however long a saving takes."""

_SHARE = 20  # a twentieth of a processor may go into saving
_POLL = 0.02
_TOO_LONG = 20.0


def take_over(services: Any, persistence: Any, folder: Path) -> None:
    """Put our ways of saving and loading in the place of those of the services behind.

    They write piece by piece, which takes ten times as long as in one go, and drop what is damaged.

    Args:
        services: the module with their registry.
        persistence: the module which writes with `json.dump`.
        folder: of their files.
    """
    persistence.json = SimpleNamespace(**{**vars(json), "dump": _dump})
    ministack_names.replace(services, "_load_persisted_state", lambda: _restore_services(services, folder))


def _dump(document: Any, file: IO[str], default: Callable[[Any], Any] | None = None) -> None:
    file.write(json.dumps(document, default=default))


def _restore_services(services: Any, folder: Path) -> None:
    """Load each; what cannot be loaded is kept aside before it is written over."""
    for name, module in ministack_names.read(services, "_state_map").items():
        path = folder / f"{name}.json"
        if not path.exists():
            continue
        try:
            saved = services.load_state(name)
            if not isinstance(saved, dict):
                raise TypeError(f"{path} holds no state")  # noqa: TRY301 - damaged is damaged
            if saved:
                ministack_names.read(services, "_get_module")(module).load_persisted_state(saved)
        except Exception:
            logger.exception("%s cannot be loaded", path)
            set_aside(path)


def set_aside(path: Path) -> None:
    """Keep a damaged file under a name which nothing writes to; `process.status` tells of it until it is removed."""
    number = next(number for number in itertools.count(1) if not _aside(path, number).exists())
    path.replace(_aside(path, number))
    logger.error("%s is damaged: it is not loaded, and kept as %s", path, _aside(path, number))


def _aside(path: Path, number: int) -> Path:
    return path.with_suffix(".damaged" if number == 1 else f".{number}.damaged")


@dataclass(kw_only=True, slots=True)
class State:
    """Saves the world in the background, and restores it.

    A copy of this process does the writing, so that no request waits for it, and all files show one moment.

    Attributes:
        save_services: writes the state of the services behind.
    """

    data: Path
    gateway: ApiGateway
    moto: Moto
    save_services: Callable[[], None]
    _dirty: bool = False
    _task: asyncio.Task[None] | None = None
    _copy: ProcessCopy | None = None
    _cost: float = 0.0

    def touch(self) -> None:
        """Something may have changed."""
        self._dirty = True

    def restore(self) -> None:
        """Load what was saved; a damaged file is reported and left aside."""
        self._load("apigateway-rest", dict, self.gateway.load)
        self._load("application-autoscaling", list, self.moto.load)

    def start(self) -> None:
        """Begin to save in the background."""
        self._task = asyncio.create_task(self._keep_saving())

    async def pause(self) -> None:
        """End the background work: from now on nobody writes older things over what is saved last."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        if self._copy is not None:
            self._copy.kill()
            self._copy = None

    def finish(self) -> None:
        """Save our own parts for the last time; the services behind save themselves."""
        self._save_own()

    async def _keep_saving(self) -> None:
        pause = SAVE_EVERY
        while True:
            await asyncio.sleep(pause)
            if not self._dirty:
                continue
            self._dirty = False
            if not await self._save():
                self._dirty = True  # the next round tries again, the world goes on
            pause = min(max(SAVE_EVERY, self._cost * _SHARE), LONGEST_PAUSE)

    async def _save(self) -> bool:
        """Whether everything is written."""
        began = time.monotonic()
        try:
            self._copy = ProcessCopy(self._save_all) if POSSIBLE else None
        except OSError:
            self._copy = None
        if self._copy is None:
            used = time.process_time()
            saved = self._save_all()
            self._cost = time.process_time() - used
            return saved
        while (outcome := self._copy.outcome()) is None:
            await asyncio.sleep(_POLL)
            if time.monotonic() - began > _TOO_LONG:  # what another thread had locked is locked for ever in the copy
                logger.warning("saving the state took too long and is tried again")
                self._copy.kill()
                outcome = False
                break
        self._cost, self._copy = self._copy.seconds, None
        return outcome

    def _save_all(self) -> bool:
        try:
            self.save_services()
            self._save_own()
        except Exception:
            logger.exception("the state could not be saved")
            return False
        return True

    def _save_own(self) -> None:
        self._write("apigateway-rest", self.gateway.dump())
        self._write("application-autoscaling", self.moto.dump())

    def _path(self, name: str) -> Path:
        return self.data / "state" / f"sandbox-{name}.json"

    def _write(self, name: str, document: Any) -> None:
        text = json.dumps(document)
        write(self._path(name), text)

    def _load(self, name: str, form: type, load: Callable[[Any], None]) -> None:
        path = self._path(name)
        try:
            saved = json.loads(path.read_text(encoding="utf-8"))
            if not isinstance(saved, form):
                raise TypeError(f"{path} holds no state")  # noqa: TRY301 - damaged is damaged
            load(saved)
        except FileNotFoundError:
            return
        except Exception:
            logger.exception("%s cannot be loaded", path)
            set_aside(path)
