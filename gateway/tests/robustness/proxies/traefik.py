"""Traefik with its file provider."""

import json
import pathlib

from .install import from_pypi
from .proxy import Proxy, name_of


def files(folder: pathlib.Path, port: int, upstreams: dict[str, int]) -> dict[str, str]:
    names = {name_of(path): to for path, to in upstreams.items()}
    static = {
        "global": {"checkNewVersion": False, "sendAnonymousUsage": False},
        "log": {"level": "ERROR"},
        "entryPoints": {"main": {"address": f"127.0.0.1:{port}"}},
        "providers": {"file": {"filename": str(folder / "routes.yaml"), "watch": False}},
    }
    routes = {
        "http": {
            "routers": {name: {"rule": f"PathPrefix(`/{name}/`)", "service": name} for name in names},
            "services": {
                name: {"loadBalancer": {"servers": [{"url": f"http://127.0.0.1:{to}"}]}} for name, to in names.items()
            },
        }
    }
    # JSON is YAML.
    return {"traefik.yaml": json.dumps(static), "routes.yaml": json.dumps(routes)}


TRAEFIK_PROXY = Proxy(
    name="Traefik",
    program=lambda: from_pypi() / "traefik",
    version=("version",),
    files=files,
    command=lambda program, folder: [str(program), f"--configFile={folder / 'traefik.yaml'}"],
)
