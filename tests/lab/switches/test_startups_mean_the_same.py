"""The startup configurations of the platforms mean the same BGP, whoever wrote and whoever read.

Each platform's switch reads its own text by its own code; what they make of it is compared by what
becomes of routes. Junos stands aside: its export policies decide of more than BGP's routes.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

import pytest
from junos_run import Way, run
from switchbox import SwitchBox

from lab.fabrics import switch_class
from lab.render import node_files
from lab.topology import SWITCHES

if TYPE_CHECKING:
    from pathlib import Path

    from lab.switch.meaning import Family, Program, Router

PREFIXES = (
    *("0.0.0.0/0", "10.65.1.0/26", "172.20.1.0/24", "172.20.2.0/24", "198.51.100.0/24"),
    *("192.168.5.0/24", "10.255.255.1/32", "::/0", "fd00:65:0:1::/122", "2001:db8:20:1::/64"),
)
TAGS = ((), ("65000:666",), ("65000:200",), ("65001:500",), ("65000:201", "65000:300"))
WAYS = tuple(
    Way(prefix=ip_network(prefix), communities=frozenset(tags))
    for prefix in PREFIXES
    for tags in TAGS
)


def fates(program: Program | None, version: int) -> list[tuple[bool, list[str]]]:
    """Return what becomes of each route."""
    ways = [way for way in WAYS if way.prefix.version == version]
    return [(True, []) if program is None else run(program, way) for way in ways]


def view(router: Router | None) -> dict[str, Any]:
    """Return a meaning with the policies as what they do."""
    assert router is not None

    def families(given: dict[int, Family]) -> dict[int, Any]:
        return {
            version: (
                fates(one.import_policy, version),
                fates(one.export_policy, version),
                one.next_hop_self,
                one.route_reflector_client,
            )
            for version, one in given.items()
        }

    return {
        "self": (router.asn, router.router_id, frozenset(router.networks)),
        **{
            str(one.address): (one.remote_asn, one.is_shut_down, families(dict(one.families)))
            for one in router.peers
        },
        **{
            one.name: (one.remote_asn, one.ranges, families(dict(one.families)))
            for one in router.dynamic
        },
    }


def booted(platform: str, name: str, folder: Path) -> dict[str, Any]:
    kind = switch_class(platform)
    assert kind is not None
    text = node_files(name, platform)["startup"]
    with SwitchBox(kind, text, folder, name=name, address="127.42.0.9") as box:
        return view(box.daemon.router)


@pytest.mark.parametrize("name", SWITCHES)
def test_all_platforms_mean_the_same(name: str, tmp_path: Path) -> None:
    first = booted("ios", name, tmp_path / "ios")
    assert len(first) > 4
    for platform in ("eos", "nxos", "iosxr_netconf"):
        assert booted(platform, name, tmp_path / platform) == first
