"""The virtual EOS reads and prints configurations as EOS does, and means by them what EOS does."""

from __future__ import annotations

import re
from ipaddress import IPv4Address, ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from eos_box import startup_of

from lab.render import node_files
from lab.switch.eos.bgp import router
from lab.switch.eos.grammar import GRAMMAR
from lab.switch.eos.reading import invalid_input, printed, read, typed
from lab.switch.lines import Configuration, Cursor, RefusedError, UnknownCommandError
from lab.switch.meaning import (
    NOTHING_PASSES,
    Change,
    DynamicPeers,
    Family,
    InPrefixes,
    Peer,
    Program,
    Range,
    Router,
    Verdict,
)
from lab.topology import SWITCHES
from policies.accepts import Judge
from policies.dialects.eos import EosDialect
from policies.dialects.frr import FrrDialect

if TYPE_CHECKING:
    from policies.accepts import Accepts
    from policies.filters import Running

#: Neighbors that are there to be left alone: they are in no routing of the lab.
STRANGERS = {"OVERLAY", "198.51.100.9"}
GOLDEN = Path(__file__).parents[2] / "golden" / "eos" / "tor3.conf"
#: Lines of the golden configuration whose meaning for BGP is beyond the virtual switch.
BEYOND = re.compile(r"\b(rcf|sub-route-map|match interface)\b")


def shown(text: str) -> str:
    return printed(read(text), command="show running-config", name="tor1", release="4.32.2F")


@pytest.mark.parametrize("name", SWITCHES)
def test_what_is_printed_reads_as_the_same(name: str) -> None:
    text = shown(startup_of(name))
    assert shown(text) == text
    assert len(text.splitlines()) > 600


@pytest.mark.parametrize("name", SWITCHES)
def test_no_line_of_a_startup_configuration_is_lost(name: str) -> None:
    def lines(text: str) -> list[str]:
        return sorted(line for line in text.splitlines() if not line.lstrip().startswith("!"))

    assert lines(shown(startup_of(name))) == lines(startup_of(name))


def test_a_configuration_in_the_form_of_the_platform_is_printed_as_it_was() -> None:
    golden = GOLDEN.read_text(encoding="utf-8")
    text = "".join(line for line in golden.splitlines(keepends=True) if not BEYOND.search(line))
    text = text.replace("prefix-list ONELINE seq", "prefix-list ONELINE\n   seq")
    assert (
        printed(read(text), command="show running-config", name="tor3", release="4.32.2F") == text
    )


@pytest.mark.parametrize("name", SWITCHES)
def test_a_startup_configuration_filters_as_that_of_frr(name: str) -> None:
    eos = EosDialect().parse(shown(startup_of(name)))
    frr = FrrDialect().parse(f"frr version 8.4.4\n{node_files(name)['frr.conf']}end\n")

    assert accepted(eos) == accepted(frr)


def accepted(running: Running) -> dict[tuple[str, int, str], Accepts]:
    """Return what each session of the lab may and must let through, in each direction."""
    judge = Judge(running)
    return {
        (key.name, version, str(direction)): judge.session(session, version, direction)
        for key, session in running.sessions.items()
        if key.name not in STRANGERS
        for version, direction in session.attachments
    }


# What is typed ------------------------------------------------------------------------------

START = """\
ip prefix-list A
   seq 10 permit 10.0.0.0/8
!
route-map M permit 10
   match ip address prefix-list A
!
router bgp 65000
   neighbor G peer group
   neighbor G remote-as 65001
   neighbor 192.0.2.1 peer group G
   neighbor 192.0.2.1 description peer
   !
   address-family ipv4
      neighbor G route-map M in
"""


def after(*lines: str, on: str = START) -> str:
    configuration = read(on)
    cursor = Cursor(configuration)
    for line in lines:
        typed(cursor, line)
    return configuration.text()


