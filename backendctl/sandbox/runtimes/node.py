"""Node.js: a bootstrap of the sandbox's, run by the `node` of this machine, which speaks the Runtime API."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.sandbox.runtime_api import RuntimeApi
from backendctl.sandbox.runtimes import programs
from backendctl.sandbox.runtimes.model import Launch, NotSupportedError

if TYPE_CHECKING:
    from backendctl.sandbox.runtimes.model import Setup

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
    program = programs.found("node", path=path)
    version = programs.major(program, path=path, option="--version")
    if version < _LEAST:
        raise NotSupportedError(f"node on PATH is {version}, and {_LEAST} or later is needed")
    return Node(program=program, version=version)
