"""IOS-XE's adapter, with NAPALM's own driver, on the virtual switch."""

from __future__ import annotations

from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from ios_box import CANDIDATE, DIFF, WAY_BACK, opened, tidied, tor1
from undoing import undo

from inventory.errors import DeviceError
from lab.switch.base import Neighbor, Route
from policies.dialects.ios import IosDialect
from policies.filters import Direction, SessionKey
from tasks.adapters.ios import IosAdapter
from tasks.adapters.ios_tables import accepted_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

ADAPTER = IosAdapter()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    with tor1(tmp_path_factory.mktemp("ios")) as made:
        yield made


@pytest.fixture(scope="module")
def driver(box: SwitchBox) -> Iterator[Driver]:
    with opened(box) as made:
        yield made


@pytest.fixture
def before(box: SwitchBox) -> Iterator[str]:
    """The configuration; whatever the test does, the next one has it again."""
    with tidied(box) as text:
        yield text


def test_the_running_configuration_is_whole(box: SwitchBox, driver: Driver) -> None:
    assert ADAPTER.running(driver) == box.control("running")


def test_a_prompt_in_a_banner_ends_nothing(box: SwitchBox, driver: Driver, before: str) -> None:
    box.control("edit", lines=["banner exec ^C\ntor1#show running-config\n^C"])
    text = ADAPTER.running(driver)
    assert text == box.control("running") != before
    assert "tor1#show running-config\n" in text


def test_it_lacks_nothing(driver: Driver, before: str) -> None:
    assert ADAPTER.lacks(driver, before) == ()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("ip scp server enable\n", "`ip scp server enable`"),
        ("file prompt quiet\n", "`file prompt quiet`"),
        (" path flash:archive\n", "`path flash:archive`"),
        ("archive\n log config\n", "`archive` with a `path`"),
    ],
)
def test_what_it_lacks_is_named(driver: Driver, before: str, line: str, named: str) -> None:
    assert line in before
    (sentence,) = ADAPTER.lacks(driver, before.replace(line, ""))
    assert named in sentence


# Tables ----------------------------------------------------------------------------------------


def neighbor(address: str, *, group: str | None = None, state: str = "Established") -> Neighbor:
    return Neighbor(
        address=ip_address(address),
        remote_asn=65201 if group else 65000,
        state=state,
        uptime_s=93784,
        group=group,
        accepted={4: 2},
        advertised={4: 7},
    )


def route(prefix: str) -> Route:
    return Route(
        prefix=ip_network(prefix), next_hop="2001:db8:20:1::11", as_path="65000", is_best=True
    )


PREFIXES = {
    4: ["10.0.0.0/8", "172.16.0.0/16", "198.51.100.0/24", "0.0.0.0/0", "10.65.0.0/26"],
    6: ["fd00:65::/122", "::/0", "2001:db8:1111:2222:3333:4444:5555:6660/124"],
}


def test_tables(box: SwitchBox, driver: Driver) -> None:
    spine, down = neighbor("10.255.11.0"), neighbor("10.255.21.0", state="Active")
    nodes = [neighbor("172.20.1.11", group="NODES"), neighbor("172.20.1.12", group="NODES")]
    six = neighbor("2001:db8:20:1::11", group="NODES6")
    box.daemon.set_neighbors(spine, down, *nodes, six)
    box.daemon.set_routes(spine.address, 4, *map(route, PREFIXES[4]))
    box.daemon.set_routes(nodes[0].address, 4, route("10.65.1.0/26"))
    box.daemon.set_routes(nodes[1].address, 4, route("10.65.2.0/26"), route("10.65.1.0/26"))
    box.daemon.set_routes(six.address, 6, *map(route, PREFIXES[6]))
    keys = [
        (SessionKey("", "10.255.11.0"), 4),
        (SessionKey("", "10.255.21.0"), 4),
        (SessionKey("", "NODES"), 4),
        (SessionKey("", "NODES6"), 6),
        (SessionKey("TENANT", "10.255.11.0"), 4),
    ]
    tables = ADAPTER.tables(driver, keys)
    assert tables.up == {
        ("", "10.255.11.0"),
        ("", "172.20.1.11"),
        ("", "172.20.1.12"),
        ("", "2001:db8:20:1::11"),
    }
    expected = [PREFIXES[4], [], ["10.65.1.0/26", "10.65.2.0/26"], PREFIXES[6], []]
    assert tables.accepted == {
        key: frozenset(map(ip_network, prefixes))
        for key, prefixes in zip(keys, expected, strict=True)
    }


