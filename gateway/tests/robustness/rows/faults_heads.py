"""S04: an answer that two parsers could read differently is a 502 or cleaned; nothing of it becomes a field, a body or
an answer that the upstream did not send as one."""

import dataclasses

from harness import certificates
from harness.exchange import head
from harness.fault_cases import BAD, CUT, TIMEOUTS, WHOLE, Case, bytes_then, verdict
from harness.faults import Wire, answer
from harness.rows import row

INJECTED = "X-Injected: 1"
BODY = b"hello"
ANSWER = answer(BODY)


LENGTH = "Content-Length: 5"


def with_fields(
    *fields: str, status: str = "HTTP/1.1 200 OK", length: str | None = LENGTH, body: bytes = BODY
) -> bytes:
    lines = [status, *fields, *([length] if length else [])]
    return "\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body


def refused(name: str, data: bytes) -> list[Case]:
    """Both where the connection ends after it, and where it stays open."""
    return [Case(f"{name} ({then})", (BAD,), bytes_then(data, then)) for then in ("fin", "keep")]


def may_pass(name: str, data: bytes) -> Case:
    return Case(name, (BAD, WHOLE), bytes_then(data, "keep"), body=BODY, kept=True)


def injections() -> list[Case]:
    """What carries a field, or an answer, where there is none."""
    values = {
        "CR in a value": f"X: a\r{INJECTED}",
        "CR LF and a space in a value": f"X: a\r\n {INJECTED}",
        "CR LF and a tab in a value": f"X: a\r\n\t{INJECTED}",
        "CR CR LF": f"X: a\r\r\n{INJECTED}",
        "LF CR": f"X: a\n\r{INJECTED}",
        "NUL in a value": f"X: a\0{INJECTED}",
        "DEL in a value": f"X: a\x7f{INJECTED}",
        "ESC in a value": f"X: a\x1b[31m{INJECTED}",
        "NEL in a value": f"X: a\x85{INJECTED}",
        "NUL in a name": f"X\0Y: a{INJECTED}",
        "a space in a name": "X Y: a",
        "a field without a name": ": a",
        "a line without a colon": "nonsense",
        "a quote in a name": 'X"Y: a',
        "a letter outside ASCII in a name": "X\xe9: a",
    }
    # What may pass is passed as the one value it is: the check of every case is that no field is injected.
    harmless = {"CR LF and a space in a value", "CR LF and a tab in a value", "NEL in a value"}
    ends = lambda name: (BAD, WHOLE) if name in harmless else (BAD,)
    whole = lambda name, value: Case(name, ends(name), bytes_then(with_fields(value), "keep"), body=BODY, kept=True)
    # RFC 9112 5.1: a proxy removes the space and passes the field on.
    spaced = Case("a space after a name", (WHOLE,), bytes_then(with_fields("X : a"), "keep"), body=BODY, kept=True)
    return [*(whole(name, value) for name, value in values.items()), spaced]


def bare_line_feeds() -> list[Case]:
    values = {"in a value": f"X: a\n{INJECTED}", "in Set-Cookie": f"Set-Cookie: a=b\n{INJECTED}"}
    whole = lambda name, data: Case(f"LF {name}", (BAD,), bytes_then(data, "keep"))
    return [
        *(whole(name, with_fields(value)) for name, value in values.items()),
        whole("behind the status line", f"HTTP/1.1 200 OK\n{INJECTED}\r\n{LENGTH}\r\n\r\n".encode() + BODY),
        whole("at the end of the head", f"HTTP/1.1 200 OK\r\n{LENGTH}\r\n\n".encode() + BODY),
        whole("behind every line", f"HTTP/1.1 200 OK\n{INJECTED}\n{LENGTH}\n\n".encode() + BODY),
    ]


def lengths() -> list[Case]:
    bad = ["+5", "-5", "0x5", "5.0", "5 5", "5;", "", " ", "five", "5\t6", "9" * 20, str(2**64 + 5)]
    two = {"5 and 6": ("5", "6"), "5 and nothing": ("5", ""), "5 and a list": ("5", "5, 6")}
    cases = [refused(f"length {value!r}", with_fields(length=f"Content-Length: {value}")) for value in bad]
    for name, both in two.items():
        fields = (f"Content-Length: {each}" for each in both)
        cases.append(refused(f"lengths {name}", with_fields(*fields, length=None)))
    return sum(cases, []) + [
        may_pass("length 5 twice", with_fields(LENGTH)),
        may_pass("length 5, 5", with_fields(length=f"{LENGTH}, 5")),
    ]


def codings() -> list[Case]:
    chunks = b"5\r\nhello\r\n0\r\n\r\n"
    coded = lambda *fields, **keys: with_fields(*fields, length=None, body=chunks, **keys)
    not_understood = {
        "gzip": "Transfer-Encoding: gzip",
        "gzip, chunked": "Transfer-Encoding: gzip, chunked",
        "chunked, gzip": "Transfer-Encoding: chunked, gzip",
        "chunked twice": "Transfer-Encoding: chunked, chunked",
        "xchunked": "Transfer-Encoding: xchunked",
        "a quoted chunked": 'Transfer-Encoding: "chunked"',
        "identity": "Transfer-Encoding: identity",
        "nothing": "Transfer-Encoding: ",
        "a vertical tab": "Transfer-Encoding: \x0bchunked",
    }
    cases = [refused(f"coding {name}", coded(field)) for name, field in not_understood.items()]
    # RFC 9112 6.3 lets a proxy take the chunks for what counts, if it drops the length and the connection.
    both = with_fields("Transfer-Encoding: chunked", body=chunks)
    return sum(cases, []) + [
        *refused("coding in HTTP/1.0", coded("Transfer-Encoding: chunked", status="HTTP/1.0 200 OK")),
        *refused("coding in two fields", coded("Transfer-Encoding: chunked", "Transfer-Encoding: identity")),
        may_pass("a coding and a length", both),
        may_pass("a length and a coding", with_fields(LENGTH, "Transfer-Encoding: chunked", length=None, body=chunks)),
    ]


