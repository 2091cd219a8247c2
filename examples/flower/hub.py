"""Sign a Flower app, and hand it out with its signatures: a Flower Hub for one federation.

A SuperNode with ``--trusted-entities`` runs only apps that somebody whom it trusts has signed, and
Flower's SuperLink gets signatures from a hub only. Flower's own is one; where the app is nobody
else's business, this is another, beside the SuperLink. It need not be trusted, since every
SuperNode checks the signature itself.

    ssh-keygen -t ed25519 -f reviewer
    flwr build
    python hub.py sign fl_krum.secure-krum-app.1-0-0.FAB.fab --key reviewer --as fpk_reviewer
    python hub.py serve fl_krum.secure-krum-app.1-0-0.FAB.fab --port 8090
    FLWR_SUPERGRID_API_URL=http://127.0.0.1:8090/v1 flower-superlink …
    flwr run @fl_krum/secure-krum-app my-federation
"""

from __future__ import annotations

import argparse
import base64
import hashlib
import json
import sys
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey


def sign(app: bytes, key: Ed25519PrivateKey, name: str) -> dict[str, object]:
    """What ``flwr app review`` makes: a signature of the time (8 bytes) and the app's SHA-256."""
    now = int(time.time())
    signature = key.sign(now.to_bytes(8, "big") + hashlib.sha256(app).digest())
    text = base64.urlsafe_b64encode(signature).rstrip(b"=").decode()
    return {"public_key_id": name, "signature": text, "signed_at": now}


def signatures_of(app: Path) -> Path:
    return app.with_suffix(".signatures.json")


def serve(app: Path, port: int) -> ThreadingHTTPServer:
    """A server on the loopback that answers what a SuperLink asks of a hub."""

    class Answer(BaseHTTPRequestHandler):
        def do_POST(self):
            self.rfile.read(int(self.headers.get("Content-Length", 0)))
            signatures = json.loads(signatures_of(app).read_text())
            address = f"http://127.0.0.1:{self.server.server_port}/app.fab"
            self._send(json.dumps({"fab_url": address, "verifications": signatures}).encode())

        def do_GET(self):
            self._send(app.read_bytes())

        def _send(self, content: bytes):
            self.send_response(200)
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, *arguments):
            pass

    return ThreadingHTTPServer(("127.0.0.1", port), Answer)


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    commands = parser.add_subparsers(dest="command", required=True)
    one = commands.add_parser("sign", help="add a signature to those of an app")
    one.add_argument("app", type=Path, help="the file that `flwr build` has made")
    one.add_argument("--key", type=Path, required=True, help="OpenSSH private key, Ed25519")
    one.add_argument("--as", dest="name", required=True, help="its name in trusted.yaml")
    two = commands.add_parser("serve", help="hand it out, to a SuperLink on this machine")
    two.add_argument("app", type=Path)
    two.add_argument("--port", type=int, default=8090)
    options = parser.parse_args()
    if options.command == "serve":
        serve(options.app, options.port).serve_forever()
    key = serialization.load_ssh_private_key(options.key.read_bytes(), None)
    if not isinstance(key, Ed25519PrivateKey):
        parser.error(f"{options.key} is not an Ed25519 key: ssh-keygen -t ed25519 makes one")
    file = signatures_of(options.app)
    known = json.loads(file.read_text()) if file.exists() else []
    known = [entry for entry in known if entry["public_key_id"] != options.name]
    file.write_text(json.dumps([*known, sign(options.app.read_bytes(), key, options.name)]))
    print(f"{options.app.name}: SHA-256 {hashlib.sha256(options.app.read_bytes()).hexdigest()}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
