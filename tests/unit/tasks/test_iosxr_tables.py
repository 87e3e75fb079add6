"""IOS-XR's tables are read once, whatever the number of sessions that are asked for."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING, Any

from policies.filters import SessionKey
from tasks.adapters import iosxr_tables
from tasks.adapters.iosxr_tables import read_tables

if TYPE_CHECKING:
    import pytest

PEERS = tuple(f"10.0.0.{number}" for number in range(1, 41))
RUNNING = (
    "router bgp 65000\n"
    + "".join(
        f" neighbor {peer}\n  use neighbor-group {'EVEN' if number % 2 else 'ODD'}\n !\n"
        for number, peer in enumerate(PEERS)
    )
    + "!\nend\n"
)


def reply() -> bytes:
    neighbors = "".join(
        f"<neighbor><neighbor-address>{peer}</neighbor-address>"
        "<connection-state>bgp-st-estab</connection-state></neighbor>"
        for peer in PEERS
    )
    paths = "".join(
        f"<path><network>192.168.{number}.0</network><prefix-length>24</prefix-length>"
        f"<neighbor-address>{peer}</neighbor-address><route-type>used</route-type></path>"
        for number, peer in enumerate(PEERS)
    )
    table = (
        f"<afs><af><af-name>ipv4-unicast</af-name><path-used-table>{paths}</path-used-table>"
        "</af></afs>"
    )
    vrf = f"<default-vrf><neighbors>{neighbors}</neighbors>{table}</default-vrf>"
    return (
        '<bgp xmlns="http://cisco.com/ns/yang/Cisco-IOS-XR-ipv4-bgp-oper"><instances><instance>'
        f"<instance-active>{vrf}</instance-active></instance></instances></bgp>"
    ).encode()


def test_each_session_has_its_own_of_a_table_that_is_read_once(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    walks: list[int] = []
    walk = iosxr_tables._paths

    def counted(tables: Any, version: int) -> Any:  # noqa: ANN401 - lxml's own types
        walks.append(version)
        return walk(tables, version)

    monkeypatch.setattr(iosxr_tables, "_paths", counted)
    keys = [SessionKey("", name) for name in (*PEERS, "EVEN", "ODD", "NOBODY")]
    keys += [SessionKey("BLUE", PEERS[0])]
    found = read_tables(reply(), RUNNING, [(key, version) for key in keys for version in (4, 6)])
    of_each = {
        peer: frozenset({ip_network(f"192.168.{number}.0/24")}) for number, peer in enumerate(PEERS)
    }
    there = {peer: {peer: some} for peer, some in of_each.items()}
    there["EVEN"] = {peer: of_each[peer] for peer in PEERS[1::2]}
    there["ODD"] = {peer: of_each[peer] for peer in PEERS[::2]}
    assert found.routes == {
        (key, version): there.get(key.name, {}) if version == 4 and not key.vrf else {}
        for key in keys
        for version in (4, 6)
    }
    assert found.up == {("", peer) for peer in PEERS}
    assert sorted(walks) == [4, 6]
