"""The history of audits, in both databases: since when findings stand, and when all was well."""

from __future__ import annotations

import threading
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest
from audit_parts import make_device, make_finding, make_past, make_unknown
from audit_reports import HOSTILE, hostile, make_report
from plans import make_plan

from inventory.errors import InputError
from policies.drift import Kind
from runbooks.ledger import open_ledger
from runbooks.ledger.audits import AuditHistory, Changes, open_history
from runbooks.ledger.opening import backend_of

if TYPE_CHECKING:
    from inventory.site import Site
    from runbooks.audit_report import AuditReport, DeviceReport, Finding

DEVICES = ("border1", "spine1", "tor1")


def at(minute: int) -> str:
    return f"2026-11-23T10:{minute:02}:00.000+00:00"


def report(
    minute: int,
    *findings: Finding,
    devices: tuple[DeviceReport, ...] = tuple(map(make_device, DEVICES)),
    **fields: Any,  # noqa: ANN401
) -> AuditReport:
    """Return an audit that began at ``minute`` and took one."""
    usual: dict[str, Any] = {"started": at(minute), "ended": at(minute + 1)}
    usual |= {"id": f"a{minute:02}", "exit_code": 2 if findings else 0}
    return make_report(findings=findings, devices=devices, history=(), **{**usual, **fields})


def first_seen(history: AuditHistory, one: AuditReport) -> dict[str, str | None]:
    return {found.id: found.first_seen for found in history.remember(one).findings}


F, G = make_finding(id="f", first_seen=None), make_finding(device="spine1", id="g", first_seen=None)
SITE_WIDE = make_finding(Kind.SHALLOW, id="s", first_seen=None)


def test_a_finding_that_stands_keeps_the_time_when_it_was_first_seen(site: Site) -> None:
    with open_history(site) as history:
        assert first_seen(history, report(0)) == {}
        assert first_seen(history, report(10, F)) == {"f": at(11)}
        assert first_seen(history, report(20, F, G, SITE_WIDE)) == {
            "f": at(11),
            "g": at(21),
            "s": at(21),
        }
    with open_history(site) as history:
        assert first_seen(history, report(30, SITE_WIDE, F)) == {"f": at(11), "s": at(21)}


def test_a_finding_that_was_gone_and_comes_back_is_new(site: Site) -> None:
    with open_history(site) as history:
        for one in (report(0, F, SITE_WIDE), report(10)):
            history.remember(one)
        assert first_seen(history, report(20, F, SITE_WIDE)) == {"f": at(21), "s": at(21)}


@pytest.mark.parametrize(
    ("devices", "complete"),
    [
        ((make_device("border1"), make_device("spine1"), make_unknown("tor1")), False),
        ((make_device("border1"), make_device("spine1"), make_unknown("tor1")), True),
        ((make_device("border1"), make_device("spine1")), True),
        ((), False),
    ],
    ids=["unknown", "unknown, and said to be complete", "outside the limit", "interrupted"],
)
def test_a_device_that_was_not_looked_at_keeps_its_findings(
    devices: tuple[DeviceReport, ...], complete: bool, site: Site
) -> None:
    with open_history(site) as history:
        history.remember(report(0, F, SITE_WIDE))
        history.remember(report(10, devices=devices, complete=complete))
        assert history.changes("a10") == Changes(new=(), gone=())
        assert first_seen(history, report(20, F, SITE_WIDE)) == {"f": at(1), "s": at(1)}


def test_only_a_complete_audit_settles_what_is_about_the_site(site: Site) -> None:
    with open_history(site) as history:
        history.remember(report(0, F, SITE_WIDE))
        history.remember(report(10, complete=False, interrupted="SIGTERM"))
        assert [one.id for one in history.changes("a10").gone] == ["f"]
        history.remember(report(20))
        assert [one.id for one in history.changes("a20").gone] == ["s"]


def test_an_audit_of_some_devices_settles_theirs(site: Site) -> None:
    with open_history(site) as history:
        history.remember(report(0, F, G))
        history.remember(report(10, devices=(make_device("tor1"),)))
        assert [one.id for one in history.changes("a10").gone] == ["f"]
        assert first_seen(history, report(20, F, G)) == {"f": at(21), "g": at(1)}


