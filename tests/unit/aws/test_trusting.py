"""Who AWS's hosts are is verified as botocore does it, with certificates that are read once."""

from __future__ import annotations

import ssl
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
from botocore.exceptions import SSLError

from backendctl.aws.connection import Access, Aws
from tests.certificates import make_certificate


@pytest.fixture
def host(tmp_path: Path) -> Iterator[tuple[str, Path]]:
    """An AWS behind TLS, and the bundle by which it is verified."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Length", "2")
            self.send_header("Connection", "close")
            self.end_headers()
            self.wfile.write(b"{}")

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002  # the name http.server gives it
            del format, args

    certificate = make_certificate(tmp_path)
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate)
    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    server.socket = context.wrap_socket(server.socket, server_side=True)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01}, daemon=True)
    thread.start()
    yield f"https://127.0.0.1:{server.server_port}", certificate
    server.shutdown()
    server.server_close()


def _aws(url: str, monkeypatch: pytest.MonkeyPatch, *, bundle: Path | None) -> Aws:
    for name in ("AWS_PROFILE", "AWS_CA_BUNDLE", "REQUESTS_CA_BUNDLE"):
        monkeypatch.delenv(name, raising=False)
    if bundle is not None:
        monkeypatch.setenv("AWS_CA_BUNDLE", str(bundle))
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDANYTHING")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "anything")
    return Aws(Access(endpoint_url=url, attempts=1), backend="b")


def test_connections_of_all_clients_read_the_bundle_once(
    host: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, bundle = host
    read: list[Any] = []
    load = ssl.SSLContext.load_verify_locations

    def noted(self: ssl.SSLContext, cafile: Any = None, capath: Any = None, cadata: Any = None) -> None:
        read.append(cafile)
        load(self, cafile, capath, cadata)

    monkeypatch.setattr(ssl.SSLContext, "load_verify_locations", noted)
    aws = _aws(url, monkeypatch, bundle=bundle)
    for region in ("us-east-1", "us-west-2"):
        for _ in range(3):  # the host closes each connection
            aws.lambda_(region).list_functions()
            aws.apigateway(region).get_rest_apis()
    assert read == [str(bundle)]


def test_a_host_that_the_bundle_does_not_vouch_for_is_refused(
    host: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, bundle = host
    _aws(url, monkeypatch, bundle=bundle).lambda_("us-east-1").list_functions()
    with pytest.raises(SSLError, match="certificate verify failed"):
        _aws(url, monkeypatch, bundle=None).lambda_("us-east-1").list_functions()


def test_a_name_that_the_certificate_does_not_have_is_refused(
    host: tuple[str, Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    url, bundle = host
    with pytest.raises(SSLError, match="hostname 'localhost' doesn't match"):
        _aws(url.replace("127.0.0.1", "localhost"), monkeypatch, bundle=bundle).lambda_("us-east-1").list_functions()
