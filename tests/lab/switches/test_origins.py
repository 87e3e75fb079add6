"""Who announces a prefix, as each adapter learns it from its platform's own show command.

Every platform has the same daemon underneath, and must tell the same of it.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partialmethod
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

import eos_box
import ios_box
import iosxr_box
import junos_box
import nxos_box
import pytest
from netmiko import BaseConnection
from switchbox import SwitchBox

from inventory.errors import DeviceError
from lab.switch.base import Neighbor, Route
from lab.switch.eos.switch import EosSwitch
from lab.switch.iosxr import IosXrCliSwitch, IosXrSwitch
from policies.filters import SessionKey
from tasks.adapters import ADAPTERS
from tasks.adapters.base import Origin

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inventory.fields import Network
    from tasks.adapters.base import Driver

PLATFORMS = sorted(set(ADAPTERS) - {"frr"})
SPINE, NODE, OTHER, DOWN = "10.255.11.0", "172.20.1.66", "172.20.1.11", "10.255.21.0"
SPINE6, NODE6 = "2001:db8:ff:11::1", "2001:db8:20:1::66"
HIJACK, DEFAULT = ip_network("10.66.5.0/26"), ip_network("0.0.0.0/0")
INSIDE, SIX = ip_network("10.66.5.0/27"), ip_network("2001:db8:1111:2222:3333:4444:5555:6640/122")
ABSENT = ip_network("198.51.100.0/24")
LONG = " ".join(str(4200000000 + number) for number in range(12))


class Place:
    """A switch of one platform with an open driver."""

    def __init__(self, platform: str, box: SwitchBox, driver: Driver) -> None:
        self.platform = platform
        self.box = box
        self.driver = driver

    def origins(self, *routes: Network, vrf: str = "") -> dict[Network, tuple[Origin, ...]]:
        found = ADAPTERS[self.platform].origins(self.driver, [(vrf, one) for one in routes])
        assert list(found) == [(vrf, one) for one in routes]
        return {prefix: paths for (_, prefix), paths in found.items()}

    def from_whom(self, key: SessionKey, version: int) -> dict[str, set[str]]:
        adapter = ADAPTERS[self.platform]
        adapter.running(self.driver)
        tables = adapter.tables(self.driver, [(key, version)])
        return {
            who: {str(one) for one in found}
            for who, found in tables.routes[key, version].items()
            if found
        }


@contextmanager
def started(platform: str, folder: Path) -> Iterator[tuple[SwitchBox, Driver]]:
    adapter = ADAPTERS[platform]
    if platform == "eos":
        with SwitchBox(EosSwitch, eos_box.startup_of("tor1"), folder, address="127.47.0.1") as box:
            driver = eos_box.opened(box)
            yield box, driver
            driver.close()
    elif platform == "ios":
        with ios_box.tor1(folder) as box, ios_box.opened(box) as driver:
            yield box, driver
    elif platform in nxos_box.TRANSPORTS:
        with nxos_box.box(folder) as box, nxos_box.connected(box, platform) as driver:
            yield box, driver
    elif platform == "junos":
        with junos_box.box_of(folder) as box, junos_box.Ringfence(box).connected() as driver:
            yield box, driver
    else:
        switch: Any = IosXrCliSwitch if platform == "iosxr" else IosXrSwitch
        with (
            iosxr_box.box(folder, switch=switch) as box,
            iosxr_box.driver_of(box, adapter, platform) as driver,
        ):
            yield box, driver


@pytest.fixture(scope="module", params=PLATFORMS)
def place(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp(request.param)
    with pytest.MonkeyPatch.context() as patch:
        # pyIOSXR takes two seconds of silence for the end of what the router says.
        quick = partialmethod(BaseConnection.send_command_timing, last_read=0.2)
        patch.setattr(BaseConnection, "send_command_timing", quick)
        with started(request.param, folder) as (box, driver):
            populate(box)
            yield Place(request.param, box, driver)


def neighbor(address: str, *, group: str | None = None, state: str = "Established") -> Neighbor:
    counts: dict[int, int] = {ip_address(address).version: 3} if state == "Established" else {}
    return Neighbor(
        address=ip_address(address),
        remote_asn=65201 if group else 65000,
        state=state,
        uptime_s=60,
        group=group,
        accepted=counts,
        advertised=counts,
    )


def populate(box: SwitchBox) -> None:
    box.daemon.set_neighbors(
        neighbor(SPINE),
        neighbor(DOWN, state="Active"),
        neighbor(OTHER, group="NODES"),
        neighbor(NODE, group="NODES"),
        neighbor(SPINE6),
        neighbor(NODE6, group="NODES6"),
    )

    def announce(who: str, *routes: tuple[Network, str, str, bool]) -> None:
        address = ip_address(who)
        box.daemon.set_routes(
            address,
            address.version,
            *(
                Route(prefix=prefix, next_hop=hop, as_path=path, is_best=is_best)
                for prefix, hop, path, is_best in routes
            ),
        )

    announce(SPINE, (DEFAULT, SPINE, "65000 64500", True), (HIJACK, SPINE, LONG, False))
    announce(OTHER, (INSIDE, OTHER, "", True))
    announce(NODE, (HIJACK, "172.20.1.99", "", True), (INSIDE, NODE, "", False))
    announce(SPINE6, (SIX, SPINE6, "65000", False))
    announce(NODE6, (SIX, NODE6, "", True))


def path(neighbor: str, next_hop: str = "", as_path: str = "") -> Origin:
    return Origin(neighbor=neighbor, next_hop=next_hop or neighbor, as_path=as_path)


EXPECTED = {
    HIJACK: {path(NODE, "172.20.1.99"), path(SPINE, as_path=LONG)},
    DEFAULT: {path(SPINE, as_path="65000 64500")},
    INSIDE: {path(OTHER), path(NODE)},
    SIX: {path(NODE6), path(SPINE6, as_path="65000")},
    ABSENT: set(),
}


def test_every_path_is_told_with_neighbor_next_hop_and_as_path(place: Place) -> None:
    found = place.origins(*EXPECTED)
    assert {prefix: set(paths) for prefix, paths in found.items()} == EXPECTED
    assert [len(paths) for paths in found.values()] == [2, 1, 2, 2, 0]


@pytest.mark.parametrize("prefix", EXPECTED, ids=str)
def test_a_prefix_alone_is_told_alone(place: Place, prefix: Network) -> None:
    assert {one: set(some) for one, some in place.origins(prefix).items()} == {
        prefix: EXPECTED[prefix]
    }


def test_nothing_is_asked_for_nothing(place: Place) -> None:
    assert place.origins() == {}


def test_a_vrf_without_the_prefix_has_no_path_to_it(place: Place) -> None:
    vrfs = {"iosxr": "CUSTOMER-A", "iosxr_netconf": "CUSTOMER-A"}
    assert place.origins(HIJACK, SIX, vrf=vrfs.get(place.platform, "TENANT")) == {
        HIJACK: (),
        SIX: (),
    }


def test_the_tables_have_the_routes_of_each_neighbor_apart(place: Place) -> None:
    assert place.from_whom(SessionKey("", "NODES"), 4) == {
        NODE: {str(HIJACK), str(INSIDE)},
        OTHER: {str(INSIDE)},
    }
    assert place.from_whom(SessionKey("", SPINE), 4) == {SPINE: {str(DEFAULT), str(HIJACK)}}
    assert place.from_whom(SessionKey("", DOWN), 4) == {}
    assert place.from_whom(SessionKey("", "NODES6"), 6) == {NODE6: {str(SIX)}}


def test_asking_changes_nothing(place: Place) -> None:
    before = place.box.control("running"), place.box.control("startup"), len(applied(place))
    place.origins(HIJACK, SIX)
    assert (place.box.control("running"), place.box.control("startup"), len(applied(place))) == (
        before
    )
    assert place.box.daemon.refreshed == []


def applied(place: Place) -> list[object]:
    return list(place.box.daemon.applied)


@pytest.mark.parametrize("platform", PLATFORMS)
def test_an_answer_that_is_none_is_an_error(platform: str, tmp_path: Path) -> None:
    with started(platform, tmp_path) as (box, driver):
        populate(box)
        box.control("fault", name="babble", on=True)
        with pytest.raises(DeviceError):
            ADAPTERS[platform].origins(driver, [("", HIJACK)])
        box.control("fault", name="babble", on=False)
