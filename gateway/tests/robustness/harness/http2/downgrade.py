"""A hostile HTTP/2 request before an HTTP/1.1 upstream: sent, sent again, and then a request of another client."""

import dataclasses
import itertools

from corpus.case import REJECT, SERVE
from corpus.http2.case import CUT, Case

from .. import message
from ..client import Client, Quiet, Response
from ..message import Malformed, Request
from ..pair import PATH, Pair
from .connection import Connection
from .exchange import Outcome, outcome

PATIENCE = 2.0


@dataclasses.dataclass(frozen=True)
class Arrived:
    """What one upstream connection got meanwhile."""

    raw: bytes
    has_ended: bool

    def split(self) -> tuple[list[Request], bytes]:
        return message.split(self.raw)


@dataclasses.dataclass(frozen=True)
class Trial:
    case: Case
    outcomes: tuple[Outcome, Outcome]
    neighbour: Response | None
    neighbour_target: bytes
    arrived: list[Arrived]

    def requests(self) -> list[Request]:
        """Those that arrived whole and are not the neighbour's."""
        every = [request for arrived in self.arrived for request in arrived.split()[0]]
        return [request for request in every if request.target != self.neighbour_target]


class Lane:
    """Cases one after the other, so that whatever arrives belongs to the one at hand or was left over."""

    def __init__(self, of: Pair):
        self._of = of
        self._authority = of.gateway.authority.encode()
        self._numbers = itertools.count(1)

    def attempt(self, case: Case) -> Trial:
        case = case.filled(self._authority, PATH)
        before = {at.number: len(at.received) for at in list(self._of.upstream.connections)}
        outcomes = self._twice(case)
        target = b"%s/neighbour/%d" % (PATH, next(self._numbers))
        neighbour = self._ask(target)
        return Trial(case, outcomes, neighbour, target, self._arrived_since(before))

    def _twice(self, case: Case) -> tuple[Outcome, Outcome]:
        """On the same connection, unless the first time ended it."""
        with Connection(self._of.gateway.address) as connection:
            first = self._send(connection, case)
            if connection.settled(PATIENCE):
                return first, self._send(connection, case)
        with Connection(self._of.gateway.address) as connection:
            return first, self._send(connection, case)

    def _send(self, connection: Connection, case: Case) -> Outcome:
        stream = next(connection.streams)
        connection.send(case.bytes(stream))
        if case.is_withdrawn():
            connection.settled(PATIENCE)
            return Outcome(is_quiet=True)
        return outcome(connection, stream, PATIENCE)

    def _ask(self, target: bytes) -> Response | None:
        with Client(self._of.gateway.address) as client:
            client.send(b"GET %s HTTP/1.1\r\nHost: %s\r\n\r\n" % (target, self._authority))
            try:
                return client.response(patience=PATIENCE)
            except Quiet:
                return None

    def _arrived_since(self, before: dict[int, int]) -> list[Arrived]:
        arrived = []
        for connection in list(self._of.upstream.connections):
            begin = before.get(connection.number, 0)
            raw = b"".join(data for _, data in connection.received[begin:])
            if raw and message.is_incomplete(raw):
                # What is broken off in the middle takes its connection along, a moment later.
                connection.ended.wait(PATIENCE)
                raw = b"".join(data for _, data in connection.received[begin:])
            if raw:
                arrived.append(Arrived(raw, connection.ended.is_set()))
        return arrived


def faults(trial: Trial) -> list[str]:
    """What went wrong, in sentences; nothing when the trial ended well."""
    try:
        requests = trial.requests()
    except Malformed as why:
        return [f"what arrived is malformed: {why}"]
    found = [*_framing(trial, requests), *_neighbour(trial)]
    rule = trial.case.rule
    if rule == REJECT and requests:
        found.append(f"arrived as a complete request, and must be refused: {requests[0].method} {requests[0].target}")
    if rule in (REJECT, CUT) and not trial.case.is_withdrawn():
        found += _refused(trial)
    elif rule == SERVE and not all(outcome.is_success and outcome.is_relayed for outcome in trial.outcomes):
        found.append(f"must be served, and was answered {shown(trial.outcomes)}")
    for request in requests:
        found += _same_meaning(request, trial.case)
    return list(dict.fromkeys(found))


def shown(outcomes: tuple[Outcome, Outcome]) -> str:
    first, second = map(str, outcomes)
    return first if first == second else f"{first}, then {second}"


def _framing(trial: Trial, requests: list[Request]) -> list[str]:
    answered = sum(outcome.is_relayed for outcome in trial.outcomes)
    if answered != len(requests) and trial.case.rule != CUT:
        yield f"{len(requests)} requests arrived, {answered} were answered by the upstream"
    for arrived in trial.arrived:
        rest = arrived.split()[1]
        if rest and not arrived.has_ended:
            yield f"{rest[:100]!r} arrived and belongs to no request, on a connection that is still open"


def _neighbour(trial: Trial) -> list[str]:
    answer = trial.neighbour
    if answer is None or answer.body != b"GET %s seen" % trial.neighbour_target:
        yield f"another client's request was answered {answer and (answer.status, answer.body[:100])}"


def _refused(trial: Trial) -> list[str]:
    for outcome in trial.outcomes:
        if outcome.is_quiet or not outcome.error and not 400 <= outcome.status < 600:
            yield f"must be refused, and came to this: {outcome}"


def _same_meaning(request: Request, case: Case) -> list[str]:
    for what, arrived, sent in (
        ("method", request.method, case.value(b":method")),
        ("target", request.target, case.value(b":path")),
        ("content", request.body, case.content()),
        ("cookie", b"; ".join(request.all(b"cookie")), case.cookie()),
    ):
        if arrived != sent:
            yield f"its {what} {sent[:100]!r} arrived as {arrived[:100]!r}"
    if len(request.all(b"cookie")) > 1:
        yield "several Cookie fields arrived"
    sent = {(name, value.strip(b" \t")) for name, value in case.fields}
    for name, value in request.fields:
        if name not in _OF_THE_GATEWAY and (name, value) not in sent:
            yield f"a field arrived that was not sent: {name!r}: {value[:100]!r}"


# What a gateway writes itself; and what frames the message, which the reader has checked.
_OF_THE_GATEWAY = {
    b"host", b"connection", b"content-length", b"transfer-encoding", b"cookie", b"forwarded", b"x-forwarded-for",
    b"x-forwarded-host", b"x-forwarded-proto", b"x-request-id", b"traceparent", b"via",
}  # fmt: skip
