"""Which requests are those of an API's own callers (the data plane); every other one is the control plane's.

Both middlewares and the router ask here, so that they agree: what access control lets through as traffic of an API
reaches that API and nothing else.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol
from urllib.parse import quote

from backendctl.sandbox.world import LOOPBACK

if TYPE_CHECKING:
    from backendctl.sandbox.asgi import Scope

_EXECUTE_HOST = re.compile(r"([a-z0-9-]+)\.execute-api\.(?:([a-z0-9-]+)\.)?(?:localhost|amazonaws\.com)")
_EXECUTE_PREFIX = "/_aws/execute-api/"
_EXECUTE_PATH = re.compile(r"/_aws/execute-api/([^/]+)/([^/]+)(/.*)?", re.DOTALL)
_STAGE_PATH = re.compile(r"/([^/]*)(/.*)?", re.DOTALL)
_PORT = re.compile(r":\d*$")
_OWN_NAMES = frozenset({"localhost", LOOPBACK, "[::1]"})


class Names(Protocol):
    """What API Gateway knows of host names."""

    def regions_of_domain(self, domain: str) -> list[str]:
        """The regions in which a custom domain name exists."""

    def regional_domain(self, host: str) -> tuple[str, str] | None:
        """Region and custom domain behind a `d-….execute-api.<region>.amazonaws.com` name."""


@dataclass(frozen=True, kw_only=True, slots=True)
class ToApi:
    """A request to a stage of an API.

    Attributes:
        region: as the host name says; None when it does not.
        path: below the stage.
    """

    api_id: str
    region: str | None
    stage: str
    path: str


@dataclass(frozen=True, kw_only=True, slots=True)
class ToDomain:
    """A request to a custom domain name.

    Attributes:
        regions: in which it may land.
        fixed: whether the host name says the region, which is the only one then.
    """

    domain: str
    regions: tuple[str, ...]
    fixed: bool = False


def host_of(scope: Scope) -> str:
    """The host name of a request in lower case, without its port; "" when there is none, or more than one."""
    named = [value for key, value in scope.get("headers", ()) if key == b"host"]
    return _PORT.sub("", named[0].decode("latin-1").lower()) if len(named) == 1 else ""


def is_own_name(host: str) -> bool:
    """Whether a host name is one of this machine's own: nobody's name server can make it mean another machine."""
    return host in _OWN_NAMES


def is_below_localhost(host: str) -> bool:
    """Whether a host is what an AWS SDK makes of the endpoint `localhost` for a bucket, or an operation's prefix."""
    return host.endswith(".localhost")


def target_of(scope: Scope, names: Names) -> ToApi | ToDomain | None:
    """Where a request of an API's own caller goes; None when it is not one, but the control plane's."""
    host, path = host_of(scope), scope["path"]
    if is_own_name(host):
        by_path = _EXECUTE_PATH.fullmatch(path) if path.startswith(_EXECUTE_PREFIX) else None
        if by_path is None:
            return None
        return ToApi(api_id=by_path[1], region=None, stage=by_path[2], path=by_path[3] or "/")
    by_host = _EXECUTE_HOST.fullmatch(host)
    if by_host is not None:
        regional = names.regional_domain(host)
        if regional is not None:
            return ToDomain(domain=regional[1], regions=(regional[0],), fixed=True)
        stage = _STAGE_PATH.fullmatch(path)
        return ToApi(
            api_id=by_host[1],
            region=by_host[2],
            stage=stage[1] if stage else "",
            path=(stage and stage[2]) or "/",
        )
    regions = names.regions_of_domain(host) if host else []
    return ToDomain(domain=host, regions=tuple(regions)) if regions else None


def by_path(scope: Scope, target: ToApi) -> Scope:
    """The request in the form that reaches an API by its path, on a host name which means nothing by itself.

    For the services behind, which look at some paths and credentials before they look at the host name.
    """
    if is_own_name(host_of(scope)):
        return scope
    slash = "" if scope["path"].startswith("/") else "/"  # a client may send a target without one
    prefix = f"{_EXECUTE_PREFIX}{target.api_id}{slash}"
    raw: bytes = scope.get("raw_path") or quote(scope["path"]).encode()
    headers = [(key, b"localhost" if key == b"host" else value) for key, value in scope.get("headers", ())]
    return {**scope, "path": prefix + scope["path"], "raw_path": prefix.encode() + raw, "headers": headers}
