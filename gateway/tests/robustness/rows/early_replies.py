"""S02: what is answered early leaves no body behind that could be taken for a request."""

import socket

from harness.gateway import Gateway, config
from harness.rows import row

SMUGGLED = b"GET /a/mcp HTTP/1.1\r\nHost: HOST\r\n\r\n"


@row("S02", "a request hidden in a body that is refused unread is never served", fast=True)
def hidden_request() -> str:
    with Gateway(config("http://127.0.0.1:9/mcp")) as gateway:
        hidden = SMUGGLED.replace(b"HOST", gateway.authority.encode())
        head = f"POST /nowhere HTTP/1.1\r\nHost: {gateway.authority}\r\nContent-Length: {len(hidden)}\r\n\r\n"
        with socket.create_connection(gateway.address, timeout=10) as client:
            client.sendall(head.encode() + hidden)
            received = b""
            while part := client.recv(65536):
                received += part
    answers = received.count(b"HTTP/1.1 ")
    assert answers == 1, f"{answers} answers to one request: {received!r}"
    return "one answer, then the connection ends"
