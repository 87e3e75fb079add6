"""The facts about a switch: `facts`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from tasks.drivers.frr.switch import Switch

# One line each, always the same number of lines: an unreadable value is an empty line.
HOST_COMMAND = (
    "cut -d' ' -f1 /proc/uptime; hostname; hostname -f 2>/dev/null || hostname; "
    "for f in product_name product_serial; do "
    "v=$(cat /sys/class/dmi/id/$f 2>/dev/null); printf '%s\\n' \"$v\"; done; "
    "sed -n 's/^ *\\([^:]*\\):.*/\\1/p' /proc/net/dev"
)


def facts(switch: Switch) -> dict[str, Any]:
    """Return NAPALM's facts, with the machine's uptime in seconds."""
    uptime, hostname, fqdn, model, serial, *interfaces = switch.shell(HOST_COMMAND).splitlines()
    version = re.search(r"^FRRouting (\S+)", switch.vtysh("show version"), re.MULTILINE)
    return {
        "uptime": float(uptime),
        "vendor": "FRRouting",
        "os_version": version[1] if version else "",
        "serial_number": serial.strip(),
        "model": model.strip() or "FRRouting",
        "hostname": hostname,
        "fqdn": fqdn,
        "interface_list": sorted(name.strip() for name in interfaces),
    }
