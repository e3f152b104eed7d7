"""One execution environment: a process which has loaded a function's code, and the calls made to it."""

from __future__ import annotations

import contextlib
import json
import math
import os
import re
import select
import signal
import subprocess
import sys
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import kin
from backendctl.sandbox.cpu import Rein, share, undisturbed, waited
from backendctl.sandbox.printed import Printed, now

if TYPE_CHECKING:
    from collections.abc import Mapping

INIT_LIMIT = 10.0
"""Seconds a handler may take to load; what takes longer is started anew within the call (B59)."""

LARGEST = 6_291_556
"""Bytes of the largest answer."""

_MOST_ANSWER = 13 * LARGEST  # escaped twice: as the result, and in the line which brings it
_BOOTSTRAP = Path(__file__).with_name("bootstrap.py")
_CHUNK = 65_536
_PATIENCE = 2.0
# Loading is all work: a dozen at once would take longer each, and show an Init Duration which is nobody's.
_TURNS = threading.BoundedSemaphore(os.cpu_count() or 1)
_UMASK = 0o022  # as on AWS; the server's own is stricter
_SLIGHT = 0.05  # seconds another program may take away without a word


@dataclass(frozen=True, kw_only=True, slots=True)
class Asked:
    """What one call brings.

    Attributes:
        event: the payload, parsed.
        arn: the function's ARN as the caller named it.
        environment: variables of this call alone; None takes one away.
    """

    request_id: str
    event: Any
    arn: str
    environment: Mapping[str, str | None] = field(default_factory=dict)


@dataclass(kw_only=True, slots=True)
class Outcome:
    """What came of one call.

    Attributes:
        result: JSON of what the handler returned; None when it failed.
        error: the error document, None when it did not fail.
        lines: what was printed, with the milliseconds since the epoch when it was.
        seconds: of the handler alone, without the time for which other programs of this machine kept it from running;
            `init_seconds` of loading it, None when the environment was there already.
        peak: MB the environment has used at most.
        status: "timeout" or "error" when the environment did not survive the call.
    """

    result: str | None = None
    error: dict[str, Any] | None = None
    lines: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0
    init_seconds: float | None = None
    peak: int = 0
    status: str | None = None


class _GoneError(Exception):
    """The process ended without an answer."""


class _LateError(Exception):
    """The time is over."""


class _LargeError(Exception):
    """The answer is longer than it could be with every character escaped."""


