"""Execution environments of functions: processes which are kept between calls, frozen, reused, and given up when idle.

An environment belongs to one version of one function with one configuration; aliases are only names for versions.
Each serves one call at a time, so calls at the same time get environments of their own.
"""

from __future__ import annotations

import contextlib
import hashlib
import json
import shutil
import threading
import time
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import kin
from backendctl.sandbox.environment import Environment
from backendctl.sandbox.unpack import unpack
from backendctl.sandbox.world import USUAL_IDLE_MINUTES

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from backendctl.sandbox.environment import Outcome

READY = 4
"""How many processes of a version are kept ready at most, however much concurrency is provisioned."""

MOST_IDLE = 150
"""Processes that wait for a call at most; beyond, those which waited longest are given up, whatever the idle time."""

_LOOK_EVERY = 1.0
_DECIDING = (
    *("CodeSha256", "Handler", "Runtime", "MemorySize", "Timeout", "Environment", "LoggingConfig", "Role"),
    "Layers",
)


@dataclass(frozen=True, kw_only=True, slots=True)
class Place:
    """What environments are of.

    Attributes:
        version: a number, or "$LATEST".
        setup: tells one code and configuration from another.
    """

    region: str
    function: str
    version: str
    setup: str

    @classmethod
    def of(cls, config: Mapping[str, Any], *, region: str) -> Place:
        """The place of a function's configuration as GetFunctionConfiguration gives it."""
        deciding = json.dumps([config.get(name) for name in _DECIDING], sort_keys=True, default=str)
        return cls(
            region=region,
            function=config["FunctionName"],
            version=config.get("Version", "$LATEST"),
            setup=hashlib.sha256(deciding.encode()).hexdigest(),
        )

    def is_same_version(self, other: Place) -> bool:
        """Whether only the setup may differ."""
        return self.is_of(other.region, other.function, other.version)

    def is_of(self, region: str, function: str, version: str | None) -> bool:
        """Whether it is of a version; None: of any."""
        return (self.region, self.function) == (region, function) and version in {None, self.version}


@dataclass(frozen=True, kw_only=True, slots=True)
class Failure:
    """An environment that could not be made ready.

    Attributes:
        stream: its log stream.
    """

    stream: str
    outcome: Outcome


