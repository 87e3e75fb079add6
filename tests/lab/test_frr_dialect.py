"""The FRR dialect against FRR itself: what bgpd prints after it took our lines is what we meant."""

from __future__ import annotations

import os
import random
from ipaddress import ip_network
from typing import TYPE_CHECKING

import mini_frr
import pytest

from policies.change import apply, steps
from policies.dialects import DIALECTS
from policies.filters import Direction, Running, SessionKey
from policies.guards import Fence, WantedGuard, deny_list
from policies.install import install
from policies.managed import Managed, managed
from policies.prefix_set import PrefixSet
from policies.proof import leaks, unsafe

if TYPE_CHECKING:
    from collections.abc import Iterator

    from mini_frr import MiniFrr

    from policies.change import Step

pytestmark = pytest.mark.lab

FRR = DIALECTS["frr"]
#: Every way a session may stand before: maps of one stanza and of many, shared and undefined
#: ones, no policy on sessions that are open (iBGP) and closed (eBGP), groups whose members
#: follow or have their own, both families over one session, and a VRF.
RUNNING = """\
frr defaults traditional
hostname mini
service integrated-vtysh-config
!
ip prefix-list OPERATOR seq 5 permit 192.0.2.0/24
ip prefix-list OPERATOR seq 10 deny any
ipv6 prefix-list OPERATOR6 seq 5 permit fc00::/7 le 64
bgp community-list standard BLUE seq 5 permit 65000:100
!
route-map FROM-A deny 5
 match ip address prefix-list OPERATOR
exit
route-map FROM-A permit 10
 match community BLUE
 set local-preference 200
 on-match next
exit
route-map FROM-A permit 20
 call CALLED
exit
route-map CALLED permit 10
 set metric 7
exit
route-map TO-A permit 10
 description see RF-notes
exit
route-map FROM-GROUP permit 100
exit
route-map FROM-OTHER permit 10
 match ipv6 address prefix-list OPERATOR6
exit
no route-map FROM-OTHER optimization
route-map REDISTRIBUTED permit 10
exit
!
router bgp 65000
 bgp router-id 10.9.0.1
 neighbor OPEN peer-group
 neighbor OPEN remote-as 65000
 neighbor FOLLOW peer-group
 neighbor FOLLOW remote-as 65002
 neighbor 192.0.2.1 remote-as 65001
 neighbor 192.0.2.1 description route-map RF-not-really in
 neighbor 192.0.2.2 remote-as 65000
 neighbor 192.0.2.3 remote-as 65003
 neighbor 192.0.2.4 peer-group FOLLOW
 neighbor 192.0.2.5 peer-group FOLLOW
 neighbor 192.0.2.6 peer-group OPEN
 bgp listen range 198.51.100.0/24 peer-group OPEN
 address-family ipv4 unicast
  redistribute connected route-map REDISTRIBUTED
  neighbor FOLLOW route-map FROM-GROUP in
  neighbor 192.0.2.1 route-map FROM-A in
  neighbor 192.0.2.1 route-map TO-A out
  neighbor 192.0.2.3 prefix-list OPERATOR in
  neighbor 192.0.2.5 route-map FROM-OTHER in
 exit-address-family
 address-family ipv6 unicast
  neighbor OPEN activate
  neighbor 192.0.2.1 activate
  neighbor 192.0.2.1 route-map FROM-A in
  neighbor 192.0.2.1 route-map NOWHERE out
 exit-address-family
exit
!
router bgp 65009 vrf blue
 neighbor 192.0.2.9 remote-as 65009
exit
!
line vty
"""
SESSIONS = (
    ("", "OPEN", True),
    ("", "FOLLOW", True),
    ("", "192.0.2.1", False),
    ("", "192.0.2.2", False),
    ("", "192.0.2.3", False),
    ("blue", "192.0.2.9", False),
)
NETS = {
    4: [ip_network(f"10.{n}.0.0/16") for n in range(6)],
    6: [ip_network(f"fd00:{n}::/48") for n in range(6)],
}


@pytest.fixture(scope="module")
def switch() -> Iterator[MiniFrr]:
    """Return a switch that holds ``RUNNING``, and must hold it again afterwards."""
    lack = mini_frr.missing()
    if lack:
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    made = mini_frr.MiniFrr(running=RUNNING)
    before = made.running()
    try:
        yield made
        assert made.running() == before
    finally:
        made.stop()


def take(switch: MiniFrr, text: str) -> None:
    """Let the switch take a candidate; it may say nothing but that a map is undefined."""
    said = switch.inside("sh", "-c", "cat >/tmp/c && vtysh -f /tmp/c 2>&1", text=text)
    assert [line for line in said.splitlines() if not line.endswith("does not exist.")] == []


def carried_out(switch: MiniFrr, todo: tuple[Step, ...]) -> Running:
    """Send ``todo`` and assert that it became what was meant, and nothing else did."""
    before = switch.running()
    running = FRR.parse(before)
    assert unsafe(running, todo) is None
    take(switch, FRR.render(todo, running))
    after = switch.running()
    assert FRR.parse(after) == apply(running, todo)
    assert FRR.foreign(after) == FRR.foreign(before)
    return FRR.parse(after)


