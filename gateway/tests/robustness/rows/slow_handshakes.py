"""S42: clients that take their time with TLS, begin it anew, or begin it very often."""

import contextlib
import functools
import socket
import ssl
import subprocess
import threading
import time

from harness import certificates, slow
from harness.crowd import p99_of_new_connections
from harness.exchange import Client, post
from harness.faults import Upstream, always, answer
from harness.gateway import Gateway, config
from harness.limits import BUILD, IS_RELEASE, until
from harness.programs import need
from harness.rows import row

DEADLINE = 5
RATE, SECONDS, THREADS = 500, 5, 4


def gateway(endpoint: str = "http://127.0.0.1:9/mcp", limits: str = "") -> Gateway:
    """The listener `tls` beside the one in clear text."""
    secure = f'  - {{ name: tls, address: "127.0.0.1:0", {certificates.TLS}{limits} }}\nadmin:'
    return Gateway(config(endpoint).replace("admin:", secure), certificates.made().files())


def hello() -> bytes:
    """What a client begins with."""
    incoming, outgoing = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = certificates.made().client().wrap_bio(incoming, outgoing, server_hostname="localhost")
    with contextlib.suppress(ssl.SSLWantReadError):
        client.do_handshake()
    return outgoing.read()


@row("S42", "handshakes that do not begin, or drip, are ended in time")
def slow_handshakes() -> str:
    with gateway() as serving:
        client = functools.partial(slow.drip, serving.addresses["tls"], every=1.0, patience=DEADLINE + 5)
        silent = slow.many(lambda: client(b"", b""), 100)
        dripping = slow.many(lambda: client(b"", hello()), 100)
        half = slow.many(lambda: client(hello()[:60], b""), 100)
        endings = [ending for each in (silent, dripping, half) for ending in each.result(30)]
        refused = serving.wait_for(lambda event: event.get("reason") == "handshake_timeout")
    assert None not in endings, f"{endings.count(None)} of 300 connections were not ended"
    last = max(ending.after for ending in endings)
    assert last <= DEADLINE + 1 and refused["count"] > 0, f"ended after {last:.1f} s"
    return f"300 of 300 ended after {last:.1f} s of {DEADLINE} s"


@row("S42", "a handshake is not begun anew on a connection that is open", fast=True)
def renegotiation() -> str:
    # The alert goes out with the next bytes, which are those of the 408.
    with gateway(limits=", limits: { head_timeout: 1s }") as serving:
        host, port = serving.addresses["tls"]
        command = [need("openssl"), "s_client", "-tls1_2", "-connect", f"{host}:{port}", "-servername", "localhost"]
        pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "stderr": subprocess.STDOUT}
        with subprocess.Popen(command, **pipes) as client:
            seen = _read_until(client, b"Verify return code")
            client.stdin.write(b"R\n")
            client.stdin.flush()
            with contextlib.suppress(subprocess.TimeoutExpired):
                client.wait(5)
            client.terminate()
            seen += client.stdout.read()
        assert b"RENEGOTIATING" in seen, f"openssl did not try: {seen[-200:]!r}"
        asked = seen.rpartition(b"RENEGOTIATING")[2]
        assert b"no renegotiation" in asked and b"verify return" not in asked, asked[-300:]
        with _handshake(serving) as another:
            version = another.version()
    return f"refused; another client has {version}"


def _read_until(process: subprocess.Popen, wanted: bytes) -> bytes:
    seen = b""
    while wanted not in seen:
        line = process.stdout.readline()
        assert line, f"openssl has ended: {seen[-300:]!r}"
        seen += line
    return seen


def _handshake(serving: Gateway) -> ssl.SSLSocket:
    plain = socket.create_connection(serving.addresses["tls"], 10)
    return certificates.made().client().wrap_socket(plain, server_hostname="localhost")


@row("S42", "500 handshakes a second leave others served and the processor idle afterwards")
def many_handshakes() -> str:
    done, failed = [], []
    with Upstream(always(answer(b"ok"))) as upstream, gateway(upstream.url()) as serving:
        quiet = p99_of_new_connections(serving)

        def client(number: int) -> None:
            began = time.monotonic()
            for turn in range(RATE * SECONDS // THREADS):
                time.sleep(max(0.0, began + turn * THREADS / RATE - time.monotonic()))
                try:
                    _handshake(serving).close()
                    done.append(time.monotonic())
                except OSError as why:
                    failed.append(why)
                if time.monotonic() - began > 2 * SECONDS:
                    return

        work, began = serving.cpu_seconds(), time.monotonic()
        clients = [threading.Thread(target=client, args=(number,)) for number in range(THREADS)]
        for each in clients:
            each.start()
        busy = p99_of_new_connections(serving)
        for each in clients:
            each.join()
        took, each = time.monotonic() - began, (serving.cpu_seconds() - work) / len(done)
        idle = until(lambda: _is_idle(serving), 5, "the processor does not rest")
        with Client(serving.address) as after:
            assert after.ask(post(serving.authority)).status == 200
    figure = (
        f"{len(done)} at {len(done) / took:.0f} a second, {each * 1000:.1f} ms of processor each{BUILD}, others p99"
        f" {quiet * 1000:.1f} -> {busy * 1000:.1f} ms, at rest after {idle:.1f} s"
    )
    assert not failed, f"{len(failed)} failed: {failed[0]}; {figure}"
    # Half a core at the rate of the criterion.
    assert each <= 0.001 or not IS_RELEASE, figure
    return figure


def _is_idle(serving: Gateway) -> bool:
    before = serving.cpu_seconds()
    time.sleep(0.5)
    return serving.cpu_seconds() - before <= 0.05
