"""What libraries raise, as one sentence about one device; never with a secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import DeviceError
from policies.redact import redact

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence


class ConnectError(DeviceError):
    """The device can't be reached, or is not who it should be."""


class LockedError(DeviceError):
    """Somebody else is changing the device."""


class RejectedError(DeviceError):
    """The device refused the change, and is as it was."""


class StaleError(DeviceError):
    """The device is not any more what the plan was made for; nothing was sent."""


class UntouchedError(DeviceError):
    """The change was not begun on this device, so nothing there is to be taken back."""


class VerifyError(DeviceError):
    """The device took the change, but is not what it should be now."""


class OtherError(VerifyError):
    """The device can be read and waits for nothing, and is neither of the two states."""


_UNREACHABLE = "can't be reached"

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
            "napalm.base.exceptions.CommandTimeoutException",
            "napalm.base.exceptions.ConnectionException",
            "ncclient.operations.errors.TimeoutExpiredError",
            "napalm.pyIOSXR.exceptions.ConnectError",
            "napalm.pyIOSXR.exceptions.TimeoutError",
            "netmiko.exceptions.NetmikoTimeoutException",
            "netmiko.exceptions.ReadException",
            "netmiko.exceptions.WriteException",
            "jnpr.junos.exception.ConnectError",
            "ncclient.transport.errors.TransportError",
            "napalm.nxapi_plumbing.errors.NXAPIConnectionError",
            "pyeapi.eapilib.ConnectionError",
            "requests.exceptions.ChunkedEncodingError",
            "requests.exceptions.ConnectionError",
            "requests.exceptions.Timeout",
            "http.client.HTTPException",
            "paramiko.ssh_exception.SSHException",
            "builtins.ConnectionError",
            "builtins.EOFError",
            "builtins.TimeoutError",
        ),
        ConnectError,
        _UNREACHABLE,
    ),
    (
        (
            "json.decoder.JSONDecodeError",
            "lxml.etree.XMLSyntaxError",
            "builtins.UnicodeDecodeError",
        ),
        DeviceError,
        "answers what can't be understood",
    ),
    (
        (
            "napalm.base.exceptions.LockError",
            "napalm.base.exceptions.SessionLockedException",
            "jnpr.junos.exception.LockError",
            "napalm.pyIOSXR.exceptions.LockError",
        ),
        LockedError,
        "is being changed by somebody else",
    ),
    (
        (
            "napalm.base.exceptions.MergeConfigException",
            "napalm.base.exceptions.ReplaceConfigException",
            "jnpr.junos.exception.ConfigLoadError",
            "ncclient.operations.rpc.RPCError",
            "napalm.pyIOSXR.exceptions.InvalidInputError",
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
    # paramiko's plain OSError, and netmiko's ValueErrors for a terminal that says nothing.
    ("Socket is closed", ConnectError, _UNREACHABLE),
    ("Unable to find prompt", ConnectError, _UNREACHABLE),
    ("Router prompt not found", ConnectError, _UNREACHABLE),
)

#: How libraries tell of a connection that ends while they learn who is there, or log in: by the
#: same errors as of a wrong certificate or password. paramiko's "saw EOF" at a login is not among
#: them: to hang up is how some devices refuse one.
_ENDED = (
    "EOF occurred in violation of protocol",
    "connection has been closed (EOF)",
    "Authentication timeout",
    "No existing session",
    "Socket is closed",
    "ConnectionResetError(",
    "EOFError(",
)

#: What a library raises by mistake while it handles an error, which says more than the mistake.
_STUMBLES = (AttributeError, LookupError, NameError, TypeError)


def named(name: str, hostname: str, error: DeviceError) -> DeviceError:
    """Return ``error`` with the device in front, unless its sentence names it already."""
    if name in str(error):
        return error
    found = type(error)(f"{name} ({hostname}): {error}")
    found.__cause__ = error
    return found


def translate(name: str, hostname: str, error: Exception) -> DeviceError:
    """Return ``error`` as a sentence that names the device and keeps the device's own words."""
    given = error
    while _says_less(error) and isinstance(error.__context__, Exception):
        error = error.__context__
    # The XML agent's driver quotes the whole request behind these words.
    words = str(error).partition("Original call was")[0]
    said = " ".join(redact(words).split()) or type(error).__name__
    meaning, text = _meaning(error, said)
    translated = meaning(f"{name} ({hostname}) {text}: {said}")
    translated.__cause__ = given
    return translated


def _says_less(error: Exception) -> bool:
    """Return whether ``error`` says less than the one that was being handled when it was raised.

    NAPALM's ``iosxr_netconf`` keeps an OSError's first argument alone, which is a number.
    """
    return isinstance(error, _STUMBLES) or str(error).isdigit()


def _meaning(error: Exception, said: str) -> tuple[type[DeviceError], str]:
    for words, meaning, text in _WORDS:
        if words in said:
            return meaning, text
    for kinds, meaning, text in _KINDS:
        # Libraries raise "can't connect" for a wrong host key, which only the cause tells.
        errors = _chain(error) if kinds is _KINDS[0][0] else (error,)
        if any(_names(one).intersection(kinds) for one in errors):
            return (ConnectError, _UNREACHABLE) if _has_ended(error) else (meaning, text)
    return DeviceError, f"failed: {type(error).__name__}"


def _has_ended(error: Exception) -> bool:
    """Return whether ``error`` came of a connection that ended, whatever it is raised as."""
    return any(words in str(one) for one in _chain(error) for words in _ENDED)


def _names(error: BaseException) -> set[str]:
    return {f"{one.__module__}.{one.__qualname__}" for one in type(error).__mro__}


def _chain(error: BaseException) -> Iterator[BaseException]:
    """Yield ``error`` and what it was raised from, or while handling."""
    seen: list[BaseException] = []
    one: BaseException | None = error
    while one is not None and one not in seen:
        seen.append(one)
        yield one
        one = one.__cause__ or one.__context__
