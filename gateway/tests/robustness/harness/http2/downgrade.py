"""A hostile HTTP/2 request before an HTTP/1.1 upstream: sent, sent again, and then a request of another client."""

import dataclasses
import itertools
import re
import time

from corpus.case import REJECT, SERVE
from corpus.http2.case import CUT, Case

from .. import message
from ..client import Client, Quiet, Response
from ..message import Malformed, Request
from ..pair import PATH, Pair
from .connection import Connection
from .exchange import Outcome, outcome

PATIENCE = 2.0
# The upstream has got nothing for so long: what was under way has arrived.
SETTLED = 0.3


@dataclasses.dataclass
class Trial:
    case: Case
    number: int
    outcomes: tuple[Outcome, Outcome]
    neighbour: Response | None
    requests: list[Request] = dataclasses.field(default_factory=list)
    """Those that arrived whole."""
    leftovers: list[str] = dataclasses.field(default_factory=list)
    """What arrived and is no request, in sentences."""

    @property
    def neighbour_target(self) -> bytes:
        return b"%s/neighbour" % path_of(self.number)


def path_of(number: int) -> bytes:
    """Each trial has a path of its own, since what it sends may arrive after its client has been answered."""
    return b"%s/trial/%d" % (PATH, number)


_NUMBER = re.compile(rb"%s/trial/([0-9]+)" % PATH)


class Lane:
    def __init__(self, of: Pair):
        self._of = of
        self._authority = of.gateway.authority.encode()
        self._numbers = itertools.count(1)

    def attempt(self, cases: tuple[Case, ...]) -> list[Trial]:
        """One after the other, so that what is left over from one would be met by its neighbour or the next."""
        trials = [self._attempt(case) for case in cases]
        self._settle()
        by_number = {trial.number: trial for trial in trials}
        for connection in self._of.upstream.connections[:]:
            self._sort(connection, by_number)
        return trials

    def _attempt(self, case: Case) -> Trial:
        number = next(self._numbers)
        case = case.filled(self._authority, path_of(number))
        outcomes = self._twice(case)
        return Trial(case, number, outcomes, self._ask(b"%s/neighbour" % path_of(number)))

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

    def _settle(self) -> None:
        seen = -1
        while seen != (seen := self._of.upstream.received):
            time.sleep(SETTLED)

    def _sort(self, connection, trials: dict[int, Trial]) -> None:
        """What has arrived on a connection, to the trials that sent it; what is no request belongs to the last before it."""
        raw, last = connection.bytes, None
        while raw:
            try:
                found = message.read(raw)
            except Malformed as why:
                self._blame(last, raw, trials, f"what arrived is malformed: {why}")
                return
            if found is None:
                if not connection.ended.wait(PATIENCE):
                    self._blame(
                        last, raw, trials, f"{raw[:100]!r} is no whole request, on a connection that stays open"
                    )
                return
            request, end = found
            last, raw = number_in(request.target), raw[end:]
            if last in trials and request.target != trials[last].neighbour_target:
                trials[last].requests.append(request)

    def _blame(self, last: int | None, raw: bytes, trials: dict[int, Trial], what: str) -> None:
        number = number_in(raw) or last
        if number in trials:
            trials[number].leftovers.append(what)


def number_in(text: bytes) -> int | None:
    found = _NUMBER.search(text)
    return int(found[1]) if found else None


def faults(trial: Trial) -> list[str]:
    """What went wrong, in sentences; nothing when the trial ended well."""
    requests = trial.requests
    found = [*trial.leftovers, *_counts(trial), *_neighbour(trial)]
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


def _counts(trial: Trial) -> list[str]:
    answered = sum(outcome.is_relayed for outcome in trial.outcomes)
    if answered != len(trial.requests) and trial.case.rule != CUT:
        yield f"{len(trial.requests)} requests arrived, {answered} were answered by the upstream"


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
        # A fragment is for the client alone (RFC 9110 §4.2.5): what arrives has none.
        ("target", request.target, case.value(b":path").partition(b"#")[0]),
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
