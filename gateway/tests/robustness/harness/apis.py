"""Configurations with several APIs, or several endpoints; `gateway.config` is for one of each."""


def api(name: str, urls: list[str], upstream: str = "") -> str:
    """An API at `/NAME/mcp`, whose requests go to its endpoints in turn. `upstream` is YAML in flow form."""
    endpoints = ", ".join(f'"{url}"' for url in urls)
    keys = f"balance: round_robin, plans: [keyless], upstream: {{ {upstream} }}"
    return f"  - {{ name: {name}, path: /{name}/mcp, endpoints: [{endpoints}], {keys} }}\n"


def fleet(*apis: str) -> str:
    """One loopback listener `main` in front of them."""
    return 'listeners:\n  - { name: main, address: "127.0.0.1:0" }\napis:\n' + "".join(apis)


# For endpoints that are to get every request, however they fail.
NO_EJECTION = "outlier_detection: { consecutive_failures: 1000000 }"
