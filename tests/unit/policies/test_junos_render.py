"""The lines that Junos gets, how they come off again, and what of a text is not ours."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from installing import guard
from junos_device import JunosDevice
from junos_guarded import JUNOS, PLAIN, POOL, STATEMENT, guarded, ours

from policies.accepts import Judge
from policies.change import AddList, Attach, RemoveList, SetStanza, apply, steps
from policies.filters import Direction, PrefixList, SessionKey, Stanza
from policies.install import install
from policies.managed import Managed, managed
from policies.ownership import list_name
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import PrefixSet
from policies.proof import leaks

if TYPE_CHECKING:
    from policies.change import Step

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "junos" / "border1.conf"
IMPORT, EXPORT = Direction


def entry(action: Action, prefix: str, ge: int | None, le: int | None, seq: int) -> PrefixListEntry:
    return PrefixListEntry(action=action, prefix=ip_network(prefix), ge=ge, le=le, seq=seq)


ENTRIES = (
    entry(Action.DENY, "10.65.0.0/16", 26, 26, 10),
    entry(Action.DENY, "191.51.100.0/24", None, None, 20),
    entry(Action.DENY, "10.66.0.0/16", None, 24, 30),
    entry(Action.PERMIT, "0.0.0.0/0", None, 32, 40),
)
NAME = list_name("out", "orange", 4, ENTRIES)
FOUR = PrefixList(4, NAME, ENTRIES)
GUARD = Stanza(seq=1, action=Action.DENY, lists=((4, NAME),))


def test_the_lines_of_a_list() -> None:
    running = JUNOS.parse(PLAIN)
    lines = JUNOS.render([AddList(FOUR)], running).splitlines()
    assert lines == [
        f"{STATEMENT} {NAME} {line}"
        for line in (
            "term 10 from family inet",
            "term 10 from route-filter 10.65.0.0/16 prefix-length-range /26-/26",
            "term 10 then reject",
            "term 20 from family inet",
            "term 20 from route-filter 191.51.100.0/24 exact",
            "term 20 then reject",
            "term 30 from family inet",
            "term 30 from route-filter 10.66.0.0/16 upto /24",
            "term 30 then reject",
            "term 40 from family inet",
            "term 40 from route-filter 0.0.0.0/0 orlonger",
            "term 40 then accept",
            "term rest then reject",
        )
    ]
    after = apply(running, [AddList(FOUR)])
    assert JUNOS.parse(PLAIN + "".join(f"{line}\n" for line in lines)).lists[4, NAME] == FOUR
    assert JUNOS.render([RemoveList(FOUR)], after).splitlines() == [
        f"delete policy-options policy-statement {NAME}"
    ]


def test_nothing_to_do_is_nothing_to_say() -> None:
    assert JUNOS.render([], JUNOS.parse(PLAIN)) == ""


BLUE = "set routing-instances BLUE protocols bgp group CE neighbor 198.51.100.1"
CHAIN = "RF-import-out-orange FROM-SPINE"


@pytest.mark.parametrize(
    ("key", "name", "before", "expected"),
    [
        (
            SessionKey("", "10.255.0.0"),
            CHAIN,
            None,
            [
                "set protocols bgp group SPINES neighbor 10.255.0.0 import RF-import-out-orange",
                "set protocols bgp group SPINES neighbor 10.255.0.0 import FROM-SPINE",
            ],
        ),
        (
            SessionKey("", "SPINES"),
            CHAIN,
            "FROM-SPINE",
            [
                "delete protocols bgp group SPINES import",
                "set protocols bgp group SPINES import RF-import-out-orange",
                "set protocols bgp group SPINES import FROM-SPINE",
            ],
        ),
        (
            SessionKey("", "THE NODES"),
            "RF-import-out-orange",
            None,
            ['set protocols bgp group "THE NODES" import RF-import-out-orange'],
        ),
        (
            SessionKey("BLUE", "198.51.100.1"),
            "RF-import-out-orange",
            None,
            [f"{BLUE} import RF-import-out-orange"],
        ),
    ],
)
def test_the_lines_of_an_attachment(
    key: SessionKey, name: str, before: str | None, expected: list[str]
) -> None:
    running = JUNOS.parse(PLAIN)
    versions = running.sessions[key].versions
    todo = [Attach((key, version, IMPORT), name, before) for version in versions]
    assert JUNOS.render(todo, running).splitlines() == expected


def test_the_lines_of_a_guard() -> None:
    running = JUNOS.parse(PLAIN)
    stanzas = [GUARD, Stanza(seq=65535, action=Action.PERMIT, call="FROM-SPINE")]
    todo: list[Step] = [AddList(FOUR), *(SetStanza(CHAIN, one) for one in stanzas)]
    assert JUNOS.render(todo, running).splitlines()[-3:] == [
        f"{STATEMENT} RF-import-out-orange term v4 from family inet",
        f"{STATEMENT} RF-import-out-orange term v4 from policy {NAME}",
        f"{STATEMENT} RF-import-out-orange term v4 then reject",
    ]


def test_a_policy_cant_be_two_things_at_once() -> None:
    running = JUNOS.parse(PLAIN)
    other = Stanza(seq=1, action=Action.DENY, lists=((4, "RF-other-v4-00000000"),))
    with pytest.raises(ValueError, match="two things"):
        JUNOS.render([SetStanza("RF-i A", GUARD), SetStanza("RF-i B", other)], running)
    half = [Attach((SessionKey("", "SPINES"), 4, IMPORT), "RF-i", "FROM-SPINE")]
    with pytest.raises(ValueError, match="two chains"):
        JUNOS.render(half, running)


def test_a_guard_takes_nothing_away_that_was_allowed() -> None:
    device = guarded(PLAIN, guard("10.255.0.0", fence=POOL), guard("10.255.1.0", EXPORT, POOL))
    running = JUNOS.parse(device.text())
    judge = Judge(running)
    for name, way in (("10.255.0.0", IMPORT), ("10.255.1.0", EXPORT)):
        for version in (4, 6):
            found = judge.session(running.sessions[SessionKey("", name)], version, way)
            assert found.may == POOL.allowed[version]
    free = judge.session(running.sessions[SessionKey("", "10.255.0.0")], 4, EXPORT)
    assert free.may == PrefixSet.everything(4)


def test_what_inherits_its_chain_inherits_it_again() -> None:
    device = guarded(PLAIN, guard("10.255.0.0"), guard("10.255.1.0"))
    peers = "set protocols bgp group SPINES neighbor 10.255"
    chains = [line for line in device.text().splitlines() if line.startswith(peers)]
    assert chains == [
        f"{peers}.0.0 import RF-import-out-orange",
        f"{peers}.0.0 import FROM-SPINE",
        f"{peers}.1.0 import RF-import-out-orange",
        f"{peers}.1.0 import FROM-SPINE",
        f"{peers}.1.0 import LAST",
    ]
    assert JUNOS.foreign(device.text()) == PLAIN
    running = JUNOS.parse(device.text())
    lines = JUNOS.render(steps(managed(running), Managed()), running).splitlines()
    assert lines[:4] == [
        "delete protocols bgp group SPINES neighbor 10.255.0.0 import",
        "delete protocols bgp group SPINES neighbor 10.255.1.0 import",
        f"{peers}.1.0 import FROM-SPINE",
        f"{peers}.1.0 import LAST",
    ]
    device.take("\n".join(lines))
    assert device.text() == PLAIN


def test_a_chain_that_repeats_what_is_inherited_counts_as_none() -> None:
    again = "set protocols bgp group SPINES neighbor 10.255.0.0 import FROM-SPINE\n"
    bare = "set protocols bgp group SPINES neighbor 10.255.0.0\n"
    said = PLAIN.replace(bare, again)
    assert JUNOS.foreign(said) == PLAIN
    device = guarded(said, guard("10.255.0.0"))
    assert JUNOS.foreign(device.text()) == PLAIN
    other = said.replace(again, again.replace("FROM-SPINE", "LAST"))
    assert JUNOS.foreign(other) == other


GROUP = "set protocols bgp group G"
PEER = f"{GROUP} neighbor 10.0.0.1"


@pytest.mark.parametrize(
    ("line", "kept"),
    [
        ("## Last changed: 2026-11-23 06:00:00 UTC\n", ""),
        ("set system host-name RF-1\n", "set system host-name RF-1\n"),
        ('set protocols bgp group G description "RF-a import RF-b"\n', None),
        ("set policy-options policy-statement MINE term RF-1 then reject\n", None),
        ("set policy-options policy-statement RF-a term v4 then reject\n", ""),
        ('set policy-options policy-statement "RF-a b" then reject\n', ""),
        ("deactivate policy-options policy-statement RF-a term v4\n", ""),
        ("set protocols bgp import RF-a\n", ""),
        ("set protocols bgp group G import RF-a\n", "set protocols bgp group G\n"),
        ("set protocols bgp group G import B\n", None),
        ("set groups X protocols bgp group G import RF-a\n", None),
        ("set protocols ospf import RF-a\n", None),
        ('set system login message "a\nset protocols bgp import RF-a\n"\n', None),
        (
            "set logical-systems L routing-instances R protocols bgp group G import RF-a\n",
            "set logical-systems L routing-instances R protocols bgp group G\n",
        ),
        (
            "set tenants T routing-instances R protocols bgp group G import RF-a\n",
            "set tenants T routing-instances R protocols bgp group G\n",
        ),
        (
            "set protocols bgp group G import RF-a\nset protocols bgp group G neighbor 10.0.0.1\n",
            "set protocols bgp group G neighbor 10.0.0.1\n",
        ),
        (f"{PEER} import RF-a\n{PEER} export RF-b\n", f"{PEER}\n"),
        (
            f"{GROUP} import RF-a\n{GROUP} import A\n{PEER} import RF-b\n{PEER} import A\n",
            f"{GROUP} import A\n{PEER}\n",
        ),
        (f"{PEER} import A\n{PEER} import RF-a\n", f"{PEER} import A\n"),
    ],
)
def test_what_is_foreign(line: str, kept: str | None) -> None:
    head, tail = "set version 21.4R3.15\n", "set vlans v1 vlan-id 1\n"
    assert JUNOS.foreign(head + line + tail) == head + (line if kept is None else kept) + tail


def test_a_policy_of_ours_in_no_chain_is_swept_up() -> None:
    text, _ = ours()
    lines = text.splitlines(keepends=True)
    unused = "".join(line for line in lines if not line.endswith(" import RF-import-out-orange\n"))
    running = JUNOS.parse(unused)
    assert "RF-import-out-orange" in running.route_maps
    device = JunosDevice(unused)
    device.take(JUNOS.render(steps(managed(running), Managed()), running))
    assert device.text() == PLAIN


def test_who_else_uses_a_policy_of_ours_is_told() -> None:
    text, name = ours()
    line = f"protocols ospf import {name}"
    running = JUNOS.parse(f"{text}set {line}\nset system host-name RF-1\n")
    assert running.other_uses == {name: (line,)}


def test_the_long_configuration_is_guarded_and_is_as_it_was() -> None:
    text = GOLDEN.read_text(encoding="utf-8").replace("set groups BGP-DEFAULTS", "set groups OTHER")
    running = JUNOS.parse(text)
    guards = [guard("10.255.0.0"), guard("NODES", group=True), guard("198.51.100.1", vrf="BLUE")]
    wanted = install("border1", running, guards)
    after = apply(running, steps(managed(running), wanted.managed))
    assert (wanted.violations, leaks(after, wanted.fenced)) == ([], ())
    lines = JUNOS.render(steps(managed(running), wanted.managed), running).splitlines()
    assert [line for line in lines if not line.startswith(STATEMENT)] == [
        "set protocols bgp group NODES import RF-import-out-orange",
        "set protocols bgp group SPINES neighbor 10.255.0.0 import RF-import-out-orange",
        "set protocols bgp group SPINES neighbor 10.255.0.0 import FROM-SPINE",
        "set protocols bgp group SPINES neighbor 10.255.0.0 import LOGGED",
        "delete routing-instances BLUE protocols bgp group CE neighbor 198.51.100.1 import",
        f"{BLUE} import RF-import-out-orange",
        f"{BLUE} import FROM-SPINE",
    ]


def test_a_session_in_doubt_is_never_called_fenced() -> None:
    running = JUNOS.parse(GOLDEN.read_text(encoding="utf-8"))
    wanted = install("border1", running, [guard("203.0.113.1"), guard("10.255.1.0")])
    after = apply(running, steps(managed(running), wanted.managed))
    assert "10.255.1.0" in {one.session.name for one in leaks(after, wanted.fenced)}
