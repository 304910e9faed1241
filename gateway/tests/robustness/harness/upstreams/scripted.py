"""An upstream that answers each head with bytes it is told, and records whatever comes after."""

from collections.abc import Callable

from .server import Connection, Server


def scripted(answer: Callable[[bytes], bytes], then_open: bool = True) -> Server:
    """`answer` gets the bytes of a head. Unless the connection is to stay open it is closed after the first answer."""

    def serve(connection: Connection) -> None:
        buffer = b""
        while data := connection.receive():
            buffer += data
            while b"\r\n\r\n" in buffer:
                head, _, buffer = buffer.partition(b"\r\n\r\n")
                connection.send(answer(head + b"\r\n\r\n"))
                if not then_open:
                    return

    return Server(serve)


def ok(body: bytes = b"", fields: bytes = b"") -> bytes:
    """A whole answer of status 200."""
    return b"HTTP/1.1 200 OK\r\nX-Seen-By: scripted\r\n%sContent-Length: %d\r\n\r\n%s" % (fields, len(body), body)
