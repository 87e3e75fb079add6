"""Seeded drift: what a hand types into a switch is found, told rightly, and true of the switch.

The witnesses are judged by the lab's own reading of the text, one route at a time, which shares
nothing with `policies`.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import seeds_ahead
import seeds_frr
import seeds_lines
from drift_seeds import expected, filled, said
from switch_texts import KINDS, passes, startup, typed

from inventory.site import load_site
from policies.change import steps
from policies.dialects import DIALECTS
from policies.drift import drift
from policies.drift.kinds import Kind
from policies.guards import wanted_guards
from policies.install import install
from policies.managed import managed
from policies.prefix_set import PrefixSet
from policies.references import AttachmentRef

if TYPE_CHECKING:
    from collections.abc import Mapping

    from drift_seeds import Seed

    from inventory.hosts import Device
    from policies.drift import Drift
    from policies.filters import Running
    from policies.guards import Fence
    from policies.managed import Slot
    from policies.prefix_set import Network

SITE = load_site(Path(__file__).parents[2] / "inventory/lab")
GUARDS = wanted_guards(SITE)
SEEDS = (*seeds_frr.SEEDS, *seeds_lines.SEEDS, *seeds_ahead.SEEDS)
#: Whoever is none of ringfence's business on some platform of the lab.
IGNORED = (
    *("OVERLAY", "CE", "198.51.100.2", "198.51.100.6", "198.51.100.9", "192.0.2.130"),
    *("10.77.1.2", "10.77.2.2", "2001:db8:77:2::2"),
)
#: Prefixes worth asking about: in, around and outside the pools.
UNIVERSE: tuple[Network, ...] = tuple(
    ip_network(text)
    for text in (
        *("0.0.0.0/0", "0.0.0.0/1", "8.8.8.0/24", "198.51.100.0/24", "10.0.0.0/8"),
        *("10.65.0.0/16", "10.65.0.0/26", "10.65.0.0/27", "10.65.200.64/26", "10.65.1.1/32"),
        *("10.64.0.0/16", "10.66.0.0/16", "10.66.0.0/26", "10.66.9.9/32", "10.66.0.0/27"),
        *("191.51.100.0/24", "191.51.100.7/32", "191.51.101.0/24", "191.51.101.7/32"),
        *("191.51.100.0/25", "172.20.1.0/24", "172.20.2.0/24", "172.20.3.0/24", "172.31.0.0/24"),
        *("::/0", "2001:db8::/32", "2001:db8:20:1::/64", "2001:db8:20:2::/64", "fd00:65::/48"),
        *("fd00:65::/122", "fd00:65::/121", "fd00:65::1/128", "fd00:66::/122", "fd00:66::1/128"),
        *("fd00:651::/112", "fd00:651::9/128", "fd00:661::/112", "fd00:661::9/128"),
    )
)


def device_of(seed: Seed) -> Device:
    """Return the switch as the site has it, whatever platform it is played on."""
    device = SITE.devices[seed.switch]
    sessions = tuple(one.model_copy(update={"narrower": seed.narrower}) for one in device.sessions)
    return replace(device, ignore_neighbors=IGNORED, sessions=sessions)


@cache
def deployed(platform: str, switch: str, before: str) -> str:
    """Return the switch's text once the guards stand."""
    dialect = DIALECTS[platform]
    text = typed(platform, startup(platform, switch), before)
    running = dialect.parse(text)
    wanted = install(switch, running, GUARDS[switch])
    assert wanted.violations == []
    candidate = dialect.render(steps(managed(running), wanted.managed), running)
    return typed(platform, text, candidate)


def found_in(seed: Seed, text: str) -> tuple[Running, tuple[Drift, ...]]:
    running = DIALECTS[seed.platform].parse(text)
    return running, drift(device_of(seed), running, GUARDS[seed.switch])


@pytest.mark.parametrize("platform", KINDS)
@pytest.mark.parametrize("switch", SITE.devices)
def test_a_deployed_switch_has_no_findings(platform: str, switch: str) -> None:
    text = deployed(platform, switch, "")
    running = DIALECTS[platform].parse(text)
    device = replace(SITE.devices[switch], ignore_neighbors=IGNORED)
    assert drift(device, running, GUARDS[switch]) == ()


@pytest.mark.parametrize("seed", SEEDS, ids=str)
def test_a_mutation_is_found_and_told_rightly(seed: Seed) -> None:
    whole = deployed(seed.platform, seed.switch, seed.before)
    assert found_in(seed, whole)[1] == (), "before anything is wrong"
    text = typed(seed.platform, whole, filled(seed.lines, whole))
    assert text != whole
    running, found = found_in(seed, text)
    assert said(found) == expected(seed, whole), "\n".join(one.text for one in found)
    assert all(one.text and one.remedy and one.object for one in found)
    if seed.exact:
        assert_witnesses(seed, whole, text, found)
    slots = install(seed.switch, running, GUARDS[seed.switch]).fenced
    for version in (4, 6):
        told, leaking = told_in(found, version), leaking_in(seed, text, slots, version)
        assert leaking <= told
        assert not seed.exact or leaking == told


def assert_witnesses(seed: Seed, whole: str, text: str, found: tuple[Drift, ...]) -> None:
    """Assert that each example is what the switch does now and did not before."""
    for one in found:
        place = next((r for r in one.references if isinstance(r, AttachmentRef)), None)
        for prefix in one.leaked.witnesses(4) if one.leaked else ():
            assert place is not None
            where = (str(place.session.name), place.direction, prefix)
            assert True in passes(seed.platform, text, *where), f"{prefix} does not leak"
            if one.kind is not Kind.UNKNOWN_NEIGHBOR:
                assert passes(seed.platform, whole, *where) == {False}
        for prefix in one.dropped.witnesses(4) if one.dropped else ():
            assert place is not None
            where = (str(place.session.name), place.direction, prefix)
            assert passes(seed.platform, text, *where) == {False}, f"{prefix} is not dropped"
            assert True in passes(seed.platform, whole, *where)


def told_in(found: tuple[Drift, ...], version: int) -> set[Network]:
    """Return what the findings say that guarded sessions let through and must not."""
    some = [
        one.leaked
        for one in found
        if one.leaked and one.version == version and one.kind is not Kind.UNKNOWN_NEIGHBOR
    ]
    every = PrefixSet.union(version, some)
    return {one for one in UNIVERSE if one.version == version and one in every}


def leaking_in(seed: Seed, text: str, slots: Mapping[Slot, Fence], version: int) -> set[Network]:
    """Return what some guarded session lets through and must not, by the switch's own reading."""
    return {
        prefix
        for prefix in UNIVERSE
        if prefix.version == version
        and any(
            leaks(seed.platform, text, slot, prefix)
            for slot, fence in slots.items()
            if slot[1] == version and prefix not in fence.allowed[version]
        )
    }


def leaks(platform: str, text: str, slot: Slot, prefix: Network) -> bool:
    """Return whether the switch lets through some route with ``prefix``, by its own reading."""
    key, _, direction = slot
    return key.vrf == "" and True in passes(platform, text, key.name, direction, prefix)
