"""What libraries raise, as one sentence about one device; never with a secret in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from napalm.base import exceptions as napalm
from netmiko.exceptions import NetmikoAuthenticationException, NetmikoTimeoutException

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


_KINDS: Sequence[tuple[tuple[type[Exception], ...], type[DeviceError], str]] = (
    (
        (napalm.ConnectAuthError, NetmikoAuthenticationException),
        ConnectError,
        "refuses the login; check username and key_file",
    ),
    (
        (napalm.ConnectionException, NetmikoTimeoutException, ConnectionError, TimeoutError),
        ConnectError,
        "can't be reached",
    ),
    (
        (napalm.LockError, napalm.SessionLockedException),
        LockedError,
        "is being changed by somebody else",
    ),
    (
        (napalm.MergeConfigException, napalm.ReplaceConfigException),
        RejectedError,
        "refuses the candidate",
    ),
    ((napalm.CommitError, napalm.CommitConfirmException), RejectedError, "did not commit"),
)


def translate(name: str, hostname: str, error: Exception) -> DeviceError:
    """Return ``error`` as a sentence that names the device and keeps the device's own words."""
    said = " ".join(redact(str(error)).split()) or type(error).__name__
    for kinds, meaning, text in _KINDS:
        if isinstance(error, kinds):
            translated = meaning(f"{name} ({hostname}) {text}: {said}")
            break
    else:
        translated = DeviceError(f"{name} ({hostname}) failed: {type(error).__name__}: {said}")
    translated.__cause__ = error
    return translated
