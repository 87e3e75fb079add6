"""A line that may reach every session is one finding a family, however many sessions there are."""

from __future__ import annotations

from pathlib import Path

import pytest
from switch_texts import startup

from inventory.site import load_site
from policies.dialects import DIALECTS
from policies.drift import drift
from policies.drift.kinds import Effect, Kind
from policies.guards import wanted_guards

SITE = load_site(Path(__file__).parents[2] / "inventory/lab")
DIALECT = DIALECTS["iosxr_netconf"]


def test_a_configuration_group_is_told_once() -> None:
    text = startup("iosxr_netconf", "border2")
    device, guards = SITE.devices["border2"], wanted_guards(SITE)["border2"]
    before = {(one.kind, one.object) for one in drift(device, DIALECT.parse(text), guards)}
    applied = text.replace("router bgp 65001\n", "router bgp 65001\n apply-group EVIL\n")
    assert applied != text
    running = DIALECT.parse(applied)
    assert len(running.sessions) > 2
    past = [one for one in drift(device, running, guards) if one.object == "apply-group EVIL"]
    assert [(one.kind, one.effect, one.version) for one in past] == [
        (Kind.WEAKENED, Effect.WEAKENED, 4),
        (Kind.WEAKENED, Effect.WEAKENED, 6),
    ]
    assert all(one.session is None for one in past)
    assert past[0].text.startswith("apply-group EVIL may go past the policy of every session: ")
    found = {(one.kind, one.object) for one in drift(device, running, guards)}
    others = {(kind, name) for kind, name in found - before if kind is not Kind.OBSTACLE}
    assert others == {(Kind.WEAKENED, "apply-group EVIL")}


@pytest.mark.parametrize(
    ("inside", "applied", "seen"),
    [
        ("interface 'TenGigE.*'\n  mtu 9216", "G", None),
        ("router isis '.*'\n  interface 'TenGigE.*'\n   point-to-point", "G", None),
        ("interface 'TenGigE.*'\n  mtu 9216", "G EVIL", "apply-group G EVIL"),
        ("router bgp '.*'\n  neighbor '.*'\n   remote-as 1", "G", "apply-group G"),
        ("vrf '.*'\n  address-family ipv4 unicast", "G", "apply-group G"),
        ("apply-group EVIL", "G", "apply-group G"),
    ],
)
@pytest.mark.parametrize("at", ["hostname", "router bgp"])
def test_a_configuration_group_of_interfaces_has_no_say(
    inside: str, applied: str, seen: str | None, at: str
) -> None:
    text = startup("iosxr_netconf", "border2")
    group = f"group G\n {inside}\n !\nend-group\n"
    place = f"apply-group {applied}\nrouter bgp 65001\n"
    if at == "router bgp":
        place = f"router bgp 65001\n apply-group {applied}\n"
    text = text.replace("router bgp 65001\n", f"{group}{place}")
    sessions = DIALECT.parse(text).sessions.values()
    assert {one.unjudged for one in sessions} == {(seen,) if seen else ()}
