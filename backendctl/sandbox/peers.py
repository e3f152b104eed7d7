"""Who is at the other end of a connection on the loopback interface, as far as the kernel tells."""

from __future__ import annotations

import socket
import sys
from pathlib import Path

_TABLES = (Path("/proc/net/tcp"), Path("/proc/net/tcp6"))
_ESTABLISHED = "01"  # only then does the table name the user; afterwards it says root
_V4_IN_V6 = "0000000000000000" + f"{int.from_bytes(bytes([0, 0, 255, 255]), sys.byteorder):08X}"


def are_known() -> bool:
    """Whether this system tells of users at all (Linux)."""
    return _TABLES[0].exists()


def is_of(connection: socket.socket, user: int) -> bool:
    """Whether the other end, on this machine and IPv4, was opened by that user and is still open."""
    far, near = _named(connection.getpeername()), _named(connection.getsockname())
    for table, prefix in zip(_TABLES, ("", _V4_IN_V6), strict=True):
        for line in _lines(table):
            fields = line.split()  # proc_net_tcp: sl, local, remote, state, queues, timer, retransmits, uid
            if fields[1] == prefix + far and fields[2] == prefix + near and fields[3] == _ESTABLISHED:
                return int(fields[7]) == user
    return False


def _lines(table: Path) -> list[str]:
    try:
        return table.read_text(encoding="ascii").splitlines()[1:]
    except OSError:
        return []


def _named(address: tuple[str, int]) -> str:
    host, port = address
    return f"{int.from_bytes(socket.inet_aton(host), sys.byteorder):08X}:{port:04X}"
