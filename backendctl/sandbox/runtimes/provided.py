"""provided.*: the function's own bootstrap, in any language, which speaks the Runtime API."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from backendctl.sandbox.runtime_api import RuntimeApi
from backendctl.sandbox.runtimes.model import InvalidEntrypointError, Launch

if TYPE_CHECKING:
    from backendctl.sandbox.runtimes.model import Setup


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
