"""Certificates that AWS's hosts are verified with: read once per process, not once per connection.

urllib3 has the context of a client read the whole bundle again for each connection that it opens, which takes 25 ms of
processor time each; a plan of three regions opens more than a hundred.
"""

from __future__ import annotations

import ssl
import threading
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from _typeshed import ReadableBuffer, StrOrBytesPath


class _Trust(ssl.SSLContext):
    """A context that reads each bundle once. known: what it has read; reading: held meanwhile."""

    known: set[object]
    reading: threading.Lock

    def load_verify_locations(
        self,
        cafile: StrOrBytesPath | None = None,
        capath: StrOrBytesPath | None = None,
        cadata: str | ReadableBuffer | None = None,
    ) -> None:
        """Nothing, where that bundle has been read before."""
        with self.reading:
            if (cafile, capath, cadata) not in self.known:
                super().load_verify_locations(cafile, capath, cadata)
                self.known.add((cafile, capath, cadata))


_trusts: dict[object, _Trust] = {}
_lock = threading.Lock()


def share_trust(client: Any) -> None:
    """Let a client of botocore verify with one context for all clients of the same bundle.

    A client that verifies nothing keeps its own: urllib3 switches verification off in the context itself.
    """
    # botocore has no setting for any of this.
    http = getattr(getattr(client, "_endpoint", None), "http_session", None)
    bundle, manager = getattr(http, "_verify", False), getattr(http, "_manager", None)
    make, own_certificate = getattr(http, "_get_ssl_context", None), getattr(http, "_cert_file", None)
    if not bundle or manager is None or make is None or own_certificate:
        return
    with _lock:
        if bundle not in _trusts:
            context: Any = make()
            context.__class__ = _Trust  # made by botocore, with its ciphers, options and key log
            context.known, context.reading = set(), threading.Lock()
            _trusts[bundle] = context
    manager.connection_pool_kw["ssl_context"] = _trusts[bundle]
    vars(http)["_get_ssl_context"] = lambda: _trusts[bundle]  # managers for proxies are made when they are used
