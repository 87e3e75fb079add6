"""A good site: what hosts have from their groups, what is assumed, and the lab's own site."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from builders import HOSTS, POOLS, SITE, make_site, write_site

from inventory.errors import Place, Problem
from inventory.fields import Role
from inventory.pools import BLOCK_SIZES, DEFAULT_BLOCK_SIZE, Pool, PoolKind
from inventory.site import load_site

CHECKOUT = Path(__file__).resolve().parents[3]


def test_the_usual_site_is_read_whole(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    assert (site.path, site.settings.name) == (tmp_path, "dc1")
    assert site.settings.management == (ip_network("192.0.2.0/24"),)
    assert (site.settings.timers.confirm, site.settings.timers.settle) == (60, 20)
    assert list(site.clusters) == ["orange", "blue"]
    assert list(site.devices) == ["tor1", "spine1", "border1"]
    tor = site.devices["tor1"]
    assert (tor.role, tor.platform, tor.hostname, tor.asn) == (Role.TOR, "frr", "127.0.0.1", 65201)
    assert (tor.rack, tor.groups, tor.ignore_neighbors) == ("rack1", ("tor",), ())
    assert [one.name for one in tor.sessions] == ["NODES", "10.255.11.0"]
    assert site.devices["spine1"].hostname == "spine1"
    assert str(site.devices["spine1"].place) == f"{tmp_path}/hosts.yaml:10:1"


def test_a_session_faces_a_role_or_the_role_of_its_device(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    facing = {
        name: [site.facing(one) for one in device.sessions] for name, device in site.devices.items()
    }
    assert facing == {
        "tor1": [Role.NODE, Role.SPINE],
        "spine1": [Role.TOR, Role.BORDER],
        "border1": [Role.SPINE, Role.EXTERNAL],
    }


def test_a_session_without_clusters_carries_all_of_them(tmp_path: Path) -> None:
    site = make_site(tmp_path)
    spine = site.devices["spine1"].sessions
    assert [site.clusters_of(one) for one in spine] == [("orange",), ("blue", "orange")]
    none = make_site(
        tmp_path, hosts=HOSTS.replace("device: border1}", "device: border1, clusters: []}")
    )
    assert none.clusters_of(none.devices["spine1"].sessions[1]) == ()


GROUPED = """\
tor: {platform: frr, groups: [rack], data: {asn: 65201}}
rack: {hostname: 192.0.2.1, platform: eos, data: {asn: 1, rack: rack9}}
"""
INHERITING = """\
tor1: {groups: [tor], data: {sessions: []}}
tor2: {hostname: 192.0.2.2, groups: [tor], data: {asn: 65202, rack: rack2, sessions: []}}
"""


def test_the_nearest_says_what_counts_as_in_nornir(tmp_path: Path) -> None:
    defaults = "platform: nxos\ndata: {rack: rack0, ignore_neighbors: [192.0.2.9]}\n"
    site = make_site(tmp_path, hosts=INHERITING, groups=GROUPED, defaults=defaults)
    found = {
        name: (one.hostname, one.platform, one.asn, one.rack, one.ignore_neighbors)
        for name, one in site.devices.items()
    }
    assert found == {
        "tor1": ("192.0.2.1", "frr", 65201, "rack9", ("192.0.2.9",)),
        "tor2": ("192.0.2.2", "frr", 65202, "rack2", ("192.0.2.9",)),
    }


def test_a_role_may_be_said_without_a_group_of_its_name(tmp_path: Path) -> None:
    hosts = "x1: {groups: [leafs], data: {asn: 1, role: tor, sessions: []}}\n"
    site = make_site(tmp_path, hosts=hosts, groups="leafs: {platform: frr}\n")
    assert site.devices["x1"].role is Role.TOR


def test_addresses_are_read_as_devices_print_them(tmp_path: Path) -> None:
    hosts = HOSTS.replace("203.0.113.1", '"2001:DB8:0::1"')
    site = make_site(tmp_path, hosts=hosts)
    assert site.devices["border1"].sessions[1].name == "2001:db8::1"


def test_one_neighbor_in_two_vrfs_is_two_sessions(tmp_path: Path) -> None:
    hosts = HOSTS.replace(
        "      - {neighbor: 203.0.113.1, role: external}\n",
        "      - {neighbor: 203.0.113.1, role: external}\n"
        "      - {neighbor: 203.0.113.1, role: external, vrf: blue}\n",
    )
    assert len(make_site(tmp_path, hosts=hosts).devices["border1"].sessions) == 3


def test_other_files_are_found_from_the_sites_folder(tmp_path: Path) -> None:
    site = SITE + "pools: more/pools.yaml\nruns: ../runs\n"
    write_site(tmp_path / "site", {"site.yaml": site, "pools.yaml": None})
    (tmp_path / "site" / "more").mkdir()
    (tmp_path / "site" / "more" / "pools.yaml").write_text(POOLS, encoding="utf-8")
    found = load_site(tmp_path / "site")
    assert list(found.clusters) == ["orange", "blue"]
    assert found.file(found.settings.runs) == tmp_path / "runs"
    assert found.file("/etc/x") == Path("/etc/x")


def test_without_groups_and_defaults_a_site_is_whole(tmp_path: Path) -> None:
    hosts = "x1: {platform: frr, data: {asn: 1, role: tor, sessions: []}}\n"
    assert list(make_site(tmp_path, hosts=hosts, groups="").devices) == ["x1"]
    (tmp_path / "groups.yaml").unlink()
    assert list(load_site(tmp_path).devices) == ["x1"]


@pytest.mark.parametrize(
    ("version", "size", "allowed"),
    [(4, 19, False), (4, 20, True), (4, 32, True), (6, 115, False), (6, 116, True), (6, 128, True)],
)
def test_block_sizes_are_calicos(version: int, size: int, allowed: bool) -> None:
    assert (size in BLOCK_SIZES[version]) is allowed
    cidr = {4: "10.0.0.0/8", 6: "fd00::/48"}[version]
    fields = {"cidr": cidr, "kind": PoolKind.WORKLOAD}
    assert Pool.model_validate(fields).block == DEFAULT_BLOCK_SIZE[version]
    if allowed:
        assert Pool.model_validate({**fields, "block_size": size}).block == size


def test_places_are_said_as_far_as_they_are_known() -> None:
    file = Path("a.yaml")
    assert str(Place(file)) == "a.yaml"
    assert str(Place(file, 3)) == "a.yaml:3"
    assert str(Problem(Place(file, 3, 7), "is wrong")) == "a.yaml:3:7: is wrong"


def test_the_labs_own_site_is_in_order() -> None:
    site = load_site(CHECKOUT / "inventory" / "lab")
    roles = {name: device.role for name, device in site.devices.items()}
    assert roles == {
        "border1": Role.BORDER,
        "border2": Role.BORDER,
        "spine1": Role.SPINE,
        "spine2": Role.SPINE,
        "tor1": Role.TOR,
        "tor2": Role.TOR,
    }
