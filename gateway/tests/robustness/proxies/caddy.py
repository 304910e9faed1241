"""Caddy's reverse_proxy, without its certificates and its administration port."""

import pathlib

from .install import from_pypi
from .proxy import Proxy, name_of


def files(folder: pathlib.Path, port: int, upstreams: dict[str, int]) -> dict[str, str]:
    handles = "".join(
        f"  handle /{name_of(path)}/* {{\n    reverse_proxy 127.0.0.1:{to}\n  }}\n" for path, to in upstreams.items()
    )
    return {
        "Caddyfile": "{\n  admin off\n  auto_https off\n  persist_config off\n}\n"
        f"http://:{port} {{\n  bind 127.0.0.1\n{handles}  handle {{\n    respond 404\n  }}\n}}\n"
    }


CADDY_PROXY = Proxy(
    name="Caddy",
    program=lambda: from_pypi() / "caddy",
    version=("version",),
    files=files,
    command=lambda program, folder: [
        str(program),
        "run",
        "--config",
        str(folder / "Caddyfile"),
        "--adapter",
        "caddyfile",
    ],
)
