"""Another client of the gateway, to whom an attack should not matter."""

from ..client import Client
from ..gateway import Gateway


def is_served(gateway: Gateway) -> bool:
    with Client(gateway.address) as client:
        client.send(b"GET /nowhere HTTP/1.1\r\nHost: %s\r\n\r\n" % gateway.authority.encode())
        answer = client.response()
    return answer is not None and answer.status == 404
