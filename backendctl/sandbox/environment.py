"""One execution environment: a process which has loaded a function's code, and the calls made to it."""

from __future__ import annotations

import math
import os
import select
import signal
import subprocess
import threading
import time
import uuid
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from backendctl.sandbox import kin
from backendctl.sandbox.cpu import Rein, peak, share, undisturbed, waited
from backendctl.sandbox.printed import Printed, now
from backendctl.sandbox.runtimes.choice import not_supported, runtime_of
from backendctl.sandbox.runtimes.model import InvalidEntrypointError, NotSupportedError, Setup
from backendctl.sandbox.runtimes.variables import of_function, of_process
from backendctl.sandbox.talk import LARGEST, Answer, Asked, GoneError, LargeError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.runtimes.model import Launch
    from backendctl.sandbox.talk import Talk

INIT_LIMIT = 10.0
"""Seconds a handler may take to load; what takes longer is started anew within the call (B59)."""

_PATIENCE = 2.0
# Loading is all work: a dozen at once would take longer each, and show an Init Duration which is nobody's.
_TURNS = threading.BoundedSemaphore(os.cpu_count() or 1)
_UMASK = 0o022  # as on AWS; the server's own is stricter
_SLIGHT = 0.05  # seconds another program may take away without a word
_FAILURES = (GoneError, BrokenPipeError, LargeError, InvalidEntrypointError, NotSupportedError)


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
        logged: whether the runtime has logged the error itself.
    """

    result: str | None = None
    error: dict[str, Any] | None = None
    lines: list[tuple[int, str]] = field(default_factory=list)
    seconds: float = 0.0
    init_seconds: float | None = None
    peak: int = 0
    status: str | None = None
    logged: bool = False


class _LateError(Exception):
    """The time is over."""


class Environment:
    """A process which serves one call at a time; frozen in between, as on AWS.

    Args:
        config: as GetFunctionConfiguration gives it.
        code: folder of the unpacked code. layers: of the unpacked layers, None without any.
        cache: folder for what a runtime makes once for all of its processes.
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
        layers: Path | None = None,
        cache: Path | None = None,
        provisioned: bool = False,
    ) -> None:
        self.provisioned = provisioned
        self.stream = f"{time.strftime('%Y/%m/%d', time.gmtime())}/[{config['Version']}]{uuid.uuid4().hex}"
        self.spent = False
        self.last_used = time.monotonic()
        self._config = config
        self._setup = Setup(
            code=code,
            layers=layers,
            handler=str(config.get("Handler", "")),
            memory=int(config.get("MemorySize", 128)),
            cache=cache or code.parent,
            path=base.get("PATH", ""),
        )
        self._variables = of_function(config, region=region, stream=self.stream, base=base)
        if provisioned:
            self._variables["AWS_LAMBDA_INITIALIZATION_TYPE"] = "provisioned-concurrency"
        self._process: subprocess.Popen[bytes] | None = None
        self._talk: Talk | None = None
        self._rein: Rein | None = None
        self._folds = False
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
        except _FAILURES as problem:
            outcome.status, outcome.error = "error", self._failure(asked, problem)
        if self._folds:
            outcome.lines = [(moment, text.replace("\r", "\n")) for moment, text in outcome.lines]
        outcome.peak = self._peak = max(self._peak, peak(self.pid))
        if outcome.status is not None or self._has_ended():
            self.end()
        elif self._rein is not None:
            self._rein.stop()
        return outcome

    def _failure(self, asked: Asked, problem: Exception) -> dict[str, Any]:
        match problem:
            case InvalidEntrypointError():
                return _fault(asked, "Runtime.InvalidEntrypoint", str(problem))
            case NotSupportedError():
                return not_supported(str(problem))
            case LargeError():
                return _too_large(asked)
        return _fault(asked, "Runtime.ExitError", self._ending())

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
        talk, self._talk = self._talk, None
        if talk is not None:
            talk.close()
        if process is None:
            return
        kin.end_kin(process.pid, started=self._started_at, stream=self.stream)
        process.wait()
        kin.environments.discard(process.pid)
        if process.stdout is not None:
            process.stdout.close()

    def _load(self, outcome: Outcome, timeout: float) -> None:
        """Start the process and wait until the handler is loaded; this runs at full speed."""
        try:
            answer = self._started(outcome, INIT_LIMIT)
        except _LateError:
            self.end()
            self.spent = False
            # On AWS the function's timeout holds; a machine of one's own may be too slow for the shortest ones.
            answer = self._started(outcome, max(timeout, INIT_LIMIT))
        if answer.error is not None:
            outcome.error, outcome.status, outcome.logged = answer.error, "error", answer.logged

    def _started(self, outcome: Outcome, limit: float) -> Answer:
        is_my_turn = _TURNS.acquire(timeout=_PATIENCE)
        try:
            launch = runtime_of(self._config, path=self._setup.path).launch(self._setup)
            self._talk, self._folds = launch.talk, launch.folds
            began = time.monotonic()
            self._spawn(launch)
            answer = self._answer(outcome, limit)
            outcome.init_seconds = time.monotonic() - began
            return answer
        finally:
            if is_my_turn:
                _TURNS.release()

    def _spawn(self, launch: Launch) -> None:
        with kin.starting:
            try:
                self._process = subprocess.Popen(  # noqa: S603 - a runtime of ours, or what the user brought to be run
                    launch.command,
                    stdin=launch.talk.stdin,
                    stdout=subprocess.PIPE,
                    stderr=subprocess.STDOUT,
                    pass_fds=launch.talk.handed,
                    cwd=self._setup.code,
                    env=of_process(self._variables, launch, self._setup),
                    # A group in our own session: should we be killed, the system wakes and ends what is frozen in it.
                    process_group=0,
                    umask=_UMASK,
                )
            except OSError as problem:
                raise InvalidEntrypointError(_cannot_start(problem, launch, self._setup)) from problem
            kin.environments.add(self._process.pid)
        self._started_at = kin.started_at(self._process.pid)
        assert self._process.stdout is not None  # noqa: S101 - it is a pipe, as said above
        os.set_blocking(self._process.stdout.fileno(), False)
        self._rein = Rein(pid=self._process.pid, portion=share(self._setup.memory))
        launch.talk.started(self._process)

    def _serve(self, asked: Asked, outcome: Outcome, timeout: float) -> None:
        if self._rein is not None:
            self._rein.begin()
        pid = self._process.pid if self._process else 0
        began, clock = time.monotonic(), undisturbed(pid)
        if self._talk is None:
            raise GoneError
        self._talk.send(asked, deadline=time.time() + timeout)
        try:
            answer = self._answer(outcome, timeout, self._rein)
        except (GoneError, LargeError):
            outcome.seconds = time.monotonic() - began
            raise
        ended = undisturbed(pid) if answer.ended is None else answer.ended
        outcome.seconds = max(0.0, ended - clock - (self._rein.late if self._rein else 0.0))
        outcome.result, outcome.error, outcome.logged = answer.result, answer.error, answer.logged
        if outcome.result is not None and len(outcome.result.encode()) > LARGEST:
            outcome.result, outcome.error = None, _too_large(asked)

    def _answer(self, outcome: Outcome, limit: float, rein: Rein | None = None) -> Answer:
        """Wait for the process to say something, at most so many seconds, and gather what is printed meanwhile.

        Time for which other programs of this machine kept the handler from running does not count.

        Raises:
            _LateError, GoneError, LargeError: it did not come.
        """
        process, talk = self._process, self._talk
        assert process is not None and process.stdout is not None and talk is not None  # noqa: S101, PT018 - by callers
        printed = Printed(pipe=process.stdout.fileno(), lines=outcome.lines)
        answer: Answer | None = None
        deadline, known = time.monotonic() + limit, waited(process.pid)
        try:
            while answer is None:
                wait = deadline - time.monotonic()
                if wait <= 0:
                    wait = waited(process.pid) + (rein.late if rein else 0.0) - known
                    if wait < _SLIGHT:
                        raise _LateError
                    known, deadline = known + wait, deadline + wait
                answer = _heard(talk, printed, min(wait, talk.pause, rein.tick() if rein else wait))
        finally:
            printed.finish()
        self._peak = max(self._peak, answer.peak)
        return answer

    def _has_ended(self) -> bool:
        return self._process is not None and self._process.poll() is not None

    def _ending(self) -> str:
        try:
            code = self._process.wait(timeout=1) if self._process else 0
        except subprocess.TimeoutExpired:  # it closed the pipe and lives on
            code = -signal.SIGKILL
        if code == 0:
            return "Runtime exited without providing a reason"
        how = f"exit status {code}" if code > 0 else f"signal: {signal.strsignal(-code) or -code}".lower()
        return f"Runtime exited with error: {how}"


