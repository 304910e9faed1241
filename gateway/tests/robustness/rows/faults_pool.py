"""R24: a connection that its server closes just when a message is to go over it. The message cannot be sent again if a
byte of it may have been read; if the server's system took none, it was not."""

import collections
import random
import socket
import struct
import threading
import time

from harness.apis import NO_EJECTION, api, fleet
from harness.exchange import Client, post
from harness.faults import answer
from harness.gateway import Gateway
from harness.idle_closer import IdleClosers
from harness.rows import row

CLIENTS = 4
SECONDS = 6
BODY = b'{"jsonrpc":"2.0","id":1,"method":"tools/call"}'
# The server is told to close so much before the message is sent, at most; if negative, after it.
AHEAD, BEHIND = 0.001, -0.0005


@row("R24", "a message that meets the close of an idle connection is no 502 if the server took no byte of it")
def meets_the_close() -> str:
    servers, answers = IdleClosers(CLIENTS), collections.Counter()
    apis = (api(f"a{number}", [url], NO_EJECTION) for number, url in enumerate(servers.urls))
    with Gateway(fleet(*apis)) as gateway:
        client = lambda number: threading.Thread(target=converse, args=(gateway, servers, number, answers))
        clients = [client(number) for number in range(CLIENTS)]
        for each in clients:
            each.start()
        for each in clients:
            each.join()
    seen = servers.stop()
    lost, taken = answers["upstream_failed"], seen["taken"]
    figure = (
        f"{lost} of {answers.total()} messages, each within a millisecond of the close of its connection, were a 502;"
        f" of {taken} the system had taken bytes"
    )
    assert seen["closed"] > answers.total() / 2, f"too few closes to say anything: {figure}"
    assert lost <= taken and set(answers) <= {"", "upstream_failed"}, f"{figure} ({dict(answers)})"
    return figure


def converse(gateway: Gateway, servers: IdleClosers, number: int, answers: collections.Counter) -> None:
    """A client with a server of its own."""
    chance, until = random.Random(number), time.monotonic() + SECONDS
    message, client = post(gateway.authority, f"/a{number}/mcp", BODY), Client(gateway.address)
    client.ask(message)
    while time.monotonic() < until:
        time.sleep(0.002)
        ahead = chance.uniform(BEHIND, AHEAD)
        if ahead < 0:
            client.socket.sendall(message)
            time.sleep(-ahead)
            servers.close_idle(number)
        else:
            servers.close_idle(number)
            time.sleep(ahead)
            client.socket.sendall(message)
        got = client.answer()
        answers[got.reason if got.complete else "cut"] += 1
        if got.closed or got.status != 200:
            client.close()
            client = Client(gateway.address)
            client.ask(message)
    client.close()


class ReadsAndResets:
    """Answers three messages on each connection, and resets it when it has read the fourth: too soon for its system to
    have acknowledged it. `read` counts the messages by their token."""

    def __init__(self):
        self.read: collections.Counter = collections.Counter()
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.url = "http://{}:{}/mcp".format(*self._listener.getsockname())
        threading.Thread(target=self._accept, daemon=True).start()

    def _accept(self) -> None:
        while True:
            connection, _ = self._listener.accept()
            threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with connection:
            for _ in range(3):
                if not self._read(connection):
                    return
                connection.sendall(answer(b"ok"))
            if self._read(connection):
                connection.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))

    def _read(self, connection: socket.socket) -> bool:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            if not (part := connection.recv(65536)):
                return False
            head += part
        self.read[head.lower().partition(b"x-token: ")[2].partition(b"\r")[0]] += 1
        return True


@row("R24", "a message is sent once where its server reads it and resets the connection before that is acknowledged")
def read_and_reset() -> str:
    server, statuses = ReadsAndResets(), collections.Counter()
    with Gateway(fleet(api("a", [server.url], NO_EJECTION))) as gateway:
        for number in range(1200):
            # No body: the whole message is in one segment, which a system need not acknowledge at once.
            with Client(gateway.address) as client:
                got = client.ask(post(gateway.authority, "/a/mcp", b"", f"X-Token: {number}"))
            statuses[got.status] += 1
    twice = sum(count > 1 for count in server.read.values())
    figure = f"{twice} of {server.read.total()} were read twice; {statuses[502]} were a 502"
    assert statuses[502] >= 250, f"connections were not used again: {dict(statuses)}"
    assert twice == 0 and len(server.read) == 1200, figure
    return figure
