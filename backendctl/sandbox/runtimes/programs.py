"""Runtimes that are programs of this machine: Node.js, and whatever a bootstrap brings."""

from __future__ import annotations

import re
import shutil
import subprocess
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.sandbox.runtime_api import RuntimeApi
from backendctl.sandbox.runtimes.model import InvalidEntrypointError, Launch, NotSupportedError

if TYPE_CHECKING:
    from backendctl.sandbox.runtimes.model import Setup

_PATIENCE = 10.0  # seconds; a program of a version manager may be a slow script


def found(name: str, *, path: str) -> str:
    """A program's whole path.

    Raises:
        NotSupportedError: there is none.
    """
    program = shutil.which(name, path=path)
    if program is None:
        raise NotSupportedError(f"no {name} on PATH")
    return program


def major(program: str, *, path: str, option: str) -> int:
    """The first number of a program's version, as it tells with an option; 1.8 counts as 8.

    Raises:
        NotSupportedError: the program does not run.
    """
    told = said(program, option, path=path)
    version = re.search(r"(\d+)(?:\.(\d+))?", told or "")
    if version is None:
        raise NotSupportedError(f"{program} does not tell its version with {option}")
    return int(version[2]) if version[1] == "1" and version[2] else int(version[1])


@cache
def said(program: str, *arguments: str, path: str) -> str | None:
    """What a program says, on either stream; None when it fails. Asked once."""
    try:
        run = subprocess.run(  # noqa: S603 - a program the user has on PATH
            [program, *arguments],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            env={"PATH": path},
            timeout=_PATIENCE,
            check=True,
        )
    except (OSError, subprocess.SubprocessError):
        return None
    return run.stdout.decode(errors="replace")


_BOOTSTRAP = Path(__file__).with_name("bootstrap.cjs")
_LEAST = 16


@dataclass(frozen=True, kw_only=True, slots=True)
class Node:
    """See `Runtime`. program: the whole path of `node`."""

    program: str
    version: int

    def launch(self, setup: Setup) -> Launch:
        """The bootstrap; NODE_PATH finds what layers bring."""
        talk = RuntimeApi()
        layers = setup.layers
        shared = [layers / "nodejs/node_modules", layers / f"nodejs/node{self.version}/node_modules"] if layers else []
        limit = max(64, setup.memory * 9 // 10)
        return Launch(
            command=[self.program, f"--max-old-space-size={limit}", str(_BOOTSTRAP)],
            talk=talk,
            variables={"AWS_LAMBDA_RUNTIME_API": talk.address},
            folds=True,
            paths={"NODE_PATH": [*shared, setup.code]},
        )


def find(path: str) -> Node:
    """The machine's Node.js.

    Raises:
        NotSupportedError: there is none, or it is too old.
    """
    program = found("node", path=path)
    version = major(program, path=path, option="--version")
    if version < _LEAST:
        raise NotSupportedError(f"node on PATH is {version}, and {_LEAST} or later is needed")
    return Node(program=program, version=version)


@dataclass(frozen=True, kw_only=True, slots=True)
class Provided:
    """See `Runtime`."""

    def launch(self, setup: Setup) -> Launch:
        """The file `bootstrap` of the code, or else of the layers."""
        folders = [setup.code, *([setup.layers] if setup.layers else [])]
        program = next((one for one in (folder / "bootstrap" for folder in folders) if one.is_file()), None)
        if program is None:
            raise InvalidEntrypointError("Couldn't find valid bootstrap(s): [/var/task/bootstrap /opt/bootstrap]")
        talk = RuntimeApi()
        return Launch(command=[str(program)], talk=talk, variables={"AWS_LAMBDA_RUNTIME_API": talk.address})
