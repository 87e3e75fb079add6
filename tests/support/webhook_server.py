"""A receiver of webhooks on loopback that answers as a test wants: :class:`Receiver`."""

from __future__ import annotations

import json
import ssl
import threading
import time
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from ipaddress import ip_address
from typing import TYPE_CHECKING, Any, Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

if TYPE_CHECKING:
    from pathlib import Path
    from types import TracebackType

#: Where it listens, which is the secret.
SECRET = "T000-S3cret-Path"


class Receiver:
    """Listens until the end of the block; ``seen`` are the requests, as headers and JSON.

    ``answers`` are statuses, one for each request, the last for all others; or words: "hang",
    "reset", "drip" (a byte of a header now and then, for ever), "nonsense".
    """

    def __init__(self, *answers: int | str, certificate: tuple[Path, Path] | None = None) -> None:
        self.seen: list[tuple[dict[str, str], Any]] = []
        self.elsewhere = 0
        self.end = threading.Event()
        receiver = self

        class Handler(BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                if self.path != f"/{SECRET}":
                    receiver.elsewhere += 1
                body = self.rfile.read(int(self.headers["Content-Length"]))
                receiver.seen.append((dict(self.headers), json.loads(body)))
                receiver.answer(self, answers[min(len(receiver.seen), len(answers)) - 1])

            def do_GET(self) -> None:
                receiver.elsewhere += 1

            def log_message(self, *_: object) -> None:
                pass

        class Server(ThreadingHTTPServer):
            def handle_error(self, *_: object) -> None:
                pass

        self._server = Server(("127.0.0.1", 0), Handler)
        scheme = "http"
        if certificate is not None:
            scheme = "https"
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            context.load_cert_chain(*certificate)
            self._server.socket = context.wrap_socket(self._server.socket, server_side=True)
        self.url = f"{scheme}://127.0.0.1:{self._server.server_address[1]}/{SECRET}"

    def answer(self, request: BaseHTTPRequestHandler, answer: int | str) -> None:
        """Answer one request."""
        if answer == "hang":
            self.end.wait()
        elif answer == "reset":
            request.close_connection = True
        elif answer == "nonsense":
            request.wfile.write(b"nonsense\r\n\r\n")
        elif answer == "drip":
            request.wfile.write(b"HTTP/1.1 200 OK\r\nX: ")
            with suppress(OSError):
                while not self.end.is_set():
                    request.wfile.write(b"x")
                    time.sleep(0.02)
        else:
            request.send_response(int(answer))
            request.send_header("Location", self.url.replace(SECRET, "elsewhere"))
            request.send_header("Retry-After", "3600")
            request.send_header("Content-Length", "0")
            request.end_headers()

    def __enter__(self) -> Self:
        self._thread = threading.Thread(target=self._server.serve_forever, args=(0.01,))
        self._thread.start()
        return self

    def __exit__(
        self, _: type[BaseException] | None, __: BaseException | None, ___: TracebackType | None
    ) -> None:
        self.end.set()
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def make_certificate(folder: Path, *, of: str = "127.0.0.1") -> tuple[Path, Path]:
    """Return the files of a certificate of the address ``of``, signed by itself, and its key."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, of)])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number())
        .not_valid_before(now - timedelta(hours=1))
        .not_valid_after(now + timedelta(hours=1))
        .add_extension(
            x509.SubjectAlternativeName([x509.IPAddress(ip_address(of))]), critical=False
        )
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "cert.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "key.pem").write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.PKCS8,
            serialization.NoEncryption(),
        )
    )
    return folder / "cert.pem", folder / "key.pem"