class Environment:
    """A process which serves one call at a time; frozen in between, as on AWS.

    Args:
        config: as GetFunctionConfiguration gives it.
        code: folder of the unpacked code.
        base: the variables which every environment gets.
        provisioned: whether it is made ready ahead of calls, and kept.
    """

    def __init__(
        self,
        *,
        config: Mapping[str, Any],
        region: str,
        code: Path,
        base: Mapping[str, str],
        provisioned: bool = False,
    ) -> None:
        self.provisioned = provisioned
        self.stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{config['Version']}]{uuid.uuid4().hex}"
        self.spent = False
        self.last_used = time.monotonic()
        self._config = config
        self._code = code
        self._variables = variables(config, region=region, stream=self.stream, base=base)
        if provisioned:
            self._variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "provisioned-concurrency"
        self._process: subprocess.Popen[bytes] | None = None
        self._rein: Rein | None = None
        self._answers = -1
        self._peak = 0
        self._started_at = 0

    @property
    def pid(self) -> int | None:
        """Of its process; None before the first call and after the last one."""
        return self._process.pid if self._process else None

    def call(self, asked: Asked) -> Outcome:
        """Call the handler and wait, at most for the function's timeout; the first call loads it."""
        return self._attempt(asked, serve=True)

    def prepare(self) -> Outcome:
        """Load the handler ahead of the first call; one that cannot be loaded leaves nothing behind."""
        return self._attempt(Asked(request_id=str(uuid.uuid4()), event=None, arn=""), serve=False)

    def _attempt(self, asked: Asked, *, serve: bool) -> Outcome:
        outcome = Outcome()
        timeout = float(self._config.get("Timeout", 3))
        try:
            if self._process is None:
                self._load(outcome, timeout)
            if outcome.error is None and serve:
                self._serve(asked, outcome, timeout)
        except _LateError:
            outcome.status, outcome.seconds = "timeout", timeout
            words = f"Task timed out after {timeout:.2f} seconds"
            outcome.error = _fault(asked, "Sandbox.Timedout", words)
            outcome.lines.append((now(), f"{_stamp()} {asked.request_id} {words}"))
        except (_GoneError, BrokenPipeError):
            outcome.status = "error"
            outcome.error = _fault(asked, "Runtime.ExitError", self._ending())
        except _LargeError:
            outcome.status, outcome.error = "error", _too_large(asked)
        outcome.peak = self._peak = max(self._peak, _peak(self.pid))
        if outcome.status is not None:
            self.end()
        elif self._rein is not None:
            self._rein.stop()
        return outcome

    def kill(self) -> None:
        """End the process, whatever it does; the call that waits for it sees that."""
        self.spent = True
        process = self._process
        if process is not None and process.returncode is None:
            kin.end_kin(process.pid, started=self._started_at, stream=self.stream)

    def end(self) -> None:
        """End an environment at rest, with its children; nothing is left of it."""
        self.spent = True
        process, self._process = self._process, None
        if process is None:
            return
        kin.end_kin(process.pid, started=self._started_at, stream=self.stream)
        process.wait()
        kin.environments.discard(process.pid)
        os.close(self._answers)
        for pipe in (process.stdin, process.stdout):
            with contextlib.suppress(OSError):
                if pipe is not None:
                    pipe.close()

    def _load(self, outcome: Outcome, timeout: float) -> None:
        """Start the process and wait until the handler is loaded; this runs at full speed."""
        try:
            answer = self._started(outcome, INIT_LIMIT)
        except _LateError:
            self.end()
            self.spent = False
            # On AWS the function's timeout holds; a machine of one's own may be too slow for the shortest ones.
            answer = self._started(outcome, max(timeout, INIT_LIMIT))
        if "error" in answer:
            outcome.error, outcome.status = answer["error"], "error"

    def _started(self, outcome: Outcome, limit: float) -> dict[str, Any]:
        is_my_turn = _TURNS.acquire(timeout=_PATIENCE)
        try:
            began = time.monotonic()
            self._spawn()
            pid = self._process.pid if self._process else 0
            answer = self._answer(outcome, limit)
            # What other programs took of the processors is nobody's Init Duration; a new process has waited for none.
            outcome.init_seconds = max(0.0, time.monotonic() - began - waited(pid))
            return answer
        finally:
            if is_my_turn:
                _TURNS.release()

    def _spawn(self) -> None:
        reading, writing = os.pipe()
        try:
            with kin.starting:
                self._process = subprocess.Popen(  # noqa: S603 - our own script with our own interpreter
                    [sys.executable, "-P", "-B", str(_BOOTSTRAP), str(writing)],
                    stdin=subprocess.PIPE,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=(writing,),
                    cwd=self._code,
                    env=self._variables,
                    # A group in our own session: should we be killed, the system wakes and ends what is frozen in it.
                    process_group=0,
                    umask=_UMASK,
                )
                kin.environments.add(self._process.pid)
        finally:
            os.close(writing)
        self._started_at = kin.started_at(self._process.pid)
        self._answers = reading
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe, as said above
        os.set_blocking(self._process.stdout.fileno(), False)
        self._rein = Rein(pid=self._process.pid, portion=share(int(self._config.get("MemorySize", 128))))
        self._send({"code": str(self._code), "handler": self._config["Handler"]})

    def _serve(self, asked: Asked, outcome: Outcome, timeout: float) -> None:
        if self._rein is not None:
            self._rein.begin()
        pid = self._process.pid if self._process else 0
        began, clock = time.monotonic(), undisturbed(pid)
        self._send(
            {
                "request_id": asked.request_id,
                "event": asked.event,
                "arn": asked.arn,
                "environment": dict(asked.environment),
                "deadline": time.time() + timeout,
            }
        )
        try:
            answer = self._answer(outcome, timeout, self._rein)
        except (_GoneError, _LargeError):
            outcome.seconds = time.monotonic() - began
            raise
        outcome.seconds = max(0.0, answer["ended"] - clock - (self._rein.late if self._rein else 0.0))
        outcome.result, outcome.error = answer.get("result"), answer.get("error")
        if outcome.result is not None and len(outcome.result.encode()) > LARGEST:
            outcome.result, outcome.error = None, _too_large(asked)

    def _send(self, document: dict[str, Any]) -> None:
        if self._process is None or self._process.stdin is None:
            raise _GoneError
        self._process.stdin.write(json.dumps(document).encode() + b"\n")
        self._process.stdin.flush()

    def _answer(self, outcome: Outcome, limit: float, rein: Rein | None = None) -> dict[str, Any]:
        """Wait for a line of JSON, at most so many seconds, and gather what is printed meanwhile.

        Time for which other programs of this machine kept the handler from running does not count.

        Raises:
            _LateError, _GoneError: it did not come.
        """
        assert self._process is not None and self._process.stdout is not None  # noqa: S101, PT018 - callers see to it
        printed = Printed(pipe=self._process.stdout.fileno(), lines=outcome.lines)
        poll = select.poll()
        for pipe in (self._answers, printed.pipe):
            poll.register(pipe, select.POLLIN)
        got = b""
        deadline, known = time.monotonic() + limit, waited(self._process.pid)
        try:
            while not got.endswith(b"\n"):
                wait = deadline - time.monotonic()
                if wait <= 0:
                    wait = waited(self._process.pid) + (rein.late if rein else 0.0) - known
                    if wait < _SLIGHT:
                        raise _LateError
                    known, deadline = known + wait, deadline + wait
                ready = poll.poll(math.ceil(1000 * (min(wait, rein.tick()) if rein else wait)))
                if any(pipe == printed.pipe for pipe, _ in ready) and not printed.read():
                    poll.unregister(printed.pipe)
                if any(pipe == self._answers for pipe, _ in ready):
                    piece = os.read(self._answers, _CHUNK)
                    if not piece:
                        raise _GoneError
                    got += piece
                    if len(got) > _MOST_ANSWER:
                        raise _LargeError
        finally:
            printed.finish()
        answer: dict[str, Any] = json.loads(got)
        self._peak = max(self._peak, answer["peak"])
        return answer

    def _ending(self) -> str:
        try:
            code = self._process.wait(timeout=1) if self._process else 0
        except subprocess.TimeoutExpired:  # it closed the pipe and lives on
            code = -signal.SIGKILL
        if code == 0:
            return "Runtime exited without providing a reason"
        how = f"exit status {code}" if code > 0 else f"signal: {signal.strsignal(-code) or -code}".lower()
        return f"Runtime exited with error: {how}"