@pytest.mark.parametrize(
    ("lines", "old", "new"),
    [
        (["ip prefix-list A seq 20 permit 10.9.9.9/16 le 24"],
         "permit 10.0.0.0/8\n", "permit 10.0.0.0/8\n   seq 20 permit 10.9.0.0/16 le 24\n"),
        (["ip prefix-list A", "permit 11.0.0.0/8"],
         "permit 10.0.0.0/8\n", "permit 10.0.0.0/8\n   seq 20 permit 11.0.0.0/8\n"),
        (["ip prefix-list A", "no seq 10"], "   seq 10 permit 10.0.0.0/8\n", ""),
        (["no ip prefix-list A seq 10"], "   seq 10 permit 10.0.0.0/8\n", ""),
        (["no ip prefix-list A"], "ip prefix-list A\n   seq 10 permit 10.0.0.0/8\n!\n", ""),
        (["no ipv6 prefix-list A"], "", ""),
        (["route-map M deny 10"], "route-map M permit 10", "route-map M deny 10"),
        (["route-map M", "match ip address prefix-list B"], "list A\n!\nrouter",
         "list B\n!\nrouter"),
        (["no route-map M permit 10"],
         "route-map M permit 10\n   match ip address prefix-list A\n!\n", ""),
        (["no route-map M"],
         "route-map M permit 10\n   match ip address prefix-list A\n!\n", ""),
        (["router bgp 65000", "address-family ipv4", "no neighbor G route-map OTHER in"],
         "   !\n   address-family ipv4\n      neighbor G route-map M in\n", ""),
        (["router bgp 65000", "no neighbor 192.0.2.1"],
         "   neighbor 192.0.2.1 peer group G\n   neighbor 192.0.2.1 description peer\n", ""),
        (["router bgp 65000", "neighbor 2001:DB8::0:1 remote-as 1"],
         "description peer\n", "description peer\n   neighbor 2001:db8::1 remote-as 1\n"),
    ],
)  # fmt: skip
def test_lines_do_what_they_say(lines: list[str], old: str, new: str) -> None:
    assert old in START
    assert after(*lines) == START.replace(old, new, 1)


@pytest.mark.parametrize(
    ("lines", "words"),
    [
        (["ip prefix-list A", "seq 5 permit 10.0.0.0/8 ge 4"], "Invalid prefix length range"),
        (["ip prefix-list A", "seq 5 permit 2001:db8::/32"], "Invalid prefix: 2001:db8::/32"),
        (["router bgp 65001"], "BGP is already running with AS number 65000"),
    ],
)
def test_lines_that_make_no_sense_are_refused(lines: list[str], words: str) -> None:
    with pytest.raises(RefusedError, match=f"^{re.escape(words)}$"):
        after(*lines)


@pytest.mark.parametrize(
    ("mode", "line", "words"),
    [
        ([], "frobnicate", "Invalid input (at token 0: 'frobnicate')"),
        ([], "ip prefix-lists A", "Invalid input (at token 1: 'prefix-lists')"),
        (["router bgp 65000"], "neighbor 192.0.2.1 rout-map A in",
         "Invalid input (at token 2: 'rout-map')"),
        (["router bgp 65000"], "neighbor 192.0.2.1 remote-as", "Incomplete command"),
    ],
)  # fmt: skip
def test_the_word_that_is_not_understood_is_named(mode: list[str], line: str, words: str) -> None:
    cursor = Cursor(Configuration(GRAMMAR))
    cursor.type_all(mode)
    with pytest.raises(UnknownCommandError):
        typed(cursor, line)
    assert invalid_input(cursor, line) == words


# What it means ------------------------------------------------------------------------------

RANGE = Range(ip_network("10.0.0.0/8"), 8, 24)
ONLY = InPrefixes(4, ((True, RANGE),))


def meaning(text: str) -> Router:
    found = router(read(f"ip prefix-list A seq 5 permit 10.0.0.0/8 le 24\n{text}"))
    assert found is not None
    return found


def family(lines: str, *, maps: str = "route-map ALL permit 10\n", asn: int = 65001) -> Family:
    """Return what ``lines``, below ``router bgp``, make of IPv4 with 192.0.2.1."""
    text = f"{maps}router bgp 65000\nneighbor 192.0.2.1 remote-as {asn}\n{lines}"
    [peer] = meaning(text).peers
    return peer.families[4]


ALL = Program((Verdict(accept=True), Verdict(accept=False)))


def accepts(program: Program | None) -> str:
    """Return "all", "none" or "some"."""
    if program is None or program.instructions[0] == Verdict(accept=True):
        return "all"
    return "none" if program.instructions[0] == Verdict(accept=False) else "some"


def test_without_bgp() -> None:
    assert router(read("hostname x\n")) is None


