"""The lines that the FRR dialect sends for each step, and which lines it takes for ours."""

from __future__ import annotations

from ipaddress import ip_network

import pytest

from policies.change import (
    AddList,
    Attach,
    Detach,
    Relist,
    RemoveList,
    RemoveStanza,
    SetStanza,
    Step,
)
from policies.dialects import DIALECTS
from policies.filters import Direction, PrefixList, Running, SessionKey, Stanza
from policies.prefix_list import Action, PrefixListEntry

FRR = DIALECTS["frr"]
EMPTY = FRR.parse(
    "frr version 8.4.4\nrouter bgp 65000\nexit\nrouter bgp 65009 vrf blue\nexit\nend\n"
)


def entry(action: str, prefix: str, seq: int, **lengths: int) -> PrefixListEntry:
    return PrefixListEntry(
        action=Action(action),
        prefix=ip_network(prefix),
        ge=lengths.get("ge"),
        le=lengths.get("le"),
        seq=seq,
    )


FOUR = PrefixList(
    4,
    "RF-a",
    (
        entry("deny", "10.65.0.0/16", 10, ge=26, le=26),
        entry("deny", "10.66.0.0/16", 20, ge=20, le=32),
        entry("deny", "191.51.100.0/24", 30),
        entry("permit", "0.0.0.0/0", 40, le=32),
    ),
)
SIX = PrefixList(6, "RF-b", (entry("permit", "::/0", 10, le=128),))
GUARD = Stanza(seq=1, action=Action.DENY, lists=((4, "RF-a"),))
OLD = Stanza(seq=1, action=Action.DENY, lists=((6, "RF-b"),))
TAMPERED = Stanza(
    seq=1,
    action=Action.PERMIT,
    lists=((4, "RF-a"),),
    unknown=("match community C",),
    sets=("set metric 5", "on-match next"),
    call="OTHER",
    goes_on=True,
)
SLOT = (SessionKey("", "10.0.0.1"), 4, Direction.IMPORT)
BLUE = (SessionKey("blue", "NODES"), 6, Direction.EXPORT)


@pytest.mark.parametrize(
    ("step", "expected"),
    [
        (
            AddList(FOUR),
            [
                "ip prefix-list RF-a seq 10 deny 10.65.0.0/16 ge 26 le 26",
                "ip prefix-list RF-a seq 20 deny 10.66.0.0/16 ge 20 le 32",
                "ip prefix-list RF-a seq 30 deny 191.51.100.0/24",
                "ip prefix-list RF-a seq 40 permit 0.0.0.0/0 le 32",
            ],
        ),
        (AddList(SIX), ["ipv6 prefix-list RF-b seq 10 permit ::/0 le 128"]),
        (
            Relist(SIX),
            ["no ipv6 prefix-list RF-b", "ipv6 prefix-list RF-b seq 10 permit ::/0 le 128"],
        ),
        (RemoveList(FOUR), ["no ip prefix-list RF-a"]),
        (
            SetStanza("RM", GUARD),
            ["route-map RM deny 1", " match ip address prefix-list RF-a", "exit"],
        ),
        (
            SetStanza("RM", GUARD, OLD),
            [
                "route-map RM deny 1",
                " match ip address prefix-list RF-a",
                " no match ipv6 address prefix-list RF-b",
                "exit",
            ],
        ),
        (
            SetStanza("RM", TAMPERED),
            [
                "route-map RM permit 1",
                " match ip address prefix-list RF-a",
                " match community C",
                " set metric 5",
                " on-match next",
                " call OTHER",
                "exit",
            ],
        ),
        (RemoveStanza("RM", GUARD), ["no route-map RM deny 1"]),
        (
            Attach(SLOT, "RF-m"),
            [
                "router bgp 65000",
                " address-family ipv4 unicast",
                "  neighbor 10.0.0.1 route-map RF-m in",
                " exit-address-family",
                "exit",
            ],
        ),
        (
            Detach(BLUE, "RF-m"),
            [
                "router bgp 65009 vrf blue",
                " address-family ipv6 unicast",
                "  no neighbor NODES route-map RF-m out",
                " exit-address-family",
                "exit",
            ],
        ),
    ],
)
def test_the_lines_of_a_step(step: Step, expected: list[str]) -> None:
    assert FRR.render([step], EMPTY).splitlines() == expected


def test_no_steps_are_no_text_and_many_keep_their_order() -> None:
    assert FRR.render([], EMPTY) == ""
    both: list[Step] = [AddList(SIX), RemoveList(FOUR)]
    assert FRR.render(both, EMPTY) == "".join(FRR.render([one], EMPTY) for one in both)


def running(text: str) -> Running:
    return FRR.parse(f"frr version 8.4.4\n{text}end\n")


def test_what_is_written_reads_back() -> None:
    text = FRR.render([AddList(FOUR), AddList(SIX), SetStanza("RM", TAMPERED)], EMPTY)
    found = running(text)
    assert found.lists == {(4, "RF-a"): FOUR, (6, "RF-b"): SIX}
    assert found.route_maps["RM"].stanzas == (TAMPERED,)


BEFORE = """\
frr version 8.4.4
!
router bgp 65000
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 description see RF-notes
exit
!
ip prefix-list MINE seq 5 permit any
!
route-map MINE permit 10
 set metric 5
exit
!
end
"""
AFTER = """\
frr version 8.4.4
!
router bgp 65000
 neighbor 10.0.0.1 remote-as 65001
 neighbor 10.0.0.1 description see RF-notes
 !
 address-family ipv4 unicast
  neighbor 10.0.0.1 route-map RF-m in
 exit-address-family
exit
!
ip prefix-list MINE seq 5 permit any
ip prefix-list RF-a seq 10 permit any
!
route-map MINE deny 1
 description somebody's words
 match ip address prefix-list RF-a
exit
!
route-map MINE permit 10
 set metric 5
exit
!
route-map RF-m deny 1
 match ip address prefix-list RF-a
exit
!
route-map RF-m permit 65535
exit
!
end
"""


def test_foreign_is_the_same_before_and_after() -> None:
    assert FRR.foreign(AFTER) == FRR.foreign(BEFORE)
    kept = [line for line in BEFORE.splitlines() if line not in ("!", "end")]
    assert FRR.foreign(BEFORE).splitlines() == kept


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("set metric 5", "set metric 6"),
        ("remote-as 65001", "remote-as 65002"),
        ("see RF-notes", "see RF-notes 2"),
        ("permit any\n!", "permit any\nip prefix-list MINE seq 10 deny any\n!"),
        ("route-map MINE permit 10\n", "route-map MINE permit 11\n"),
        ("exit\n!\nend", "exit\n!\nline vty\nexit\n!\nend"),
    ],
)
def test_foreign_shows_every_change_of_what_is_not_ours(old: str, new: str) -> None:
    changed = AFTER.replace(old, new)
    assert changed != AFTER
    assert FRR.foreign(changed) != FRR.foreign(BEFORE)


def test_foreign_does_without_exit_lines() -> None:
    old = AFTER.replace("\nexit\n", "\n")
    assert FRR.foreign(old) == FRR.foreign(BEFORE.replace("\nexit\n", "\n"))
