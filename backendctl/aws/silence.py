"""Regions that do not answer: how long one call waits, and that the next one does not wait as long again."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

from botocore.exceptions import (
    BotoCoreError,
    ConnectionClosedError,
    ConnectTimeoutError,
    EndpointConnectionError,
    ProxyConnectionError,
    ReadTimeoutError,
    SSLError,
)

CONNECT = 10.0
"""Seconds for a connection, at most."""
_UNREACHED = (EndpointConnectionError, ConnectionClosedError, ProxyConnectionError, SSLError)
_PAUSE = 20.0
"""Seconds for which a service that could not be reached in several attempts is left alone, at most."""
_CALLS_HANDLERS = ("lambda", "Invoke")
"""Whoever is called there may take its time."""


class SilentError(BotoCoreError):
    """A service of a region gave no answer a moment ago, and is not asked again yet.

    Attributes:
        cause: what the call ended with that was made.
    """

    fmt = "{service} in {region} gave no answer to {operation}{bound}; not asked again yet"

    def __init__(self, cause: BaseException, **told: object) -> None:
        super().__init__(**told)
        self.cause = cause


class Silence:
    """The bound of one call, and who has reached it; safe from many threads.

    Args:
        timeout: seconds that one call may wait for an answer, all attempts together.
    """

    def __init__(self, timeout: float, clock: Callable[[], float] = time.monotonic) -> None:
        self.timeout = timeout
        self.now = clock
        self._lock = threading.Lock()
        self._answered: dict[tuple[str, str], float] = {}
        self._silent: dict[tuple[str, str], tuple[float, str, BaseException]] = {}

    def connecting(self) -> float:
        """Seconds for one attempt to connect."""
        return min(CONNECT, self.timeout)

    def reading(self, service: str) -> float:
        """Seconds for one attempt; half of the bound, so that there is time for a second one."""
        return self.timeout if service == _CALLS_HANDLERS[0] else self.timeout / 2

    def ends(self, error: BaseException | None, service: str, *, since: float) -> bool:
        """Whether there is no time left for another attempt after this error."""
        if isinstance(error, _UNREACHED):
            return self.now() - since > self.timeout
        if not isinstance(error, ReadTimeoutError | ConnectTimeoutError):
            return False
        next_one = self.connecting() if isinstance(error, ConnectTimeoutError) else self.reading(service)
        return self.now() - since + next_one > self.timeout + 1

    def note(self, error: BaseException, service: str, region: str, operation: str, *, since: float) -> None:
        """A call has failed; if nothing at all was answered meanwhile, that service there is left alone for a while."""
        unanswered = isinstance(error, (ReadTimeoutError, ConnectTimeoutError, *_UNREACHED))
        if not unanswered or (service, operation) == _CALLS_HANDLERS:
            return
        with self._lock:
            if self._answered.get((service, region), since) <= since:
                self._silent[service, region] = (self.now(), operation, error)

    def broken(self, service: str, region: str) -> None:
        """It has answered."""
        with self._lock:
            self._answered[service, region] = self.now()
            self._silent.pop((service, region), None)

    def refuse(self, service: str, region: str) -> None:
        """Raise SilentError while it is not to be asked."""
        when, operation, cause = self._silent.get((service, region), (None, "", None))
        if when is None or cause is None:
            return
        is_timeout = not isinstance(cause, _UNREACHED)
        if self.now() - when < (self.timeout if is_timeout else min(_PAUSE, self.timeout)):
            bound = f" within {self.timeout:g} s (--timeout)" if is_timeout else f" ({cause})"
            raise SilentError(cause, service=service, region=region, operation=operation, bound=bound)
