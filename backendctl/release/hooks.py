"""What a team runs on the way: a command of the shell, or an HTTP(S) URL; both get the verdict as JSON."""

from __future__ import annotations

import json
import os
import subprocess
import urllib.error
import urllib.request
from collections.abc import Mapping
from typing import Any

from backendctl.errors import BackendctlError
from backendctl.secrets import of_environment

_SECONDS = 300
_SHOWN = 500


def run_hook(
    name: str, hook: str | None, document: Mapping[str, Any], *, environment: Mapping[str, str] | None = None
) -> None:
    """Run one and wait for it, at most five minutes; None runs nothing.

    A command gets the document on its standard input and `BACKENDCTL_HOOK` in its environment, a URL by POST.

    Args:
        name: before-promote, after-promote or on-abort.
        environment: variables for a command, over those of this process.

    Raises:
        BackendctlError: it ended with another exit code than 0, or answered with a status of 400 or more.
    """
    if hook is None:
        return
    body = json.dumps({"hook": name, **document}).encode()
    if hook.startswith(("http://", "https://")):
        _post(name, hook, body)
    else:
        _call(name, hook, body, environment or {})


def _call(name: str, command: str, body: bytes, environment: Mapping[str, str]) -> None:
    secrets = of_environment(os.environ)
    shown = secrets.redact(command)
    try:
        done = subprocess.run(  # a shell command of the user's own spec, as `build` is
            command,
            shell=True,
            input=body,
            capture_output=True,
            timeout=_SECONDS,
            check=False,
            env={**os.environ, **environment, "BACKENDCTL_HOOK": name},
        )
    except subprocess.TimeoutExpired:
        raise BackendctlError(f"the hook {name} did not end in {_SECONDS} s: {shown}") from None
    if done.returncode != 0:
        said = secrets.redact((done.stderr or done.stdout).decode(errors="replace").strip())[-_SHOWN:]
        raise BackendctlError(f"the hook {name} failed (exit {done.returncode}): {shown}\n{said}".rstrip())


def _post(name: str, url: str, body: bytes) -> None:
    request = urllib.request.Request(  # the spec's check lets http and https through only
        url, data=body, method="POST", headers={"Content-Type": "application/json"}
    )
    try:
        with urllib.request.urlopen(request, timeout=30):  # the same
            return
    except urllib.error.HTTPError as error:
        raise BackendctlError(f"the hook {name} failed (HTTP {error.code}): {url}") from error
    except OSError as error:
        raise BackendctlError(f"the hook {name} did not answer: {url}: {error}") from error
