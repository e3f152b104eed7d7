"""What all runtimes have in common."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.talk import Talk


class NotSupportedError(Exception):
    """This machine cannot run it; the text says why, as in "no java on PATH"."""


class InvalidEntrypointError(Exception):
    """There is nothing to start in the function's code, in AWS's words."""


@dataclass(frozen=True, kw_only=True, slots=True)
class Setup:
    """What a process is started for.

    Attributes:
        code: folder of the unpacked code, /var/task on AWS.
        layers: folder of the unpacked layers, /opt on AWS; None without any.
        handler: the function's Handler.
        memory: MB.
        cache: folder for what a runtime makes once for all of its processes.
        path: the PATH of this machine.
    """

    code: Path
    layers: Path | None
    handler: str
    memory: int
    cache: Path
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class Launch:
    """How a process is started.

    Attributes:
        paths: folders which go in front of those in a variable, such as NODE_PATH, as far as they are there.
        folds: whether a carriage return in the output stands for a line break within one log event.
    """

    command: list[str]
    talk: Talk
    variables: Mapping[str, str] = field(default_factory=dict)
    paths: Mapping[str, list[Path]] = field(default_factory=dict)
    folds: bool = False


class Runtime(Protocol):
    """One family of runtimes."""

    def launch(self, setup: Setup) -> Launch:
        """Prepare a process; its `talk` is open and has to be closed.

        Raises:
            NotSupportedError, InvalidEntrypointError: there is none.
        """
