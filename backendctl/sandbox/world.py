"""Where the sandbox stands: its account, its default region, and the environment its parts and handlers see."""

from __future__ import annotations

import os
import re
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import TYPE_CHECKING

from backendctl.sandbox.keys import SECRET

if TYPE_CHECKING:
    from collections.abc import Mapping

ACCOUNT = "123456789012"
"""The one account of a sandbox, whatever credentials a client signs with."""

DEFAULT_REGION = "us-east-1"
"""Where a request without a credential scope lands."""

LOOPBACK = "127.0.0.1"

IDLE_MINUTES = "BACKENDCTL_SANDBOX_IDLE_MINUTES"
"""The variable which says how long an idle execution environment is kept."""

USUAL_IDLE_MINUTES = 7.0
"""Minutes of the clock without it; AWS says none, 5 to 15 were seen (B61)."""

MINUTE_SECONDS = "BACKENDCTL_SANDBOX_MINUTE_SECONDS"
"""The variable which says how many seconds of the clock a minute of a rule's rate takes."""

CANARY_METRICS = "BACKENDCTL_SANDBOX_CANARY_METRICS"
"""The variable which, as "off", leaves a stage's canary without metrics of its own, for AWS documents none (A76)."""

CALLS = "BACKENDCTL_SANDBOX_CALLS"
"""The variable which names a file that gets what every call needs: command, action and resource, one line each."""

_KEPT = (
    *("PATH", "LANG", "LC_ALL", "TZ", "SYSTEMROOT", "LD_LIBRARY_PATH"),
    *(IDLE_MINUTES, MINUTE_SECONDS, CANARY_METRICS, CALLS),
)
_HANDLERS = (
    *(
        "PATH",
        "LANG",
        "LC_ALL",
        "SYSTEMROOT",
        "LD_LIBRARY_PATH",
        "HOME",
        "TMPDIR",
        "PYTHONDONTWRITEBYTECODE",
        "AWS_ENDPOINT_URL",
    ),
    *("AWS_EC2_METADATA_DISABLED", "AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"),
)
_REGION = re.compile(r"[a-z]{2,4}(-[a-z]+)+-\d")


def url_of(port: int) -> str:
    """The endpoint URL of the sandbox on a port."""
    return f"http://{LOOPBACK}:{port}"


def release() -> str:
    """The installed version of the package, or "source" when run from a plain checkout."""
    try:
        return version("backendctl")
    except PackageNotFoundError:
        return "source"


def is_region(text: str) -> bool:
    """Whether a word has the form of an AWS region name."""
    return _REGION.fullmatch(text) is not None


def environment(
    *, port: int, data: Path, host: Mapping[str, str] | None = None, key: str | None = None
) -> dict[str, str]:
    """The whole environment of the server process.

    Nothing of the host's environment comes through but what finds programs and sets the language:
    a handler must not see, and cannot use, the real credentials of whoever started the sandbox. The process is
    started with it, because the environment that a process was started with stays readable in /proc.

    Args:
        key: the access key id with which handlers sign; None is the account's number.
    """
    source = os.environ if host is None else host
    return {name: source[name] for name in _KEPT if name in source} | {
        "HOME": str(data / "home"),  # a handler's boto3 must not read the user's ~/.aws either
        "TMPDIR": str(data / "tmp"),
        "AWS_ENDPOINT_URL": url_of(port),
        "AWS_EC2_METADATA_DISABLED": "true",
        "AWS_ACCESS_KEY_ID": key or ACCOUNT,
        "AWS_SECRET_ACCESS_KEY": SECRET,
        "AWS_DEFAULT_REGION": DEFAULT_REGION,
        "DOCKER_HOST": f"unix://{data / 'no-docker.sock'}",  # handlers run as processes, never in containers
        "GATEWAY_PORT": str(port),
        "IOT_MTLS_ENABLED": "0",
        "LAMBDA_ACCOUNT_CONCURRENCY": "1000",
        "LAMBDA_EXECUTOR": "local",
        "LOG_LEVEL": "WARNING",
        "MINISTACK_ACCOUNT_ID": ACCOUNT,
        "MINISTACK_REGION": DEFAULT_REGION,
        "MOTO_ACCOUNT_ID": ACCOUNT,
        "PERSIST_STATE": "1",
        "PYTHONDONTWRITEBYTECODE": "1",
        "PYTHONPATH": str(Path(__file__).parents[2]),  # a plain checkout works without installation
        "S3_DATA_DIR": str(data / "s3"),
        "S3_PERSIST": "1",
        "SFTP_ENABLED": "0",
        "STATE_DIR": str(data / "state"),
    }


def handler_environment(server: Mapping[str, str]) -> dict[str, str]:
    """What of the server's environment a handler sees, beside its own variables and those of Lambda."""
    return {name: server[name] for name in _HANDLERS if name in server} | {"TZ": ":UTC"}
