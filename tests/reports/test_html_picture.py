"""What the page draws: nodes, wires and where they lie."""

from __future__ import annotations

from itertools import pairwise
from types import SimpleNamespace
from typing import Any

import pytest
from audit_parts import (
    make_device,
    make_finding,
    make_session,
    make_unknown,
)
from audit_reports import SHALLOW, make_report
from hypothesis import given
from hypothesis import strategies as st
from page_reports import make_fabric

from policies.drift import Kind
from policies.filters import SessionKey
from runbooks.audit import _links
from runbooks.audit_report import DepthRow, DeviceState, Link, SessionState, Severity
from runbooks.reports.page.picture import picture
from runbooks.reports.page.tiers import MOST, tiers
from runbooks.reports.page.wires import Look, Undrawn, wires

_devices = st.lists(
    st.tuples(
        st.sampled_from(["tor", "tor", "tor", "spine", "border", "edge"]),
        st.sampled_from(DeviceState),
        st.lists(st.sampled_from([Kind.MISSING, Kind.NARROWED, Kind.LEFTOVER]), max_size=2),
    ),
    max_size=60,
)


@given(_devices)
def test_every_device_is_in_one_node_and_the_worst_are_seen(made: list[Any]) -> None:
    names = {f"{role}{number}": (state, kinds) for number, (role, state, kinds) in enumerate(made)}
    report = make_report(
        devices=tuple(make_device(name, state=state) for name, (state, _) in names.items()),
        findings=tuple(
            make_finding(kind, name, id=f"{name}-{number}")
            for name, (_, kinds) in names.items()
            for number, kind in enumerate(kinds)
        ),
    )
    found = tiers(report)
    nodes = [node for tier in found for node in tier.nodes]
    assert sorted(name for node in nodes for name in node.devices) == sorted(names)
    assert sum(node.findings for node in nodes) == len(report.findings)
    order = list(Severity)
    for tier in found:
        assert 0 < len(tier.nodes) <= MOST
        alone = [node for node in tier.nodes if not node.is_group]
        grouped = [name for node in tier.nodes if node.is_group for name in node.devices]
        critical = {name for name, (_, kinds) in names.items() if Kind.MISSING in kinds}
        if critical.intersection(grouped):
            seen = [node for node in alone if critical.intersection(node.devices)]
            assert len(seen) >= MOST - len(DeviceState)
        assert tier.hidden == sum(
            names[name][0] in (DeviceState.DIFFERS, DeviceState.UNKNOWN) or bool(names[name][1])
            for name in grouped
        )
        for node in tier.nodes:
            assert {names[name][0] for name in node.devices} == {node.state}
            found_kinds = [kind for name in node.devices for kind in names[name][1]]
            severities = [make_finding(kind).severity for kind in found_kinds]
            assert node.worst == min(severities, key=order.index, default=None)


def test_of_many_the_worst_are_drawn_by_themselves_in_the_order_of_their_racks() -> None:
    made = [make_device(f"tor{number}", rack=f"rack{number // 2}") for number in range(1, 31)]
    kinds = {f"tor{number}": Kind.NARROWED for number in range(2, 12)}
    kinds |= {"tor30": Kind.MISSING, "tor12": Kind.MISSING, "tor1": Kind.LEFTOVER}
    report = make_report(
        devices=(*made, make_unknown("tor31")),
        findings=tuple(make_finding(kind, name) for name, kind in kinds.items()),
    )
    (tier,) = tiers(report)
    assert [node.title for node in tier.nodes] == [
        "tor2", "tor3", "tor31", "tor4", "tor5", "tor6", "tor12", "tor30", "23 ToRs",
    ]  # fmt: skip
    assert tier.hidden == 6


@pytest.mark.parametrize(
    ("near", "far", "look"),
    [
        ([SessionState.PROVEN], [SessionState.PROVEN], Look.PROVEN),
        ([SessionState.PROVEN, SessionState.LEAKS], [SessionState.PROVEN], Look.LEAKS),
        ([SessionState.PROVEN], [SessionState.FREE, SessionState.LEAKS], Look.LEAKS),
        ([SessionState.FREE], [SessionState.FREE], Look.FREE),
        ([SessionState.FREE, SessionState.CLOSED], [SessionState.FREE], Look.CLOSED),
        ([SessionState.PROVEN, SessionState.FREE], [], Look.UNKNOWN),
        ([SessionState.LEAKS], [], Look.LEAKS),
    ],
)
def test_a_wire_is_as_bad_as_the_worst_that_is_known_of_it(
    near: list[SessionState], far: list[SessionState], look: Look
) -> None:
    def sessions(states: list[SessionState], peer: str) -> tuple[Any, ...]:
        return tuple(make_session(session="s", state=state, peer=peer) for state in states)

    one = make_device("tor1", sessions=sessions(near, "spine1"))
    two = make_device("spine1", sessions=sessions(far, "tor1")) if far else make_unknown("spine1")
    links = (
        Link(near="tor1", session="s", far="spine1"),
        Link(near="spine1", session="s", far="tor1"),
    )
    report = make_report(devices=(one, two), links=links)
    (wire,), lost = wires(report, [node for tier in tiers(report) for node in tier.nodes])
    assert lost == Undrawn()
    assert wire.look is look
    assert (wire.looks[0] is Look.UNKNOWN) == (not far)  # the spine stands above, so it is near


