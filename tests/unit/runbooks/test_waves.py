"""In which portions devices are changed: no wave may hold a whole failure domain."""

from __future__ import annotations

import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from builders import edited, make_site, write_site
from fabrics import fabric_site, fabrics, leaf_spine, make_device
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from plans import make_plan

from inventory.errors import InputError
from inventory.fields import Role
from inventory.sessions import Session
from inventory.site import load_site
from runbooks import waves as waves_module
from runbooks.cli_common import Context
from runbooks.waves import planned, waves

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inventory.hosts import Device
    from inventory.site import Site


def cut(site: Site) -> list[tuple[tuple[str, ...], str]]:
    return [(wave.devices, wave.why) for wave in planned(site, site.devices)]


# --- by example --------------------------------------------------------------------------------


def test_canaries_go_first_then_leaf_to_border() -> None:
    assert cut(fabric_site(leaf_spine(5, 2, 2))) == [
        (("tor1", "spine1", "border1"), "canary of each role"),
        (("tor3", "tor2", "tor5"), "tor; tor4 waits: its rack rack1 is in this one"),
        (("tor4",), "tor"),
        (("spine2",), "spine"),
        (("border2",), "border"),
    ]


def test_without_an_order_all_roles_go_together() -> None:
    one = fabric_site(leaf_spine(4, 2, 2), canary=False, order=[])
    assert cut(one) == [
        (
            ("tor1", "tor3", "border1", "spine1"),
            "border, spine, tor; tor2 waits: its rack rack0 is in this one",
        ),
        (("border2", "spine2", "tor2", "tor4"), "border, spine, tor"),
    ]


def test_another_order_is_kept_and_roles_that_it_leaves_out_go_last() -> None:
    one = fabric_site(leaf_spine(2, 2, 2, racks_of=1), order=["border"])
    assert waves(one, one.devices) == (
        ("border1", "spine1", "tor1"),
        ("border2",),
        ("spine2", "tor2"),
    )


def test_one_spine_of_each_pair_that_a_tor_has_stays() -> None:
    pairs = {"tor1": ("spine1", "spine2"), "tor2": ("spine3", "spine4")}
    devices = [
        *(make_device(f"spine{n}", Role.SPINE) for n in (1, 2, 3, 4)),
        *(make_device(name, Role.TOR, peers=those) for name, those in pairs.items()),
    ]
    one = fabric_site(devices, canary=False)
    assert cut(one)[2:] == [
        (
            ("spine1", "spine3"),
            "spine; spine2 waits: not every spine of tor1 at once",
        ),
        (("spine2", "spine4"), "spine"),
    ]


def test_an_end_that_does_not_list_the_session_counts_too() -> None:
    spines = [make_device(f"spine{n}", Role.SPINE, peers=["tor1"]) for n in (1, 2)]
    more = [make_device("spine3", Role.SPINE), make_device("tor1", Role.TOR)]
    one = fabric_site([*spines, *more], canary=False)
    assert waves(one, ["spine1", "spine2", "spine3"]) == (("spine1", "spine3"), ("spine2",))


def test_a_plane_is_never_gone_whole() -> None:
    devices = [
        make_device(name, Role.SPINE, plane=plane)
        for name, plane in (("s1", "a"), ("s2", "a"), ("s3", "b"), ("s4", "b"), ("s5", "c"))
    ]
    one = fabric_site([*devices, make_device("b1", Role.BORDER, plane="c")], canary=False, order=[])
    assert waves(one, one.devices) == (("s1", "s3", "s5"), ("s2", "s4", "b1"))
    assert "s2 waits: not the plane a at once" in cut(one)[0][1]


def test_of_the_spines_that_a_tor_has_in_a_plane_one_stays() -> None:
    spines = [
        make_device(f"s{n}", Role.SPINE, plane=plane) for n, plane in enumerate("aaabbb", start=1)
    ]
    one = fabric_site(
        [*spines, make_device("t1", Role.TOR, peers=["s1", "s2", "s4"])], canary=False
    )
    assert waves(one, ["s1", "s2", "s3", "s4", "s5"]) == (("s1", "s3", "s4", "s5"), ("s2",))