def _heard(talk: Talk, printed: Printed, seconds: float) -> Answer | None:
    """Wait a while for the process to say or to print something; its answer, once there is one."""
    poll = select.poll()
    for descriptor, events in talk.watched().items():
        poll.register(descriptor, events)
    if not printed.is_over:
        poll.register(printed.pipe, select.POLLIN)
    ready = [descriptor for descriptor, _ in poll.poll(math.ceil(1000 * seconds))]
    if not ready:
        return talk.check()
    if printed.pipe in ready:
        printed.read()
    answers = [talk.take(descriptor) for descriptor in ready if descriptor != printed.pipe]
    return next((answer for answer in answers if answer is not None), None)


def _cannot_start(problem: OSError, launch: Launch, setup: Setup) -> str:
    """Why a program could not be started, in AWS's words."""
    program = Path(launch.command[0])
    for folder, name in ((setup.code, "/var/task"), (setup.layers, "/opt")):
        if folder is not None and program.is_relative_to(folder):
            program = Path(name) / program.relative_to(folder)
    return f"fork/exec {program}: {(problem.strerror or str(problem)).lower()}"


def _too_large(asked: Asked) -> dict[str, Any]:
    words = f"Response payload size exceeded maximum allowed payload size ({LARGEST} bytes)."
    return _fault(asked, "Function.ResponseSizeTooLarge", words, bare=True)


def _fault(asked: Asked, kind: str, words: str, *, bare: bool = False) -> dict[str, Any]:
    message = words if bare else f"RequestId: {asked.request_id} Error: {words}"
    return {"errorType": kind, "errorMessage": message}


def _stamp() -> str:
    now = time.time()
    return time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(now)) + f".{int(now * 1000) % 1000:03d}Z"