def chunks() -> list[Case]:
    """The head is out by then, so the answer is cut."""
    broken = {
        "size 0x5": b"0x5\r\nhello\r\n",
        "size -5": b"-5\r\nhello\r\n",
        "size +5": b"+5\r\nhello\r\n",
        "no size": b"\r\nhello\r\n",
        "a size beyond 64 bits": b"10000000000000005\r\nhello\r\n",
        "a size that ends in LF": b"5\nhello\r\n",
        "a size that ends in CR": b"5\rhello\r\n",
        "a space before the size": b" 5\r\nhello\r\n",
        "an underscore in the size": b"0_5\r\nhello\r\n",
        "a chunk that is longer": b"5\r\nhello!!\r\n",
        "a chunk that ends in LF": b"5\r\nhello\n",
        "no size behind a chunk": b"5\r\nhello\r\n\r\n",
    }
    chunked = b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n"
    data = {name: chunked + part + b"0\r\n\r\n" for name, part in broken.items()}
    # Pingora may have read the chunk with the head, and then the error comes before the head is out.
    # Whatever an extension holds, the client gets chunks of the gateway's own.
    extension = chunked + b"5;a\nX\r\nhello\r\n0\r\n\r\n"
    return [
        *(Case(name, (CUT, BAD), bytes_then(part, "keep")) for name, part in data.items()),
        Case("an extension with LF", (CUT, BAD, WHOLE), bytes_then(extension, "keep"), body=BODY, kept=True),
    ]


def statuses() -> list[Case]:
    lines = {
        "status 99": "HTTP/1.1 99 Low",
        "status 1000": "HTTP/1.1 1000 High",
        "status 20": "HTTP/1.1 20 Short",
        "status abc": "HTTP/1.1 abc Letters",
        "status -200": "HTTP/1.1 -200 OK",
        "status 0": "HTTP/1.1 000 Zero",
        "no status": "HTTP/1.1",
        "two spaces before the status": "HTTP/1.1  200 OK",
        "version 2": "HTTP/2 200 OK",
        "version 2.0": "HTTP/2.0 200 OK",
        "version 1.2": "HTTP/1.2 200 OK",
        "version 11": "HTTP/11 200 OK",
        "no version": "200 OK",
        "ICY": "ICY 200 OK",
        "lower case": "http/1.1 200 OK",
        "CR in the reason": f"HTTP/1.1 200 OK\r{INJECTED}",
        "NUL in the reason": "HTTP/1.1 200 O\0K",
        "101 that nobody asked for": "HTTP/1.1 101 Switching Protocols",
    }
    odd = {
        "no reason": "HTTP/1.1 200 ",
        "no reason and no space": "HTTP/1.1 200",
        "status 299": "HTTP/1.1 299 Odd",
        "version 1.0": "HTTP/1.0 200 OK",
    }
    return [case for name, line in lines.items() for case in refused(name, with_fields(status=line))] + [
        may_pass(name, with_fields(status=line)) for name, line in odd.items()
    ]


def sizes() -> list[Case]:
    return [
        *refused("a field of 65 KiB", with_fields("X: " + "x" * 65 * 1024)),
        *refused("fields of 66 KiB", with_fields(*(f"X-{number}: " + "x" * 1010 for number in range(66)))),
        *refused("1,000 fields", with_fields(*(f"X-{number}: x" for number in range(1000)))),
        *refused("a status line of 70 KiB", with_fields(status="HTTP/1.1 200 " + "x" * 70_000)),
    ]


def bodiless() -> list[Case]:
    """A body where there is none must not be taken for the next answer."""
    ask = lambda authority, path: head(authority, "HEAD", path)
    forged = answer(b"forged")
    fields = lambda status: f"HTTP/1.1 {status}\r\nContent-Length: {len(forged)}\r\n\r\n".encode() + forged
    return [
        Case("HEAD with a body", (WHOLE, BAD), bytes_then(answer(forged), "keep"), request=ask),
        Case("204 with a body", (WHOLE, BAD), bytes_then(fields("204 No Content"), "keep")),
        Case("304 with a body", (WHOLE, BAD), bytes_then(fields("304 Not Modified"), "keep")),
        # A request that is on its way already when the FIN arrives may have been read, so that it is not sent again.
        Case(
            "103 with a length",
            (WHOLE, BAD),
            bytes_then(fields("103 Early Hints"), "fin"),
            body=b"forged",
            pause=0.15,
        ),
    ]


@row("S04", "answers with ambiguous or broken heads are refused or cleaned, and nothing is injected", fast=True)
def heads() -> str:
    return verdict([*injections(), *lengths(), *codings(), *statuses(), *sizes(), *bodiless()])


async def speaks_tls(wire: Wire) -> None:
    await wire.writer.start_tls(certificates.made().server())


@row("S04", "broken chunks of an answer are never taken for its end", fast=True)
def broken_chunks() -> str:
    return verdict(chunks())


@row("S04", "a bare LF in the head of an answer does not become a field", fast=True)
def line_feeds() -> str:
    return verdict(bare_line_feeds())


@row("S04 TLS", "the same of upstreams that speak TLS", fast=True)
def over_tls() -> str:
    over_tls = lambda case: dataclasses.replace(case, first=speaks_tls, tls=True)
    cases = [over_tls(case) for case in (*bare_line_feeds(), *chunks())]
    return verdict(cases, upstream_keys=f"{TIMEOUTS}, tls: {{ ca: {certificates.made().ca} }}")
