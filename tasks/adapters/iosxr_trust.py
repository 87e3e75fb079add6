"""Host keys for ncclient on IOS-XR: :func:`insist_on_host_keys` and :func:`pinned_key`.

ncclient's handler for IOS-XR answers for the user that every unknown host key is fine
(``ncclient/devices/iosxr.py``, 0.7.0), whatever ``hostkey_verify`` and ``hostkey_b64`` say. Law:
after :func:`insist_on_host_keys` no unknown key is fine, in the whole process, or it raises.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import paramiko
from ncclient.devices import iosxr
from ncclient.transport.ssh import default_unknown_host_cb

from tasks.errors import ConnectError

if TYPE_CHECKING:
    from pathlib import Path


def insist_on_host_keys() -> None:
    """Let an unknown host key end the connection.

    Raises:
        ConnectError: this ncclient still takes unknown keys.
    """
    iosxr.iosxr_unknown_host_cb = default_unknown_host_cb
    options: dict[str, Any] = {}
    iosxr.IosxrDeviceHandler({"name": "iosxr"}).add_additional_ssh_connect_params(options)
    decide = options.get("unknown_host_cb", default_unknown_host_cb)
    if decide("192.0.2.1", "00:00") is not False:
        raise ConnectError("this version of ncclient would take any host key for IOS-XR's")


def pinned_key(known_hosts: Path, host: str, port: int) -> str:
    """Return the key that ``known_hosts`` has for a device, in base64, as ncclient pins it.

    ncclient itself would only look at the user's own file.

    Raises:
        ConnectError: there is none.
    """
    try:
        keys = paramiko.HostKeys(str(known_hosts))
    except OSError as error:
        raise ConnectError(f"{known_hosts} can't be read: {error.strerror}") from error
    for name in (f"[{host}]:{port}", host):
        found = keys.lookup(name)
        if found:
            return str(next(iter(found.values())).get_base64())
    raise ConnectError(f"{known_hosts} has no key for [{host}]:{port}")
