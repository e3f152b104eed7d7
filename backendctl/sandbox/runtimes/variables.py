"""The environment variables of a handler's process."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from backendctl.sandbox.runtimes.model import Launch, Setup


def is_restored(config: Mapping[str, Any]) -> bool:
    """Whether new environments of a version come from a SnapStart snapshot."""
    return (config.get("SnapStart") or {}).get("OptimizationStatus") == "On"


def of_function(config: Mapping[str, Any], *, region: str, stream: str, base: Mapping[str, str]) -> dict[str, str]:
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
        "AWS_LAMBDA_INITIALIZATION_TYPE": "snap-start" if is_restored(config) else "on-demand",
        "AWS_LAMBDA_LOG_FORMAT": logging.get("LogFormat", "Text"),
        **(json_only if logging.get("LogFormat") == "JSON" else {}),
        "AWS_LAMBDA_LOG_GROUP_NAME": logging.get("LogGroup") or f"/aws/lambda/{name}",
        "AWS_LAMBDA_LOG_STREAM_NAME": stream,
        "_HANDLER": config.get("Handler", ""),
    }


def of_process(variables: Mapping[str, str], launch: Launch, setup: Setup) -> dict[str, str]:
    """All that a process gets: its search paths begin with the code and the layers, as far as those are there."""
    layers = setup.layers
    libraries = [setup.code / "lib", *([layers / "lib"] if layers else [])]
    paths = {"PATH": [layers / "bin"] if layers else [], "LD_LIBRARY_PATH": libraries, **launch.paths}
    found = {**variables, "LAMBDA_TASK_ROOT": str(setup.code), **launch.variables}
    for name, folders in paths.items():
        places = [str(folder) for folder in folders if folder.is_dir()]
        if places:
            found[name] = os.pathsep.join([*places, *filter(None, [found.get(name)])])
    return found
