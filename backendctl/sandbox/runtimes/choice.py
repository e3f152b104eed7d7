"""Which runtime a function's configuration asks for."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from backendctl.sandbox.runtimes import java, programs
from backendctl.sandbox.runtimes.model import NotSupportedError
from backendctl.sandbox.runtimes.programs import Provided
from backendctl.sandbox.runtimes.python import Python

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.runtimes.model import Runtime

NOT_SUPPORTED = "Runtime.NotSupported"
"""The errorType of what this machine cannot run; AWS has none of that name."""


def runtime_of(config: Mapping[str, Any], *, path: str) -> Runtime:
    """The runtime of a function.

    Args:
        config: as GetFunctionConfiguration gives it.
        path: the PATH of this machine.

    Raises:
        NotSupportedError: this machine cannot run the function.
    """
    if config.get("PackageType") == "Image":
        raise NotSupportedError("the sandbox runs no container images")
    name = str(config.get("Runtime") or "")
    family, version = split(name)
    match family:
        case "python":
            return Python(version=version, path=path)
        case "nodejs":
            return programs.find(path)
        case "java":
            return java.find(path)
        case "provided":
            return Provided()
    raise NotSupportedError(f"the sandbox does not run {name or 'functions without a runtime'}")


def why_not(config: Mapping[str, Any], *, path: str) -> str | None:
    """Why this machine cannot run a function; None when it can."""
    try:
        runtime_of(config, path=path)
    except NotSupportedError as problem:
        return str(problem)
    return None


def not_supported(reason: str) -> dict[str, Any]:
    """The error document of a call of a function that this machine cannot run."""
    return {"errorType": NOT_SUPPORTED, "errorMessage": reason}


def split(name: str) -> tuple[str, str]:
    """Family and version of a runtime: "nodejs22.x" is ("nodejs", "22")."""
    found = re.fullmatch(r"([a-z]+)\.?(.*?)(?:\.x)?", name)
    return (found[1], found[2]) if found else (name, "")
