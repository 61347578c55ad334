"""A far registry: ``python -m bench.latency LISTEN_PORT TARGET_PORT RTT_MS`` forwards TCP on loopback, later.

Every byte arrives half a round trip after it was sent, in both directions, and as many may be under way as like. A
connection costs one round trip more before its first byte, as the handshake does on a real network.
"""

from __future__ import annotations

import asyncio
import sys
from contextlib import suppress

_PIECE = 1 << 16


async def serve(listen: int, target: int, delay: float) -> None:
    """Forward until cancelled; ``delay`` is one way, in seconds."""

    async def handle(near: asyncio.StreamReader, near_out: asyncio.StreamWriter) -> None:
        far, far_out = await asyncio.open_connection("127.0.0.1", target)
        await asyncio.gather(_later(near, far_out, delay, 2 * delay), _later(far, near_out, delay, 0.0))

    server = await asyncio.start_server(handle, "127.0.0.1", listen)
    async with server:
        await server.serve_forever()


async def _later(source: asyncio.StreamReader, sink: asyncio.StreamWriter, delay: float, handshake: float) -> None:
    """Copy one direction; what is read waits in a queue until it is due, so that waits overlap."""
    due: asyncio.Queue[tuple[float, bytes]] = asyncio.Queue()
    clock = asyncio.get_running_loop().time
    first = clock() + handshake

    async def deliver() -> None:
        while True:
            when, piece = await due.get()
            await asyncio.sleep(max(0.0, when - clock()))
            if not piece:
                break
            sink.write(piece)
            await sink.drain()
        sink.close()

    delivering = asyncio.create_task(deliver())
    with suppress(ConnectionError):
        while piece := await source.read(_PIECE):
            due.put_nowait((max(first, clock()) + delay, piece))
    due.put_nowait((clock() + delay, b""))
    with suppress(ConnectionError):
        await delivering


if __name__ == "__main__":
    listen_port, target_port, milliseconds = sys.argv[1:]
    with suppress(KeyboardInterrupt):
        asyncio.run(serve(int(listen_port), int(target_port), float(milliseconds) / 2000))