def test_a_whole_router() -> None:
    text = """\
route-map M permit 10
   set local-preference 200
router bgp 65000
   router-id 192.0.2.99
   no bgp default ipv4-unicast
   bgp listen range 172.20.0.0/24 peer-group NODES remote-as 65000
   neighbor NODES peer group
   neighbor NODES next-hop-self
   neighbor NODES route-reflector-client
   neighbor 192.0.2.1 remote-as 65001
   neighbor 2001:db8::1 remote-as 65002
   neighbor 2001:db8::1 shutdown
   address-family ipv4
      neighbor NODES activate
      neighbor NODES route-map M in
      neighbor 192.0.2.1 activate
      network 172.20.0.0/24
   address-family ipv6
      neighbor 2001:db8::1 activate
   vrf OTHER
      neighbor 198.51.100.1 remote-as 65009
"""
    program = Program((Change("local-preference 200"), Verdict(accept=True), Verdict(accept=False)))
    assert meaning(text) == Router(
        asn=65000,
        router_id=IPv4Address("192.0.2.99"),
        peers=(
            Peer(address=ip_address("192.0.2.1"), remote_asn=65001, families={4: Family()}),
            Peer(
                address=ip_address("2001:db8::1"),
                remote_asn=65002,
                families={6: Family()},
                is_shut_down=True,
            ),
        ),
        dynamic=(
            DynamicPeers(
                name="NODES",
                ranges=(ip_network("172.20.0.0/24"),),
                remote_asn=65000,
                families={
                    4: Family(
                        import_policy=program, next_hop_self=True, route_reflector_client=True
                    )
                },
            ),
        ),
        networks=(ip_network("172.20.0.0/24"),),
    )


DENY = "bgp missing-policy direction in action deny\n"
GROUP = "neighbor G peer group\nneighbor 192.0.2.1 peer group G\n"
INSIDE = "address-family ipv4\nneighbor 192.0.2.1 route-map NONE in\n"
NONE = "route-map NONE deny 10\n"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ("", "all"),
        ("neighbor 192.0.2.1 route-map UNDEFINED in\n", "all"),
        (DENY, "none"),
        (f"{DENY}neighbor 192.0.2.1 route-map UNDEFINED in\n", "none"),
        (f"{DENY}neighbor 192.0.2.1 route-map ALL in\n", "all"),
        (f"{DENY}address-family ipv4\n{DENY.replace('deny', 'permit')}", "all"),
        ("neighbor 192.0.2.1 prefix-list A in\n", "some"),
        ("neighbor 192.0.2.1 prefix-list UNDEFINED in\n", "all"),
        ("neighbor 192.0.2.1 route-map NONE in\n", "none"),
        ("neighbor 192.0.2.1 route-map NONE out\n", "all"),
        (f"{GROUP}neighbor G route-map NONE in\n", "none"),
        (f"{GROUP}neighbor G route-map NONE in\nneighbor 192.0.2.1 route-map ALL in\n", "all"),
        (f"neighbor 192.0.2.1 route-map ALL in\n{INSIDE}", "none"),
    ],
)  # fmt: skip
def test_which_policy_decides(lines: str, expected: str) -> None:
    maps = f"route-map ALL permit 10\n{NONE}"
    assert accepts(family(lines, maps=maps).import_policy) == expected


def test_missing_policies_are_for_external_sessions() -> None:
    assert family(DENY).import_policy == NOTHING_PASSES
    assert family(DENY, asn=65000).import_policy is None


def test_a_list_beside_a_route_map_both_have_to_permit() -> None:
    lines = "neighbor 192.0.2.1 prefix-list A in\nneighbor 192.0.2.1 route-map M in\n"
    maps = "route-map M permit 10\n   match ip address prefix-list A\n   set metric 7\n"
    program = family(lines, maps=maps).import_policy
    assert program is not None
    kinds = [type(one).__name__ for one in program.instructions]
    assert kinds == ["Branch", "Jump", "Verdict", "Branch", "Change", "Verdict", "Verdict"]
    assert [one for one in program.instructions if isinstance(one, Change)] == [Change("metric 7")]


def test_a_family_that_is_not_active_is_not_there() -> None:
    text = "router bgp 65000\nneighbor 192.0.2.1 remote-as 1\naddress-family ipv4\n"
    [peer] = meaning(f"{text}no neighbor 192.0.2.1 activate\n").peers
    assert peer.families == {}
    [peer] = meaning(f"{text}address-family ipv6\nneighbor 192.0.2.1 activate\n").peers
    assert set(peer.families) == {4, 6}