@dataclass(kw_only=True, slots=True)
class Environments:
    """All environments of a sandbox; safe to use from any thread.

    Attributes:
        folder: where code is unpacked.
        base: the variables which every environment gets.
        idle_minutes: how long an environment is kept after its last call.
        most_idle: how many are kept at most.
    """

    folder: Path
    base: Mapping[str, str]
    idle_minutes: float = USUAL_IDLE_MINUTES
    most_idle: int = MOST_IDLE
    _idle: dict[Place, list[Environment]] = field(default_factory=lambda: defaultdict(list))
    _busy: dict[Place, list[Environment]] = field(default_factory=lambda: defaultdict(list))
    _lock: threading.RLock = field(default_factory=threading.RLock)
    _ended: threading.Event = field(default_factory=threading.Event)

    @contextlib.contextmanager
    def lease(
        self, place: Place, config: Mapping[str, Any], code: bytes, layers: Sequence[bytes] = ()
    ) -> Iterator[Environment]:
        """An environment for one call: one that is idle, provisioned or else most recently used, or a new one."""
        with self._lock:
            self._outdate(place)
            self._expire(place)  # nobody may have looked since its time was over
            waiting = self._idle[place]
            environment = next((one for one in reversed(waiting) if one.provisioned), waiting[-1] if waiting else None)
            if environment is not None:
                waiting.remove(environment)
            else:
                environment = self._fresh(place, config, code, layers)
            self._busy[place].append(environment)
        try:
            yield environment
        finally:
            self._return(place, environment)

    def provision(
        self, place: Place, config: Mapping[str, Any], code: bytes, count: int, layers: Sequence[bytes] = ()
    ) -> Failure | None:
        """Have environments of a version ready, in the place of those it had; what went wrong, if it did.

        Args:
            count: how many AWS would have ready; more than `READY` processes are not kept.
        """
        with self._lock:
            fresh = [self._fresh(place, config, code, layers, provisioned=True) for _ in range(min(count, READY))]
        for environment in fresh:
            outcome = environment.prepare()
            if outcome.error is not None:
                for each in fresh:
                    each.end()
                return Failure(stream=environment.stream, outcome=outcome)
        with self._lock:
            self.release(region=place.region, function=place.function, version=place.version)
            self._idle[place] += fresh
            if self._ended.is_set():  # meanwhile
                self._drop([place])
        return None

    def snapshot(
        self, place: Place, config: Mapping[str, Any], code: bytes, layers: Sequence[bytes] = ()
    ) -> Failure | None:
        """Load a version once and give the environment up; what went wrong, if it did."""
        with self._lock:
            fresh = self._fresh(place, config, code, layers)
        outcome = fresh.prepare()
        fresh.end()
        return None if outcome.error is None else Failure(stream=fresh.stream, outcome=outcome)

    def release(self, *, region: str, function: str, version: str) -> None:
        """Keep nothing ready for a version any more."""
        with self._lock:
            for place in [place for place in {*self._idle, *self._busy} if place.is_of(region, function, version)]:
                kept = self._idle.pop(place, [])
                self._idle[place] = [environment for environment in kept if not environment.provisioned]
                for environment in kept:
                    if environment.provisioned:
                        environment.end()
                for environment in self._busy.get(place, []):
                    environment.spent = environment.spent or environment.provisioned

    def discard(self, *, region: str, function: str, version: str | None = None) -> None:
        """Give up what a function, or one version of it, has; calls that run come to their end."""
        with self._lock:
            gone = [place for place in {*self._idle, *self._busy} if place.is_of(region, function, version)]
            self._drop(gone)

    def expire(self) -> None:
        """End what has been idle too long."""
        with self._lock:
            for place in list(self._idle):
                self._expire(place)

    def _expire(self, place: Place) -> None:
        oldest = time.monotonic() - self.idle_minutes * 60
        waiting = self._idle.pop(place, [])
        old = [one for one in waiting if not one.provisioned and one.last_used < oldest]
        for environment in old:
            environment.end()
        if len(old) < len(waiting):
            self._idle[place] = [one for one in waiting if one not in old]

    def start(self) -> None:
        """Begin to look for idle environments, in a thread of its own."""
        threading.Thread(target=self._keep_looking, daemon=True, name="environments").start()

    def end(self) -> None:
        """End every environment, also those at work."""
        self._ended.set()
        with self._lock:
            for environment in [one for every in self._busy.values() for one in every]:
                environment.kill()  # its own thread sees that, and clears up
            for environment in [one for every in self._idle.values() for one in every]:
                environment.end()
            self._idle.clear()
        kin.end_strays()

    def _keep_looking(self) -> None:
        while not self._ended.wait(_LOOK_EVERY):
            self.expire()
            kin.reap()

    def _outdate(self, place: Place) -> None:
        """New code or configuration: what the version had before is of no use any more."""
        self._drop([old for old in {*self._idle, *self._busy} if old.is_same_version(place) and old != place])

    def _drop(self, places: list[Place]) -> None:
        for place in places:
            for environment in self._idle.pop(place, []):
                environment.end()
            for environment in self._busy.get(place, []):
                environment.spent = True

    def _return(self, place: Place, environment: Environment) -> None:
        with self._lock:
            self._busy[place].remove(environment)
            if not self._busy[place]:
                del self._busy[place]
            if environment.spent or self._ended.is_set():
                environment.end()
            else:
                environment.last_used = time.monotonic()
                self._idle[place].append(environment)
                self._hold_most()

    def _hold_most(self) -> None:
        """Give up what waited longest when too many wait; a machine holds fewer processes than AWS does."""
        waiting = [(one.last_used, place, one) for place, every in self._idle.items() for one in every]
        waiting = [each for each in waiting if not each[2].provisioned]
        for _, place, environment in sorted(waiting, key=lambda each: each[0])[: max(0, len(waiting) - self.most_idle)]:
            self._idle[place].remove(environment)
            environment.end()

    def _fresh(
        self,
        place: Place,
        config: Mapping[str, Any],
        code: bytes,
        layers: Sequence[bytes],
        *,
        provisioned: bool = False,
    ) -> Environment:
        return Environment(
            config=config,
            region=place.region,
            code=self._unpack(code),
            layers=self._lay(layers),
            cache=self.folder.with_name("runtimes"),
            base=self.base,
            provisioned=provisioned,
        )

    def _lay(self, layers: Sequence[bytes]) -> Path | None:
        """The folder with all layers, the later ones over the earlier ones; None without any."""
        if not layers:
            return None
        mark = hashlib.sha256(b"".join(hashlib.sha256(layer).digest() for layer in layers)).hexdigest()[:32]
        folder = self.folder / f"{mark}-layers"
        if not folder.exists():
            fresh = folder.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            for layer in layers:
                shutil.copytree(self._unpack(layer), fresh, symlinks=True, dirs_exist_ok=True)
            fresh.rename(folder)
        return folder

    def _unpack(self, code: bytes) -> Path:
        """The folder with the code, unpacked once for all environments."""
        folder = self.folder / hashlib.sha256(code).hexdigest()[:32]
        if not folder.exists():
            fresh = folder.with_suffix(".new")
            shutil.rmtree(fresh, ignore_errors=True)
            unpack(code, fresh)
            fresh.rename(folder)
        return folder


def idle_minutes(given: str | None) -> float:
    """What the variable says; the default for anything that is no number above 0."""
    try:
        minutes = float(given or "")
    except ValueError:
        return USUAL_IDLE_MINUTES
    return minutes if minutes > 0 else USUAL_IDLE_MINUTES
