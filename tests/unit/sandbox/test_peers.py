from __future__ import annotations

import os
import socket

import pytest

from backendctl.sandbox import peers

pytestmark = pytest.mark.skipif(not peers.are_known(), reason="the system does not tell whose a connection is")


@pytest.mark.parametrize("family", [socket.AF_INET, socket.AF_INET6])
def test_a_connection_is_of_the_user_who_opened_it(family: socket.AddressFamily) -> None:
    with socket.create_server(("127.0.0.1", 0)) as server, socket.socket(family) as client:
        port = server.getsockname()[1]
        client.connect(("127.0.0.1" if family == socket.AF_INET else "::ffff:127.0.0.1", port))
        connection, _ = server.accept()
        with connection:
            assert peers.is_of(connection, os.getuid())
            assert not peers.is_of(connection, os.getuid() + 1)


def test_a_connection_that_was_closed_is_nobodys() -> None:
    """Of those the system says that they are root's."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        with socket.create_connection(server.getsockname()):
            connection, _ = server.accept()
        with connection:
            assert not peers.is_of(connection, 0)
            assert not peers.is_of(connection, os.getuid())
