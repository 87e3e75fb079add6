"""The closing lines of a session without a policy, on a real FRR: routes come, then none do."""

from __future__ import annotations

import json
import os
import time
from typing import TYPE_CHECKING

import mini_frr
import pytest
from mini_frr import ROUTES4, MiniFrr

from policies.dialects import DIALECTS
from policies.filters import Direction, Running, SessionKey
from policies.posture import Posture, posture

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.lab

FRR = DIALECTS["frr"]
IN = Direction.IMPORT
NODE = SessionKey("", "10.9.0.2")
#: A datacenter profile, where nothing is asked for, and an iBGP session beside it.
RUNNING = """\
frr defaults datacenter
hostname mini
service integrated-vtysh-config
!
router bgp 65000
 bgp router-id 10.9.0.1
 timers bgp 3 9
 neighbor 10.9.0.2 remote-as 64601
 neighbor 10.9.0.2 timers connect 1
 neighbor 192.0.2.9 remote-as 65000
exit
!
line vty
!
"""


@pytest.fixture
def switch() -> Iterator[MiniFrr]:
    lack = mini_frr.missing()
    if lack:
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    running = MiniFrr(running=RUNNING)
    try:
        yield running
    finally:
        running.stop()


def routes(switch: MiniFrr) -> set[str]:
    found = json.loads(switch.vtysh("show bgp ipv4 unicast json"))
    return {prefix for prefix in found.get("routes", {}) if prefix.startswith(("10.", "198."))}


def wait_for(switch: MiniFrr, wanted: set[str]) -> None:
    """Wait until the table holds just ``wanted``, on a session that is up."""
    for _ in range(120):
        summary = json.loads(switch.vtysh("show bgp ipv4 unicast summary json"))
        state = summary.get("peers", {}).get(NODE.name, {}).get("state")
        if state == "Established" and routes(switch) == wanted:
            return
        time.sleep(0.5)
    raise AssertionError(f"{state}, {routes(switch)} instead of {wanted}")


def parsed(switch: MiniFrr) -> Running:
    return FRR.parse(switch.running())


def of_node(running: Running) -> Posture | None:
    return posture(FRR, running, running.sessions[NODE], 4, IN)


def type_in(switch: MiniFrr, lines: tuple[str, ...]) -> None:
    switch.vtysh("configure terminal", *lines)
    switch.vtysh("clear bgp *")


def test_the_setting_closes_ebgp(switch: MiniFrr) -> None:
    wait_for(switch, set(ROUTES4))
    found = of_node(parsed(switch))
    assert found is not None
    assert (found.open, found.closing[1]) == (True, " bgp ebgp-requires-policy")
    type_in(switch, found.closing)
    wait_for(switch, set())
    after = parsed(switch)
    assert after.sessions[NODE].is_closed(4, IN) is True
    closed = of_node(after)
    assert closed is not None
    assert (closed.open, closed.closing) == (False, ())


def test_a_policy_that_denies_everything_closes_any_session(switch: MiniFrr) -> None:
    wait_for(switch, set(ROUTES4))
    running = parsed(switch)
    type_in(switch, FRR.deny_all((NODE, 4, IN), running))
    wait_for(switch, set())
    internal = SessionKey("", "192.0.2.9")
    found = posture(FRR, running, running.sessions[internal], 4, IN)
    assert found is not None
    switch.vtysh("configure terminal", *found.closing)
    after = parsed(switch)
    assert after.sessions[internal].attachments[4, IN].route_map == "DENY-ALL"
    assert of_node(after) is None
