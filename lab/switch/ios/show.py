"""The ``show`` commands of an IOS-XE switch: :func:`show`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.ios.config import incremental
from lab.switch.ios.device import NONE_PENDING
from lab.switch.ios.show_entry import NOT_IN_TABLE
from lab.switch.ios.show_tables import (
    show_all_neighbors,
    show_all_summaries,
    show_bgp,
    show_vrf_bgp,
)
from lab.switch.ios.words import expanded

if TYPE_CHECKING:
    from lab.switch.ios.device import Device

_KNOWN = (
    "running-config",
    "startup-config",
    "archive config rollback timer",
    "archive config incremental-diffs",
    "archive config differences",
    "archive",
    "clock",
    "version",
    "hosts",
    "ip interface brief",
    "bgp all summary",
    "bgp all neighbors",
    "bgp ipv4 multicast neighbors",
    "bgp ipv6 multicast neighbors",
    "bgp ipv4 mdt all neighbors",
    "bgp ipv4 unicast",
    "bgp ipv6 unicast",
    "bgp vpnv4 unicast all neighbors",
    "bgp vpnv6 unicast all neighbors",
    "bgp vpnv4 unicast vrf",
    "bgp vpnv6 unicast vrf",
)
_ERROR_5 = (
    "!List of Commands:\n"
    "Error: received error code 5 when looking for missing lines\n"
    "!Error: cfgdiff returned error 5\n"
)
_RUNNING = "system:running-config"


async def show(  # noqa: C901, PLR0911 - an arm for each command
    device: Device, words: list[str]
) -> str | None:
    """Return what a ``show`` command prints; None if it is not known."""
    command, rest = expanded(words, _KNOWN)
    match command, rest:
        case "running-config", [] | ["all"]:
            return _with_header(device)
        case "startup-config", []:
            return f"Using {len(device.startup)} out of 2097152 bytes\n{device.startup}"
        case "archive", []:
            return _archive(device)
        case "archive config rollback timer", []:
            return _timer(device)
        case "archive config incremental-diffs", [path, *options]:
            if "no diff utility" in device.faults:
                return None
            return _incremental(device, path, ignores_case="ignorecase" in options)
        case "archive config differences", [base, path]:
            return _differences(device, base, path)
        case "clock", []:
            return device.clock("%H:%M:%S.000 UTC %a %b %d %Y\n")
        case "version", []:
            return _version(device)
        case "hosts", []:
            return "Default domain is fabric.example\nName servers are 255.255.255.255\n"
        case "ip interface brief", []:
            return _interfaces(device)
    return await _show_bgp(device, command, rest)


async def _show_bgp(  # noqa: PLR0911 - an arm for each command
    device: Device, command: str, rest: list[str]
) -> str | None:
    match command, rest:
        case (("bgp ipv4 unicast" | "bgp ipv6 unicast"), _):
            return await show_bgp(device, 4 if "ipv4" in command else 6, rest)
        case (("bgp vpnv4 unicast vrf" | "bgp vpnv6 unicast vrf"), [_, prefix]) if "/" in prefix:
            return NOT_IN_TABLE  # BGP runs in the default VRF alone
        case (("bgp vpnv4 unicast all neighbors" | "bgp vpnv6 unicast all neighbors"), []):
            return show_vrf_bgp(device, 4 if "vpnv4" in command else 6)
        case "bgp all summary", []:
            return await show_all_summaries(device)
        case "bgp all neighbors", []:
            return await show_all_neighbors(device)
        case (("bgp ipv4 multicast neighbors" | "bgp ipv6 multicast neighbors"), []) | (
            "bgp ipv4 mdt all neighbors",
            [],
        ):
            return "\n"
    return None


def _with_header(device: Device) -> str:
    text = device.text
    changed = device.clock("%H:%M:%S UTC %a %b %d %Y")
    shown = text[: len(text) // 2] if "cut" in device.faults else text
    return (
        "Building configuration...\n"
        "\n"
        f"Current configuration : {len(text)} bytes\n"
        "!\n"
        f"! Last configuration change at {changed} by {device.environment.username}\n"
        "!\n"
        f"{shown}\n"
    )


def _archive(device: Device) -> str:
    path = device.archive_path()
    if path is None:
        return "Archive feature not enabled\n"
    saved = [name for name in device.flash.names if name.startswith(path.partition(":")[2])]
    return (
        "The maximum archive configurations allowed is 10.\n"
        f"There are currently {len(saved)} archive configurations saved.\n"
        f"The next archive file will be named {path}-<timestamp>-{len(saved) + 1}\n"
        " Archive #  Name\n"
        + "".join(f"   {at}        flash:{name}\n" for at, name in enumerate(saved, 1))
    )


def _timer(device: Device) -> str:
    one = device.pending
    if one is None:
        return NONE_PENDING
    return (
        f"Time configured(or reconfigured): {one.since}\n"
        "Timer type: absolute timer\n"
        f"Timer value: {one.minutes} min\n"
        f"User: {one.user}\n"
    )


def _incremental(device: Device, path: str, *, ignores_case: bool) -> str:
    lines = device.flash.read(path).decode().splitlines()
    if not any(line.strip() == "end" for line in lines):
        return _ERROR_5
    shown = incremental(device.text, lines, ignores_case=ignores_case)
    none = "" if shown else "!No changes were found\n"
    return "".join(f"{line}\n" for line in ("!List of Commands:", *shown, "end")) + none


def _differences(device: Device, base: str, path: str) -> str:
    def lines(one: str) -> list[str]:
        text = device.text if one.replace("/", "") == _RUNNING else ""
        return (text or device.flash.read(one).decode()).splitlines()

    old, new = lines(base), lines(path)
    added = incremental("\n".join(old), new, ignores_case=False)
    gone = incremental("\n".join(new), old, ignores_case=False)
    shown = [*(f"+{line}" for line in added), *(f"-{line}" for line in gone)]
    none = "" if shown else "!No changes were found\n"
    return "!Contextual Config Diffs:\n" + "".join(f"{line}\n" for line in shown) + none


def _interfaces(device: Device) -> str:
    text = "Interface              IP-Address      OK? Method Status                Protocol\n"
    for node in device.running.root.children.values():
        word, _, name = node.text.partition(" ")
        if word == "interface":
            text += f"{name:22} unassigned      YES unset  up                    up\n"
    return text


def _version(device: Device) -> str:
    return (
        "Cisco IOS XE Software, Version 17.09.04a\n"
        "Cisco IOS Software [Cupertino], Catalyst L3 Switch Software (CAT9K_IOSXE), "
        "Version 17.9.4a, RELEASE SOFTWARE (fc3)\n"
        f"{device.hostname} uptime is 2 weeks, 3 days, 4 hours, 5 minutes\n"
        "cisco C9500-48Y4C (X86) processor with 2900319K/6147K bytes of memory.\n"
        "Processor board ID CAT2349L0AB\n"
        "Configuration register is 0x102\n"
    )
