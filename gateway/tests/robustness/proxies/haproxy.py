"""HAProxy in HTTP mode, with the timeouts its manual asks for and its default reuse of connections."""

import pathlib

from .install import HAPROXY, LIBRARIES, from_debian
from .proxy import Proxy, name_of


def files(folder: pathlib.Path, port: int, upstreams: dict[str, int]) -> dict[str, str]:
    rules = "".join(f"  use_backend {name_of(path)} if {{ path_beg /{name_of(path)}/ }}\n" for path in upstreams)
    backends = "".join(f"backend {name_of(path)}\n  server one 127.0.0.1:{to}\n" for path, to in upstreams.items())
    return {
        "haproxy.cfg": "defaults\n  mode http\n  timeout connect 5s\n  timeout client 30s\n  timeout server 30s\n"
        f"  timeout http-request 10s\nfrontend main\n  bind 127.0.0.1:{port}\n{rules}  default_backend nowhere\n"
        f"{backends}backend nowhere\n  http-request deny deny_status 404\n"
    }


HAPROXY_PROXY = Proxy(
    name="HAProxy",
    program=lambda: from_debian(HAPROXY, "haproxy"),
    version=("-v",),
    files=files,
    command=lambda program, folder: [str(program), "-db", "-f", str(folder / "haproxy.cfg")],
    libraries=LIBRARIES,
)