def test_the_ends_of_wires_are_told_by_session_family_and_direction() -> None:
    report = make_report(
        devices=(
            make_device(
                "border1", sessions=(make_session(session="x", peer="external", up=False),)
            ),
            make_device("tor1", sessions=(make_session(guard=None, state=SessionState.FREE),)),
        ),
        links=(Link(near="tor1", session="y", far="spine7"),),
    )
    found, lost = wires(report, [node for tier in tiers(report) for node in tier.nodes])
    assert [(one.far, one.look, one.sessions, one.down, one.title) for one in found] == [
        ("node", Look.FREE, 1, 0, "tor1 - nodes\ntor1 NODES, IPv4 import: no guard wanted, free"),
        (
            "external",
            Look.PROVEN,
            1,
            1,
            "border1 - the outside\nborder1 x, IPv4 import: only orange, proven, down",
        ),
    ]
    assert lost == Undrawn(elsewhere=1)


def test_what_is_not_drawn_is_told_by_why() -> None:
    sessions = (
        make_session(session="10.0.0.1 (vrf RED)", peer="spine1"),
        make_session(session="10.0.0.2 (vrf RED)", peer=None),
        make_session(session="10.0.0.3", peer=None),
        make_session(session="10.0.0.4", peer="spine7"),
    )
    links = (
        Link(near="tor1", session="10.0.0.1 (vrf RED)", far="spine1"),
        Link(near="tor1", session="10.0.0.4", far="spine7"),
    )
    devices = (make_device("tor1", sessions=sessions), make_device("spine1", sessions=()))
    drawn = picture(make_report(devices=devices, links=links), {})
    elsewhere = "1 session with devices that are not in this report"
    unnamed = "2 sessions that the site does not name"
    assert drawn.notes == (f"Not drawn: {elsewhere}, and {unnamed}; see Devices.",)
    assert [line.title.split("\n")[0] for line in drawn.lines] == ["spine1 - tor1"]


def test_a_link_has_the_name_that_the_device_s_session_has() -> None:
    session = SimpleNamespace(vrf="RED", name="10.0.0.1", device="spine1")
    site: Any = SimpleNamespace(devices={"tor1": SimpleNamespace(sessions=(session,))})
    near = Link(near="tor1", session=str(SessionKey("RED", "10.0.0.1")), far="spine1")
    assert _links(site, {"tor1": None}) == (near,)


@pytest.mark.parametrize("shape", [(1, 1, 1), (2, 2, 2), (4, 16, 100), (11, 3, 40), (0, 1, 2)])
def test_what_is_drawn_lies_in_the_picture_and_on_nothing_else(shape: tuple[int, int, int]) -> None:
    report = make_fabric(*shape, leaking=["tor1"])
    drawn = picture(report, {"tor1": "device-0"})
    rows: dict[float, list[Any]] = {}
    for box in drawn.boxes:
        assert box.x >= 0
        assert box.x + box.width <= drawn.width
        assert box.y >= 0
        assert box.y + box.height <= drawn.height
        rows.setdefault(box.y, []).append(box)
    for row in rows.values():
        for left, right in pairwise(sorted(row, key=lambda box: box.x)):
            assert left.x + left.width < right.x
    assert [box.anchor for box in drawn.boxes if box.label == "tor1"] == ["device-0"]
    borders, spines, tors = (min(one, MOST) for one in shape)
    assert len(drawn.boxes) <= borders + spines + tors * 2 + bool(borders)
    for line in drawn.lines:
        for mark in line.marks:
            assert 0 < mark.x < drawn.width
            assert 0 < mark.y < drawn.height
    leaking = [line for line in drawn.lines if line.look is Look.LEAKS]
    assert [[mark.look for mark in line.marks].count(Look.LEAKS) for line in leaking] == [1]
    assert drawn.lines[-1] in leaking  # in front of all others


def test_many_devices_are_counted_where_they_are_not_drawn() -> None:
    report = make_fabric(2, 3, 40, leaking=[f"tor{one}" for one in range(1, 20)])
    assert picture(report, {}).notes == (
        "32 ToRs are drawn together, 11 of them with findings, or unknown.",
    )
    assert [box.label for box in picture(report, {}).boxes if box.is_group] == [
        "11 ToRs",
        "21 ToRs",
    ]


def test_the_depth_of_a_tier_is_that_of_the_weakest_attack_from_it() -> None:
    def row(attacker: str, depth: int, *path: str) -> DepthRow:
        return SHALLOW.model_copy(update={"attacker": attacker, "depth": depth, "path": path})

    rows = (
        row("node of orange at tor1", 2, "tor1"),
        row("outside", 3, "border1"),
        row("tor1 subverted", 2, "tor1"),
        row("tor1 subverted", 1, "tor1"),
        row("tor9 subverted", 0, "tor9"),
    )
    drawn = picture(make_fabric(1, 1, 1).model_copy(update={"depth": rows}), {})
    assert [(label.text, label.depth, label.look) for label in drawn.labels] == [
        ("outside", "depth 3/2", "clean"),
        ("borders", "", ""),
        ("spines", "", ""),
        ("ToRs", "depth 1/2", "differs"),
        ("nodes", "depth 2/2", "clean"),
    ]
    assert drawn.labels[3].title == (
        "The weakest way from here: foreign-block from tor1 subverted to node at tor2, dropped on "
        "1 of 2 devices"
    )
