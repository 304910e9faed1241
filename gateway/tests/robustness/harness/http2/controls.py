"""Two proxies that are known to be bad, to see that the oracle notices."""

import threading
from types import SimpleNamespace

from h2.config import H2Configuration
from h2.connection import H2Connection
from h2.events import DataReceived, RequestReceived, StreamEnded, TrailersReceived
from h2.exceptions import ProtocolError

from ..client import Client, Quiet
from ..controls import REFUSAL
from ..pair import Pair
from ..upstreams.server import Connection, Server
from . import frames


def before(proxy: Server, upstream: Server) -> Pair:
    """The proxy in the place of a gateway."""
    address = ("127.0.0.1", proxy.port)
    return Pair(SimpleNamespace(address=address, authority=f"{address[0]}:{address[1]}"), upstream)


def refusing() -> Server:
    """Refuses everything, so it never lets anything dangerous through."""

    def serve(connection: Connection) -> None:
        if not connection.receive().startswith(b"PRI"):
            connection.send(REFUSAL)
            return
        connection.send(frames.settings())
        connection.receive()
        connection.send(frames.goaway(0, frames.PROTOCOL_ERROR))

    return Server(serve)


def believing(upstream_port: int) -> Server:
    """Writes what it is sent into the lines of an HTTP/1.1 request as it is, on one connection for all clients. Speaks
    HTTP/1.1 too, for whoever is to meet what was left behind."""
    shared = _Shared(upstream_port)

    def serve(connection: Connection) -> None:
        data = connection.receive()
        if not data.startswith(b"PRI"):
            connection.send(shared.exchange(data)[0])
            return
        config = H2Configuration(
            client_side=False,
            header_encoding=False,
            validate_inbound_headers=False,
            normalize_inbound_headers=False,
            validate_outbound_headers=False,
        )
        http2 = H2Connection(config)
        http2.initiate_connection()
        requests: dict[int, tuple[list, list[bytes]]] = {}
        while data:
            try:
                events = http2.receive_data(data)
            except ProtocolError:
                return
            for event in events:
                if isinstance(event, RequestReceived):
                    requests[event.stream_id] = (event.headers, [])
                elif isinstance(event, TrailersReceived):
                    requests[event.stream_id][0].extend(event.headers)
                elif isinstance(event, DataReceived):
                    requests[event.stream_id][1].append(event.data)
                elif isinstance(event, StreamEnded):
                    raw, body = shared.exchange(_written(*requests.pop(event.stream_id)))
                    status = raw[9:12] or b"502"
                    seen_by = [(b"x-seen-by", b"recording")] if b"X-Seen-By" in raw else []
                    http2.send_headers(event.stream_id, [(b":status", status), *seen_by])
                    http2.send_data(event.stream_id, body, end_stream=True)
            connection.send(http2.data_to_send())
            data = connection.receive()

    return Server(serve)


def _written(fields: list[tuple[bytes, bytes]], body: list[bytes]) -> bytes:
    pseudo = {name: value for name, value in fields if name.startswith(b":")}
    lines = b"".join(b"%s: %s\r\n" % field for field in fields if not field[0].startswith(b":"))
    line = b"%s %s HTTP/1.1\r\n" % (pseudo.get(b":method", b"GET"), pseudo.get(b":path", b"/"))
    return line + b"Host: %s\r\n" % pseudo.get(b":authority", b"") + lines + b"\r\n" + b"".join(body)


class _Shared:
    """One connection to the upstream, for whoever comes next."""

    def __init__(self, port: int):
        self._port = port
        self._lock = threading.Lock()
        self._client: Client | None = None

    def exchange(self, request: bytes) -> tuple[bytes, bytes]:
        """The head of the answer, and its content."""
        with self._lock:
            if self._client is None or self._client.is_closed:
                self._client = Client(("127.0.0.1", self._port), patience=0.3)
            self._client.send(request)
            try:
                response = self._client.response(request.split(b" ")[0])
            except Quiet:
                response = None
            if response is None:
                self._client.close()
                self._client = None
                return b"HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n", b""
        fields = b"".join(b"%s: %s\r\n" % (name.title(), value) for name, value in response.fields)
        return b"HTTP/1.1 %d OK\r\n%s\r\n%s" % (response.status, fields, response.body), response.body