def test_a_switch_that_left_the_site_takes_its_findings_with_it(site: Site) -> None:
    gone = make_finding(device="tor9", id="x", first_seen=None)
    with open_history(site) as history:
        history.remember(report(0, gone, devices=(make_device("tor9"),)))
        history.remember(report(10))
        assert [one.id for one in history.changes("a10").gone] == ["x"]
        assert history.milestones().devices.keys() == {*DEVICES}


def test_what_came_and_went_with_an_audit(site: Site) -> None:
    with open_history(site) as history:
        assert history.changes("a00") == Changes(new=(), gone=())
        history.remember(report(0, F))
        history.remember(report(10, F, G))
        history.remember(report(20, G))
        seen = {"first_seen": at(1)}
        assert history.changes("a00") == Changes(new=(F.model_copy(update=seen),), gone=())
        newer = (G.model_copy(update={"first_seen": at(11)}),)
        assert history.changes("a10") == Changes(new=newer, gone=())
        assert history.changes("a20") == Changes(new=(), gone=(F.model_copy(update=seen),))


def test_what_a_finding_says_is_what_the_newest_audit_said(site: Site) -> None:
    with open_history(site) as history:
        history.remember(report(0, F))
        history.remember(report(10, F.model_copy(update={"text": "newer"})))
        history.remember(report(20))
        assert [one.text for one in history.changes("a20").gone] == ["newer"]


def test_an_older_audit_that_ends_later_takes_nothing_away(site: Site) -> None:
    with open_history(site) as history:
        history.remember(report(5, F))
        # It looked before the finding came up.
        history.remember(report(0, ended=at(9)))
        assert history.changes("a00").gone == ()
        assert first_seen(history, report(20, F)) == {"f": at(6)}


def test_an_older_audit_that_ends_later_brings_nothing_back(site: Site) -> None:
    with open_history(site) as history:
        history.remember(report(5))
        # What it saw was gone when the other one looked.
        assert first_seen(history, report(0, F, ended=at(9))) == {"f": at(9)}
        assert [one.id for one in history.changes("a00").gone] == ["f"]
        assert first_seen(history, report(20, F)) == {"f": at(21)}


def test_the_last_audits_are_shown_with_this_one_as_the_newest(site: Site) -> None:
    with open_history(site) as history:
        assert history.past() == ()
        for minute in range(40):
            shown = history.remember(report(minute, F, make_finding(Kind.NARROWED, id="n")))
        assert [one.id for one in shown.history] == [f"a{minute:02}" for minute in range(10, 40)]
        assert shown.history == history.past()
        assert history.past(2) == shown.history[-2:]
        assert shown.history[-1] == make_past(
            id="a39",
            started=at(39),
            complete=True,
            clean=3,
            differs=0,
            unknown=0,
            critical=1,
            warning=1,
        )


def test_nothing_but_the_history_and_the_times_is_filled_in(site: Site) -> None:
    one = report(0, F, G)
    with open_history(site) as history:
        seen = history.remember(one)
    assert seen.model_copy(update={"history": (), "findings": one.findings}) == one
    assert [found.model_copy(update={"first_seen": None}) for found in seen.findings] == [F, G]


def test_when_all_was_well_for_the_last_time(site: Site) -> None:
    some = (make_device("border1"), make_device("spine1"), make_unknown("tor1"))
    with open_history(site) as history:
        assert (history.milestones().complete, history.last_good()) == (None, None)
        history.remember(report(0, devices=some, complete=False, exit_code=3))
        told = history.milestones()
        assert (told.complete, told.clean) == (None, None)
        assert told.devices == {"border1": at(1), "spine1": at(1)}
        history.remember(report(10))
        history.remember(report(20, F, devices=(*some[:2], make_device("tor1", state="differs"))))
        told = history.milestones()
        assert (told.complete, told.clean) == (at(21), at(11))
        assert told.devices == {"border1": at(21), "spine1": at(21), "tor1": at(11)}
        assert history.last_good() == at(11)
        # One that looked at some alone is not a good audit of the site.
        history.remember(report(30, devices=(make_device("tor1"),)))
        told = history.milestones()
        assert (told.complete, told.clean, told.devices["tor1"]) == (at(21), at(11), at(31))
        assert [one.complete for one in history.past()] == [False, True, True, False]