@pytest.mark.parametrize(
    ("addresses", "together"),
    [
        (("192.0.2.1", "192.0.2.1"), False),
        (("192.0.2.1", "192.0.2.2"), True),
        (("fe80::1", "fe80::1"), True),
        (("swp1", "swp1"), True),
    ],
)
def test_devices_with_the_same_router_outside_stand_in_for_each_other(
    addresses: tuple[str, str], together: bool
) -> None:
    devices = [
        make_device(f"b{n}", Role.BORDER, outside=[to]) for n, to in enumerate(addresses, start=1)
    ]
    one = fabric_site([*devices, make_device("b3", Role.BORDER)], canary=False)
    assert ({"b1", "b2"} <= set(waves(one, one.devices)[0])) is together


def test_a_router_is_another_one_in_another_vrf() -> None:
    first, second = (make_device(name, Role.BORDER) for name in ("b1", "b2"))
    devices = [
        replace(
            device,
            sessions=(Session(neighbor="192.0.2.1", role=Role.EXTERNAL, vrf=vrf),),
        )
        for device, vrf in ((first, "red"), (second, "blue"))
    ]
    one = fabric_site([*devices, make_device("b3", Role.BORDER)], canary=False)
    assert waves(one, one.devices) == (("b1", "b2"), ("b3",))


def test_only_the_named_devices_are_changed_but_all_count() -> None:
    one = fabric_site(leaf_spine(4, 2, 2), canary=False)
    assert waves(one, ["spine1", "spine2"]) == (("spine1",), ("spine2",))
    assert waves(one, ["tor3"]) == (("tor3",),)
    assert waves(one, []) == ()
    many = fabric_site(leaf_spine(4, 3, 2), canary=False)
    assert waves(many, ["spine1", "spine2"]) == (("spine1", "spine2"),)


@pytest.mark.parametrize(
    ("size", "lengths"),
    [
        (1, [1] * 16),
        (2, [2, 1, 2, 2, 2, 1, 2, 1, 2, 1]),
        (500, [3, 4, 3, 3, 3]),
        ("25%", [3, 2, 2, 2, 1, 1, 1, 1, 1, 1, 1]),
        ("1%", [3] + [1] * 13),
        ("100%", [3, 4, 3, 3, 3]),
    ],
)
def test_waves_are_no_larger_than_the_site_says(size: int | str, lengths: list[int]) -> None:
    one = fabric_site(leaf_spine(8, 4, 4), size=size)
    assert [len(wave) for wave in waves(one, one.devices)] == lengths


def test_a_canary_is_rather_one_that_has_no_session_with_the_others() -> None:
    spines = [make_device("s1", Role.SPINE), make_device("s2", Role.SPINE)]
    tors = [make_device("t1", Role.TOR, peers=["s1"]), make_device("t2", Role.TOR, peers=["s2"])]
    one = fabric_site([*spines, *tors])
    assert waves(one, one.devices)[0] == ("t1", "s2")


def test_canaries_that_may_not_go_together_follow_each_other() -> None:
    devices = [make_device(f"{role}1", role, rack="r") for role in (Role.SPINE, Role.TOR)]
    one = fabric_site([*devices, make_device("tor2", Role.TOR, rack="r")])
    assert cut(one) == [
        (("tor1",), "canary: tor"),
        (("spine1",), "canary: spine"),
        (("tor2",), "tor"),
    ]


# --- the rules, over any fabric ----------------------------------------------------------------


