"""Installing guards on made-up FRR switches: what a test of the installer says it with."""

from __future__ import annotations

from ipaddress import ip_network

from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.filters import Direction, Running, SessionKey
from policies.guards import Fence, WantedGuard, deny_list
from policies.install import Installation, install
from policies.managed import managed
from policies.prefix_set import PrefixSet
from policies.proof import leaks

FRR = DIALECTS["frr"]
IMPORT, EXPORT = Direction


def fence(label: str, *nets: str) -> Fence:
    allowed = {
        version: PrefixSet.union(
            version,
            [PrefixSet.of(net) for net in map(ip_network, nets) if net.version == version],
        )
        for version in (4, 6)
    }
    lists = {version: deny_list("out", label, version, ~one) for version, one in allowed.items()}
    return Fence("out", label, allowed, lists)


ORANGE, BLUE = fence("orange", "10.65.0.0/16"), fence("blue", "10.66.0.0/16")


def guard(
    name: str,
    direction: Direction = IMPORT,
    fence: Fence = ORANGE,
    *,
    group: bool = False,
    may_open: bool = False,
    vrf: str = "",
) -> WantedGuard:
    return WantedGuard(
        session=SessionKey(vrf, name),
        is_group=group,
        direction=direction,
        fence=fence,
        may_open=may_open,
    )


def parse(*lines: str, maps: str = "", profile: str = "traditional") -> Running:
    inside = "".join(f" {line}\n" for line in lines)
    return FRR.parse(
        f"frr version 8.4.4\nfrr defaults {profile}\nrouter bgp 65000\n{inside}exit\n{maps}\nend\n"
    )


def family(*lines: str, version: int = 4) -> list[str]:
    inside = [f" {line}" for line in lines]
    return [f"address-family ipv{version} unicast", *inside, "exit-address-family"]


def stanzas(found: Installation) -> list[str]:
    return [
        f"{name} {one.action} {seq}: {' '.join(f'v{version}' for version, _ in one.lists)}".strip()
        for (name, seq), one in sorted(found.managed.stanzas.items(), key=lambda item: item[0])
    ]


def attachments(found: Installation) -> dict[str, str]:
    return {
        f"{key} v{version} {way}": name
        for (key, version, way), name in sorted(found.managed.attachments.items())
    }


def refused(found: Installation) -> list[str]:
    assert all(one.where == "tor1" and one.way_out for one in found.violations)
    assert not any(one.acceptable for one in found.violations)
    return [f"{one.limit}: {one.evidence}" for one in found.violations]


def clean(running: Running, *guards: WantedGuard) -> Installation:
    """Return the installation, which nothing is in the way of."""
    found = install("tor1", running, guards)
    assert found.violations == []
    return found


def after(running: Running, *guards: WantedGuard) -> Running:
    """Return the device with the guards, proven."""
    found = clean(running, *guards)
    done = apply(running, steps(managed(running), found.managed))
    assert leaks(done, found.fenced) == ()
    return done


ONE = "neighbor 10.0.0.1 remote-as 65001"
INSIDE = "neighbor 10.0.0.1 remote-as 65000"
BROWNFIELD = [ONE, *family("neighbor 10.0.0.1 route-map RM in")]


def one_map(*stanzas: str) -> str:
    return "".join(f"route-map RM {stanza}\nexit\n" for stanza in stanzas)
