"""In which portions devices are changed: no wave may hold a whole failure domain."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inventory.errors import Place
from inventory.models import Role, SiteFile
from inventory.site import Device, Site
from inventory.source import empty
from runbooks.waves import waves

HERE = Path("site")


def device(name: str, role: Role, rack: str | None) -> Device:
    return Device(
        name=name,
        hostname=name,
        platform="frr",
        role=role,
        groups=(role,),
        asn=65000,
        rack=rack,
        sessions=(),
        ignore_neighbors=(),
        place=Place(HERE),
    )


def site(devices: list[Device], **settings: object) -> Site:
    return Site(
        path=HERE,
        settings=SiteFile.model_validate({"name": "dc1", "waves": settings}),
        clusters={},
        devices={one.name: one for one in devices},
        pools_source=empty(HERE),
    )


def fabric(tors: int = 4) -> list[Device]:
    found = [device(f"{role}{n}", role, None) for role in (Role.BORDER, Role.SPINE) for n in (1, 2)]
    return [
        *found,
        *(device(f"tor{n}", Role.TOR, f"rack{(n + 1) // 2}") for n in range(1, tors + 1)),
    ]


def test_a_canary_of_each_role_goes_first() -> None:
    one = site(fabric())
    assert waves(one, one.devices) == (
        ("border1", "spine1", "tor1"),
        ("border2", "spine2", "tor2", "tor3"),
        ("tor4",),
    )


def test_without_a_canary_no_role_goes_at_once() -> None:
    one = site(fabric(), canary=False)
    assert waves(one, one.devices) == (
        ("border1", "spine1", "tor1", "tor3"),
        ("border2", "spine2", "tor2", "tor4"),
    )


def test_only_the_named_devices_are_changed_but_all_count() -> None:
    one = site(fabric(), canary=False)
    assert waves(one, ["spine1", "spine2"]) == (("spine1",), ("spine2",))
    assert waves(one, ["tor3"]) == (("tor3",),)
    assert waves(one, []) == ()


def test_waves_are_no_larger_than_the_site_says() -> None:
    one = site(fabric(), size=2)
    assert [len(wave) for wave in waves(one, one.devices)] == [2, 2, 2, 2]


@st.composite
def sites(draw: st.DrawFn) -> tuple[Site, list[str]]:
    roles = st.sampled_from([Role.TOR, Role.SPINE, Role.BORDER])
    racks = st.sampled_from([None, "rack1", "rack2", "rack3"])
    some = draw(st.lists(st.tuples(roles, racks), min_size=1, max_size=12))
    devices = [device(f"d{at}", role, rack) for at, (role, rack) in enumerate(some)]
    settings = {"canary": draw(st.booleans()), "size": draw(st.integers(1, 5))}
    names = draw(st.lists(st.sampled_from([one.name for one in devices]), unique=True))
    return site(devices, **settings), names


@given(sites())
def test_no_wave_holds_a_whole_failure_domain(case: tuple[Site, list[str]]) -> None:
    one, names = case
    found = waves(one, names)
    assert sorted(name for wave in found for name in wave) == sorted(names)
    totals = Counter(device.role for device in one.devices.values())
    for at, wave in enumerate(found):
        devices = [one.devices[name] for name in wave]
        racks = [device.rack for device in devices if device.rack]
        assert len(racks) == len(set(racks))
        assert 0 < len(wave) <= one.settings.waves.size
        for role, number in Counter(device.role for device in devices).items():
            assert number < totals[role] or totals[role] == 1
            assert number == 1 or at > 0 or not one.settings.waves.canary


@pytest.mark.parametrize("canary", [True, False])
def test_two_tors_of_one_rack_never_go_together(canary: bool) -> None:
    devices = [device(f"tor{n}", Role.TOR, "rack1") for n in (1, 2, 3)]
    one = site(devices, canary=canary)
    assert waves(one, one.devices) == (("tor1",), ("tor2",), ("tor3",))
