"""TLS in front of a real server: an authority of the test's own, certificates, and what takes the TLS off.

The Valkey of the wheel is built without TLS, so it gets here what stunnel or a sidecar would be in production. Must
not know what is tested.
"""

from __future__ import annotations

import datetime as dt
import ipaddress
import socket
import ssl
import threading
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

from authshield.clock import now

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

CHUNK = 65_536


@dataclass(frozen=True)
class Papers:
    """A certificate and its key, as files."""

    certificate: Path
    key: Path


class Authority:
    """Who signs the certificates of one test."""

    def __init__(self, folder: Path, name: str = "authority") -> None:
        """Writes its own certificate into ``folder``."""
        self._folder, self._key = folder, ec.generate_private_key(ec.SECP256R1())
        self._name = _name(name)
        self.certificate = folder / f"{name}.pem"
        made = _builder(self._name, self._name, self._key).add_extension(
            x509.BasicConstraints(ca=True, path_length=None), critical=True
        )
        made = made.add_extension(
            x509.SubjectKeyIdentifier.from_public_key(self._key.public_key()), critical=False
        )
        _write(
            self.certificate, made.sign(self._key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM)
        )

    def issue(self, name: str, host: str = "") -> Papers:
        """A certificate for a host (an address or a name), or for a client."""
        key = ec.generate_private_key(ec.SECP256R1())
        made = _builder(_name(name), self._name, key)
        made = made.add_extension(
            x509.AuthorityKeyIdentifier.from_issuer_public_key(self._key.public_key()), critical=False
        )
        if host:
            made = made.add_extension(x509.SubjectAlternativeName([_host(host)]), critical=False)
        papers = Papers(self._folder / f"{name}.pem", self._folder / f"{name}.key")
        signed = made.sign(self._key, hashes.SHA256())
        _write(papers.certificate, signed.public_bytes(serialization.Encoding.PEM))
        plain = serialization.NoEncryption()
        form = serialization.PrivateFormat.PKCS8
        _write(papers.key, key.private_bytes(serialization.Encoding.PEM, form, plain))
        return papers


@contextmanager
def terminator(behind: Path, papers: Papers, clients: Authority | None = None) -> Iterator[int]:
    """Take TLS off for the server at the socket ``behind``; yields the port. ``clients``: who signs theirs."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(papers.certificate, papers.key)
    if clients is not None:
        context.verify_mode = ssl.CERT_REQUIRED
        context.load_verify_locations(clients.certificate)
    with socket.create_server(("127.0.0.1", 0)) as front:
        threading.Thread(target=_accept, args=(front, context, str(behind)), daemon=True).start()
        yield int(front.getsockname()[1])
        with suppress(OSError):
            front.shutdown(socket.SHUT_RDWR)


def _accept(front: socket.socket, context: ssl.SSLContext, behind: str) -> None:
    with suppress(OSError):  # the test is over
        while True:
            plain, _ = front.accept()
            threading.Thread(target=_serve, args=(plain, context, behind), daemon=True).start()


def _serve(plain: socket.socket, context: ssl.SSLContext, behind: str) -> None:
    # Who does not shake hands properly gets no further: the server never hears of them.
    with (
        suppress(OSError),
        context.wrap_socket(plain, server_side=True) as near,
        socket.socket(socket.AF_UNIX) as far,
    ):
        far.connect(behind)
        threading.Thread(target=_pass, args=(far, near), daemon=True).start()
        _pass(near, far)


def _pass(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(CHUNK):
            target.sendall(chunk)
    with suppress(OSError):
        target.shutdown(socket.SHUT_RDWR)


def _builder(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    made = x509.CertificateBuilder().subject_name(subject).issuer_name(issuer).public_key(key.public_key())
    day = dt.timedelta(days=1)
    made = made.serial_number(x509.random_serial_number())
    return made.not_valid_before(now() - day).not_valid_after(now() + day)


def _name(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _host(host: str) -> x509.GeneralName:
    try:
        return x509.IPAddress(ipaddress.ip_address(host))
    except ValueError:
        return x509.DNSName(host)


def _write(path: Path, content: bytes) -> None:
    path.write_bytes(content)
    path.chmod(0o600)