def test_the_drivers_getter_does_not_know_dynamic_neighbors(box: SwitchBox, driver: Driver) -> None:
    node = neighbor("172.20.1.11", group="NODES")
    spine, other = neighbor("10.255.11.0"), neighbor("10.255.21.0", state="Active")
    box.daemon.set_neighbors(spine, node, other)
    # A star in front of a dynamic neighbor hides the line with its address from the getter.
    assert set(driver.get_bgp_neighbors()["global"]["peers"]) == {"10.255.11.0", "10.255.21.0"}
    assert ADAPTER.tables(driver, []).up == {("", "10.255.11.0"), ("", "172.20.1.11")}


@pytest.mark.parametrize(
    "text",
    [
        "% Invalid input detected at '^' marker.",
        "     Network          Next Hop\n *>   10.0.0.0/9       10.1.1.1  0 i\n",
        " *>   10.0.0.0/9       10.1.1.1  0 i\n\nTotal number of prefixes 2 \n",
        " *>   ten              10.1.1.1  0 i\n\nTotal number of prefixes 1 \n",
    ],
)
def test_a_table_that_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(DeviceError):
        accepted_routes(text)


def test_refresh_clears_softly(box: SwitchBox, driver: Driver, before: str) -> None:
    running = IosDialect().parse(before)
    box.daemon.refreshed.clear()
    slots = [
        (running.sessions[SessionKey("", "NODES")], 4, Direction.IMPORT),
        (running.sessions[SessionKey("", "2001:db8:ff:11::1")], 6, Direction.EXPORT),
        (running.sessions[SessionKey("TENANT", "10.77.2.2")], 4, Direction.IMPORT),
    ]
    ADAPTER.refresh(driver, slots)
    assert box.daemon.refreshed == [
        ("NODES", 4, True),
        (ip_address("2001:db8:ff:11::1"), 6, False),
    ]


def test_a_session_that_is_gone_can_not_be_refreshed(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    session = IosDialect().parse(before).sessions[SessionKey("", "10.255.11.0")]
    box.control("edit", lines=["router bgp 65201", "no neighbor 10.255.11.0"])
    with pytest.raises(DeviceError, match="Unknown neighbor"):
        ADAPTER.refresh(driver, [(session, 4, Direction.IMPORT)])


# A change --------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_diff_and_leaves_nothing(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    assert ADAPTER.dry_run(driver, CANDIDATE) == (DIFF, None)
    assert (box.control("running"), box.control("files")) == (before, [])


def test_secrets_in_a_diff_are_hidden(driver: Driver) -> None:
    diff, _ = ADAPTER.dry_run(driver, "username x password 7 0822455D0A16\nend\n")
    assert diff == "+username x password 7 <hidden>"


def test_commit_and_confirm(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 90)
    assert 60 < box.control("pending") <= 120
    assert ADAPTER.pending(driver)
    assert "route-map FROM-NODE deny 5 \n match ip address" in ADAPTER.running(driver)
    assert box.control("startup") == before
    ADAPTER.confirm(driver)
    assert not ADAPTER.pending(driver)
    assert box.control("startup") == box.control("running") != before
    assert all(name.startswith("archive-") for name in box.control("files"))


def test_a_closed_connection_reverts_nothing_and_a_new_one_confirms(
    box: SwitchBox, before: str
) -> None:
    with opened(box) as first:
        ADAPTER.commit(first, CANDIDATE, DIFF, 60)
    with opened(box) as second:
        assert ADAPTER.pending(second)
        ADAPTER.confirm(second)
    assert box.control("startup") == box.control("running") != before


def test_an_entry_made_anew_is_there_though_the_diff_shows_it_going(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    entry = "ip prefix-list MGMT seq 5 permit 192.168.100.0/24"
    candidate = f"no {entry}\n{entry}\nend\n"
    diff, _ = ADAPTER.dry_run(driver, candidate)
    assert diff == f"-no {entry}"
    ADAPTER.commit(driver, candidate, diff, 60)
    assert box.control("running") == before


def test_commit_and_revert(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    ADAPTER.revert(driver, WAY_BACK)
    assert box.control("pending") is None
    assert (box.control("running"), box.control("startup")) == (before, before)


def test_the_timer_takes_back_what_nobody_confirms(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    box.control("lapse", seconds=60)
    assert box.control("running") == before
    assert not ADAPTER.pending(driver)
    with pytest.raises(DeviceError, match="timer was faster"):
        ADAPTER.confirm(driver)
    assert (box.control("running"), box.control("startup")) == (before, before)


def test_a_confirmed_change_is_taken_back_by_its_own_lines(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    ADAPTER.confirm(driver)
    box.control("edit", lines=["snmp-server location elsewhere"])
    undo(ADAPTER, driver, WAY_BACK)
    text = box.control("running")
    assert text.replace("snmp-server location elsewhere\n", "") == before
    assert box.control("startup") == text


def test_a_revert_without_a_way_back_leaves_it_alone(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    ADAPTER.revert(driver, "")
    assert (box.control("running"), box.control("startup")) == (before, before)
