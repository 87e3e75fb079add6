"""What libraries raise, as one sentence about one device; never with a secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.redact import redact

if TYPE_CHECKING:
    from collections.abc import Sequence


class ConnectError(DeviceError):
    """The device can't be reached, or is not who it should be."""


class LockedError(DeviceError):
    """Somebody else is changing the device."""


class RejectedError(DeviceError):
    """The device refused the change, and is as it was."""


class VerifyError(DeviceError):
    """The device took the change, but is not what it should be now."""


#: What libraries raise, by the full name of the class or of one that it derives from: they are
#: not all installed for every platform, and slow to import. The first row that fits holds.
_KINDS: Sequence[tuple[tuple[str, ...], type[DeviceError], str]] = (
    (
        (
            "ncclient.transport.errors.SSHUnknownHostError",
            "paramiko.ssh_exception.BadHostKeyException",
            "requests.exceptions.SSLError",
            "ssl.SSLError",
        ),
        ConnectError,
        "is not known to be itself; check its host key or certificate",
    ),
    (
        (
            "napalm.base.exceptions.ConnectAuthError",
            "netmiko.exceptions.NetmikoAuthenticationException",
            "jnpr.junos.exception.ConnectAuthError",
            "ncclient.transport.errors.AuthenticationError",
            "napalm.nxapi_plumbing.errors.NXAPIAuthError",
            "paramiko.ssh_exception.AuthenticationException",
        ),
        ConnectError,
        "refuses the login; check username, password and key_file",
    ),
    (
        (
            "napalm.base.exceptions.ConnectionException",
            "netmiko.exceptions.NetmikoTimeoutException",
            "netmiko.exceptions.ReadException",
            "netmiko.exceptions.WriteException",
            "jnpr.junos.exception.ConnectError",
            "ncclient.transport.errors.TransportError",
            "napalm.nxapi_plumbing.errors.NXAPIConnectionError",
            "pyeapi.eapilib.ConnectionError",
            "requests.exceptions.ConnectionError",
            "requests.exceptions.Timeout",
            "paramiko.ssh_exception.SSHException",
            "builtins.ConnectionError",
            "builtins.TimeoutError",
        ),
        ConnectError,
        "can't be reached",
    ),
    (
        (
            "napalm.base.exceptions.LockError",
            "napalm.base.exceptions.SessionLockedException",
            "jnpr.junos.exception.LockError",
        ),
        LockedError,
        "is being changed by somebody else",
    ),
    (
        (
            "napalm.base.exceptions.MergeConfigException",
            "napalm.base.exceptions.ReplaceConfigException",
            "jnpr.junos.exception.ConfigLoadError",
        ),
        RejectedError,
        "refuses the candidate",
    ),
    (
        (
            "napalm.base.exceptions.CommitError",
            "napalm.base.exceptions.CommitConfirmException",
            "jnpr.junos.exception.CommitError",
        ),
        RejectedError,
        "did not commit",
    ),
)


#: What some libraries only say in words, whatever they raise it as.
_WORDS: Sequence[tuple[str, type[DeviceError], str]] = (
    (
        "CERTIFICATE_VERIFY_FAILED",
        ConnectError,
        "is not known to be itself; check its host key or certificate",
    ),
    ("Unauthorized", ConnectError, "refuses the login; check username, password and key_file"),
)


def named(name: str, hostname: str, error: DeviceError) -> DeviceError:
    """Return ``error`` with the device in front, unless its sentence names it already."""
    if name in str(error):
        return error
    found = type(error)(f"{name} ({hostname}): {error}")
    found.__cause__ = error
    return found


def translate(name: str, hostname: str, error: Exception) -> DeviceError:
    """Return ``error`` as a sentence that names the device and keeps the device's own words."""
    said = " ".join(redact(str(error)).split()) or type(error).__name__
    meaning, text = _meaning(error, said)
    translated = meaning(f"{name} ({hostname}) {text}: {said}")
    translated.__cause__ = error
    return translated


def _meaning(error: Exception, said: str) -> tuple[type[DeviceError], str]:
    for words, meaning, text in _WORDS:
        if words in said:
            return meaning, text
    known = {f"{one.__module__}.{one.__qualname__}" for one in type(error).__mro__}
    for kinds, meaning, text in _KINDS:
        if known.intersection(kinds):
            return meaning, text
    return DeviceError, f"failed: {type(error).__name__}"