def rolled(seed: int) -> random.Random:
    """Return dice that fall the same every time."""
    return random.Random(seed)


def fence(dice: random.Random, kind: str, label: str) -> Fence:
    allowed = {}
    for version, nets in NETS.items():
        some = dice.sample(nets, dice.randint(0, 4))
        low = dice.choice([net.max_prefixlen - 6 for net in nets])
        pools = PrefixSet.from_ranges(version, [(net, low, low) for net in some])
        allowed[version] = ~pools if kind == "in" else pools
    lists = {version: deny_list(kind, label, version, ~one) for version, one in allowed.items()}
    return Fence(kind, label, allowed, lists)


def guards(dice: random.Random) -> list[WantedGuard]:
    """Return guards for some of the sessions, over new pools."""
    book = [fence(dice, "out", "a"), fence(dice, "out", "b.infra"), fence(dice, "in", "a")]
    return [
        WantedGuard(
            session=SessionKey(vrf, name),
            is_group=is_group,
            direction=direction,
            fence=dice.choice(book),
            may_open=dice.random() < 0.3,
        )
        for vrf, name, is_group in SESSIONS
        for direction in Direction
        if dice.random() < 0.7
    ]


def installed(switch: MiniFrr, wanted: list[WantedGuard]) -> Running | None:
    """Install ``wanted`` on the switch; None where that is refused."""
    running = FRR.parse(switch.running())
    plan = install("mini", running, wanted)
    if plan.violations:
        return None
    after = carried_out(switch, steps(managed(running), plan.managed))
    assert managed(after) == plan.managed
    assert leaks(after, plan.fenced) == ()
    again = install("mini", after, wanted)
    assert steps(managed(after), again.managed) == ()
    return after


def emptied(switch: MiniFrr) -> None:
    running = FRR.parse(switch.running())
    carried_out(switch, steps(managed(running), Managed()))


@pytest.mark.parametrize("seed", range(4))
def test_pools_and_guards_change_at_random_and_go(switch: MiniFrr, seed: int) -> None:
    dice = rolled(seed)
    before = switch.running()
    outcomes = [installed(switch, guards(dice)) is not None for _ in range(6)]
    assert any(outcomes)
    emptied(switch)
    assert switch.running() == before


def test_every_state_is_taken_back_to_the_byte(switch: MiniFrr) -> None:
    dice = rolled(99)
    texts = [switch.running()]
    plans: list[tuple[Managed, Managed]] = []
    while len(plans) < 3:
        old = managed(FRR.parse(texts[-1]))
        after = installed(switch, guards(dice))
        if after is not None and managed(after) != old:
            plans.append((old, managed(after)))
            texts.append(switch.running())
    for old, new in reversed(plans):
        assert switch.running() == texts.pop()
        carried_out(switch, steps(new, old, in_order=True))
    assert switch.running() == texts.pop()


WHOLE = [
    WantedGuard(
        session=SessionKey("", name),
        is_group=False,
        direction=direction,
        fence=fence(rolled(1), "out", "a"),
        may_open=False,
    )
    for name in ("192.0.2.1", "192.0.2.2")
    for direction in Direction
]

TAMPERED = {
    "a list, longer": "ip prefix-list {list4} seq 1 deny 0.0.0.0/0 le 32",
    "a list, gone": "no ip prefix-list {list4}",
    "a stanza that permits": "route-map FROM-A permit 1",
    "a stanza that is narrowed": "route-map FROM-A deny 1\n match community BLUE\nexit",
    "a stanza with more lines": (
        "route-map FROM-A deny 1\n set as-path prepend 65000 65000\n set metric 5\n"
        " description mine now\nexit"
    ),
    "a stanza that goes on": "route-map FROM-A permit 1\n on-match goto 20\nexit",
    "a stanza, gone": "no route-map FROM-A deny 2",
    "a way through in our map": "route-map RF-import-out-a permit 1\nexit",
    "an end that denies": "route-map RF-import-out-a deny 65535\nexit",
    "a map of ours, gone": "no route-map RF-import-out-a",
}


@pytest.mark.parametrize("name", TAMPERED)
def test_what_is_tampered_with_is_mended_and_taken_back(switch: MiniFrr, name: str) -> None:
    clean = installed(switch, WHOLE)
    assert clean is not None
    whole = switch.running()
    list4 = next(one.name for (version, _), one in managed(clean).lists.items() if version == 4)
    take(switch, TAMPERED[name].format(list4=list4) + "\n")
    broken_text = switch.running()
    broken = FRR.parse(broken_text)
    assert broken_text != whole
    mended = installed(switch, WHOLE)
    assert mended is not None
    assert leaks(mended, install("mini", mended, WHOLE).fenced) == ()
    back = carried_out(switch, steps(managed(mended), managed(broken), in_order=True))
    assert back == broken
    assert sorted(switch.running().splitlines()) == sorted(broken_text.splitlines())
    installed(switch, WHOLE)
    emptied(switch)
