"""The paths to a prefix, from answers of the form that FRR 8.4.4 gives."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tasks.drivers.frr.bgp_paths import paths
from tasks.drivers.frr.switch import Switch

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Of a dynamic iBGP node that says no name, next to an FRR switch that does.
NODE = {
    "aspath": {"string": "Local", "segments": [], "length": 0},
    "valid": True,
    "nexthops": [{"ip": "172.20.1.66", "afi": "ipv4", "accessible": True, "used": True}],
    "peer": {"peerId": "172.20.1.66", "routerId": "10.255.255.13", "type": "internal"},
}
SWITCH = {
    "aspath": {
        "string": "65201 64999",
        "segments": [{"type": "as-sequence", "list": [65201, 64999]}],
        "length": 2,
    },
    "valid": True,
    "nexthops": [
        {"ip": "2001:db8:ff:11::2", "hostname": "tor1", "afi": "ipv6", "scope": "global"},
        {"ip": "fe80::1", "hostname": "tor1", "afi": "ipv6", "scope": "link-local", "used": True},
    ],
    "peer": {"peerId": "2001:db8:ff:11::2", "hostname": "tor1", "type": "external"},
}
#: An unnumbered session is called after its interface.
UNNUMBERED = {
    "aspath": {"string": "65201"},
    "nexthops": [{"ip": "fe80::2", "afi": "ipv6", "scope": "link-local", "used": True}],
    "peer": {"peerId": "fe80::2", "interface": "swp1", "hostname": "tor2"},
}


class FakeSwitch(Switch):
    def __init__(self, *answers: dict[str, Any]) -> None:
        self.answers = answers
        self.asked: list[str] = []

    def vtysh_together(self, commands: Sequence[str]) -> str:
        self.asked += commands
        return "\n".join(json.dumps(one, indent=2) for one in self.answers)


def path(neighbor: str, hostname: str, next_hop: str, as_path: str) -> dict[str, str]:
    return {
        "neighbor": neighbor,
        "hostname": hostname,
        "next_hop": next_hop,
        "as_path": as_path,
    }


def test_all_prefixes_are_asked_for_in_one_round_trip() -> None:
    switch = FakeSwitch(
        {"prefix": "10.66.5.0/26", "paths": [NODE]},
        {"prefix": "::/0", "paths": [SWITCH, UNNUMBERED]},
        {},
        {"warning": "View/Vrf is unknown"},
    )
    wanted = [("", "10.66.5.0/26"), ("", "::/0"), ("RED", "10.0.0.0/8"), ("NONE", "10.0.0.0/8")]
    assert paths(switch, wanted) == [
        [path("172.20.1.66", "", "172.20.1.66", "")],
        [
            path("2001:db8:ff:11::2", "tor1", "2001:db8:ff:11::2", "65201 64999"),
            path("swp1", "tor2", "", "65201"),
        ],
        [],
        [],
    ]
    assert switch.asked == [
        "show bgp ipv4 unicast 10.66.5.0/26 json",
        "show bgp ipv6 unicast ::/0 json",
        "show bgp vrf RED ipv4 unicast 10.0.0.0/8 json",
        "show bgp vrf NONE ipv4 unicast 10.0.0.0/8 json",
    ]


def test_nothing_is_asked_for_nothing() -> None:
    switch = FakeSwitch()
    assert paths(switch, []) == []
    assert switch.asked == []


@pytest.mark.parametrize("wanted", [("", "10.0.0.0/8; reboot"), ("a b", "10.0.0.0/8"), ("", "x")])
def test_what_is_no_prefix_and_no_vrf_reaches_no_switch(wanted: tuple[str, str]) -> None:
    switch = FakeSwitch()
    with pytest.raises(ValueError, match=r"does not appear|is not a name"):
        paths(switch, [wanted])
    assert switch.asked == []
