"""One request of a client and what came back, judged by h11: only what a strict client takes for complete is."""

import dataclasses
import json
import socket
import time

import h11

PATIENCE = 20.0


@dataclasses.dataclass
class Answer:
    """`complete`: a client can tell that this is all of it. `error`: why h11 would not go on."""

    status: int = 0
    fields: list[tuple[str, str]] = dataclasses.field(default_factory=list)
    body: bytes = b""
    complete: bool = False
    closed: bool = False
    interim: int = 0
    seconds: float = 0.0
    raw: bytes = b""
    error: str = ""

    def field(self, name: str) -> str | None:
        return next((value for key, value in self.fields if key == name), None)

    @property
    def reason(self) -> str:
        """The slug of an answer of the gateway's own, JSON-RPC error or problem details; else nothing."""
        try:
            said = json.loads(self.body)
            return said.get("reason") or said["error"]["data"]["reason"]
        except (ValueError, LookupError, TypeError, AttributeError):
            return ""


def head(authority: str, method: str = "POST", path: str = "/a/mcp", *fields: str) -> bytes:
    return "\r\n".join([f"{method} {path} HTTP/1.1", f"Host: {authority}", *fields]).encode() + b"\r\n\r\n"


def post(authority: str, path: str = "/a/mcp", body: bytes = b"{}", *fields: str) -> bytes:
    length = f"Content-Length: {len(body)}"
    return head(authority, "POST", path, "Content-Type: application/json", length, *fields) + body


class Client:
    """A connection of a client to the gateway, from the address `source` where that matters."""

    def __init__(self, address: tuple[str, int], source: str | None = None, patience: float = PATIENCE):
        self.socket = socket.create_connection(address, patience, source and (source, 0))
        self.socket.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._rest = b""

    def ask(self, request: bytes) -> Answer:
        began = time.monotonic()
        self.socket.sendall(request)
        return self.answer(request.split(b" ", 1)[0].decode(), began)

    def answer(self, method: str = "POST", began: float | None = None) -> Answer:
        """Reads one answer, interim ones before it included."""
        began = time.monotonic() if began is None else began
        answer, parser = Answer(), h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
        parser.send(h11.Request(method=method, target="/", headers=[("Host", "gateway")]))
        parser.send(h11.EndOfMessage())
        data = self._rest
        try:
            while not self._take(parser, answer, data):
                data = self.socket.recv(65536)
                answer.closed = not data
        except (h11.RemoteProtocolError, ConnectionResetError) as why:
            answer.error, answer.closed = str(why), True
        answer.seconds = time.monotonic() - began
        self._rest = parser.trailing_data[0]
        return answer

    @staticmethod
    def _take(parser: h11.Connection, answer: Answer, data: bytes) -> bool:
        if data or answer.closed:
            answer.raw += data
            parser.receive_data(data)
        while (event := parser.next_event()) is not h11.NEED_DATA:
            match event:
                case h11.InformationalResponse():
                    answer.interim += 1
                case h11.Response():
                    answer.status = event.status_code
                    answer.fields = [(key.decode(), value.decode("latin-1")) for key, value in event.headers]
                case h11.Data():
                    answer.body += event.data
                case h11.EndOfMessage():
                    answer.complete = True
                    return True
                case _:  # The connection has ended, or its next bytes belong to nothing that was asked for.
                    return True
        return False

    def is_open(self, within: float = 0.05) -> bool:
        """Whether the gateway keeps the connection, and says nothing on it, for so long."""
        self.socket.settimeout(within)
        try:
            self._rest += self.socket.recv(65536)
            return False
        except TimeoutError:
            return True
        except ConnectionResetError:
            return False
        finally:
            self.socket.settimeout(PATIENCE)

    def close(self) -> None:
        self.socket.close()

    def __enter__(self) -> "Client":
        return self

    def __exit__(self, *_) -> None:
        self.close()
