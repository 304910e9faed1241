"""What requests go through: the API of each path, and what a client sends on it."""

import dataclasses
import hashlib
import json

FLOOR, FLOOR_OF_EVENTS = "floor", "floor4"


@dataclasses.dataclass(frozen=True)
class Path:
    """`api` has what the configuration says of the API besides its name, path and endpoint; there is none for the floor.
    `{issuer}`, `{token}` and `{authority}`, the gateway's, are filled in. `others` is how many APIs there are besides."""

    id: str
    what: str
    api: str | None = "plans: [keyless]"
    secured: bool = False
    fields: str = ""
    status: int = 200
    content: str = "lorem ipsum"
    more: str = ""
    others: int = 0
    # What is counted is an event of a stream, not a request.
    events: bool = False

    @property
    def floor(self) -> str:
        """The path that it is compared with."""
        return FLOOR_OF_EVENTS if self.events else FLOOR

    def configuration(self, listen: str, upstream: str) -> str:
        """Without a line for a request, as `make bench` has it."""
        api = self.api.replace("{issuer}", f"http://{upstream}")
        server = "mcp" if self.secured else "open"
        endpoint = f'endpoints: ["http://{upstream}/{server}"]'
        others = [f"  - {{ name: api-{it}, path: /api-{it}, {endpoint}, {api} }}\n" for it in range(self.others)]
        return (
            f'log: {{ level: error }}\nlisteners: [{{ address: "{listen}" }}]\n{self.more}apis:\n'
            f'{"".join(others)}  - {{ name: mcp, path: /mcp, {endpoint}, {api} }}\n'
        )

    def request(self, authority: str, token: str) -> bytes:
        fields = self.fields.replace("{token}", token)
        if self.events:
            return f"GET /mcp HTTP/1.1\r\nHost: {authority}\r\nAccept: text/event-stream\r\n{self.fields}\r\n".encode()
        head = (
            f"POST /mcp HTTP/1.1\r\nHost: {authority}\r\nContent-Type: application/json\r\n"
            f"Accept: application/json, text/event-stream\r\n{fields}Content-Length: {len(CALL)}\r\n\r\n"
        )
        return head.encode() + CALL

    def expected(self, authority: str) -> bytes:
        return self.content.replace("{authority}", authority).encode()


def call(length: int) -> bytes:
    """A `tools/call` that is this long."""
    arguments = {"text": ""}
    message = {
        "jsonrpc": "2.0", "id": 1, "method": "tools/call", "params": {"name": "read_page", "arguments": arguments}
    }
    arguments["text"] = ("lorem ipsum " * length)[: length - len(json.dumps(message))]
    return json.dumps(message).encode()


CALL = call(1024)
BEARER = "Authorization: Bearer 0123456789abcdef0123456789abcdef\r\n"
KEY = "benchmark"
CONSUMER = (
    "consumers: [{ name: bench, plans: [mcp/api-key], "
    f"api_keys: [{{ sha256: {hashlib.sha256(KEY.encode()).hexdigest()} }}] }}]\n"
)

ALL = [
    Path(FLOOR, "W1 through a bare Pingora", api=None, fields=BEARER),
    Path("W1", "a call relayed with its token", secured=True, fields=BEARER),
    Path(
        "W2",
        "a call without a token, its challenge rewritten",
        secured=True,
        status=401,
        content='resource_metadata="http://{authority}/.well-known/oauth-protected-resource/mcp"',
    ),
    Path(FLOOR_OF_EVENTS, "an event through a bare Pingora", api=None, fields=BEARER, events=True),
    Path("W4", "an event of a stream that a client has opened", secured=True, fields=BEARER, events=True),
    Path(
        "W5",
        "a call with a JWT (EdDSA) that was seen before",
        "authorization: { mode: protect }, plans: [{ jwt: { "
        'issuers: [{ issuer: "{issuer}", jwks_uri: "{issuer}/jwks" }], audiences: ["{issuer}"] } }]',
        fields="Authorization: Bearer {token}\r\n",
    ),
    Path(
        "W7",
        "a call with an API key, within a rate limit in memory",
        "authorization: { mode: protect }, plans: [{ name: api-key, api_key: {} }], "
        "policies: [{ rate_limit: { by: address, windows: [{ requests: 1000000000, per: 1h }] } }]",
        fields=f"x-api-key: {KEY}\r\n",
        more=CONSUMER,
    ),
    Path("W9", "W1 by one of 1,000 APIs", secured=True, fields=BEARER, others=999),
    Path(
        "W11o",
        "W1 with messages observed",
        secured=True,
        fields=BEARER,
        more="messages: { observe: true }\n",
    ),
    Path(
        "W11",
        "a call that mcp_acl allows",
        'plans: [keyless], policies: [{ mcp_acl: { allow: [{ tools: ["*"] }], deny: [{ tools: ["delete_*"] }] } }]',
    ),
]