def links(site: Site) -> dict[str, set[str]]:
    """Return whom each device has a session with, at either end's word."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, device in site.devices.items():
        for session in device.sessions:
            if session.device:
                found[name].add(session.device)
                found[session.device].add(name)
    return found


def forbidden(site: Site) -> set[frozenset[str]]:
    """Return every set of which one must stay: the rules once more, in the plainest way."""
    devices = site.devices
    linked = links(site)
    found: list[set[str]] = []
    routers: dict[str, set[str]] = defaultdict(set)
    for name, device in devices.items():
        for session in device.sessions:
            if session.role and session.neighbor:
                routers[session.neighbor].add(name)
    planes = {
        plane: {name for name in devices if devices[name].plane == plane}
        for plane in {device.plane for device in devices.values()} - {None}
    }
    for role in (Role.TOR, Role.SPINE, Role.BORDER):
        of_role = {name for name in devices if devices[name].role is role}
        for those in (of_role, *(linked[name] & of_role for name in devices)):
            found += [those, *(those & inside for inside in planes.values())]
    found += [*planes.values(), *routers.values(), *derived_planes(site, linked)]
    return {frozenset(one) for one in found if len(one) > 1}


def derived_planes(site: Site, linked: dict[str, set[str]]) -> list[set[str]]:
    """Return the spines that share ToRs, directly or by others between them."""
    planes: list[set[str]] = []
    for name, device in site.devices.items():
        those = {one for one in linked[name] if site.devices[one].role is Role.SPINE}
        if device.role is Role.TOR and those:
            touching = [one for one in planes if one & those]
            planes = [one for one in planes if not one & those] + [those.union(*touching)]
    return planes


def fits(site: Site, wave: Iterable[str], sets: set[frozenset[str]]) -> bool:
    """Return whether ``wave`` keeps every rule."""
    names = set(wave)
    racks = [site.devices[name].rack for name in names if site.devices[name].rack]
    size = site.settings.waves.size
    roles = Counter(site.devices[name].role for name in names)
    totals = Counter(device.role for device in site.devices.values())
    if isinstance(size, str):
        share = int(size[:-1])
        small = all(n <= max(1, totals[role] * share // 100) for role, n in roles.items())
    else:
        small = len(names) <= size
    return small and len(racks) == len(set(racks)) and not any(one <= names for one in sets)


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(fabrics())
def test_every_rule_holds_over_any_fabric(case: tuple[Site, list[str]]) -> None:
    site, names = case
    found = waves(site, names)
    sets = forbidden(site)
    assert sorted(name for wave in found for name in wave) == sorted(names)
    assert all(found)
    for wave in found:
        assert fits(site, wave, sets)
    roles = {site.devices[name].role for name in names}
    first: list[str] = []
    if site.settings.waves.canary:
        canaries = [wave for wave in planned(site, names) if wave.why.startswith("canary")]
        first = [name for wave in canaries for name in wave.devices]
        assert [wave.devices for wave in canaries] == list(found[: len(canaries)])
        assert sorted(site.devices[name].role for name in first) == sorted(roles)
    order = {role: at for at, role in enumerate(site.settings.waves.order)}
    rest = [wave for wave in found if not set(wave) & set(first)]
    ranks = [{order.get(site.devices[name].role, 9) for name in wave} for wave in rest]
    assert all(len(one) == 1 for one in ranks)
    assert [min(one) for one in ranks] == sorted(min(one) for one in ranks)
    # As few as a greedy gets: nobody waits who could have gone earlier.
    for at, wave in enumerate(rest):
        for later in (one for one, rank in zip(rest, ranks, strict=True) if rank == ranks[at]):
            for name in later if rest.index(later) > at else ():
                assert not fits(site, (*wave, name), sets)


@given(fabrics(most=25), st.randoms(use_true_random=False))
def test_the_order_in_which_devices_are_named_changes_no_rule(
    case: tuple[Site, list[str]], seed: object
) -> None:
    site, names = case
    assert waves(site, names) == waves(site, list(names))
    seed.shuffle(names)  # type: ignore[attr-defined]
    assert all(fits(site, wave, forbidden(site)) for wave in waves(site, names))


@given(
    st.lists(st.integers(1, 6), min_size=1, max_size=30),
    st.integers(1, 12),
)
def test_racks_take_as_few_waves_as_can_be(racks: list[int], size: int) -> None:
    devices = [
        make_device(f"t{rack}-{n}", Role.TOR, rack=f"r{rack}")
        for rack, number in enumerate(racks)
        for n in range(number)
    ]
    devices.append(make_device("left-alone", Role.TOR))
    one = fabric_site(devices, canary=False, size=size)
    names = [device.name for device in devices[:-1]]
    assert len(waves(one, names)) == max(*racks, -(-len(names) // size))


def test_a_fabric_of_500_keeps_every_rule() -> None:
    one = fabric_site(leaf_spine(472, 20, 8, planes=4), size="10%")
    sets = forbidden(one)
    found = waves(one, one.devices)
    assert sum(map(len, found)) == 500
    assert all(fits(one, wave, sets) for wave in found)
    # A canary each, then 471 ToRs by 47, 19 spines by 2, and 7 borders one by one.
    assert [len(wave) for wave in found] == [3, *[47] * 10, 1, *[2] * 9, 1, *[1] * 7]


def test_a_thousand_devices_are_looked_at_a_few_times_each(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    asked = 0
    obstacle = waves_module._Open.obstacle

    def counted(wave: waves_module._Open, device: Device) -> str | None:
        nonlocal asked
        asked += 1
        return obstacle(wave, device)

    monkeypatch.setattr(waves_module._Open, "obstacle", counted)
    one = fabric_site(leaf_spine(960, 32, 8, planes=4))
    assert sum(map(len, waves(one, one.devices))) == 1000
    assert asked < 5 * 1000


def test_every_process_cuts_the_same_waves() -> None:
    code = (
        "import sys; sys.path[:0] = ['.', 'tests/support']\n"
        "from fabrics import fabric_site, leaf_spine\n"
        "from runbooks.waves import planned\n"
        "site = fabric_site(leaf_spine(40, 6, 4, planes=2))\n"
        "print(planned(site, site.devices))\n"
    )
    said = {
        subprocess.run(
            [sys.executable, "-c", code],
            check=True,
            capture_output=True,
            env={"PYTHONHASHSEED": seed},
        ).stdout
        for seed in ("1", "2")
    }
    assert len(said) == 1


# --- what a site may say -----------------------------------------------------------------------


def test_a_plane_comes_from_the_hosts_data(tmp_path: Path) -> None:
    site = load_site(
        write_site(
            tmp_path, edited("hosts.yaml", "    asn: 65000\n", "    asn: 65000\n    plane: a\n")
        )
    )
    assert {name: one.plane for name, one in site.devices.items()} == {
        "tor1": None,
        "spine1": "a",
        "border1": None,
    }


@pytest.mark.parametrize(
    ("setting", "said"),
    [
        ("{size: 0}", "size: 0 is refused: write a number from 1 to 500, or a part from"),
        ("{size: 501}", "size: 501 is refused: "),
        ("{size: true}", "size: True is refused: "),
        ('{size: "0%"}', "size: '0%' is refused: "),
        ('{size: "101%"}', "size: '101%' is refused: "),
        ('{size: "25"}', "size: '25' is refused: "),
        ("{size: 2.5}", "size: 2.5 is refused: "),
        ("{size: [1]}", "size: write a number from 1 to 500"),
        ("{order: [node]}", "waves are of switches; node is none"),
        ("{order: [tor, tor]}", "the order names tor twice; keep one"),
        ("{order: [leaf]}", "unknown role; the roles are"),
    ],
)
def test_a_wave_that_makes_no_sense_is_refused(tmp_path: Path, setting: str, said: str) -> None:
    with pytest.raises(InputError) as caught:
        make_site(tmp_path, site=f"name: dc1\nwaves: {setting}\n")
    assert said in str(caught.value)
    assert len(str(caught.value).splitlines()) == 1


def test_the_screen_says_why(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    context = Context("plan", as_json=False)
    context.site(write_site(tmp_path))
    context.show(make_plan(), diffs=False)
    assert capsys.readouterr().out.splitlines()[-2:] == [
        "1 device to change, in this order:",
        "  tor1 (canary of each role)",
    ]
