"""Illegal routes with who announces them: what is asked of a device, and what is made of it."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from ipaddress import ip_network
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from installing import IMPORT, ORANGE, clean, guard, parse
from napalm.base.exceptions import CommandErrorException

from inventory.errors import DeviceError
from inventory.sessions import Session
from inventory.site import load_site
from policies.filters import SessionKey
from tasks.adapters.base import Origin, Tables
from tasks.origins import DETAILED, find_origins, told_by_tables

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.fields import Network
    from tasks.adapters.base import Origins
    from tasks.origins import IllegalRoute

SITE = load_site(Path(__file__).resolve().parents[3] / "inventory" / "lab")
TOR = SITE.devices["tor1"]
RUNNING = parse(
    "neighbor NODES peer-group",
    "neighbor NODES remote-as 65201",
    "neighbor 10.255.11.0 remote-as 65000",
)
NODES, SPINE = SessionKey("", "NODES"), SessionKey("", "10.255.11.0")
FENCED = clean(RUNNING, guard("NODES", group=True), guard("10.255.11.0")).fenced
HIJACK = ip_network("10.66.0.0/26")


@dataclass
class Asked:
    """A host whose adapter answers with ``paths``, and keeps what it was asked for."""

    paths: Origins = field(default_factory=dict)
    routes: list[tuple[str, Network]] = field(default_factory=list)
    times: int = 0
    driver: None = None

    @property
    def adapter(self) -> Asked:
        return self

    def origins(self, _: None, routes: Sequence[tuple[str, Network]]) -> Origins:
        self.times += 1
        self.routes += routes
        return self.paths


def tables(**by_session: dict[str, str]) -> Tables:
    return Tables(
        up=frozenset(),
        routes={
            (SessionKey("", name.replace("_", ".").lstrip("n")), 4): {
                who: frozenset(map(ip_network, text.split())) for who, text in some.items()
            }
            for name, some in by_session.items()
        },
    )


def find(host: Any, said: Tables) -> tuple[IllegalRoute, ...]:  # noqa: ANN401 - stands for a host
    return find_origins(host, TOR, RUNNING, said, FENCED)


TOLD = tables(
    NODES={"172.20.1.66": "10.66.0.0/26 10.65.0.0/16", "172.20.1.11": "10.66.0.0/26"},
    n10_255_11_0={"10.255.11.0": "0.0.0.0/0"},
)


def test_a_device_with_nothing_illegal_is_not_asked() -> None:
    host = Asked()
    assert find(host, tables(NODES={"172.20.1.66": "10.65.0.0/16"})) == ()
    assert find(host, tables()) == ()
    assert host.times == 0


def test_the_tables_alone_tell_the_neighbors_and_the_site_their_names() -> None:
    found = told_by_tables(TOR, RUNNING, TOLD, FENCED)
    assert [(one.session, one.version, str(one.prefix), one.neighbors) for one in found] == [
        (SPINE, 4, "0.0.0.0/0", ("10.255.11.0",)),
        (NODES, 4, "10.66.0.0/26", ("172.20.1.11", "172.20.1.66")),
    ]
    assert [one.origin for one in found] == ["10.255.11.0 (spine1)", "172.20.1.11; 172.20.1.66"]
    assert [one.next_hops for one in found] == [(), ()]


def test_the_paths_of_the_neighbors_are_told_and_those_of_others_are_not() -> None:
    host = Asked(
        {
            ("", HIJACK): (
                Origin(neighbor="172.20.1.66", says="tor1\x1b[2J", next_hop="172.20.1.66"),
                Origin(neighbor="10.255.21.0", next_hop="10.255.21.0", as_path="65000 65202"),
                Origin(neighbor="172.20.1.66", next_hop="172.20.1.99", as_path="65201 64999"),
            )
        }
    )
    default, hijack = find(host, TOLD)
    assert host.routes == [("", ip_network("0.0.0.0/0")), ("", HIJACK)]
    assert default.origins == (Origin(neighbor="10.255.11.0"),)
    assert hijack.neighbors == ("172.20.1.11", "172.20.1.66")
    assert hijack.next_hops == ("172.20.1.66", "172.20.1.99")
    assert hijack.origin == (
        "172.20.1.11; 172.20.1.66 (calls itself 'tor1\\x1b[2J'); "
        "172.20.1.66, next hop 172.20.1.99, AS path 65201 64999"
    )


def test_what_the_site_says_goes_before_what_a_neighbor_calls_itself() -> None:
    path = Origin(neighbor="10.255.11.0", says="border1", next_hop="10.255.11.0", as_path="65000")
    default, _ = find(Asked({("", ip_network("0.0.0.0/0")): (path,)}), TOLD)
    assert default.origin == "10.255.11.0 (spine1), AS path 65000"


def test_members_of_a_group_that_faces_a_switch_are_that_switch() -> None:
    spines = Session.model_validate({"peer_group": "NODES", "device": "spine2"})
    (found,) = told_by_tables(
        replace(TOR, sessions=(spines,)), RUNNING, tables(NODES={"10.0.0.9": "0.0.0.0/0"}), FENCED
    )
    assert found.origin == "10.0.0.9 (spine2)"


def test_of_a_whole_table_the_first_routes_are_asked_for_and_all_are_told() -> None:
    leaked = [f"9.9.{number}.0/24" for number in range(DETAILED + 20)]
    host = Asked()
    found = find(host, tables(NODES={"172.20.1.66": " ".join(leaked)}))
    assert [str(one.prefix) for one in found] == leaked
    assert host.routes == [("", ip_network(one)) for one in leaked[:DETAILED]]
    assert {one.neighbors for one in found} == {("172.20.1.66",)}


def test_who_leaks_a_whole_table_does_not_hide_the_hijack_of_another() -> None:
    leaked = " ".join(f"9.9.{number}.0/24" for number in range(DETAILED))
    host = Asked()
    find(host, tables(n10_255_11_0={"10.255.11.0": leaked}, NODES={"172.20.1.66": "10.66.0.0/26"}))
    assert len(host.routes) == DETAILED
    assert host.routes[:2] == [("", ip_network("9.9.0.0/24")), ("", HIJACK)]


def test_the_same_prefix_in_two_sessions_is_asked_for_once_and_in_two_vrfs_twice() -> None:
    red = SessionKey("RED", "NODES")
    both = Tables(
        up=frozenset(),
        routes={
            (NODES, 4): {"172.20.1.66": frozenset({HIJACK})},
            (SPINE, 4): {"10.255.11.0": frozenset({HIJACK})},
            (red, 4): {"172.20.1.66": frozenset({HIJACK})},
        },
    )
    fenced = {**FENCED, (red, 4, IMPORT): ORANGE}
    path = Origin(neighbor="172.20.1.66", next_hop="192.0.2.1")
    host: Any = Asked({("RED", HIJACK): (path,)})
    found = find_origins(host, TOR, RUNNING, both, fenced)
    assert host.routes == [("", HIJACK), ("RED", HIJACK)]
    assert [(str(one.session), one.next_hops) for one in found] == [
        ("10.255.11.0", ()),
        ("NODES", ()),
        ("NODES (vrf RED)", ("192.0.2.1",)),
    ]


@pytest.mark.parametrize(
    ("raised", "said"),
    [
        (DeviceError("no answer"), "no answer"),
        (TimeoutError("30 s"), r"tor1 \(127.1.0.5\) can't be reached: 30 s"),
        (CommandErrorException("vtysh: no"), "tor1 .* failed: CommandErrorException: vtysh: no"),
        (ValueError("no JSON"), "tor1 .* failed: ValueError: no JSON"),
    ],
)
def test_a_device_that_does_not_answer_is_one_sentence(raised: Exception, said: str) -> None:
    class Dead(Asked):
        def origins(self, _: None, routes: Sequence[tuple[str, Network]]) -> Origins:
            assert routes
            raise raised

    with pytest.raises(DeviceError, match=said):
        find(Dead(), TOLD)
