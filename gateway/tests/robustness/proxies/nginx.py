"""nginx, as a reverse proxy whose upstream connections are kept alive (ngx_http_upstream_module, `keepalive`)."""

import pathlib

from .install import LIBRARIES, NGINX, from_debian
from .proxy import Proxy, name_of


def files(folder: pathlib.Path, port: int, upstreams: dict[str, int]) -> dict[str, str]:
    pools = "".join(
        f"upstream {name_of(path)} {{ server 127.0.0.1:{to}; keepalive 16; }}\n" for path, to in upstreams.items()
    )
    locations = "".join(
        f"location /{name_of(path)}/ {{ proxy_pass http://{name_of(path)}; proxy_http_version 1.1; "
        'proxy_set_header Connection ""; }\n'
        for path in upstreams
    )
    temporary = "".join(
        f"{kind}_temp_path {folder}/{kind};\n" for kind in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    return {
        "nginx.conf": f"daemon off;\nmaster_process off;\npid {folder}/pid;\nerror_log {folder}/errors;\nevents {{}}\n"
        f"http {{\naccess_log off;\n{temporary}{pools}"
        f"server {{\nlisten 127.0.0.1:{port};\nlocation / {{ return 404; }}\n{locations}}}\n}}\n"
    }


NGINX_PROXY = Proxy(
    name="nginx",
    program=lambda: from_debian(NGINX, "nginx"),
    version=("-v",),
    files=files,
    command=lambda program, folder: [
        str(program),
        "-p",
        str(folder),
        "-c",
        str(folder / "nginx.conf"),
        "-e",
        str(folder / "errors"),
    ],
    libraries=LIBRARIES,
)
