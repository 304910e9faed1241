"""A gateway with one API at /a/mcp, and the upstream behind it."""

import contextlib
from collections.abc import Iterator

from .client import Client, Quiet, Response
from .gateway import Gateway, config
from .message import Request
from .upstreams.readers import reading
from .upstreams.server import Server

PATH = b"/a/mcp"


class Pair:
    def __init__(self, gateway: Gateway, upstream: Server):
        self.gateway = gateway
        self.upstream = upstream

    def get(self, fields: bytes = b"", target: bytes = PATH, host: bytes | None = None) -> bytes:
        """The bytes of a GET request; `fields` are whole lines."""
        host = self.gateway.authority.encode() if host is None else host
        return b"GET %s HTTP/1.1\r\nHost: %s\r\n%s\r\n" % (target, host, fields)

    def ask(self, request: bytes, patience: float = 5.0) -> tuple[Response | None, list[Request]]:
        """The answer to these bytes on a connection of their own, and the requests that arrived meanwhile."""
        seen = len(self.upstream.requests)
        with Client(self.gateway.address, patience) as client:
            client.send(request)
            try:
                answer = client.response(request.split(b" ")[0])
            except Quiet:
                answer = None
        return answer, self.upstream.requests[seen:]


@contextlib.contextmanager
def pair(upstream: Server | None = None, listener: str = "", api: str = "", more: str = "") -> Iterator[Pair]:
    """The upstream is one that reads strictly, unless another is given. The rest is as in `config`."""
    with upstream or reading("strict") as upstream:
        with Gateway(config(upstream.url(PATH.decode()), listener, api, more)) as gateway:
            yield Pair(gateway, upstream)
