"""h2load as an ordinary client with many streams: every request is answered, in the clear and over TLS."""

import re
import subprocess

from harness import certificates
from harness.gateway import Gateway, config
from harness.limits import BUILD
from harness.programs import need
from harness.rows import row

CONNECTIONS, STREAMS, REQUESTS = 50, 20, 20_000
_DONE = re.compile(r"requests: (\d+) total, (\d+) started, (\d+) done, .* (\d+) errored, (\d+) timeout")
_STATUSES = re.compile(r"status codes: (\d+) 2xx, (\d+) 3xx, (\d+) 4xx, (\d+) 5xx")
_RATE = re.compile(r"([\d.]+) req/s")


@row(
    "S05 h2load",
    f"h2load: {REQUESTS:,} requests of {CONNECTIONS} connections with {STREAMS} streams each, all answered",
)
def h2load() -> str:
    program = need("h2load", "nghttp2-client")
    with Gateway(config("http://127.0.0.1:9/mcp", "http2: true")) as gateway:
        clear = load(program, f"http://{gateway.authority}/nowhere")
    made = certificates.made()
    with Gateway(config("http://127.0.0.1:9/mcp", certificates.TLS), made.files()) as gateway:
        tls = load(program, f"https://{gateway.authority}/nowhere")
    return f"clear text: {clear}; TLS: {tls}{BUILD}"


def load(program: str, url: str) -> str:
    """The path is one that is answered with 404."""
    command = [program, "-n", str(REQUESTS), "-c", str(CONNECTIONS), "-m", str(STREAMS), url]
    output = subprocess.run(command, capture_output=True, text=True, timeout=300, stdin=subprocess.DEVNULL).stdout
    done, statuses, rate = _DONE.search(output), _STATUSES.search(output), _RATE.search(output)
    assert done and statuses and rate, output
    assert done.groups() == (str(REQUESTS), str(REQUESTS), str(REQUESTS), "0", "0"), output
    assert statuses.groups() == ("0", "0", str(REQUESTS), "0"), output
    assert "Application protocol: h2" in output, output
    return f"{REQUESTS:,} answered, {float(rate[1]):,.0f} a second"
