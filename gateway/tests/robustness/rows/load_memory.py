"""R12: bodies that nobody takes and answers that nobody reads cost little memory, and the others are served."""

import asyncio
import socket
import time

from harness import loop
from harness.exchange import Client, head, post
from harness.faults import Request, Upstream, Wire, answer, read_body
from harness.gateway import Gateway, config
from harness.limits import BUILD, until
from harness.rows import row

MEBIBYTE = 1 << 20
SENDERS = READERS = 200
SIZE = 8 * MEBIBYTE
BODY = bytes(SIZE)


class Holding:
    """Leaves bodies unread until `go`, and then says how long they were; answers a GET with 8 MiB."""

    def __init__(self):
        self.go = asyncio.Event()
        self.holding = 0

    async def __call__(self, wire: Wire, request: Request) -> bool:
        if request.method == "GET":
            await wire.slices(answer(BODY), 32 * 1024)
            return True
        if request.target != "/mcp/hold":
            await wire.send(answer(await read_body(wire.reader, request)))
            return True
        self.holding += 1
        await self.go.wait()
        await wire.send(answer(str(len(await read_body(wire.reader, request))).encode()))
        return True


async def connected(address) -> socket.socket:
    client = socket.socket()
    client.setblocking(False)
    await asyncio.get_running_loop().sock_connect(client, address)
    return client


async def send_all(address, authority: str) -> bytes:
    """The answer to 8 MiB. Bytes are sent from where they are, so that they cost this process nothing."""
    asking = asyncio.get_running_loop()
    with await connected(address) as client:
        await asking.sock_sendall(client, head(authority, "POST", "/a/mcp/hold", f"Content-Length: {SIZE}"))
        await asking.sock_sendall(client, BODY)
        received = b""
        while part := await asking.sock_recv(client, 65536):
            received += part
            if b"\r\n\r\n" in received:
                break
        return received


async def read_slowly(address, authority: str, until_set: asyncio.Event) -> int:
    """Ten KiB a second, which is well above the minimum rate, until the time is over."""
    asking, read = asyncio.get_running_loop(), 0
    with await connected(address) as client:
        client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        await asking.sock_sendall(client, head(authority, "GET", "/a/mcp/read"))
        while not until_set.is_set():
            part = await asking.sock_recv(client, 2048)
            if not part:
                return -read
            read += len(part)
            await asyncio.sleep(0.2)
    return read


@row("R12", "200 bodies of 8 MiB that are not taken and 200 answers that are hardly read fit into 256 MiB")
def memory() -> str:
    holding = Holding()
    with Upstream(holding, reads_bodies=False) as upstream, Gateway(config(upstream.url())) as gateway:
        before = gateway.memory()
        over = asyncio.Event()
        where = (gateway.address, gateway.authority)
        senders = [loop.begin(send_all(*where)) for _ in range(SENDERS)]
        readers = [loop.begin(read_slowly(*where, over)) for _ in range(READERS)]
        until(lambda: holding.holding == SENDERS, 20, "not all requests arrived")
        most, slowest, end = 0, 0.0, time.monotonic() + 4
        with Client(gateway.address) as client:
            while time.monotonic() < end:
                most = max(most, gateway.memory())
                got = client.ask(post(gateway.authority))
                assert got.status == 200, f"another client got {got.status} after {got.seconds:.1f} s"
                slowest = max(slowest, got.seconds)
                time.sleep(0.02)
        loop.run(_set(holding.go))
        answers = [sender.result(60) for sender in senders]
        most = max(most, gateway.memory())
        loop.run(_set(over))
        read = [reader.result(20) for reader in readers]
        alive = gateway.is_alive()
    whole = sum(got.endswith(str(SIZE).encode()) for got in answers)
    each = (most - before) / (SENDERS + READERS) / 1024
    figure = f"{most >> 20} MiB at most{BUILD}, {each:.0f} KiB for each; {whole} of {SENDERS} bodies arrived whole"
    assert alive and whole == SENDERS and min(read) > 0, f"{figure}; {sum(n <= 0 for n in read)} readers were cut"
    assert most <= 256 * MEBIBYTE, figure
    return f"{figure}; others were served in {slowest * 1000:.0f} ms at most"


async def _set(event: asyncio.Event) -> None:
    event.set()
