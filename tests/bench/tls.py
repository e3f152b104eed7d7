"""What TLS costs a plan: `python -m tests.bench.tls`.

    python -m tests.bench.tls [--regions 3] [--functions 10]

The sandbox speaks plain HTTP, AWS does not. Here a plan with nothing to do goes to the sandbox through a host that
speaks TLS, verified with the bundle that botocore brings and that host's certificate, so as many certificates are read
as for AWS.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import ssl
import tempfile
import threading
from pathlib import Path
from typing import Self

from botocore.httpsession import get_cert_path

from tests.bench import reference
from tests.bench.calls import run, sandbox, say
from tests.certificates import make_certificate
from tests.functional.sandboxed import free_port

_CHUNK = 65_536


class Host:
    """A TLS host that passes everything on. connections: so many were opened."""

    def __init__(self, certificate: Path, *, to: int) -> None:
        self.port, self.connections = free_port(), 0
        self._to = to
        self._context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._context.load_cert_chain(certificate)
        self._loop = asyncio.new_event_loop()
        self._ready = threading.Event()
        self._thread = threading.Thread(target=self._serve, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        self._ready.wait()
        return self

    def __exit__(self, *_: object) -> None:
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _serve(self) -> None:
        async def begin() -> None:
            await asyncio.start_server(self._pass_on, "127.0.0.1", self.port, ssl=self._context)
            self._ready.set()

        asyncio.set_event_loop(self._loop)
        self._loop.create_task(begin())  # the loop runs until it is stopped
        self._loop.run_forever()

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        inner_reader, inner_writer = await asyncio.open_connection("127.0.0.1", self._to)
        await asyncio.gather(_copy(reader, inner_writer), _copy(inner_reader, writer))


async def _copy(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    try:
        while chunk := await reader.read(_CHUNK):
            writer.write(chunk)
            await writer.drain()
    except OSError:
        pass
    finally:
        writer.close()


def main() -> None:
    """Print the line."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--regions", type=int, default=3)
    parser.add_argument("--functions", type=int, default=10)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as name, sandbox(Path(name)) as port:
        folder = Path(name)
        spec = str(reference.make(folder, regions=asked.regions, functions=asked.functions))
        run(folder, port, "deploy", "-y", spec)
        plain = run(folder, port, "plan", spec)
        certificate = make_certificate(folder)
        bundle = folder / "bundle.pem"
        bundle.write_bytes(Path(str(get_cert_path(verify=True))).read_bytes() + certificate.read_bytes())
        os.environ |= {"AWS_CA_BUNDLE": str(bundle), "AWS_ACCESS_KEY_ID": "ANY", "AWS_SECRET_ACCESS_KEY": "any"}
        with Host(certificate, to=port) as host:
            over_tls = run(folder, None, "plan", spec, "--endpoint-url", f"https://127.0.0.1:{host.port}")
            connections = host.connections
    say(f"{asked.regions} regions x {asked.functions} functions, a plan with nothing to do")
    say(f"plain {plain.cpu:5.2f} own cpu s, {len(plain.calls)} calls")
    say(f"TLS   {over_tls.cpu:5.2f} own cpu s, {len(over_tls.calls)} calls, {connections} connections")


if __name__ == "__main__":
    main()
