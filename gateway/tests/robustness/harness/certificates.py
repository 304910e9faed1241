"""Certificates for this machine's loopback addresses, made with openssl, of an authority of their own."""

import dataclasses
import functools
import pathlib
import ssl
import subprocess
import tempfile

from .programs import need

_FOLDER = tempfile.TemporaryDirectory()
_KEY = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]

_AUTHORITY = "basicConstraints=critical,CA:TRUE\nkeyUsage=critical,keyCertSign,cRLSign\n"
_SERVER = (
    "basicConstraints=critical,CA:FALSE\nkeyUsage=critical,digitalSignature\nextendedKeyUsage=serverAuth\n"
    "subjectAltName=DNS:localhost,IP:127.0.0.1\n"
)


@dataclasses.dataclass(frozen=True)
class Certificates:
    ca: pathlib.Path
    cert: pathlib.Path
    key: pathlib.Path

    def server(self) -> ssl.SSLContext:
        context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
        context.load_cert_chain(self.cert, self.key)
        return context

    def client(self) -> ssl.SSLContext:
        return ssl.create_default_context(cafile=self.ca)

    def files(self) -> dict[str, bytes]:
        """To lie beside a configuration."""
        return {"ca.pem": self.ca.read_bytes(), "cert.pem": self.cert.read_bytes(), "key.pem": self.key.read_bytes()}


# For a listener, in YAML's flow form.
TLS = "tls: { certificates: [{ cert: cert.pem, key: key.pem }] }"


@functools.cache
def made() -> Certificates:
    openssl, folder = need("openssl"), pathlib.Path(_FOLDER.name)
    made = Certificates(folder / "ca.pem", folder / "cert.pem", folder / "key.pem")
    run = lambda *arguments: subprocess.run(
        [openssl, *map(str, arguments)], check=True, capture_output=True, stdin=subprocess.DEVNULL
    )

    def issue(name: str, key: pathlib.Path, cert: pathlib.Path, extensions: str, *by) -> None:
        request, wanted = folder / "request.pem", folder / "extensions"
        wanted.write_text(extensions + "subjectKeyIdentifier=hash\nauthorityKeyIdentifier=keyid\n")
        run("req", *_KEY, "-subj", f"/CN={name}", "-keyout", key, "-out", request)
        run("x509", "-req", "-in", request, "-out", cert, "-days", 30, "-extfile", wanted, *by)

    ca_key = folder / "ca.key"
    issue("Loopback test authority", ca_key, made.ca, _AUTHORITY, "-signkey", ca_key)
    issue("localhost", made.key, made.cert, _SERVER, "-CA", made.ca, "-CAkey", ca_key, "-CAcreateserial")
    return made
