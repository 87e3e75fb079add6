"""Long configurations of four platforms, with much that is foreign, and what they say."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from policies.accepts import Judge
from policies.dialects.eos import EosDialect
from policies.dialects.ios import IosDialect
from policies.dialects.nxos import NxosDialect
from policies.dialects.xr import XrDialect
from policies.errors import ParseError
from policies.filters import Direction, Running, SessionKey
from policies.prefix_list import Action, PrefixListEntry

if TYPE_CHECKING:
    from policies.dialects.base import Dialect

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
DIALECTS: dict[str, Dialect] = {
    "ios/border2": IosDialect(),
    "eos/tor3": EosDialect(),
    "nxos/spine2": NxosDialect(),
    "xr/border3": XrDialect(),
}
OFFICES = [PrefixListEntry(action=Action.PERMIT, prefix=ip_network("192.168.0.0/16"), le=24)]
TEN_20 = PrefixListEntry(action=Action.PERMIT, prefix=ip_network("10.20.0.0/16"), ge=24, le=24)
REST = PrefixListEntry(action=Action.DENY, prefix=ip_network("0.0.0.0/0"), le=32)


def text(name: str) -> str:
    return (GOLDEN / f"{name}.conf").read_text(encoding="utf-8")


def golden(name: str) -> Running:
    return DIALECTS[name].parse(text(name))


def told(running: Running) -> dict[str, str]:
    """Return every session in a line: what it is, and what decides it by family and direction."""
    found = {}
    for key, one in running.sessions.items():
        kind = "group" if one.is_group else f"of {one.group}" if one.group else "neighbor"
        kind += " listens" if one.listens else ""
        kind += {True: " ebgp", False: " ibgp", None: " ?"}[one.is_external]
        for (version, direction), at in one.attachments.items():
            parts = [at.route_map or "-", *at.unknown, *at.overrides]
            parts += [f"list {at.prefix_list}"] if at.prefix_list else []
            parts += [f"from {at.inherited_from}"] if at.inherited_from else []
            parts += ["default"] if at.originates_default else []
            way = "in" if direction is Direction.IMPORT else "out"
            kind += f" | {version} {way}: {', '.join(parts)}"
        found[str(key)] = kind
    return found


def test_ios() -> None:
    running = golden("ios/border2")
    assert running.routers == {"": 65001, "BLUE": 65001}
    assert told(running) == {
        "NODES": "group listens ebgp | 4 in: FROM-NODE | 4 out: -",
        "10.255.1.1": "neighbor ebgp | 4 in: FROM-SPINE, list OFFICES | 4 out: TO-SPINE"
        " | 6 in: FROM-SPINE | 6 out: -",
        "203.0.113.1": "neighbor ebgp | 4 in: FROM-TRANSIT, from TRANSIT-IN"
        " | 4 out: TO-TRANSIT, from TRANSIT-IN",
        "2001:db8:fe:1::1": "neighbor ebgp | 6 in: -, filter-list 7 | 6 out: -, default",
        "198.51.100.1 (vrf BLUE)": "neighbor ebgp | 4 in: FROM-BLUE | 4 out: -",
    }
    assert {name: len(one) for name, one in running.other_uses.items()} == {
        "BLUE-EXPORT": 1,
        "DEFAULT": 1,
        "ORIGIN": 1,
        "PBR": 1,
        "STATICS": 1,
        "VPN": 1,
    }
    assert sorted(running.lists) == [(4, "DEFAULT-V4"), (4, "OFFICES"), (6, "ULA")]
    entries = [(one.action, one.prefix, one.le) for one in running.lists[4, "OFFICES"].entries]
    assert entries == [(one.action, one.prefix, one.le) for one in (*OFFICES, REST)]
    assert [one.seq for one in running.route_maps["FROM-SPINE"].stanzas] == [10, 20]
    stanza = running.route_maps["FROM-SPINE"].stanzas[0]
    assert stanza.any_of == (((4, "OFFICES"), (4, "DEFAULT-V4")),)
    assert stanza.sets == ("description from the spines", "set local-preference 200")


def test_eos() -> None:
    running = golden("eos/tor3")
    assert running.routers == {"": 65203, "BLUE": 65203}
    spines = "| 4 in: FROM-SPINE, from SPINES | 4 out: TO-SPINE, from SPINES"
    assert told(running) == {
        "NODES": "group listens ? | 4 in: FROM-NODE | 4 out: -",
        "SPINES": "group ebgp | 4 in: FROM-SPINE | 4 out: TO-SPINE",
        "10.255.13.0": f"of SPINES ebgp {spines}",
        "10.255.23.0": "of SPINES ebgp | 4 in: OWN | 4 out: TO-SPINE, from SPINES",
        "10.255.33.0": "neighbor ebgp | 4 in: -, rcf JUDGE() | 4 out: -",
        "2001:db8:ff:13::": "neighbor ebgp | 6 in: -, list ULA | 6 out: -",
        "198.51.100.1 (vrf BLUE)": "neighbor ebgp | 4 in: FROM-BLUE | 4 out: -",
    }
    assert sorted(running.other_uses) == ["CONN", "HELPER"]
    assert sorted(running.lists) == [
        (4, "DEFAULT-V4"),
        (4, "OFFICES"),
        (4, "ONELINE"),
        (6, "ULA"),
    ]
    second = running.lists[4, "OFFICES"].entries[1]
    assert (second.prefix, second.ge, second.le) == (TEN_20.prefix, 24, 24)
    assert [one.unknown for one in running.route_maps["FROM-SPINE"].stanzas] == [
        (),
        ("match as-path CUSTOMERS",),
        ("sub-route-map HELPER",),
    ]


def test_nxos() -> None:
    running = golden("nxos/spine2")
    assert running.routers == {"": 65000, "BLUE": 65000}
    assert told(running) == {
        "TORS": "group ebgp | 4 in: FROM-TOR | 4 out: TO-TOR",
        "10.3.0.0/24": "group listens ebgp | 4 in: -, list OFFICES | 4 out: -",
        "10.255.11.1": "of TORS ebgp | 4 in: FROM-TOR, from TORS | 4 out: TO-TOR, from TORS",
        "10.255.12.1": "of TORS ebgp | 4 in: OWN | 4 out: TO-TOR, from TORS",
        "10.255.1.1": "neighbor ebgp | 4 in: FROM-SPINE, from FEW"
        " | 4 out: -, filter-list CUSTOMERS | 6 in: - | 6 out: -, default",
        "2001:db8:ff:13::1": "neighbor ebgp | 6 in: FROM-TOR | 6 out: -",
        "198.51.100.1 (vrf BLUE)": "neighbor ebgp | 4 in: ODDS, from WIDE | 4 out: -",
    }
    assert sorted(running.other_uses) == ["DEFAULT", "EVPN", "STATICS"]
    assert running.lists[4, "ODD"].unknown == ("seq 5 permit 10.0.0.0/8 mask 255.0.255.0",)
    everything = Judge(running).route_map(4, "ODDS")
    assert ~everything.may == everything.must, "a deny by a list nobody can read denies nothing"


def test_xr() -> None:
    running = golden("xr/border3")
    assert running.routers == {"": 65001, "BLUE": 65001}
    spines = "| 4 in: FROM-SPINE{0} | 4 out: TO-SPINE{0} | 6 in: FROM-SPINE{0} | 6 out: TO-SPINE{0}"
    above = spines.format(", from SPINES")
    assert told(running) == {
        "SPINES": f"group ebgp {spines.format('')}",
        "REFLECTED": "group ibgp",
        "10.0.0.1": "of REFLECTED ibgp",
        "10.255.1.1": f"of SPINES ebgp {above}",
        "10.255.2.1": f"of SPINES ebgp {above}".replace(
            "4 in: FROM-SPINE, from SPINES", "4 in: PASS"
        ),
        "10.9.0.0/24": "group listens ebgp | 4 in: PASS | 4 out: -",
        "10.8.0.1": "neighbor ibgp | 4 in: - | 4 out: -",
        "10.7.0.1": "neighbor ? | 4 in: - | 4 out: -",
        "203.0.113.1": "neighbor ebgp | 4 in: FROM-TRANSIT(120, OFFICES)"
        " | 4 out: TO-TRANSIT, default",
        "2001:db8:fe::1": "neighbor ebgp | 6 in: FROM-SPINE | 6 out: NOTHING",
        "10.0.0.4": "neighbor ibgp | 4 in: - | 4 out: -",
        "198.51.100.1 (vrf BLUE)": "neighbor ebgp | 4 in: PASS | 4 out: PASS",
        "198.51.100.2 (vrf BLUE)": "neighbor ebgp | 4 in: ODDS | 4 out: PASS",
        "198.51.100.3 (vrf BLUE)": "neighbor ebgp | 4 in: - | 4 out: -",
    }
    closed = {
        str(key): one.is_closed(4, Direction.EXPORT)
        for key, one in running.sessions.items()
        if (4, Direction.EXPORT) in one.attachments
        and one.attachments[4, Direction.EXPORT].is_empty
    }
    assert closed == {
        "10.9.0.0/24": True,
        "10.8.0.1": None,
        "10.7.0.1": None,
        "10.0.0.4": False,
        "198.51.100.3 (vrf BLUE)": True,
    }
    assert {name: len(one) for name, one in running.other_uses.items()} == {
        "BOGONS": 1,
        "CONN": 5,
        "PASS": 1,
        "VRF-IN": 1,
        "VRF-OUT": 1,
    }
    offices = [str(one) for one in running.lists[4, "OFFICES"].entries]
    assert offices == [
        "seq 10 permit 10.0.4.0/22",
        "seq 20 permit 10.0.6.0/23",
        "seq 30 permit 10.0.7.0/24",
        "seq 40 permit 10.20.0.0/16 ge 24 le 24",
        "seq 50 permit 10.30.0.0/16 ge 28 le 32",
        "seq 60 permit 192.168.0.0/16 le 24",
    ]
    assert running.lists[6, "SCATTERED"].unknown == ("10.0.0.0 0.255.0.255",)
    assert running.lists[4, "EMPTY"].entries == ()
    assert running.sessions[SessionKey("", "2001:db8:fe::1")].unjudged == ("ipv6 labeled-unicast",)


def test_what_policies_of_xr_accept() -> None:
    judge = Judge(golden("xr/border3"))

    def accepted(name: str, *nets: str) -> dict[str, str]:
        found = {}
        for net in map(ip_network, nets):
            said = judge.route_map(net.version, name)
            found[str(net)] = "must" if net in said.must else "may" if net in said.may else "no"
        return found

    assert accepted("FROM-TRANSIT(120, OFFICES)", "10.20.1.0/24", "127.0.0.0/8", "9.0.0.0/8") == {
        # The applied policy accepts at once what has a certain AS path, bogons never.
        "10.20.1.0/24": "may",
        "127.0.0.0/8": "no",
        "9.0.0.0/8": "may",
    }
    nets = ("192.168.4.0/24", "10.0.6.0/23", "10.0.7.0/25", "fd00::/64", "2001:db8:20::/56")
    assert accepted("FROM-SPINE", *nets) == {
        "192.168.4.0/24": "must",
        "10.0.6.0/23": "must",
        "10.0.7.0/25": "no",
        "fd00::/64": "must",
        "2001:db8:20::/56": "must",
    }
    assert accepted("TO-TRANSIT", "0.0.0.0/0", "9.0.0.0/8", "10.20.3.0/24") == {
        "0.0.0.0/0": "no",
        "9.0.0.0/8": "may",
        "10.20.3.0/24": "must",
    }
    assert accepted("ODDS", "172.16.0.0/12", "9.0.0.0/8") == {
        "172.16.0.0/12": "may",
        "9.0.0.0/8": "may",
    }
    assert accepted("NOTHING", "9.0.0.0/8") == {"9.0.0.0/8": "no"}


def test_the_stanza_that_ios_gives_a_name_is_read() -> None:
    lines = "route-map RM permit 5 ordering-seq first\n!\nroute-map RM deny 10 \n!\n"
    running = IosDialect().parse(f"version 17.9\n{lines}end\n")
    assert [(one.seq, one.action) for one in running.route_maps["RM"].stanzas] == [
        (5, Action.PERMIT),
        (10, Action.DENY),
    ]


def test_what_nxos_counts_of_a_map_is_no_use_of_it() -> None:
    lines = "route-map RM pbr-statistics\nroute-map RM permit 10\n"
    running = NxosDialect().parse(f"version 10.2(3) Bios:version\n{lines}")
    assert (len(running.route_maps["RM"].stanzas), running.other_uses) == (1, {})


def test_rcf_may_accept_anything() -> None:
    running = golden("eos/tor3")
    session = running.sessions[SessionKey("", "10.255.33.0")]
    judged = Judge(running).session(session, 4, Direction.IMPORT)
    assert (~judged.may, bool(judged.must)) == (judged.must, False)


@pytest.mark.parametrize("name", DIALECTS)
def test_banners_scripts_and_descriptions_are_no_configuration(name: str) -> None:
    running = golden(name)
    assert not {one for _, one in running.lists} & {"BANNER", "SCRIPT", "RF-banner"}
    assert not {"GONE", "OLD"} & set(running.other_uses)
    assert SessionKey("", "192.0.2.99") not in running.sessions
    foreign = DIALECTS[name].foreign(text(name))
    kept = [line for line in text(name).splitlines() if line.strip() and "!" not in line]
    lost = [line for line in kept if line not in foreign.splitlines()]
    assert {line.strip().split(" ipv")[0].split()[0] for line in lost} <= {
        "Building",
        "Current",
        "end",
        "address-family",
        "exit-address-family",
        "Mon",
    }


@pytest.mark.parametrize("name", ["ios/border2", "eos/tor3", "xr/border3"])
def test_half_a_configuration_is_never_taken_for_a_whole_one(name: str) -> None:
    lines = text(name).splitlines(keepends=True)
    assert lines[-1] == "end\n" or lines[-1] == "end"
    for kept in range(len(lines) - 1):
        with pytest.raises(ParseError):
            DIALECTS[name].parse("".join(lines[:kept]))


@pytest.mark.parametrize("name", DIALECTS)
@pytest.mark.parametrize("other", DIALECTS)
def test_the_configuration_of_another_platform_is_refused(name: str, other: str) -> None:
    if name == other:
        assert golden(name).sessions
        return
    with pytest.raises(ParseError, match=r"no .* running configuration"):
        DIALECTS[other].parse(text(name))