def test_an_older_audit_turns_no_time_back(site: Site) -> None:
    with open_history(site) as history:
        history.remember(report(10))
        before = history.milestones()
        history.remember(report(0, ended=at(2)))
        assert history.milestones() == before


@pytest.mark.parametrize("fields", [{"command": "verify"}, {"source": "/configs"}])
def test_what_is_no_audit_of_the_devices_is_not_remembered(
    fields: dict[str, Any], site: Site
) -> None:
    with open_history(site) as history:
        one = report(0, F, **fields)
        assert history.remember(one) is one
        assert history.past() == ()
    assert not (site.path / "runs").exists()


def test_reading_makes_nothing(site: Site) -> None:
    before = sorted(site.path.iterdir())
    with open_history(site) as history:
        assert (history.past(), history.last_good()) == ((), None)
        assert history.changes("a00") == Changes(new=(), gone=())
    assert sorted(site.path.iterdir()) == before


def test_whatever_a_device_said_reads_back(site: Site) -> None:
    odd = make_finding(id="odd", first_seen=None, text=f"{HOSTILE}\0\ud800", witness=HOSTILE)
    with open_history(site) as history:
        history.remember(report(0, odd, by=HOSTILE, notes=(HOSTILE,), interrupted=HOSTILE))
        (back,) = history.changes("a00").new
        assert back == odd.model_copy(update={"first_seen": at(1)})
        one = hostile().model_copy(update={"source": "devices"})
        assert {past.id for past in history.remember(one).history} == {"a00", one.id}


def test_each_site_has_a_history_of_its_own_in_a_database_that_they_share(site: Site) -> None:
    other = site.settings.model_copy(update={"name": "dc2"})
    with open_history(site) as history:
        history.remember(report(0, F))
    with open_history(replace(site, settings=other)) as history:
        assert (history.past(), history.last_good()) == ((), None)
        assert first_seen(history, report(10, F)) == {"f": at(11)}
        history.remember(report(20))
    with open_history(site) as history:
        assert first_seen(history, report(30, F)) == {"f": at(1)}


def test_an_audit_of_the_same_name_is_refused_in_one_sentence(site: Site) -> None:
    with open_history(site) as history:
        history.remember(report(0, F))
        with pytest.raises(InputError, match=r"^the audit a00 is on record already$"):
            history.remember(report(0))
        assert [one.id for one in history.past()] == ["a00"]
        assert history.changes("a00").gone == ()


def test_only_the_last_audits_are_kept_and_what_stands_stays(site: Site) -> None:
    history = AuditHistory(site, lambda: backend_of(site), keep=3)
    history.remember(report(0, F, G))
    history.remember(report(1, F))
    for minute in range(2, 6):
        history.remember(report(minute, F))
    assert [one.id for one in history.past()] == ["a03", "a04", "a05"]
    assert history.changes("a01").gone == ()
    assert first_seen(history, report(6, F)) == {"f": at(1)}


def test_a_site_that_is_held_is_audited_all_the_same(site: Site) -> None:
    with open_ledger(site) as ledger, ledger.hold("deploy"):
        run = ledger.begin("deploy", make_plan())
        with open_history(site) as history:
            history.remember(report(0, F))
            run.write("prepare", devices=["tor1"])
            assert first_seen(history, report(10, F)) == {"f": at(1)}
        run.end("confirmed")
        assert [one.status for one in ledger.runs()] == ["confirmed"]


def test_audits_at_once_are_remembered_one_after_the_other(site: Site) -> None:
    together = threading.Barrier(8)
    seen: list[str | None] = []
    failed: list[Exception] = []

    def audit(number: int) -> None:
        with open_history(site) as history:
            together.wait()
            try:
                one = history.remember(report(number, F, G, ended=at(30)))
            except InputError as error:
                failed.append(error)
            else:
                seen.extend(found.first_seen for found in one.findings)

    threads = [threading.Thread(target=audit, args=(number,)) for number in range(8)]
    for one in threads:
        one.start()
    for one in threads:
        one.join()
    assert failed == []
    assert seen == [at(30)] * 16
    with open_history(site) as history:
        assert len(history.past()) == 8
        # Each came up once, whoever was first.
        new = [one.id for audit in history.past() for one in history.changes(audit.id).new]
        assert sorted(new) == ["f", "g"]
