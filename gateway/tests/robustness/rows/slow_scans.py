"""S43: what TLS scanners say of a listener."""

import pathlib
import subprocess
import xml.etree.ElementTree

from harness import certificates
from harness.gateway import Gateway, config
from harness.programs import need
from harness.rows import Skipped, row

SSLYZE = pathlib.Path(__file__).resolve().parents[2] / "sslyze" / "check.sh"


def secure() -> Gateway:
    return Gateway(config("http://127.0.0.1:9/mcp", listener=certificates.TLS), certificates.made().files())


@row("S43", "sslscan finds TLS 1.2 and 1.3 alone, no weak cipher, no renegotiation, no Heartbleed")
def sslscan() -> str:
    program = need("sslscan")
    with secure() as gateway:
        command = [program, "--xml=-", "--no-colour", "--sni-name=localhost", "{}:{}".format(*gateway.address)]
        said = subprocess.run(command, capture_output=True, timeout=120, check=True).stdout
    found = xml.etree.ElementTree.fromstring(said).find("ssltest")
    enabled = [each for each in found.iter("protocol") if each.get("enabled") == "1"]
    versions = {f"{each.get('type')} {each.get('version')}" for each in enabled}
    ciphers = [each.get("cipher") for each in found.iter("cipher")]
    weak = [each.get("cipher") for each in found.iter("cipher") if each.get("strength") not in ("strong", "acceptable")]
    legacy = [name for name in ciphers if not any(word in name for word in ("GCM", "CHACHA20"))]
    bleeding = [each for each in found.iter("heartbleed") if each.get("vulnerable") != "0"]
    assert versions == {"tls 1.2", "tls 1.3"}, versions
    assert ciphers and not weak and not legacy, f"weak: {weak + legacy}"
    assert not bleeding and found.find("renegotiation").get("supported") == "0"
    # Where sslscan itself was built with compression.
    assert all(each.get("supported") == "0" for each in found.iter("compression")), "it compresses"
    return f"{', '.join(sorted(versions))}, {len(ciphers)} ciphers, none weak"


@row("S43", "sslyze finds Mozilla's intermediate profile")
def sslyze() -> str:
    with secure() as gateway:
        command = [str(SSLYZE), f"localhost:{gateway.address[1]}", str(certificates.made().ca)]
        checked = subprocess.run(command, capture_output=True, text=True, timeout=300)
    if checked.returncode == 77:
        raise Skipped(checked.stderr.strip() or "sslyze could not be installed")
    assert checked.returncode == 0, (checked.stdout + checked.stderr)[-600:]
    return "it complies"
