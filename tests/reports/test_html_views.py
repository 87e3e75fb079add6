"""What the page shows besides the picture, as values: bars, rows, cards and cells."""

from __future__ import annotations

from audit_parts import (
    make_device,
    make_differing,
    make_finding,
    make_past,
    make_session,
    make_unknown,
)
from audit_reports import DEPTH, ENDED, SHALLOW, make_report

from policies.drift import Kind
from runbooks.audit_report import DepthRow, SessionState
from runbooks.reports.page.depth import depth
from runbooks.reports.page.devices import IN_FULL, devices
from runbooks.reports.page.findings import cards
from runbooks.reports.page.history import MOST as MOST_BARS
from runbooks.reports.page.history import chart


def test_bars_are_as_high_as_what_they_count() -> None:
    past = (
        make_past(0, critical=0, warning=0, unknown=0, complete=True, differs=0),
        make_past(1, critical=1, warning=3, unknown=2, complete=False),
    )
    report = make_report(
        history=past, findings=(make_finding(), make_finding(Kind.NARROWED, id="b"))
    )
    drawn = chart(report)
    heights = [[(part.look, part.height) for part in bar.parts] for bar in drawn.bars]
    assert heights == [
        [],
        [("critical", 30.0), ("warning", 90.0), ("unknown", 40.0)],
        [("critical", 30.0), ("warning", 30.0)],
    ]
    critical, warning, unknown = drawn.bars[1].parts
    assert critical.y + critical.height == drawn.zero
    assert warning.y + warning.height == critical.y
    assert unknown.y > drawn.zero
    assert [bar.is_this for bar in drawn.bars] == [False, False, True]
    assert drawn.summary == "Of the last 3 audits, 1 looked at everything and found nothing."
    assert drawn.bars[1].title == (
        "2026-11-22 01:00 UTC: 1 critical, 3 warnings; 1 of 5 devices differ, 2 unknown; incomplete"
    )


def test_this_audit_is_drawn_once_also_if_the_history_has_it() -> None:
    report = make_report()
    again = report.model_copy(update={"history": (*report.history, make_past(3, id=report.id))})
    assert [bar.past.id for bar in chart(report).bars].count(report.id) == 1
    assert chart(again).bars == chart(report).bars


def test_a_history_of_none_says_so() -> None:
    assert chart(make_report(history=())).summary == "No earlier audit is on record."


def test_a_long_history_is_cut_at_its_old_end() -> None:
    drawn = chart(make_report(history=tuple(make_past(0, id=str(one)) for one in range(60))))
    assert len(drawn.bars) == MOST_BARS
    assert drawn.left_out == 61 - MOST_BARS
    assert drawn.bars[0].past.id == str(61 - MOST_BARS)


def test_devices_stand_worst_first_and_only_the_first_in_full() -> None:
    many = tuple(make_device(f"tor{number}") for number in range(80))
    report = make_report(
        devices=(*many, make_unknown("tor90"), make_differing("spine2")),
        findings=(make_finding(Kind.LEFTOVER, "tor70"), make_finding(Kind.MISSING, "spine2")),
    )
    found = devices(report)
    assert [view.device.device for view in found.views][:5] == [
        "spine2", "tor90", "tor70", "tor0", "tor1",
    ]  # fmt: skip
    assert (len(found.views), found.views_left_out) == (IN_FULL, 82 - IN_FULL)
    assert len(found.rows) == 82
    assert found.anchors["tor70"] == "device-2"
    assert found.anchors["tor79"] == "row-81"
    assert found.rows[0].sessions == (
        (SessionState.PROVEN, 3),
        (SessionState.CLOSED, 1),
        (SessionState.LEAKS, 1),
        (SessionState.FREE, 1),
    )


def test_equal_sessions_of_a_large_device_share_a_row_but_leaks_never_do() -> None:
    equal = [make_session(session=f"s{number}", peer=f"tor{number}") for number in range(40)]
    leaks = [
        make_session(session=f"x{number}", state=SessionState.LEAKS, witness="0.0.0.0/0")
        for number in range(3)
    ]
    (view,) = devices(make_report(devices=(make_device(sessions=(*equal, *leaks)),))).views
    assert [(row.name, row.peer) for row in view.sessions] == [
        ("x0", "node"),
        ("x1", "node"),
        ("x2", "node"),
        ("40 sessions: s0, s1, s2, s3, s4, s5 and 34 more", "tor0, tor1, tor2, tor3 and 36 more"),
    ]


def test_findings_know_their_place_and_age() -> None:
    report = make_report(
        findings=(
            make_finding(Kind.NARROWED, "tor1", first_seen=None),
            make_finding(Kind.MISSING, "tor10", first_seen=ENDED),
            make_finding(Kind.MISSING, "tor2"),
            make_finding(Kind.SHALLOW, ""),
        )
    )
    found = cards(report, {"tor2": "device-7"})
    assert [
        (one.finding.device, one.device, one.anchor, one.is_new, one.age) for one in found.cards
    ] == [
        ("tor2", 2, "device-7", False, "3 days"),
        ("tor10", 3, "", True, ""),
        ("", 0, "", False, "3 days"),
        ("tor1", 1, "", False, ""),
    ]
    assert found.devices == (("", 1), ("tor1", 1), ("tor2", 1), ("tor10", 1))
    assert found.severities == (("critical", 2), ("warning", 2))


def test_findings_of_a_device_stand_in_the_order_of_its_sessions() -> None:
    places: list[tuple[str, int, str]] = [
        ("10.0.0.2", 4, "import"),
        ("10.0.0.10", 4, "export"),
        ("10.0.0.10", 4, "import"),
        ("10.0.0.10", 6, "export"),
    ]
    findings = [
        make_finding(session=session, family=family, direction=direction, id=str(9 - number))
        for number, (session, family, direction) in enumerate(places)
    ]
    found = cards(make_report(findings=tuple(findings[::-1])), {}).cards
    assert [(one.finding.session, one.finding.family, one.finding.direction) for one in found] == (
        places
    )


def test_a_cell_of_the_matrix_is_the_weakest_way_it_stands_for() -> None:
    def row(depth: int, wanted: int, victim: str) -> DepthRow:
        return DEPTH[0].model_copy(update={"depth": depth, "wanted": wanted, "victim": victim})

    found = depth(make_report(depth=(row(3, 2, "a"), row(2, 2, "b"), row(1, 1, "c"), SHALLOW)))
    assert found.classes == ("default-route", "foreign-block")
    assert [
        (name, [(cell.mark, cell.weakest.victim, cell.victims) if cell else None for cell in line])
        for name, line in found.attackers
    ] == [
        ("tor1 subverted", [None, ("leaks", "node at tor2", 1)]),
        ("node at tor1", [("clean", "c", 3), None]),
    ]
    assert [way.row.victim for way in found.ways] == ["node at tor2", "c", "b", "a"]
    assert [(hop.device, hop.drops) for hop in found.ways[0].hops] == [
        ("tor1", False),
        ("spine1", False),
        ("tor2", False),
    ]
