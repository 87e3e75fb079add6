"""Which platform each switch of the lab is; read ``FABRICS`` first.

Law: a fabric is data. What a platform needs is written down in ``PLATFORMS`` and nowhere else, and
is called there as NAPALM calls its driver.
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

from lab.errors import LabError
from lab.topology import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Mapping

    from lab.switch.base import VirtualSwitch

FRR = "frr"
PORTS: Mapping[str, int] = {"ssh": 2222, "https": 8443, "netconf": 8830}
"""Where a switch listens on its management address, by protocol."""
SSH_LIKE = ("ssh", "netconf")
"""The protocols whose clients look the host key up in known_hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Platform:
    """What the lab must know of a platform to start a switch of it."""

    protocols: tuple[str, ...]
    switch_class: str | None = None
    """``module:Class`` of its virtual switch; None for FRR, which is the real thing."""
    templates: str = ""
    """The folder of its startup configuration below lab/templates."""


PLATFORMS: Mapping[str, Platform] = {
    FRR: Platform(protocols=("ssh",)),
    "eos": Platform(
        protocols=("https",),
        switch_class="lab.switch.eos.switch:EosSwitch",
        templates="eos",
    ),
    "ios": Platform(
        protocols=("ssh",),
        switch_class="lab.switch.ios.switch:IosSwitch",
        templates="ios",
    ),
    "nxos": Platform(
        protocols=("https", "ssh"),
        switch_class="lab.switch.nxos.switch:NxosSwitch",
        templates="nxos",
    ),
    "nxos_ssh": Platform(
        protocols=("ssh", "https"),
        switch_class="lab.switch.nxos.switch:NxosSwitch",
        templates="nxos",
    ),
    "iosxr": Platform(
        protocols=("ssh",),
        switch_class="lab.switch.iosxr.switch:IosXrCliSwitch",
        templates="iosxr",
    ),
    "iosxr_netconf": Platform(
        protocols=("netconf",),
        switch_class="lab.switch.iosxr.switch:IosXrSwitch",
        templates="iosxr",
    ),
    "junos": Platform(
        protocols=("netconf",),
        switch_class="lab.switch.junos.switch:JunosSwitch",
        templates="junos",
    ),
}

Fabric = dict[str, str]
"""Switch -> platform, for all six."""

FABRICS: Mapping[str, Fabric] = {
    FRR: dict.fromkeys(SWITCHES, FRR),
    "mixed": {
        "border1": "junos",
        "border2": "iosxr_netconf",
        "spine1": "nxos",
        "spine2": "eos",
        "tor1": FRR,
        "tor2": "ios",
    },
    "turned": {
        "border1": "ios",
        "border2": FRR,
        "spine1": "iosxr_netconf",
        "spine2": "junos",
        "tor1": "eos",
        "tor2": "nxos",
    },
    # The second drivers that NAPALM has for two of the platforms.
    "second": {**dict.fromkeys(SWITCHES, FRR), "border2": "iosxr", "spine1": "nxos_ssh"},
}
DEFAULT = "mixed"


def fabric_of(words: str | Mapping[str, str]) -> Fabric:
    """Return the fabric that is meant, or raise ``LabError``.

    Args:
        words: a fabric's name, or a mapping of switches to platforms (the others are FRR), or, as
            text, both: "mixed,tor1=eos", "spine1=eos".
    """
    if not isinstance(words, str):
        return _overridden(FABRICS[FRR], words)
    parts = words.split(",")
    name = FRR if "=" in parts[0] else parts.pop(0)
    if name not in FABRICS:
        raise LabError(f"no fabric is called {name}: there are {', '.join(FABRICS)}", exit_code=5)
    pairs = [part.partition("=") for part in parts]
    return _overridden(FABRICS[name], {switch: platform for switch, _, platform in pairs})


def _overridden(fabric: Fabric, changes: Mapping[str, str]) -> Fabric:
    for switch, platform in changes.items():
        if switch not in fabric:
            raise LabError(
                f"no switch is called {switch}: there are {', '.join(fabric)}", exit_code=5
            )
        if platform not in PLATFORMS:
            raise LabError(
                f"no platform is called {platform}: there are {', '.join(PLATFORMS)}", exit_code=5
            )
    return {**fabric, **changes}


def switch_class(platform: str) -> type[VirtualSwitch] | None:
    """Return a platform's virtual switch (FRR: None), or raise ``LabError`` if it has none."""
    path = PLATFORMS[platform].switch_class
    if path is None:
        return None
    module, _, name = path.partition(":")
    try:
        found: type[VirtualSwitch] = getattr(importlib.import_module(module), name)
    except ImportError as error:
        raise LabError(
            f"the virtual switch of {platform} can't be loaded ({error}): "
            "python -m pip install -e '.[lab]'",
            exit_code=5,
        ) from error
    return found
