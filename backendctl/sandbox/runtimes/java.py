"""Java: a bootstrap of the sandbox's, compiled once by the machine's own JDK, which speaks the Runtime API."""

from __future__ import annotations

import hashlib
import shutil
import subprocess
import threading
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.sandbox.runtime_api import RuntimeApi
from backendctl.sandbox.runtimes import programs
from backendctl.sandbox.runtimes.model import Launch, NotSupportedError

if TYPE_CHECKING:
    from backendctl.sandbox.runtimes.model import Setup

_SOURCE = Path(__file__).with_name("Bootstrap.java")
_COMPILER = "jdk.compiler/com.sun.tools.javac.Main"
_LEAST = 11
_PATIENCE = 120.0  # seconds of compiling, on a machine that is busy
_compiling = threading.Lock()


@dataclass(frozen=True, kw_only=True, slots=True)
class Java:
    """See `Runtime`. program: the whole path of `java`."""

    program: str
    version: int
    path: str

    def launch(self, setup: Setup) -> Launch:
        """The bootstrap, with the code, its `lib/*.jar` and the layers' `java/lib/*.jar` on the class path."""
        own = self._bootstrap(setup.cache)
        places = [setup.code, *sorted((setup.code / "lib").glob("*.jar"))]
        if setup.layers:
            places += sorted((setup.layers / "java/lib").glob("*.jar"))
        talk = RuntimeApi()
        return Launch(
            command=[
                self.program,
                f"-Xmx{max(64, setup.memory * 85 // 100)}m",
                "-XX:+UseSerialGC",
                "-XX:TieredStopAtLevel=1",
                "-Djava.net.preferIPv4Stack=true",
                "-cp",
                ":".join(str(place) for place in [*places, own]),
                "backendctl.Bootstrap",
            ],
            talk=talk,
            variables={"AWS_LAMBDA_RUNTIME_API": talk.address},
            folds=True,
        )

    def _bootstrap(self, cache: Path) -> Path:
        """The folder of the compiled bootstrap; one for each JDK."""
        mark = hashlib.sha256(f"{self.program} {self.version}".encode() + _SOURCE.read_bytes()).hexdigest()[:16]
        folder = cache / f"java-{mark}"
        with _compiling:
            if not folder.exists():
                fresh = folder.with_suffix(".new")
                shutil.rmtree(fresh, ignore_errors=True)
                self._compile(fresh)
                fresh.rename(folder)
        return folder

    def _compile(self, folder: Path) -> None:
        folder.mkdir(parents=True)
        command = [self.program, "-m", _COMPILER, "--release", str(_LEAST), "-d", str(folder), str(_SOURCE)]
        try:
            run = subprocess.run(  # noqa: S603 - the machine's own compiler with a file of ours
                command,
                stdin=subprocess.DEVNULL,
                capture_output=True,
                env={"PATH": self.path},
                timeout=_PATIENCE,
                check=False,
            )
        except (OSError, subprocess.SubprocessError) as problem:
            raise NotSupportedError(f"java on PATH does not compile: {problem}") from problem
        if run.returncode:
            said = run.stderr.decode(errors="replace").strip().splitlines()
            raise NotSupportedError(
                f"java on PATH is no JDK of {_LEAST} or later: {said[0] if said else 'no compiler'}"
            )


def find(path: str) -> Java:
    """The machine's Java.

    Raises:
        NotSupportedError: there is none, or it is too old.
    """
    program = programs.found("java", path=path)
    version = programs.major(program, path=path, option="-version")
    if version < _LEAST:
        raise NotSupportedError(f"java on PATH is {version}, and {_LEAST} or later is needed")
    return Java(program=program, version=version, path=path)
