"""What a client puts into a request never reaches a terminal or a reader of the log as more than text."""

import os
import re
import signal
import subprocess
import tempfile

from harness.client import Client
from harness.gateway import config
from harness.rows import row
from harness.upstreams.readers import reading

REQUESTS = [
    b"GET /a/mcp/\x1b[31m HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b"GET /a/mcp?\x1b[31m HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b"GET /a/mcp/\x9b31m HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b"GET /nowhere/%1b[31m HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b"GET /nowhere/%0a{%22event%22:%22forged%22} HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b"GET /nowhere/\x7f HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b"GET /nowhere/\xc2\x85\xc2\x9b31m HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b'GET /nowhere/"event"="forged" HTTP/1.1\r\nHost: @HOST\r\n\r\n',
    b"G\x1bT /a/mcp HTTP/1.1\r\nHost: @HOST\r\n\r\n",
    b"GET /a/mcp HTTP/1.1\r\nHost: a\x1b[31m.example\r\n\r\n",
    b"GET /a/mcp HTTP/1.1\r\nHost: @HOST\r\nUser-Agent: \x1b[31mred\r\nReferer: \x1b]0;title\x07\r\n\r\n",
    b"GET /a/mcp HTTP/1.1\r\nHost: @HOST\r\nOrigin: http://\x1b[31m.example\r\n\r\n",
    b"GET /a/mcp HTTP/1.1\r\nHost: @HOST\r\nMcp-Session-Id: \x1b[31m\r\nMcp-Protocol-Version: \x1b[31m\r\n\r\n",
    b"POST /a/mcp HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: chunked\r\n\r\n\x1b[31m\r\n",
    b"POST /a/mcp HTTP/1.1\r\nHost: @HOST\r\nTransfer-Encoding: \x1b[31m\r\n\r\n",
]


@row("RUSTSEC-2025-0055", "control characters of a client never reach the log as they are, in JSON or text", fast=True)
def escapes_in_logs() -> str:
    lines = {form: len(checked(logged(form))) for form in ("json", "text")}
    return f"{len(REQUESTS)} requests; lines without a control character: " + ", ".join(
        f"{count} of {form}" for form, count in lines.items()
    )


def logged(form: str) -> bytes:
    """All that the gateway writes while it is sent the requests."""
    with reading("recording") as upstream, tempfile.NamedTemporaryFile("w", suffix=".yaml") as file:
        file.write(config(upstream.url("/mcp"), more=f"log: {{ format: {form}, level: debug }}\n"))
        file.flush()
        command = [os.environ.get("TOLLGATE_BIN") or "target/release/tollgate", "run", "-c", file.name]
        with subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT) as process:
            written, address = b"", None
            while not address:
                line = process.stdout.readline()
                assert line, f"the gateway has ended: {written!r}"
                written += line
                address = re.search(rb"main.*127\.0\.0\.1:([0-9]+)", line)
            for request in REQUESTS:
                with Client(("127.0.0.1", int(address[1]))) as client:
                    client.send(request.replace(b"@HOST", b"127.0.0.1:" + address[1]))
                    client.response()
            process.send_signal(signal.SIGTERM)
            return written + process.stdout.read()


def checked(output: bytes) -> list[bytes]:
    lines = output.split(b"\n")
    requests = [line for line in lines if b"request" in line]
    assert len(requests) > 5, f"{output!r}"
    for line in lines:
        assert not re.search(rb"[\x00-\x1f\x7f]|\xc2[\x80-\x9f]|(?<!\xc2)\x9b", line), f"{line!r}"
        # A field of its own, not one inside the text of another.
        assert not re.search(rb'(?<!\\)"event":"forged"|^event=forged|^\{"event":"forged"', line), f"{line!r}"
    return lines
