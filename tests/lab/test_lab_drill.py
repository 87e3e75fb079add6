"""The attack drill against the bare network, and against filters written by hand."""

import json
from collections.abc import Iterator
from contextlib import contextmanager

import pytest

from lab import scoreboard
from lab.api import Lab
from lab.attacks import ATTACKS, MARKS, Kind
from lab.topology import NODES, VERSIONS
from lab.verdicts import Verdict

pytestmark = pytest.mark.lab

SUPERNETS = tuple(
    attack for attack in ATTACKS if attack.kind is Kind.TOO_SHORT and attack.attacker == "rogue"
)


def vtysh(lab: Lab, switch: str, *lines: str) -> None:
    """Feed configuration lines as one batch, as an operator's script would."""
    lab.run(switch, ["vtysh", "-f", "/dev/stdin"], stdin="\n".join(lines) + "\n")


@contextmanager
def operator_drops(lab: Lab, switch: str, route_map: str) -> Iterator[None]:
    """Let an operator's deny stanza drop the IPv4 prefixes of 10.64.0.0/14 up to /17."""
    before = lab.running_config(switch)
    vtysh(
        lab,
        switch,
        "ip prefix-list BY-HAND seq 5 permit 10.64.0.0/14 le 17",
        f"route-map {route_map} deny 4",
        " match ip address prefix-list BY-HAND",
        "exit",
    )
    try:
        yield
    finally:
        vtysh(lab, switch, f"no route-map {route_map} deny 4", "no ip prefix-list BY-HAND")
        assert lab.running_config(switch) == before


def test_before_any_filter_every_attack_reaches_every_victim(lab: Lab) -> None:
    report = lab.drill()
    assert scoreboard.exceptions(report, "open") == []
    assert [result.attack for result in report.results] == list(ATTACKS)
    assert report.missing == ()
    assert scoreboard.exceptions(report, "blocked") != []


def test_after_a_drill_nothing_of_it_is_left(lab: Lab) -> None:
    before = {(node, v): set(lab.routes(node, v)) for node in NODES for v in VERSIONS}
    lab.drill(SUPERNETS)
    after = {(node, v): set(lab.routes(node, v)) for node in NODES for v in VERSIONS}
    assert after == before
    marked = [
        (node, prefix)
        for node in NODES
        for v in VERSIONS
        for prefix, paths in lab.routes(node, v).items()
        if any(path.communities & set(MARKS.values()) for path in paths)
    ]
    assert marked == []


def test_a_filter_on_import_is_seen_where_it_is(lab: Lab) -> None:
    with operator_drops(lab, "tor1", "FROM-NODE"):
        report = lab.drill(SUPERNETS)
    v4, v6 = (
        [result for result in report.results if result.attack.prefix.version == version]
        for version in VERSIONS
    )
    for result in v4:
        assert result.is_blocked
        assert {name: switch.verdict for name, switch in result.switches.items()} == {
            "tor1": Verdict.DROPPED_IN,
            "spine1": Verdict.NOT_REACHED,
            "spine2": Verdict.NOT_REACHED,
            "border1": Verdict.NOT_REACHED,
            "border2": Verdict.NOT_REACHED,
            "tor2": Verdict.NOT_REACHED,
        }
    assert len(v4) == 2
    assert [result.is_open for result in v6] == [True, True]
    assert report.missing == ()
    assert len(scoreboard.exceptions(report, "open")) == 2
    assert len(scoreboard.exceptions(report, "blocked")) == 2


def test_a_filter_on_export_is_seen_where_it_is(lab: Lab) -> None:
    with operator_drops(lab, "spine1", "TO-BORDER"), operator_drops(lab, "spine2", "TO-BORDER"):
        report = lab.drill(SUPERNETS)
    result = report.results[0]
    assert result.attack.prefix.version == 4
    assert result.reached == ("node11", "node12", "node21", "node22")
    assert result.spared == ("outside",)
    spine = result.switches["spine1"]
    assert spine.verdict is Verdict.PASSED
    assert spine.passed_to == ("tor2",)
    assert spine.withheld_from == ("border1", "border2")
    assert result.switches["border1"].verdict is Verdict.NOT_REACHED


def test_one_of_two_ways_is_not_enough(lab: Lab) -> None:
    with operator_drops(lab, "spine1", "FROM-TOR1"):
        report = lab.drill(SUPERNETS)
    result = report.results[0]
    assert result.is_open
    assert result.switches["spine1"].verdict is Verdict.DROPPED_IN
    assert result.switches["spine2"].verdict is Verdict.PASSED
    assert result.switches["border1"].verdict is Verdict.PASSED


def test_the_report_is_one_json_document(lab: Lab) -> None:
    report = lab.drill(SUPERNETS[:1])
    document = json.loads(json.dumps(scoreboard.as_document(report)))
    assert document["schema"] == "ringfence.drill/v1"
    assert [attack["prefix"] for attack in document["attacks"]] == ["10.65.0.0/16"]
    assert document["attacks"][0]["switches"]["tor1"]["verdict"] == "passed"
    assert document["missing_routes"] == []
