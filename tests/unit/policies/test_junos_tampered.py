"""What somebody did to guards on Junos: seen, not counted on, mended, and brought back."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from installing import guard
from junos_device import JunosDevice
from junos_guarded import JUNOS, POOL, STATEMENT, ours

from policies.accepts import Judge
from policies.change import apply, steps
from policies.filters import Direction, SessionKey
from policies.install import install
from policies.managed import Managed, managed
from policies.prefix_set import PrefixSet
from policies.proof import leaks

if TYPE_CHECKING:
    from policies.filters import Running

IMPORT = Direction.IMPORT
OWN = "RF-import-out-orange"
IMPORTS = "set protocols bgp group SPINES import"
FIRST_TERM = (
    "GUARD term v4 from family inet\nGUARD term v4 from policy NAME\nGUARD term v4 then reject\n"
)
#: Of two subroutines the first decides alone, as each ends in a verdict.
BOTH = (
    "GUARD term v4 from policy RF-in-x-v4-00000000\n"
    f"{STATEMENT} RF-in-x-v4-00000000 term 10 then accept"
)
#: What somebody does to a text: the old lines, below a policy of ours or whole, and the new ones.
TAMPERED: dict[str, tuple[str, str]] = {
    "an entry more": ("LIST term rest", "LIST term 15 then accept\nLIST term rest"),
    "a last term that accepts": ("LIST term rest then reject", "LIST term rest then accept"),
    "no last term": ("LIST term rest then reject\n", ""),
    "two filters in a term": (
        "LIST term 10 then",
        "LIST term 10 from route-filter 10.65.1.0/24 exact\nLIST term 10 then",
    ),
    "a condition more": ("LIST term 10 then", "LIST term 10 from tag 5\nLIST term 10 then"),
    "no family": ("LIST term 10 from family inet\n", ""),
    "another action": ("LIST term 10 then reject", "LIST term 10 then accept"),
    "another prefix": ("filter 10.65.0.0/16 exact", "filter 10.0.0.0/8 orlonger"),
    "a guard that accepts": ("GUARD term v4 then reject", "GUARD term v4 then accept"),
    "a guard with two lists": (
        "GUARD term v4 then reject",
        "GUARD term v4 from policy LAST\nGUARD term v4 then reject",
    ),
    "a guard with two lists of ours": (
        "GUARD term v4 from policy NAME",
        f"GUARD term v4 from policy NAME\n{BOTH}",
    ),
    "a guard with a term in front": (
        "GUARD term v4 from family",
        "GUARD term a then accept\nGUARD term v4 from family",
    ),
    "a guard with half its terms": (FIRST_TERM, ""),
    "a guard that is not asked": (f"{IMPORTS} {OWN}\n", f"{IMPORTS} LAST\n"),
    "a guard behind the operator's": (
        f"{IMPORTS} {OWN}\n{IMPORTS} FROM-SPINE\n",
        f"{IMPORTS} FROM-SPINE\n{IMPORTS} {OWN}\n",
    ),
    "a guard of somebody else's making": (
        f"{IMPORTS} {OWN}\n",
        f"{STATEMENT} RF-mine then reject\n{IMPORTS} {OWN}\n{IMPORTS} RF-mine\n",
    ),
    "another guard in front": (
        f"{IMPORTS} {OWN}\n",
        f"{STATEMENT} RF-mine then accept\n{IMPORTS} RF-mine\n{IMPORTS} {OWN}\n",
    ),
}
INACTIVE = ["LIST term 10", "LIST", "GUARD term v6", "GUARD", "GUARD term v4 from policy"]


def spelled(line: str, name: str) -> str:
    """Return a line with the names that stand in ``TAMPERED`` for ours."""
    line = line.replace("LIST", f"{STATEMENT} {name}").replace("GUARD", f"{STATEMENT} {OWN}")
    return line.replace("NAME", name)


def mended(broken: str) -> tuple[Running, Managed]:
    """Plan what a tampered device needs; assert that it is seen, and enough."""
    text, _ = ours()
    running = JUNOS.parse(broken)
    assert managed(running) != managed(JUNOS.parse(text))
    wanted = install("tor1", running, [guard("SPINES", fence=POOL, group=True)])
    assert wanted.violations == []
    after = apply(running, steps(managed(running), wanted.managed))
    assert leaks(after, wanted.fenced) == ()
    return running, wanted.managed


@pytest.mark.parametrize("case", [*TAMPERED, "entries out of order"])
def test_what_was_tampered_with_is_mended_and_comes_back_as_it_was(case: str) -> None:
    text, name = ours()
    if case in TAMPERED:
        old, new = (spelled(part, name) for part in TAMPERED[case])
        assert old in text
        broken = text.replace(old, new)
    else:
        broken = swapped(text, name)
    running, wanted = mended(broken)
    device = JunosDevice(broken)
    todo = steps(managed(running), wanted)
    device.take(JUNOS.render(todo, running))
    after = JUNOS.parse(device.text())
    assert (after, managed(after)) == (apply(running, todo), wanted)
    device.take(JUNOS.render(steps(wanted, managed(running), in_order=True), after))
    assert JUNOS.parse(device.text()) == running


def test_a_guard_that_is_not_as_we_write_it_is_not_counted_on() -> None:
    text, name = ours()
    old, new = (spelled(part, name) for part in TAMPERED["a guard with two lists of ours"])
    running = JUNOS.parse(text.replace(old, new))
    judged = Judge(running).session(running.sessions[SessionKey("", "SPINES")], 4, IMPORT)
    assert judged.may == PrefixSet.everything(4)


def swapped(text: str, name: str) -> str:
    """Return ``text`` with the first term of a list behind all others."""
    lines = text.splitlines(keepends=True)
    mine = [line for line in lines if line.startswith(f"{STATEMENT} {name} term ")]
    first = [line for line in mine if " term 10 " in line]
    rest = [line for line in mine if line not in first]
    start = lines.index(mine[0])
    return "".join((*lines[:start], *rest, *first, *lines[start + len(mine) :]))


@pytest.mark.parametrize("what", INACTIVE)
def test_what_was_made_inactive_is_not_counted_on(what: str) -> None:
    text, name = ours()
    line = spelled(what, name).replace("set ", "deactivate ", 1)
    running, wanted = mended(f"{text}{line}\n")
    lines = JUNOS.render(steps(managed(running), wanted), running).splitlines()
    policy = spelled(what.partition(" ")[0], name)
    assert policy.replace("set ", "delete ", 1) in lines
    assert not [one for one in lines if one.startswith(f"{policy} ")], "it would stay inactive"


def test_an_order_of_conditions_that_is_only_printed_otherwise_is_no_tampering() -> None:
    text, name = ours()
    pair = [
        f"{STATEMENT} RF-import-out-orange term v4 from family inet\n",
        f"{STATEMENT} RF-import-out-orange term v4 from policy {name}\n",
    ]
    assert "".join(pair) in text
    other = text.replace("".join(pair), "".join(reversed(pair)))
    assert JUNOS.parse(other) == JUNOS.parse(text)
