"""What outlives a restart: the saved state of every part, in the data directory."""

from __future__ import annotations

import asyncio
import json
import logging
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from backendctl.sandbox.apigateway.service import ApiGateway
    from backendctl.sandbox.scaling import Moto

logger = logging.getLogger(__name__)

SAVE_EVERY = 2.0
"""Seconds between two savings of a changing world, at least."""

_SHARE = 20  # saving stops the loop: it gets at most a twentieth of the time


@dataclass(kw_only=True, slots=True)
class State:
    """Saves the world in the background, and restores it.

    Attributes:
        save_services: writes the state of the services behind.
    """

    data: Path
    gateway: ApiGateway
    moto: Moto
    save_services: Callable[[], None]
    _dirty: bool = False
    _task: asyncio.Task[None] | None = None
    _last_text: dict[str, str] = field(default_factory=dict)

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

    async def stop(self) -> None:
        """End the background work and save our own parts for the last time."""
        if self._task is not None:
            self._task.cancel()
            await asyncio.gather(self._task, return_exceptions=True)
        self._save_own()

    async def _keep_saving(self) -> None:
        pause = SAVE_EVERY
        while True:
            await asyncio.sleep(pause)
            if not self._dirty:
                continue
            self._dirty = False
            began = time.monotonic()
            try:
                self.save_services()
                self._save_own()
            except Exception:  # the next round tries again, the world goes on
                logger.exception("the state could not be saved")
                self._dirty = True
            pause = max(SAVE_EVERY, (time.monotonic() - began) * _SHARE)

    def _save_own(self) -> None:
        self._write("apigateway-rest", self.gateway.dump())
        self._write("application-autoscaling", self.moto.dump())

    def _path(self, name: str) -> Path:
        return self.data / "state" / f"sandbox-{name}.json"

    def _write(self, name: str, document: Any) -> None:
        text = json.dumps(document)
        if self._last_text.get(name) == text:
            return
        path = self._path(name)
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        fresh.replace(path)
        self._last_text[name] = text

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
