"""An issuer with one Ed25519 key, made with openssl, and a token of it that is good for an hour."""

import base64
import json
import pathlib
import subprocess
import time

KEY_ID = "EdDSA"


class Issuer:
    def __init__(self, folder: pathlib.Path):
        self._key = folder / "issuer.pem"
        openssl("genpkey", "-algorithm", "ED25519", "-out", str(self._key))

    def key_set(self) -> str:
        # The key itself is what the DER form of it ends with.
        public = openssl("pkey", "-in", str(self._key), "-pubout", "-outform", "DER")[-32:]
        key = {"kty": "OKP", "crv": "Ed25519", "alg": "EdDSA", "kid": KEY_ID, "x": encode(public)}
        return json.dumps({"keys": [key]})

    def token(self, url: str) -> str:
        """For the issuer `url` itself."""
        now = int(time.time())
        header = {"alg": "EdDSA", "typ": "at+jwt", "kid": KEY_ID}
        claims = {"iss": url, "aud": url, "exp": now + 3600, "iat": now, "sub": "alice", "client_id": "agent"}
        signed = ".".join(encode(json.dumps(part).encode()) for part in (header, claims))
        # It signs a file alone.
        content = self._key.with_suffix(".signed")
        content.write_text(signed)
        signature = openssl("pkeyutl", "-sign", "-rawin", "-inkey", str(self._key), "-in", str(content))
        return f"{signed}.{encode(signature)}"


def openssl(*arguments: str) -> bytes:
    return subprocess.run(["openssl", *arguments], check=True, stdin=subprocess.DEVNULL, capture_output=True).stdout


def encode(content: bytes) -> str:
    return base64.urlsafe_b64encode(content).rstrip(b"=").decode()
