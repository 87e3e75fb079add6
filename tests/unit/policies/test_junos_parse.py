"""What Junos configurations say: a long one, the traps of inheritance, and what is refused."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from junos_lines import PEER, POLICY, accepted, parse

from policies.accepts import Judge
from policies.dialects.junos import JunosDialect
from policies.errors import ParseError
from policies.filters import Direction, Running, SessionKey
from policies.prefix_set import PrefixSet

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "junos" / "border1.conf"
JUNOS = JunosDialect()
IMPORT, EXPORT = Direction


def text() -> str:
    return GOLDEN.read_text(encoding="utf-8")


def told(running: Running) -> dict[str, str]:
    """Return every session in a line: what it is, and what decides it by family and direction."""
    found = {}
    for key, one in running.sessions.items():
        kind = "group" if one.is_group else f"of {one.group}"
        kind += " listens" if one.listens else ""
        kind += {True: " ebgp", False: " ibgp", None: " ?"}[one.is_external]
        for (version, direction), at in one.attachments.items():
            parts = [at.route_map or "-", *at.overrides]
            parts += [f"from {at.inherited_from}"] if at.inherited_from else []
            way = "in" if direction is IMPORT else "out"
            kind += f" | {version} {way}: {', '.join(parts)}"
        found[str(key)] = kind
    return found


def test_a_long_configuration() -> None:
    running = JUNOS.parse(text())
    assert len(text().splitlines()) > 400
    assert running.routers == {"": 65001, "BLUE": 65100}
    assert running.other_uses == {}
    chain = "FROM-SPINE LOGGED"
    doubt = f"{chain}, inactive: import, from SPINES"
    expression = '"(" FROM-SPINE && LOGGED ")" FROM-TRANSIT'
    assert told(running) == {
        "SPINES": f"group ebgp | 4 in: {chain} | 4 out: TO-SPINE, from protocols bgp"
        f" | 6 in: {chain} | 6 out: TO-SPINE, from protocols bgp",
        "10.255.0.0": f"of SPINES ebgp | 4 in: {chain}, from SPINES | 4 out: TO-SPINE, from SPINES"
        f" | 6 in: {chain}, from SPINES | 6 out: TO-SPINE, from SPINES",
        "10.255.1.0": f"of SPINES ebgp | 4 in: {doubt} | 4 out: NEXT-HOP-SELF"
        f" | 6 in: {doubt} | 6 out: NEXT-HOP-SELF",
        "TRANSIT": "group ebgp | 4 in: - | 4 out: TO-TRANSIT | 6 in: - | 6 out: TO-TRANSIT",
        "203.0.113.1": "of TRANSIT ebgp | 4 in: FROM-TRANSIT, from apply-groups"
        " | 4 out: TO-TRANSIT, from TRANSIT",
        "2001:db8:fe:1::1": f"of TRANSIT ebgp | 6 in: {expression}, import {expression},"
        " import is also said by apply-groups | 6 out: TO-TRANSIT, from TRANSIT",
        "RR": "group ibgp | 4 in: - | 4 out: TO-SPINE, from protocols bgp",
        "10.254.0.9": "of RR ibgp | 4 in: - | 4 out: TO-SPINE, from RR",
        "NODES": "group listens ebgp | 4 in: - | 4 out: TO-SPINE, from protocols bgp",
        "protocols bgp": "group ? | 4 in: - | 4 out: TO-SPINE | 6 in: - | 6 out: TO-SPINE",
        "CE (vrf BLUE)": "group ebgp | 4 in: - | 4 out: -",
        "198.51.100.1 (vrf BLUE)": "of CE ebgp | 4 in: FROM-SPINE | 4 out: -",
    }
    labeled = {str(key) for key, one in running.sessions.items() if one.unjudged}
    assert labeled == {"RR", "10.254.0.9"}
    assert not {one for _, one in running.lists} & {"NOBODY", "prefix-list NOBODY"}


def test_what_the_operators_policies_accept() -> None:
    running = JUNOS.parse(text())
    four = [
        ("10.0.0.0/8", 8, 24),
        ("10.128.0.0/9", 16, 20),
        ("192.168.0.0/16", 16, 16),
        ("192.168.64.0/18", 18, 18),
    ]
    upto = PrefixSet.from_ranges(4, [(ip_network("10.0.0.0/8"), 8, 24)])
    half = PrefixSet.from_ranges(4, [(ip_network("10.128.0.0/9"), 9, 32)])
    rest = PrefixSet.from_ranges(4, [(ip_network(net), low, high) for net, low, high in four[1:]])
    assert accepted(running, "SPINES", 4, IMPORT) == (upto - half) | rest
    six = PrefixSet.from_ranges(6, [(ip_network("fd00::/8"), 8, 128)])
    assert accepted(running, "SPINES", 6, IMPORT) == six
    judged = Judge(running).session(running.sessions[SessionKey("", "203.0.113.1")], 4, IMPORT)
    specials = PrefixSet.from_ranges(
        4,
        [
            (ip_network(net), ip_network(net).prefixlen, 32)
            for net in ("100.64.0.0/10", "169.254.0.0/16")
        ],
    )
    long = PrefixSet.from_ranges(4, [(ip_network("0.0.0.0/0"), 25, 32)])
    assert judged.may == ~specials, "an as-path may let it jump over the term that rejects"
    assert judged.must == PrefixSet.empty(4)
    assert long & ~specials <= judged.may
    exported = Judge(running).session(running.sessions[SessionKey("", "TRANSIT")], 6, EXPORT)
    offices = PrefixSet.from_ranges(6, [(ip_network("fd12:3456::/32"), 32, 128)])
    assert (exported.may, exported.must) == (PrefixSet.everything(6), offices)


TERM = f"{POLICY} A term t"


@pytest.mark.parametrize(
    ("lines", "may", "must"),
    [
        (("from protocol direct", "then accept"), True, False),
        (("from protocol direct", "then reject"), True, False),
        (("from route-filter 10.0.0.0/8 exact accept", "then reject"), True, False),
        (("from route-filter 10.0.0.0/8 address-mask 255.0.255.0", "then reject"), True, False),
        (("from route-filter 10.0.0.0/8 through 10.0.0.0/16", "then reject"), False, False),
        (("from prefix-list NONE", "then accept"), True, False),
        (("from prefix-list NONE", "then reject"), True, False),
        (("from family evpn", "then accept"), True, False),
        (("to neighbor 10.0.0.9", "then accept"), True, False),
        (("then default-action reject",), True, False),
        (("then local-preference 5",), True, True),
        (("then next policy",), True, False),
        (("then reject",), False, False),
        (("from policy B", "then reject"), True, False),
        (("from route-filter 10.0.0.1/32 longer", "then reject"), True, True),
    ],
)
def test_a_term_that_prefixes_dont_decide_may_accept(
    lines: tuple[str, ...], may: bool, must: bool
) -> None:
    ten = ip_network("10.0.0.0/8")
    running = parse(
        *(f"{TERM} {line}" for line in lines), f"{POLICY} B then accept", f"{PEER} import A"
    )
    judged = Judge(running).session(running.sessions[SessionKey("", "10.0.0.1")], 4, IMPORT)
    assert (ten in judged.may, ten in judged.must) == (may, must)


@pytest.mark.parametrize("guarded", [(), ("import",), ("export",)])
def test_what_no_policy_decides_is_exported_only_if_it_is_of_bgp(guarded: tuple[str, ...]) -> None:
    lines = [f"{PEER} {way} RF-x" for way in guarded]
    lines += [f"{PEER} {way} A" for way in ("import", "export")]
    running = parse(f"{TERM} then metric 5", f"{POLICY} RF-x term v4 then metric 5", *lines)
    judged = Judge(running).session(running.sessions[SessionKey("", "10.0.0.1")], 4, EXPORT)
    assert (judged.may, judged.must) == (PrefixSet.everything(4), PrefixSet.empty(4))


def test_lists_of_several_kinds_are_not_counted_on() -> None:
    long = ip_network("10.1.0.0/24")
    running = parse(
        "policy-options prefix-list L 10.1.0.0/16",
        f"{TERM} from route-filter 10.0.0.0/8 orlonger",
        f"{TERM} from prefix-list-filter L exact",
        f"{TERM} then reject",
        f"{PEER} import A",
    )
    assert long in accepted(running, "10.0.0.1", 4, IMPORT), "the longest prefix decides alone"


def test_a_list_that_nobody_knows_makes_all_of_a_term_unknown() -> None:
    running = parse(
        "policy-options prefix-list L 10.1.0.0/16",
        'policy-options prefix-list M apply-path "system ntp server <*>"',
        f"{TERM} from prefix-list L",
        f"{TERM} from prefix-list M",
        f"{TERM} then accept",
        f"{POLICY} A then reject",
        f"{PEER} import A",
    )
    judged = Judge(running).session(running.sessions[SessionKey("", "10.0.0.1")], 4, IMPORT)
    assert (judged.may, judged.must) == (PrefixSet.everything(4), PrefixSet.empty(4))


@pytest.mark.parametrize(
    ("system", "instance", "vrf"),
    [
        ("logical-systems LS", "", "logical-systems LS"),
        ("logical-systems LS", "routing-instances BLUE ", "logical-systems LS BLUE"),
        ("tenants T", "routing-instances BLUE ", "tenants T BLUE"),
    ],
)
def test_what_is_in_another_system_is_seen_and_not_judged(
    system: str, instance: str, vrf: str
) -> None:
    running = parse(f"{system} {instance}protocols bgp group G neighbor 10.0.0.1 import A")
    found = running.sessions[SessionKey(vrf, "10.0.0.1")].attachments[4, IMPORT]
    assert found.overrides == (f"{system} has its own policies",)


def test_a_session_with_a_banner_for_a_group_is_no_session() -> None:
    running = JUNOS.parse(text())
    assert not [key for key in running.sessions if key.name in ("192.0.2.99", "192.0.2.77")]
    assert "10.255.9.0" not in {key.name for key in running.sessions}
    assert JUNOS.foreign(text()) == text().split("\n", 1)[1]


@pytest.mark.parametrize(
    "bad",
    [
        "",
        "set system host-name a\n",
        "version 21.4R3.15;\nprotocols {\n    bgp {\n",
        "! device: a (vEOS, EOS-4.32.2F)\nrouter bgp 65000\nend\n",
        'set version 21.4R3.15\nset system login message "cut\nset protocols bgp\n',
        "set version 21.4R3.15\nset protocols bgp group G\ninterface Ethernet1\n",
    ],
)
def test_what_is_no_whole_configuration_is_refused(bad: str) -> None:
    with pytest.raises(ParseError, match=r"no Junos running configuration in set form|cut short"):
        JUNOS.parse(bad)


def test_a_quote_may_span_lines_and_hold_anything() -> None:
    running = JUNOS.parse(
        'set version 21.4R3.15\nset system login message "one\nset protocols bgp group B import A'
        '\n\\"two\\" three\\\\"\nset protocols bgp group G import A\n'
    )
    assert [key.name for key in running.sessions] == ["G"]


def test_a_configuration_that_is_cut_inside_its_last_line_is_refused() -> None:
    whole = f"{text()}deactivate protocols bgp group SPINES import\n"
    JUNOS.parse(whole)
    for cut in range(len(text()) + 1, len(whole)):
        with pytest.raises(ParseError, match="cut short"):
            JUNOS.parse(whole[:cut])
