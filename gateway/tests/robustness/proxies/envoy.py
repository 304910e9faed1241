"""Envoy with the options of its guide to edge proxies that concern requests: paths normalised, slashes merged,
escaped slashes and underscores in names refused."""

import json
import pathlib

from .install import from_pypi
from .proxy import Proxy, name_of


def files(folder: pathlib.Path, port: int, upstreams: dict[str, int]) -> dict[str, str]:
    def address(number: int) -> dict:
        return {"socket_address": {"address": "127.0.0.1", "port_value": number}}

    routes = [{"match": {"prefix": f"/{name_of(path)}/"}, "route": {"cluster": name_of(path)}} for path in upstreams]
    kind = "type.googleapis.com/envoy.extensions.filters"
    manager = {
        "@type": f"{kind}.network.http_connection_manager.v3.HttpConnectionManager",
        "stat_prefix": "main",
        "normalize_path": True,
        "merge_slashes": True,
        "path_with_escaped_slashes_action": "REJECT_REQUEST",
        "use_remote_address": True,
        "common_http_protocol_options": {"headers_with_underscores_action": "REJECT_REQUEST"},
        "http_filters": [{"name": "router", "typed_config": {"@type": f"{kind}.http.router.v3.Router"}}],
        "route_config": {"virtual_hosts": [{"name": "all", "domains": ["*"], "routes": routes}]},
    }
    filters = [{"name": "manager", "typed_config": manager}]
    clusters = [
        {
            "name": name_of(path),
            "connect_timeout": "5s",
            "load_assignment": {
                "cluster_name": name_of(path),
                "endpoints": [{"lb_endpoints": [{"endpoint": {"address": address(to)}}]}],
            },
        }
        for path, to in upstreams.items()
    ]
    listener = {"name": "main", "address": address(port), "filter_chains": [{"filters": filters}]}
    return {"envoy.json": json.dumps({"static_resources": {"listeners": [listener], "clusters": clusters}})}


ENVOY_PROXY = Proxy(
    name="Envoy",
    program=lambda: from_pypi() / "envoy",
    version=("--version",),
    files=files,
    command=lambda program, folder: [
        str(program),
        "-c",
        str(folder / "envoy.json"),
        "--concurrency",
        "1",
        "--disable-hot-restart",
        "-l",
        "error",
    ],
)
