"""Python: the sandbox's own bootstrap, with the interpreter of the function's version where there is one."""

from __future__ import annotations

import json
import re
import shutil
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.sandbox.pipes import PipeTalk
from backendctl.sandbox.runtimes import programs
from backendctl.sandbox.runtimes.model import Launch

if TYPE_CHECKING:
    from backendctl.sandbox.runtimes.model import Setup

_BOOTSTRAP = Path(__file__).parents[1] / "bootstrap.py"
_OWN = f"{sys.version_info.major}.{sys.version_info.minor}"
_OLDEST = (3, 10)  # which the sandbox's boto3 runs on
_WHICH = "import json, sys; print(json.dumps([sys.executable, '%d.%d' % sys.version_info[:2]]))"


@dataclass(frozen=True, kw_only=True, slots=True)
class Python:
    """See `Runtime`. version: as in "3.13"."""

    version: str
    path: str

    def launch(self, setup: Setup) -> Launch:
        """The bootstrap, which speaks through pipes."""
        program = interpreter(self.version, self.path)
        # AWS's runtimes bring boto3, which the sandbox has; another interpreter finds it after everything else.
        more = [] if program is None else [_home_of_boto3()]
        talk = PipeTalk({"code": str(setup.code), "handler": setup.handler, "more": [path for path in more if path]})
        [descriptor] = talk.handed
        layers = setup.layers
        version = _OWN if program is None else self.version
        own = [layers / "python", layers / "python/lib" / f"python{version}" / "site-packages"] if layers else []
        return Launch(
            command=[program or sys.executable, "-B", str(_BOOTSTRAP), str(descriptor)],
            talk=talk,
            paths={"PYTHONPATH": own},
        )


@cache
def interpreter(version: str, path: str) -> str | None:
    """The interpreter of a version other than the sandbox's own; None when none runs, or it is too old."""
    is_wanted = version != _OWN and re.fullmatch(r"3\.\d+", version) and int(version[2:]) >= _OLDEST[1]
    program = shutil.which(f"python{version}", path=path) if is_wanted else None
    if program is None:
        return None
    try:
        executable, its_version = json.loads(programs.said(program, "-c", _WHICH, path=path) or "null")
    except (TypeError, ValueError):
        return None
    return str(executable) if its_version == version else None


@cache
def _home_of_boto3() -> str | None:
    import boto3  # noqa: PLC0415 - it is slow to load, and the server has loaded it

    return str(Path(boto3.__file__).parents[1]) if boto3.__file__ else None
