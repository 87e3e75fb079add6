"""OpenSSH's ``ssh-keygen -Y``, as functions: it signs and it judges, we do not.

Read :func:`verify` first. Law: no file that anybody else can change is read twice; what is
signed, verified and allowed goes to the program as the bytes that we hold.
Source: ssh-keygen(1), sections "-Y" and "ALLOWED SIGNERS"; the format of a signature is in
OpenSSH's PROTOCOL.sshsig.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import os
import shutil
import struct
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from inventory.errors import RefusedError, RingfenceError

BEGIN, END = "-----BEGIN SSH SIGNATURE-----", "-----END SSH SIGNATURE-----"

_MAGIC = b"SSHSIG"
_VERSION = 1


@dataclass(frozen=True, slots=True)
class Envelope:
    """What a signature says of itself, before anybody believes it.

    ``key`` is the public key or certificate as it stands in a .pub file (base64).
    """

    key: str
    namespace: str


def envelope(armored: str) -> Envelope | None:
    """Return what the signature block ``armored`` says of itself; None if it is garbled."""
    body = armored.strip().removeprefix(BEGIN).removesuffix(END)
    try:
        blob = base64.b64decode("".join(body.split()), validate=True)
        if blob[:6] != _MAGIC or struct.unpack_from(">I", blob, 6) != (_VERSION,):
            return None
        key, at = _string(blob, 10)
        namespace, at = _string(blob, at)
        for _ in ("reserved", "hash algorithm", "signature"):
            _, at = _string(blob, at)
        if at != len(blob):
            return None
        return Envelope(base64.b64encode(key).decode(), namespace.decode())
    except (binascii.Error, struct.error, ValueError):
        return None


def _string(blob: bytes, at: int) -> tuple[bytes, int]:
    """Return the SSH string at ``at`` (RFC 4251, section 5), and where it ends."""
    (length,) = struct.unpack_from(">I", blob, at)
    end = at + 4 + length
    if end > len(blob):
        raise ValueError("cut off")
    return blob[at + 4 : end], end


def fingerprint(key: str) -> str:
    """Return the SHA256 fingerprint of ``key`` (base64), as ``ssh-keygen -l`` prints it."""
    digest = hashlib.sha256(base64.b64decode(key)).digest()
    return "SHA256:" + base64.b64encode(digest).decode().rstrip("=")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What ssh-keygen says: ``good`` with its output, or its complaints, line by line."""

    good: bool
    lines: tuple[str, ...]


def check(content: bytes, armored: str, namespace: str) -> Verdict:
    """Return whether ``armored`` is a signature of ``content``, whoever made it."""
    return _judge("check-novalidate", "-n", namespace, armored=armored, content=content)


def principals(armored: str, allowed: bytes) -> Verdict:
    """Return the principals that ``allowed`` has for the key of ``armored``, one a line."""
    return _judge("find-principals", armored=armored, allowed=allowed)


def verify(
    content: bytes, armored: str, *, allowed: bytes, principal: str, namespace: str
) -> Verdict:
    """Return whether ``armored`` is a signature of ``content`` that ``principal`` may make.

    ``allowed`` is the content of an allowed_signers file, whose options (namespaces=,
    valid-after=, valid-before=, cert-authority) ssh-keygen honours.
    """
    who = ("-I", principal, "-n", namespace)
    return _judge("verify", *who, armored=armored, allowed=allowed, content=content)


def sign(content: bytes, key: Path, namespace: str) -> str:
    """Return an armored signature of ``content``.

    ``key`` is a private key, or a public one whose private half is in the agent. A passphrase
    is asked for on the terminal, where there is one.

    Raises:
        RingfenceError: ssh-keygen did not sign; says why.
    """
    program = _program()
    with TemporaryDirectory() as folder:
        # From a file: what ssh-keygen reads from stdin leaves it nowhere to ask a passphrase.
        data = _write(folder, "plan", content)
        shown = sys.stderr.isatty()
        done = subprocess.run(  # noqa: S603 - our own arguments, and no shell
            [program, "-q", "-Y", "sign", "-n", namespace, "-f", str(key), data],
            check=False,
            stdin=None if sys.stdin.isatty() else subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            # A security key's "confirm user presence" must be seen while it waits.
            stderr=None if shown else subprocess.PIPE,
            env=_environment(),
        )
        signature = Path(data + ".sig")
        if done.returncode == 0 and signature.is_file():
            return signature.read_text(encoding="ascii")
    said = (done.stderr or b"").decode(errors="replace").replace(data, "the plan").splitlines()
    why = "; ".join(line.rstrip(".\r") for line in said) or "it says no more"
    raise RingfenceError(
        f"ssh-keygen did not sign with {key}: {why}; a key with a passphrase needs a terminal to "
        "ask on, or the agent (ssh-add KEY)"
    )


def _program() -> str:
    found = shutil.which("ssh-keygen")
    if found is None:
        raise RefusedError(
            "there is no ssh-keygen on this machine, which signatures are made and checked with; "
            "install the OpenSSH client"
        )
    return found


def _environment() -> dict[str, str]:
    return {**os.environ, "LC_ALL": "C"}


def _judge(
    command: str,
    *arguments: str,
    armored: str,
    allowed: bytes | None = None,
    content: bytes = b"",
) -> Verdict:
    with TemporaryDirectory() as folder:
        given = [*arguments, "-s", _write(folder, "signature", armored.encode())]
        if allowed is not None:
            given += ["-f", _write(folder, "allowed_signers", allowed)]
        done = subprocess.run(  # noqa: S603 - our own arguments, and no shell
            [_program(), "-Y", command, *given],
            check=False,
            input=content,
            capture_output=True,
            env=_environment(),
        )
    good = done.returncode == 0
    text = (done.stdout if good else done.stderr).decode(errors="replace")
    lines = text.replace(f"{folder}/", "").splitlines()
    return Verdict(good, tuple(line.rstrip(".") for line in lines))


def _write(folder: str, name: str, content: bytes) -> str:
    path = Path(folder) / name
    path.write_bytes(content)
    return str(path)
