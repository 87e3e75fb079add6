"""What the lab is made of and how it judges, without running it."""

from collections.abc import Mapping
from ipaddress import ip_network

import pytest

from lab import scoreboard
from lab.attacks import ATTACKS, BEACONS, MARKS, Attack, Kind
from lab.drill import Report
from lab.graph import Spread
from lab.prefixes import CLUSTER_OF, ORIGINS, of_version
from lab.render import extra_announcements, node_files
from lab.routes import Path, Table
from lab.topology import NODES, SESSIONS, SWITCHES, VERSIONS, Network, sessions_of
from lab.verdicts import Observation, Verdict, judge

HIJACK = Attack(
    kind=Kind.INSIDE_BLOCK,
    attacker="rogue",
    prefix=ip_network("10.65.3.0/27"),
    victims=("node11", "node22", "outside"),
)


def observation(
    holders: Mapping[str, bool], told: set[tuple[str, str]], prefix: Network = HIJACK.prefix
) -> Observation:
    """Return a moment: who holds the rogue's path (as the best one or not), and who was told it."""

    def table(node: str) -> Table:
        if node not in holders:
            return {}
        path = Path(
            peer="somebody",
            best=holders[node],
            as_path=(65201,),
            communities=frozenset({MARKS["rogue"], (65000, 201)}),
        )
        other = Path(peer="other", best=not holders[node], as_path=(), communities=frozenset())
        return {prefix: (path,) if holders[node] else (other, path)}

    pairs = {(name, s.peer_of(name)) for name in SWITCHES for s in sessions_of(name)}
    return Observation(
        tables={name: table(name) for name in NODES},
        advertised={pair: frozenset({prefix} if pair in told else ()) for pair in pairs},
    )


def verdicts(seen: Observation) -> dict[str, Verdict]:
    return {name: result.verdict for name, result in judge(HIJACK, seen).switches.items()}


def test_routes_spread_along_shortest_ways() -> None:
    spread = Spread.of("rogue")
    assert spread.distance == {
        "rogue": 0,
        "tor1": 1,
        "node11": 2,
        "node12": 2,
        "spine1": 2,
        "spine2": 2,
        "tor2": 3,
        "border1": 3,
        "border2": 3,
        "node21": 4,
        "node22": 4,
        "outside": 4,
    }
    assert spread.upstream("tor2") == ("spine1", "spine2")
    assert spread.upstream("outside") == ("border1", "border2")
    assert spread.downstream("spine1") == ("border1", "border2", "tor2")
    assert spread.downstream("node11") == ()


@pytest.mark.parametrize("attacker", sorted(MARKS))
def test_each_attacker_has_each_kind_in_both_versions(attacker: str) -> None:
    kinds = {(a.kind, a.prefix.version) for a in ATTACKS if a.attacker == attacker}
    wanted = (
        {Kind.POOL_FROM_OUTSIDE} if attacker == "outside" else set(Kind) - {Kind.POOL_FROM_OUTSIDE}
    )
    assert kinds == {(kind, version) for kind in wanted for version in VERSIONS}


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda a: f"{a.attacker}-{a.prefix}")
def test_an_attack_is_none_of_the_attacker_s_own(attack: Attack) -> None:
    assert attack.prefix not in ORIGINS[attack.attacker]
    assert attack.victims
    assert attack.attacker not in attack.victims
    assert set(attack.victims) <= set(NODES)


@pytest.mark.parametrize("attacker", ["rogue", "node21"])
def test_a_server_s_beacon_is_a_free_block_of_its_own_cluster(attacker: str) -> None:
    taken = {prefix for own in ORIGINS.values() for prefix in own}
    attacked = {attack.prefix for attack in ATTACKS}
    for beacon in BEACONS[attacker]:
        version = of_version(frozenset(CLUSTER_OF[attacker].workloads), beacon.version)
        assert any(str(pool) == str(beacon.supernet(new_prefix=pool.prefixlen)) for pool in version)
        assert beacon.prefixlen == {4: 26, 6: 122}[beacon.version]
        assert beacon not in taken | attacked


def test_the_addresses_are_those_that_inventories_name() -> None:
    named = {
        (s.upper, s.lower, str(s.upper_address), str(s.lower_address), s.families)
        for s in SESSIONS
        if s.lower in {"spine2", "node22", "border2"}
    }
    assert named == {
        ("outside", "border2", "203.0.113.5", "203.0.113.6", (4,)),
        ("outside", "border2", "2001:db8:fe:2::1", "2001:db8:fe:2::2", (6,)),
        ("border1", "spine2", "10.255.2.0", "10.255.2.1", (4, 6)),
        ("border2", "spine2", "10.255.4.0", "10.255.4.1", (4, 6)),
        ("tor2", "node22", "172.20.2.1", "172.20.2.12", (4,)),
        ("tor2", "node22", "2001:db8:20:2::1", "2001:db8:20:2::12", (6,)),
    }


