"""What FRR makes of a prefix-list that is there and has no entry, and of one that is not there.

As seen on 8.4.4: attached, an empty list lets all through and an undefined one nothing. Matched, an
undefined one holds for nothing; an empty one does too, unless the route-map's optimization is off:
then it holds for all, whichever family it is of.
"""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from frr_text import family, parse, router

from policies.accepts import Accepts, session_accepts
from policies.filters import Direction, SessionKey
from policies.prefix_set import PrefixSet

NOTHING, ALL = PrefixSet.empty(4), PrefixSet.everything(4)
EITHER = Accepts(may=ALL, must=NOTHING)
LISTS = "ip prefix-list EMPTY description later\nipv6 prefix-list EMPTY6 description later\n"


def accepts(*lines: str, policy: str = "", way: Direction = Direction.IMPORT) -> Accepts:
    there = [f"neighbor 10.0.0.1 {line}" for line in lines]
    bgp = router("neighbor 10.0.0.1 remote-as 65001", *family(4, *there))
    running = parse(f"{bgp}\n{LISTS}{policy}")
    return session_accepts(running, running.sessions[SessionKey("", "10.0.0.1")], 4, way)


@pytest.mark.parametrize(
    ("name", "expected"), [("EMPTY", ALL), ("EMPTY6", NOTHING), ("NOWHERE", NOTHING)]
)
def test_attached(name: str, expected: PrefixSet) -> None:
    assert accepts(f"prefix-list {name} in") == Accepts.exactly(expected)


@pytest.mark.parametrize(
    ("match", "permit", "deny"),
    [
        ("ip address prefix-list EMPTY", EITHER, EITHER),
        ("ipv6 address prefix-list EMPTY6", EITHER, EITHER),
        ("ip address prefix-list NOWHERE", Accepts.exactly(NOTHING), Accepts.exactly(ALL)),
        ("ipv6 address prefix-list NOWHERE", Accepts.exactly(NOTHING), Accepts.exactly(ALL)),
    ],
)
def test_matched(match: str, permit: Accepts, deny: Accepts) -> None:
    policy = f"route-map RM permit 10\n match {match}\nexit\n"
    assert accepts("route-map RM in", policy=policy) == permit
    policy = policy.replace("permit", "deny") + "route-map RM permit 20\nexit\n"
    assert accepts("route-map RM in", policy=policy) == deny


@pytest.mark.parametrize("line", ["default-originate", "default-originate route-map OTHER"])
def test_a_made_up_default_route_is_not_counted_on(line: str) -> None:
    policy = "route-map RM permit 10\nexit\nroute-map OTHER deny 10\nexit\n"
    said = accepts("route-map RM out", line, policy=policy, way=Direction.EXPORT)
    assert said == Accepts(may=ALL, must=ALL - PrefixSet.of(ip_network("0.0.0.0/0")))
