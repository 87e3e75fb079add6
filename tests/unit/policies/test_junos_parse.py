"""What Junos configurations say: a long one, the traps of inheritance, and what is refused."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from policies.accepts import Judge
from policies.dialects.junos import JunosDialect
from policies.errors import ParseError
from policies.filters import Attachment, Direction, Running, SessionKey
from policies.prefix_set import PrefixSet

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "junos" / "border1.conf"
JUNOS = JunosDialect()
IMPORT, EXPORT = Direction


def text() -> str:
    return GOLDEN.read_text(encoding="utf-8")


def parse(*lines: str) -> Running:
    said = ("version 21.4R3.15", "routing-options autonomous-system 65001", *lines)
    return JUNOS.parse(
        "".join(f"{one}\n" if one.startswith("deactivate") else f"set {one}\n" for one in said)
    )


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


def accepted(running: Running, name: str, version: int, direction: Direction) -> PrefixSet:
    found = Judge(running).session(running.sessions[SessionKey("", name)], version, direction)
    return found.may


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


GROUP = "protocols bgp group G"
PEER = f"{GROUP} neighbor 10.0.0.1"
POLICY = "policy-options policy-statement"


def here(running: Running, name: str = "10.0.0.1", way: Direction = IMPORT) -> Attachment:
    return running.sessions[SessionKey("", name)].attachments[4, way]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("protocols bgp import A", f"{GROUP} import B", f"{PEER} import C"), ("C", None)),
        (("protocols bgp import A", f"{GROUP} import B", f"{PEER} passive"), ("B", "G")),
        (("protocols bgp import A", f"{GROUP} type external", f"{PEER} passive"), ("A", "G")),
        ((f"{PEER} passive",), (None, None)),
        ((f"{PEER} import A", f"{PEER} import B"), ("A B", None)),
        ((f'{PEER} import "MY POLICY"', f"{PEER} import B"), ('"MY POLICY" B', None)),
        ((f"{GROUP} import B", f"{PEER} export C"), ("B", "G")),
    ],
)
def test_the_innermost_chain_decides(
    levels: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    found = here(parse(*levels))
    assert (found.route_map, found.inherited_from) == expected
    assert found.overrides == ()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((f"{GROUP} family inet unicast", f"{PEER} family inet6 unicast"), {6}),
        ((f"{GROUP} family inet unicast", f"{PEER} passive"), {4}),
        (("protocols bgp family inet any", f"{PEER} passive"), {4}),
        ((f"{PEER} family inet unicast", f"{PEER} family inet6 unicast"), {4, 6}),
        ((f"{PEER} family evpn signaling",), set()),
        ((f"{PEER} passive",), {4}),
        ((f"{GROUP} neighbor 2001:db8::1 passive",), {6}),
    ],
)
def test_which_families_a_session_carries(lines: tuple[str, ...], expected: set[int]) -> None:
    running = parse(*lines)
    (one,) = [one for one in running.sessions.values() if not one.is_group]
    assert set(one.versions) == expected
    group = running.sessions[SessionKey("", "G")]
    assert set(group.versions) >= expected, "what a member has, its group can be given a guard for"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((f"{GROUP} type external",), True),
        ((f"{GROUP} type internal", f"{PEER} peer-as 65009"), False),
        ((f"{PEER} peer-as 65009",), True),
        ((f"{PEER} peer-as 65001",), False),
        ((f"{PEER} peer-as 65009", f"{GROUP} local-as 65009"), False),
        ((f"{PEER} passive",), None),
    ],
)
def test_who_is_external(lines: tuple[str, ...], expected: bool | None) -> None:
    running = parse(f"{PEER} passive", *lines)
    assert running.sessions[SessionKey("", "10.0.0.1")].is_external is expected


NO_POLICY = "protocols bgp defaults ebgp no-policy"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), [False, False]),
        ((f"{NO_POLICY} receive accept",), [False, False]),
        ((f"{NO_POLICY} receive reject",), [True, False]),
        ((f"{NO_POLICY} advertise reject-always",), [False, True]),
        ((f"{NO_POLICY} advertise reject-always", f"{GROUP} type internal"), [False, False]),
        ((f"{NO_POLICY} receive reject", f"{PEER} import A"), [False, False]),
    ],
)
def test_no_policy_is_open_unless_the_configuration_says_so(
    lines: tuple[str, ...], expected: list[bool]
) -> None:
    running = parse(f"{PEER} peer-as 65009", *lines)
    session = running.sessions[SessionKey("", "10.0.0.1")]
    assert [session.is_closed(4, way) for way in Direction] == expected


def test_what_the_main_instance_says_of_others_is_not_known() -> None:
    running = parse(
        f"{NO_POLICY} receive reject",
        "routing-instances BLUE protocols bgp group CE neighbor 10.0.0.2 peer-as 65009",
    )
    session = running.sessions[SessionKey("BLUE", "10.0.0.2")]
    assert [session.is_closed(4, way) for way in Direction] == [None, False]


DOUBTS = {
    "an inactive chain of its own": (
        (f"{PEER} import A", f"{GROUP} import B", f"deactivate {PEER} import"),
        "inactive: import",
    ),
    "an expression": ((f"{PEER} import ( A && B )",), 'import "(" A && B ")"'),
    "a chain that a group adds to": (
        (
            "apply-groups X",
            "groups X protocols bgp group <*> import B",
            f"{GROUP} import A",
            f"{PEER} passive",
        ),
        "import is also said by apply-groups",
    ),
    "a chain that two groups say": (
        (
            "apply-groups X",
            "apply-groups Y",
            "groups X protocols bgp group <*> import B",
            "groups Y protocols bgp group G import A",
            f"{PEER} passive",
        ),
        "import is also said by apply-groups",
    ),
    "a condition": (
        (
            "apply-groups X",
            "groups X when model mx480",
            "groups X protocols bgp group <*> import B",
            f"{PEER} passive",
        ),
        "import is also said by apply-groups",
    ),
    "a chain inside a family": (
        (f"{PEER} family inet unicast import A",),
        "family inet unicast import A",
    ),
    "a second group": (
        (f"{PEER} import A", "protocols bgp group H neighbor 10.0.0.1 import A"),
        "also in group G",
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_what_decides_is_never_guessed(case: str) -> None:
    lines, doubt = DOUBTS[case]
    running = parse(*lines, f"{POLICY} A then reject", f"{POLICY} B then reject")
    assert here(running).overrides == (doubt,)
    assert accepted(running, "10.0.0.1", 4, IMPORT) == PrefixSet.everything(4)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("apply-groups X",), "B"),
        (("apply-groups Y", "apply-groups X"), "B"),
        ((f"{GROUP} apply-groups X",), "B"),
        (("protocols apply-groups X",), "B"),
        (('apply-groups "${node}"',), "N"),
        (("apply-groups X", f"{GROUP} apply-groups-except X"), None),
        (("apply-groups X", "deactivate apply-groups"), None),
        (("apply-groups X", "deactivate groups X"), None),
        ((), None),
    ],
)
def test_what_groups_say_is_inherited(lines: tuple[str, ...], expected: str | None) -> None:
    running = parse(
        "groups X protocols bgp group <*> import B",
        "groups X protocols bgp group <H*> import C",
        "groups Y protocols bgp group H import C",
        "groups node0 protocols bgp group G import N",
        f"{PEER} passive",
        *lines,
    )
    assert (here(running).route_map, here(running).overrides) == (expected, ())
    origin = here(running, "G").inherited_from
    assert origin == ("apply-groups" if expected else None)


def test_whole_policies_and_sessions_come_from_groups() -> None:
    running = parse(
        "apply-groups X",
        f"groups X {POLICY} A then reject",
        f"groups X {PEER} import A",
        f"groups X {POLICY} B term one then accept",
        f"{POLICY} B term two then reject",
        f"{GROUP} neighbor 10.0.0.2 import B",
    )
    assert accepted(running, "10.0.0.1", 4, IMPORT) == PrefixSet.empty(4)
    assert accepted(running, "10.0.0.2", 4, IMPORT) == PrefixSet.everything(4), "in which order?"


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


def test_logical_systems_are_seen_and_not_judged() -> None:
    running = parse("logical-systems LS protocols bgp group G neighbor 10.0.0.1 import A")
    key = SessionKey("logical-systems LS", "10.0.0.1")
    found = running.sessions[key].attachments[4, IMPORT]
    assert found.overrides == ("logical-systems LS has its own policies",)


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