@pytest.mark.parametrize("switch", SWITCHES)
def test_an_operator_s_configuration_has_nothing_of_ringfence_s(switch: str) -> None:
    text = node_files(switch)["frr.conf"]
    assert "RF-" not in text
    assert "{" not in text
    assert text.startswith(f"frr defaults traditional\nhostname {switch}\n")


def test_what_a_speaker_announces_besides_is_a_static_route_with_a_tag() -> None:
    prefixes = (ip_network("10.0.0.0/8"), ip_network("fd00::/8"))
    assert extra_announcements(prefixes, community=(64999, 1)) == (
        "protocol static extra4 {\n  ipv4;\n"
        "  route 10.0.0.0/8 blackhole { bgp_community.add((64999,1)); };\n}\n"
        "protocol static extra6 {\n  ipv6;\n"
        "  route fd00::/8 blackhole { bgp_community.add((64999,1)); };\n}\n"
    )


def test_dropped_by_the_first_switch() -> None:
    seen = verdicts(observation({}, set()))
    assert seen == dict.fromkeys(SWITCHES, Verdict.NOT_REACHED) | {"tor1": Verdict.DROPPED_IN}


def test_dropped_on_export_by_the_first_switch() -> None:
    seen = verdicts(observation({"tor1": True}, set()))
    assert seen == dict.fromkeys(SWITCHES, Verdict.NOT_REACHED) | {"tor1": Verdict.DROPPED_OUT}


def test_dropped_on_import_by_one_of_two_spines() -> None:
    told = {("tor1", "spine1"), ("tor1", "spine2"), ("spine2", "tor2")}
    result = judge(HIJACK, observation({"tor1": True, "spine2": True}, told))
    assert {name: switch.verdict for name, switch in result.switches.items()} == {
        "tor1": Verdict.PASSED,
        "spine1": Verdict.DROPPED_IN,
        "spine2": Verdict.PASSED,
        "tor2": Verdict.DROPPED_IN,
        "border1": Verdict.NOT_REACHED,
        "border2": Verdict.NOT_REACHED,
    }
    assert result.switches["spine2"].passed_to == ("tor2",)
    assert result.switches["spine2"].withheld_from == ("border1", "border2")
    assert result.is_blocked


def test_taken_but_outvoted_and_told_to_nobody() -> None:
    told = {("tor1", "spine1"), ("tor1", "spine2"), ("spine1", "tor2")}
    seen = observation({"tor1": True, "spine1": False, "spine2": False}, told)
    assert verdicts(seen)["spine1"] is Verdict.OUTVOTED
    # What spine1 tells tor2 is its best path, not the attacker's: tor2 never saw the attack.
    assert verdicts(seen)["tor2"] is Verdict.NOT_REACHED


def test_a_victim_is_one_that_follows_the_attacker() -> None:
    result = judge(HIJACK, observation({"node11": True, "outside": False}, set()))
    assert result.reached == ("node11",)
    assert result.spared == ("node22", "outside")
    assert (result.is_open, result.is_blocked) == (False, False)


def test_another_prefix_of_the_attacker_s_counts_for_nothing() -> None:
    seen = observation(dict.fromkeys(NODES, True), set(), ip_network("10.65.3.0/28"))
    assert judge(HIJACK, seen).reached == ()


def test_expectations_name_their_exceptions() -> None:
    result = judge(HIJACK, observation({"node11": True}, set()))
    line = (
        "rogue announces 10.65.3.0/27 (half of a neighbour's block): hijacks node11, "
        "not node22, outside; tor1 dropped it on import; "
        "border1, border2, spine1, spine2, tor2 never saw it"
    )
    report = Report(results=(result,), missing=(("node12", ip_network("10.65.1.0/26")),))
    gone = "node12 has no route to 10.65.1.0/26"
    assert scoreboard.as_lines(report) == [line]
    assert scoreboard.exceptions(report, "open") == [line, gone]
    assert scoreboard.exceptions(report, "blocked") == [line, gone]
    assert scoreboard.summary(report) == [
        "1 attack: 0 reached every victim, 0 none, 1 some.",
        "Missing: node12 has no route to 10.65.1.0/26",
    ]