def variables(config: Mapping[str, Any], *, region: str, stream: str, base: Mapping[str, str]) -> dict[str, str]:
    """The whole environment of a handler: `base`, the function's own variables, and what Lambda itself sets."""
    name, logging = config["FunctionName"], config.get("LoggingConfig") or {}
    json_only = {"AWS_LAMBDA_LOG_LEVEL": logging.get("ApplicationLogLevel", "INFO")}
    return {
        **base,
        **(config.get("Environment") or {}).get("Variables", {}),
        "AWS_REGION": region,
        "AWS_DEFAULT_REGION": region,
        "AWS_EXECUTION_ENV": f"AWS_Lambda_{config.get('Runtime', '')}",
        "AWS_LAMBDA_FUNCTION_NAME": name,
        "AWS_LAMBDA_FUNCTION_VERSION": config["Version"],
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(config.get("MemorySize", 128)),
        "AWS_LAMBDA_INITIALIZATION_TYPE": "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat", "Text"),
        **(json_only if logging.get("LogFormat") == "JSON" else {}),
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup") or f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "_HANDLER": config["Handler"],
    }


def _too_large(asked: Asked) -> dict[str, Any]:
    words = f"Response payload size exceeded maximum allowed payload size ({LARGEST} bytes)."
    return _fault(asked, "Function.ResponseSizeTooLarge", words, bare=True)


def _fault(asked: Asked, kind: str, words: str, *, bare: bool = False) -> dict[str, Any]:
    message = words if bare else f"RequestId: {asked.request_id} Error: {words}"
    return {"errorType": kind, "errorMessage": message}


def _stamp() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"


def _peak(pid: int | None) -> int:
    """MB a process has used at most, asked from outside: one that is killed cannot say. 0 when nobody can tell."""
    try:
        status = Path(f"/proc/{pid}/status").read_text(encoding="ascii", errors="replace")
    except OSError:
        return 0
    found = re.search(r"^VmHWM:\s+(\d+)", status, re.MULTILINE)
    return 0 if found is None else -(-int(found[1]) // 1024)
