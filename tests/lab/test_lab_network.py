"""The virtual network in peace: sessions, routes, management, brownfield."""

import subprocess
from pathlib import Path

import pytest

from lab.api import Lab
from lab.prefixes import INFRASTRUCTURE, expected, of_version
from lab.routes import best_of
from lab.topology import NODES, SESSIONS, SWITCHES, VERSIONS, sessions_of

pytestmark = pytest.mark.lab


def ssh(
    lab: Lab, switch: str, command: str, *options: str, key: Path | None = None
) -> subprocess.CompletedProcess[str]:
    argv = (
        "ssh",
        *(
            "-F",
            "none",
            "-i",
            str(key or lab.ssh_key),
            "-p",
            str(lab.ssh_port),
            "-o",
            "IdentitiesOnly=yes",
        ),
        *("-o", f"UserKnownHostsFile={lab.known_hosts}", "-o", "GlobalKnownHostsFile=none"),
        *("-o", "StrictHostKeyChecking=yes", "-o", "BatchMode=yes", *options),
        f"{lab.ssh_user}@{lab.address(switch)}",
        command,
    )
    return run(argv)


def run(argv: tuple[str, ...]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(argv, capture_output=True, text=True, check=False, timeout=30)


@pytest.mark.parametrize("switch", SWITCHES)
@pytest.mark.parametrize("version", VERSIONS)
def test_a_switch_has_the_legitimate_routes_and_no_others(
    lab: Lab, switch: str, version: int
) -> None:
    assert set(lab.routes(switch, version)) == of_version(expected(switch), version)


@pytest.mark.parametrize("version", VERSIONS)
def test_the_racks_own_subnets_stay_inside(lab: Lab, version: int) -> None:
    seen = {node for node in NODES if INFRASTRUCTURE & set(lab.routes(node, version))}
    assert seen == set(NODES) - {"border1", "border2", "outside"}


@pytest.mark.parametrize("version", VERSIONS)
def test_the_outside_sees_the_clusters_through_both_borders(lab: Lab, version: int) -> None:
    table = lab.routes("outside", version)
    learned = {
        prefix: {path.peer for path in paths if path.peer != "outside"}
        for prefix, paths in table.items()
    }
    clusters = of_version(expected("outside"), version) - {
        prefix for prefix, peers in learned.items() if not peers
    }
    assert clusters
    assert {frozenset(learned[prefix]) for prefix in clusters} == {
        frozenset(("border1", "border2"))
    }


def test_nothing_is_missing_anywhere(lab: Lab) -> None:
    assert lab.missing_routes() == []


@pytest.mark.parametrize("node", ["node11", "node22"])
@pytest.mark.parametrize("version", VERSIONS)
def test_next_hops_of_a_server_resolve(lab: Lab, node: str, version: int) -> None:
    shown = lab.run(node, ["ip", f"-{version}", "route", "show", "default"]).stdout
    rack = {"node11": "tor1", "node22": "tor2"}[node]
    assert f"dev {rack} proto bird" in shown


def test_a_path_tells_where_it_came_from(lab: Lab) -> None:
    table = {str(prefix): prefix for prefix in lab.routes("border1", 4)}
    best = best_of(lab.routes("border1", 4), table["10.66.9.9/32"])
    assert best is not None
    assert best.peer in {"spine1", "spine2"}
    assert best.as_path == (65000, 65202, 64621)
    assert best.communities == {(65001, 100), (65202, 1), (65202, 66), (65000, 202)}


@pytest.mark.parametrize("switch", SWITCHES)
def test_a_plain_vtysh_works_over_ssh(lab: Lab, switch: str) -> None:
    shown = ssh(lab, switch, "hostname; whoami; vtysh -c 'show running-config no-header'")
    assert shown.stderr == ""
    assert shown.stdout == f"{switch}\nringfence\n{lab.running_config(switch)}"


def test_a_terminal_over_ssh_works(lab: Lab) -> None:
    shown = ssh(lab, "tor1", "tty && vtysh -c 'show version'", "-tt")
    assert shown.returncode == 0
    assert shown.stdout.startswith("/dev/pts/")


def test_each_switch_has_a_host_key_of_its_own(lab: Lab) -> None:
    lines = lab.known_hosts.read_text().splitlines()
    hosts = {line.split()[0]: line.split()[2] for line in lines}
    assert set(hosts) == {f"[{lab.address(switch)}]:2222" for switch in SWITCHES}
    assert len(set(hosts.values())) == len(SWITCHES)


def test_a_stranger_s_key_is_refused(lab: Lab, tmp_path: Path) -> None:
    key = tmp_path / "stranger"
    assert run(("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", str(key))).returncode == 0
    refused = ssh(lab, "tor1", "true", key=key)
    assert refused.returncode == 255
    assert "Permission denied (publickey)" in refused.stderr


def test_every_session_has_an_operator_s_route_map_both_ways(lab: Lab) -> None:
    lacking = []
    for switch in SWITCHES:
        neighbors = lab.network.bgpd_json(switch, "show bgp neighbors json")
        for session in sessions_of(switch):
            families = neighbors[str(session.address_of(session.peer_of(switch)))]
            for version in session.families:
                family = families["addressFamilyInfo"][f"ipv{version}Unicast"]
                lacking += [
                    (switch, session, key)
                    for key in (
                        "routeMapForIncomingAdvertisements",
                        "routeMapForOutgoingAdvertisements",
                    )
                    if not family.get(key)
                ]
    assert lacking == []
    assert len(SESSIONS) == 26


def test_every_operator_s_route_map_leaves_room_in_front(lab: Lab) -> None:
    numbers = {
        int(line.split()[3])
        for switch in SWITCHES
        for line in lab.running_config(switch).splitlines()
        if line.startswith("route-map ")
    }
    assert numbers == {5, 6, 10, 20}


def test_what_an_operator_saves_is_in_the_switch_alone(lab: Lab) -> None:
    before = lab.running_config("spine2")
    assert ssh(lab, "spine2", "vtysh -c 'write memory'").returncode == 0
    saved = lab.run("spine2", ["cat", "/etc/frr/frr.conf"]).stdout
    assert "router bgp 65000" in saved
    assert lab.running_config("spine2") == before
    assert "router bgp 65001" in lab.run("border1", ["cat", "/etc/frr/frr.conf"]).stdout


def test_nodes_are_apart(lab: Lab) -> None:
    spaces = {
        name: lab.run(name, ["readlink", "/proc/self/ns/net", "/proc/self/ns/mnt"]).stdout
        for name in NODES
    }
    assert len({line for text in spaces.values() for line in text.splitlines()}) == 2 * len(NODES)
