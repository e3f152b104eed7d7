"""Commands as processes of their own, and their death at a call."""

from __future__ import annotations

import signal
import subprocess
import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from tests.functional.copied_command import Begun, begun
from tests.functional.proxy import CUT, Call, Cut, Proxy

LONGEST = 900
"""Seconds after which a command is taken for hanging."""


@dataclass(frozen=True, kw_only=True)
class Run:
    """What one command did. code: as a shell tells it, negative for a signal."""

    code: int
    out: str
    err: str

    @property
    def traceback(self) -> bool:
        """Whether it said something that only its makers understand."""
        return "Traceback (most recent call last)" in self.out + self.err


def ended(process: Begun, *, longest: float = LONGEST) -> Run:
    """What a command did, once it has ended. longest: seconds after which it is taken for hanging."""
    try:
        out, err = process.communicate(timeout=longest)
    except subprocess.TimeoutExpired:
        process.kill()
        out, err = process.communicate()
        err += f"\nit hung for {longest:g} s"
    return Run(code=process.wait(), out=out, err=err)


def killed(proxy: Proxy, line: Sequence[str], moment: Callable[[Call], bool], *, done: bool) -> Run:
    """The same, killed at a call.

    Args:
        moment: whether it is this call; asked in the threads of the proxy.
        done: whether AWS carries the call out. Its answer is never heard.
    """
    ready = threading.Event()

    def kill(call: Call) -> Cut | None:
        if not moment(call):
            return None
        ready.wait()
        process.send_signal(signal.SIGKILL)
        process.wait()
        return CUT

    if done:
        proxy.after = kill
    else:
        proxy.before = kill
    try:
        process = begun(line)
        ready.set()
        return ended(process)
    finally:
        proxy.before = proxy.after = lambda _: None
