"""What outlives a restart: the saved state of every part, in the data directory."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

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

LONGEST_PAUSE = 8.0
"""Seconds after which a changing world is saved again, however long a saving takes."""

_SHARE = 5  # of the time, a fifth may go into saving
_POLL = 0.02
_TOO_LONG = 20.0


def write_quickly(persistence: Any) -> None:
    """Make a module's `json.dump` write in one go: piece by piece it takes ten times as long."""
    persistence.json = SimpleNamespace(**{**vars(json), "dump": _dump})


def _dump(document: Any, file: IO[str], default: Callable[[Any], Any] | None = None) -> None:
    file.write(json.dumps(document, default=default))


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

    def touch(self) -> None:
        """Something may have changed."""
        self._dirty = True

    def restore(self) -> None:
        """Load what was saved; a damaged file is reported and left aside."""
        document = self._read("apigateway-rest")
        if document is not None:
            self.gateway.load(document)
        self.moto.load(self._read("application-autoscaling") or [])

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
            began = time.monotonic()
            if not await self._save():
                self._dirty = True  # the next round tries again, the world goes on
            pause = min(max(SAVE_EVERY, (time.monotonic() - began) * _SHARE), LONGEST_PAUSE)

    async def _save(self) -> bool:
        """Whether everything is written."""
        if not POSSIBLE:
            return self._save_all()
        began = time.monotonic()
        try:
            self._copy = ProcessCopy(self._save_all)
        except OSError:
            return self._save_all()
        while (outcome := self._copy.outcome()) is None:
            await asyncio.sleep(_POLL)
            if time.monotonic() - began > _TOO_LONG:  # what another thread had locked is locked for ever in the copy
                logger.warning("saving the state took too long and is tried again")
                self._copy.kill()
                outcome = False
                break
        self._copy = None
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
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)

    def _read(self, name: str) -> Any:
        path = self._path(name)
        try:
            return json.loads(path.read_text(encoding="utf-8"))
        except FileNotFoundError:
            return None
        except ValueError:
            logger.exception("%s is damaged and is not loaded", path)
            path.replace(path.with_suffix(".damaged"))
            return None
