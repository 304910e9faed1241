"""R10 and R11: more connections than anyone needs, and more than there are file descriptors."""

import time

from harness import certificates
from harness.crowd import Crowd, is_refused, open_descriptors, p99_of_new_connections
from harness.exchange import Client, post
from harness.faults import Upstream, always, answer
from harness.gateway import Gateway, config
from harness.limits import BUILD, IS_RELEASE, open_files, until
from harness.rows import Skipped, row

TCP, TLS, SPARE = 10_000, 2_000, 20
FEW = 256


def two_listeners(endpoint: str) -> str:
    limits = "limits: {{ head_timeout: 5m, connections: {} }}"
    secure = f'  - {{ name: tls, address: "127.0.0.1:0", {certificates.TLS}, {limits.format(TLS)} }}\n'
    return config(endpoint, listener=limits.format(TCP + SPARE)).replace("admin:", secure + "admin:")


@row("R10", "10,000 idle connections and 2,000 more with TLS leave the others served, and are all freed")
def idle() -> str:
    files = open_files(2 * (TCP + TLS))
    if files < TCP + TLS + 1000:
        raise Skipped(f"a process may have only {files} file descriptors here")
    trusting = certificates.made().client()
    with Upstream(always(answer(b"ok"))) as upstream:
        with Gateway(two_listeners(upstream.url()), certificates.made().files()) as gateway:
            quiet = p99_of_new_connections(gateway)
            # Those of pooled upstream connections may be closed meanwhile.
            before = open_descriptors(gateway) - SPARE
            with Crowd(gateway.address, TCP) as tcp, Crowd(gateway.addresses["tls"], TLS, trusting) as tls:
                until(lambda: open_descriptors(gateway) >= before + TCP + TLS, 20, "not all were accepted")
                busy, memory = p99_of_new_connections(gateway), gateway.memory() >> 20
                beyond = the_limit_holds(gateway)
                assert all(each.fileno() >= 0 for each in [*tcp.sockets, *tls.sockets])
                still = open_descriptors(gateway)
            freed = until(lambda: open_descriptors(gateway) <= before + 2 * SPARE, 5, "not all were freed")
            with Client(gateway.address) as client:
                assert client.ask(post(gateway.authority)).status == 200
    figure = (
        f"p99 {quiet * 1000:.1f} -> {busy * 1000:.1f} ms, {memory} MiB{BUILD}, {beyond} beyond the limit closed at"
        f" once, all freed in {freed:.1f} s"
    )
    assert still >= before + TCP + TLS, f"{before + TCP + TLS - still} were closed meanwhile ({figure})"
    assert busy <= 3 * quiet, figure
    assert memory <= 300 or not IS_RELEASE, figure
    return figure


def the_limit_holds(gateway: Gateway) -> int:
    """Fills the first listener, and has every connection beyond refused on both."""
    with Crowd(gateway.address, SPARE):
        refused = [is_refused(address) for address in [gateway.address, gateway.addresses["tls"]] * 5]
    assert all(refused), f"{refused.count(False)} connections beyond the limit were not refused"
    return len(refused)


@row("R11", "without file descriptors the gateway rests, logs once a second and recovers")
def descriptors() -> str:
    few = ("prlimit", f"--nofile={FEW}:{FEW}")
    with Upstream(always(answer(b"ok"))) as upstream:
        with Gateway(config(upstream.url(), listener="limits: { head_timeout: 5m }"), prefix=few) as gateway:
            with Client(gateway.address) as inside, Crowd(gateway.address, 2 * FEW):
                gateway.wait_for(lambda event: event.get("reason") == "accept_failed")
                seen, began, work = len(gateway.events), time.monotonic(), gateway.cpu_seconds()
                answered = inside.ask(post(gateway.authority))
                time.sleep(3)
                took = time.monotonic() - began
                share = (gateway.cpu_seconds() - work) / took
            after = until(lambda: is_served(gateway), 10, "it does not serve again")
            gateway.wait_for(lambda event: event.get("event") == "request" and event.get("status") == 200)
            events = gateway.events[seen:]
    lines = sum(event.get("reason") == "accept_failed" for event in events)
    blamed = sum(event.get("event") == "endpoint_ejected" for event in events)
    figure = (
        f"{share:.0%} of a core, {lines} lines in {took:.1f} s, served again after {after:.1f} s; meanwhile a client"
        f" that was connected got {answered.status} {answered.reason}"
    )
    assert share < 0.2 and lines <= took + 2, figure
    assert answered.complete and not blamed, f"{figure}, {blamed} ejections"
    return figure


def is_served(gateway: Gateway) -> bool:
    with Client(gateway.address) as client:
        return client.ask(post(gateway.authority)).status == 200
