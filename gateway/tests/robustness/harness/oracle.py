"""Whether a trial ended well. Its rules are those of docs/robustness.md, one function each."""

from collections.abc import Iterator

from corpus.case import CLEAN, REJECT, SERVE

from . import forgiving, message
from .message import Malformed, Request
from .trial import Arrived, Trial


def faults(trial: Trial) -> list[str]:
    """What went wrong, in sentences; nothing when the trial ended well."""
    found = [*_counts(trial), *_end(trial), *_next_request(trial), *_neighbour(trial)]
    for arrived in trial.arrived:
        found += _well_formed(arrived, trial)
    found += {REJECT: _refused, CLEAN: _clean, SERVE: _served}[trial.case.rule](trial)
    return found


def was_accepted(trial: Trial) -> bool:
    """The case was answered as if it were in order."""
    return any(
        200 <= response.status < 300 or response.status == 0 and response.is_relayed for response in trial.responses
    )


def reached_upstream(trial: Trial) -> bool:
    """A complete request arrived that is not the next one."""
    return any(request.target != trial.next_target for request in trial.requests)


def is_out_of_step(trial: Trial) -> bool:
    """Requests and answers do not match in number, or somebody else's request came to harm."""
    return any(_counts(trial)) or any(_neighbour(trial))


def is_malformed_upstream(trial: Trial) -> bool:
    """What arrived is no request of RFC 9112, or not to every reader the same."""
    return any(fault for arrived in trial.arrived for fault in _well_formed(arrived, trial))


def outlives_its_end(trial: Trial) -> bool:
    """The connection went on where RFC 9112 says that it has to end."""
    return any(_end(trial))


def _counts(trial: Trial) -> Iterator[str]:
    relayed = [response for response in trial.responses if response.is_relayed]
    answers = len(relayed) + (trial.next_answer is not None)
    if len(trial.requests) != answers:
        yield f"{len(trial.requests)} requests arrived, {answers} were answered by the upstream"


def _end(trial: Trial) -> Iterator[str]:
    if trial.case.ends and (len(trial.responses) > 1 or trial.next_answer):
        yield f"{len(trial.responses)} answers, where the connection must end after the first"


def _next_request(trial: Trial) -> Iterator[str]:
    if trial.next_was_sent and trial.next_answer is None and not trial.has_ended:
        yield "the connection stayed open, and the next request on it was not answered"
    if trial.next_was_sent and trial.next_answer is None and len(trial.responses) > trial.case.messages:
        yield f"the next request on the connection was answered {trial.responses[-1].status}"


def _neighbour(trial: Trial) -> Iterator[str]:
    neighbour = trial.neighbour
    if neighbour is None:
        yield "another client's request was not answered"
    elif neighbour.body != b"GET %s seen" % trial.neighbour_target:
        yield f"another client's request was answered {neighbour.status} {neighbour.body[:100]!r}"


def _well_formed(arrived: Arrived, trial: Trial) -> Iterator[str]:
    if arrived.fault:
        yield f"the {trial.upstream} upstream could not read what arrived: {arrived.fault}"
    try:
        requests, rest = message.split(arrived.raw)
    except Malformed as why:
        yield f"what arrived is malformed: {why}"
        return
    if len(requests) != len(arrived.requests):
        yield f"the {trial.upstream} upstream saw {len(arrived.requests)} requests in {len(requests)}"
    if rest and not arrived.has_ended:
        yield f"{rest[:100]!r} arrived and belongs to no request, on a connection that is still open"
    for habits in forgiving.EVERY_HABIT:
        seen = forgiving.count(arrived.raw, habits)
        if seen != len(requests) + bool(rest):
            yield f"a server with {habits} sees {seen} requests in {len(requests)}"


def _refused(trial: Trial) -> Iterator[str]:
    if was_accepted(trial):
        yield f"answered {[response.status for response in trial.responses]}, and must be refused"
    if reached_upstream(trial):
        arrived = [b"%s %s" % (request.method, request.target) for request in trial.requests]
        yield f"arrived as a complete request, and must be refused: {arrived}"


def _clean(trial: Trial) -> Iterator[str]:
    requests = [request for request in trial.requests if request.target != trial.next_target]
    if requests and was_accepted(trial):
        yield from _same_meaning(requests[0], trial)


def _served(trial: Trial) -> Iterator[str]:
    if not was_accepted(trial):
        yield f"must be served, and was answered {[response.status for response in trial.responses]}"
    elif not reached_upstream(trial):
        yield "must be served, and did not arrive"
    yield from _clean(trial)


def _same_meaning(request: Request, trial: Trial) -> Iterator[str]:
    method = trial.sent.lstrip().split()[0]
    if request.method != method:
        yield f"{method!r} arrived as {request.method!r}"
    if request.body != trial.body:
        yield f"arrived with the content {request.body[:100]!r} in place of {trial.body[:100]!r}"
