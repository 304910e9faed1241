"""One hostile case against one upstream behind one proxy: what is sent, what comes back, what arrives behind it."""

import dataclasses
import itertools

from corpus.case import REJECT, Case

from . import message
from .client import Client, Quiet, Response
from .message import Request
from .upstreams.readers import reading
from .upstreams.server import Server

# How long an answer is waited for that ought to come.
PATIENCE = 2.0
# How long one is waited for between two pieces of a request.
PAUSE = 0.1


@dataclasses.dataclass
class Arrived:
    """What one upstream connection got during a trial."""

    raw: bytes
    requests: list[Request]
    fault: str | None
    has_ended: bool


@dataclasses.dataclass
class Trial:
    case: Case
    upstream: str
    sent: bytes
    body: bytes
    """The content an upstream must read, if the case is served."""
    responses: list[Response]
    """Those that answer the case; not the one to the next request."""
    next_answer: Response | None
    next_was_sent: bool
    has_ended: bool
    """The client's connection was ended by the proxy."""
    neighbour: Response | None
    neighbour_target: bytes
    next_target: bytes
    arrived: list[Arrived]
    gave_up: bool = False
    """No answer came, not even after the client had sent its end."""

    @property
    def requests(self) -> list[Request]:
        """Those that arrived and are not the neighbour's."""
        every = [request for arrived in self.arrived for request in arrived.requests]
        return [request for request in every if request.target != self.neighbour_target]


class Lane:
    """An upstream behind a proxy, and a neighbour: another client of it, whose connection stays open. Cases go one
    after the other, so whatever arrives belongs to the case at hand or was left over by the one before."""

    def __init__(self, name: str, quiet: float):
        self.name = name
        self._quiet = quiet
        self.path = f"/{name}/mcp".encode()
        self.upstream: Server = reading(name)
        self._address: tuple[str, int] = ("127.0.0.1", 0)
        self._authority = b""
        self._neighbour: Client | None = None
        self._numbers = itertools.count(1)

    def begin(self, address: tuple[str, int]) -> None:
        """From now on cases go to the proxy at this address."""
        self._address = address
        self._authority = b"%s:%d" % (address[0].encode(), address[1])
        self._neighbour = None

    def end(self) -> None:
        if self._neighbour:
            self._neighbour.close()
        self.upstream.stop()

    def attempt(self, case: Case) -> Trial:
        number = next(self._numbers)
        pieces = [case.filled(piece, self._authority, self.path) for piece in case.pieces]
        method = pieces[0].lstrip().split(b" ")[0]
        next_target = b"%s/next/%d" % (self.path, number)
        before = self._lengths()
        with Client(self._address) as client:
            responses, gave_up = self._send(client, pieces, method, case.rule == REJECT)
            next_answer, next_was_sent = None, False
            if responses and not client.is_closed:
                next_was_sent = True
                client.send(self._get(next_target))
                next_answer = self._until_next(client, next_target, responses)
            has_ended = client.is_closed
        neighbour_target = b"%s/neighbour/%d" % (self.path, number)
        neighbour = self._ask_neighbour(neighbour_target)
        return Trial(
            case=case,
            upstream=self.name,
            sent=b"".join(pieces),
            body=case.filled(case.body, self._authority, self.path),
            responses=responses,
            next_answer=next_answer,
            next_was_sent=next_was_sent,
            has_ended=has_ended,
            neighbour=neighbour,
            neighbour_target=neighbour_target,
            next_target=next_target,
            arrived=self._arrived_since(before),
            gave_up=gave_up,
        )

    def _get(self, target: bytes) -> bytes:
        return b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, self._authority)

    def _send(self, client: Client, pieces: list[bytes], method: bytes, is_bad: bool) -> tuple[list[Response], bool]:
        """The first answer, if there is one, and whether it was given up to wait for it."""
        for piece in pieces[:-1]:
            client.send(piece)
            try:
                if response := client.response(method, PAUSE):
                    return [response], False
            except Quiet:
                pass
        client.send(pieces[-1])
        # What is bad is often never complete, and what is good may take a moment on a busy machine.
        quiet = self._quiet if is_bad else PATIENCE
        for patience, then in ((quiet, client.end), (PATIENCE, None)):
            try:
                response = client.response(method, patience)
                return ([response] if response else []), False
            except Quiet:
                if then:
                    then()
        return [], True

    def _until_next(self, client: Client, target: bytes, responses: list[Response]) -> Response | None:
        """The answer to the next request; what comes before it answers the case."""
        try:
            while response := client.response(b"GET", PATIENCE):
                if response.is_relayed and b"GET %s seen" % target in response.body:
                    return response
                responses.append(response)
        except Quiet:
            pass
        return None

    def _ask_neighbour(self, target: bytes) -> Response | None:
        """On a new connection where the proxy has ended the old one, as any client would."""
        for fresh in (False, True):
            if fresh or self._neighbour is None or self._neighbour.is_closed:
                self._neighbour = Client(self._address)
                fresh = True
            self._neighbour.send(self._get(target))
            try:
                if response := self._neighbour.response(b"GET", PATIENCE):
                    return response
            except Quiet:
                self._neighbour.close()
                self._neighbour = None
                return None
            if fresh:
                break
        return None

    def _lengths(self) -> dict[int, tuple[int, int]]:
        return {
            connection.number: (len(connection.received), len(connection.requests))
            for connection in list(self.upstream.connections)
        }

    def _arrived_since(self, before: dict[int, tuple[int, int]]) -> list[Arrived]:
        arrived = []
        for connection in list(self.upstream.connections):
            pieces, requests = before.get(connection.number, (0, 0))
            if len(connection.received) == pieces:
                continue
            raw = b"".join(data for _, data in connection.received[pieces:])
            if message.is_incomplete(raw):
                # What is broken off in the middle takes its connection along, a moment later.
                connection.ended.wait(PATIENCE)
            arrived.append(
                Arrived(
                    raw=b"".join(data for _, data in connection.received[pieces:]),
                    requests=connection.requests[requests:],
                    fault=connection.fault,
                    has_ended=connection.ended.is_set(),
                )
            )
        return arrived
