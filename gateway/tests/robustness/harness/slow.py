"""Clients that take their time, many at once, and how the gateway ended their connections."""

import asyncio
import contextlib
import dataclasses
import itertools
import socket
import time

from . import loop


@dataclasses.dataclass(frozen=True)
class Ending:
    """`after`: seconds from the connection on. `received`: the last of what the gateway said."""

    after: float
    received: bytes

    @property
    def status(self) -> int:
        """Of the last answer; 0 without one."""
        last = self.received.rpartition(b"HTTP/1.1 ")
        return int(last[2][:3]) if last[1] else 0

    def says(self, reason: str) -> bool:
        return b'"%b"' % reason.encode() in self.received


async def drip(address, at_once: bytes, piece: bytes, every: float, patience: float) -> Ending | None:
    """Sends some bytes at once and then one of `piece` at a time, over and over, until the gateway closes; an empty
    piece is silence. Nothing if it has not closed in time."""
    asking, began, received = asyncio.get_running_loop(), time.monotonic(), b""
    with socket.socket() as client:
        client.setblocking(False)
        with contextlib.suppress(ConnectionError, TimeoutError):
            async with asyncio.timeout(patience):
                await asking.sock_connect(client, address)
                dripping = asking.create_task(_send(client, at_once, piece, every))
                try:
                    while part := await asking.sock_recv(client, 65536):
                        received = (received + part)[-4096:]
                finally:
                    dripping.cancel()
    after = time.monotonic() - began
    return Ending(after, received) if after < patience else None


async def _send(client: socket.socket, at_once: bytes, piece: bytes, every: float) -> None:
    asking = asyncio.get_running_loop()
    # The gateway may have closed just now; the next read says so.
    with contextlib.suppress(OSError):
        await asking.sock_sendall(client, at_once)
        for byte in itertools.cycle(piece):
            await asyncio.sleep(every)
            await asking.sock_sendall(client, bytes([byte]))


async def sip(address, request: bytes, size: int, every: float, done: asyncio.Event) -> None:
    """Sends a request and reads so many bytes of the answer at a time, through as small a window as the system gives.
    Such a client does not notice that it was cut: that would reach it behind what it has not read."""
    asking = asyncio.get_running_loop()
    with socket.socket() as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 2048)
        # Over loopback a segment has 64 KiB, and ten of them would wait in the system unseen.
        client.setsockopt(socket.IPPROTO_TCP, socket.TCP_MAXSEG, 1460)
        client.setblocking(False)
        await asking.sock_connect(client, address)
        await asking.sock_sendall(client, request)
        while not done.is_set():
            await asyncio.sleep(every)
            with contextlib.suppress(BlockingIOError, ConnectionError):
                client.recv(size)


def many(client, count: int):
    """A future of what so many clients at once return."""

    async def all_of_them() -> list:
        return await asyncio.gather(*(client() for _ in range(count)))

    return loop.begin(all_of_them())
