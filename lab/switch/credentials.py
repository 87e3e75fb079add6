"""Keys, certificates and passwords of switches; read :func:`make_files` first.

Law: every lab makes its own, nothing is ever kept in a repository. A certificate names the
management address, so that a client which checks it (RFC 6125) needs no name to resolve.
"""

from __future__ import annotations

import datetime as dt
import secrets
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
    PublicFormat,
)
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

if TYPE_CHECKING:
    from pathlib import Path

_VALID_FOR = dt.timedelta(days=365)
_CLOCK_SKEW = dt.timedelta(hours=1)


@dataclass(frozen=True, slots=True)
class SshKey:
    """An ed25519 key: ``private`` in OpenSSH's format, ``public`` as "type base64"."""

    private: str
    public: str


def new_ssh_key() -> SshKey:
    """Return a new key for a host or a user."""
    key = Ed25519PrivateKey.generate()
    return SshKey(
        key.private_bytes(Encoding.PEM, PrivateFormat.OpenSSH, NoEncryption()).decode("ascii"),
        key.public_key().public_bytes(Encoding.OpenSSH, PublicFormat.OpenSSH).decode("ascii"),
    )


def new_password() -> str:
    """Return a new password: 24 characters that need no quoting anywhere."""
    return secrets.token_urlsafe(18)


@dataclass(frozen=True, slots=True)
class Authority:
    """A certificate authority, which lives as long as the object does: its key is in no file."""

    key: ec.EllipticCurvePrivateKey
    certificate: x509.Certificate

    @classmethod
    def new(cls) -> Authority:
        """Return a new authority."""
        key = ec.generate_private_key(ec.SECP256R1())
        name = _name("Lab authority")
        certificate = (
            _begun(name, name, key)
            .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
            .add_extension(_usage(signs_certificates=True), critical=True)
            .sign(key, hashes.SHA256())
        )
        return cls(key, certificate)

    @property
    def pem(self) -> str:
        """The authority's certificate, for clients to trust."""
        return self.certificate.public_bytes(Encoding.PEM).decode("ascii")

    def issue(self, name: str, address: str) -> tuple[str, str]:
        """Return the private key and the certificate, PEM, of a server at an IP address."""
        key = ec.generate_private_key(ec.SECP256R1())
        issuer = x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key())
        certificate = (
            _begun(_name(name), self.certificate.subject, key)
            .add_extension(x509.BasicConstraints(ca=False, path_length=None), critical=True)
            .add_extension(_usage(signs_certificates=False), critical=True)
            .add_extension(x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]), critical=False)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address(address))]), critical=False
            )
            .add_extension(issuer, critical=False)
            .sign(self.key, hashes.SHA256())
        )
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        return private.decode("ascii"), certificate.public_bytes(Encoding.PEM).decode("ascii")


def make_files(folder: Path, *, name: str, address: str, user: str, authority: Authority) -> str:
    """Write what a switch needs to prove itself and to know its user; return its host key.

    The files are ``host_key``, ``authorized_keys``, ``tls.key`` and ``tls.crt``.

    Args:
        folder: the switch's own folder, which exists.
        name: the switch's name.
        address: where it is managed.
        user: the public key of its user.
        authority: who signs the certificate.
    """
    host_key = new_ssh_key()
    tls_key, tls_certificate = authority.issue(name, address)
    write_secret(folder / "host_key", host_key.private)
    write_secret(folder / "tls.key", tls_key)
    (folder / "tls.crt").write_text(tls_certificate, encoding="ascii")
    (folder / "authorized_keys").write_text(f"{user}\n", encoding="ascii")
    return host_key.public


def write_secret(path: Path, text: str) -> None:
    """Write a file that only its owner may read."""
    path.touch(mode=0o600)
    path.write_text(text, encoding="ascii")


def _name(text: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, text)])


def _begun(
    subject: x509.Name, issuer: x509.Name, key: ec.EllipticCurvePrivateKey
) -> x509.CertificateBuilder:
    now = dt.datetime.now(dt.UTC)
    return (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(issuer)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - _CLOCK_SKEW)
        .not_valid_after(now + _VALID_FOR)
        .add_extension(x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False)
    )


def _usage(*, signs_certificates: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=not signs_certificates,
        key_cert_sign=signs_certificates,
        crl_sign=signs_certificates,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        encipher_only=False,
        decipher_only=False,
    )
