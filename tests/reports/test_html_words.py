"""What the page says first, and how it says it."""

from __future__ import annotations

from typing import Any

import pytest
from audit_parts import (
    make_device,
    make_differing,
    make_finding,
    make_unknown,
)
from audit_reports import ENDED, REPORTS, SHALLOW, STARTED, make_report
from lab_command import CHECKOUT

from policies.drift import Kind
from runbooks.audit_report import DeviceState
from runbooks.reports.page.headline import headline
from runbooks.reports.page.text import LONGEST, brief, clock, count, listed, natural, shown, since


@pytest.mark.parametrize(
    ("report", "mark", "word"),
    [
        ("clean", "clean", "Fenced"),
        ("every_kind", "leaks", "Not fenced"),
        ("half_unknown", "leaks", "Not fenced"),
        ("interrupted", "unknown", "Unknown"),
        ("unguarded", "clean", "Fenced"),
        ("empty", "unknown", "Unknown"),
        ("hostile", "leaks", "Not fenced"),
    ],
)
def test_the_verdict_is_the_worst_that_is_known(report: str, mark: str, word: str) -> None:
    found = headline(REPORTS[report]())
    assert (found.mark, found.word) == (mark, word)


@pytest.mark.parametrize(
    ("fields", "word"),
    [
        ({"findings": (make_finding(Kind.LEFTOVER),)}, "Fenced"),
        ({"findings": (make_finding(Kind.NARROWED),)}, "Differs"),
        ({"devices": (make_device(), make_differing())}, "Differs"),
        ({"depth": (SHALLOW,)}, "Differs"),
        ({"devices": (make_differing(), make_unknown())}, "Unknown"),
        ({"complete": False}, "Unknown"),
        ({"devices": (make_device("rr1", state=DeviceState.UNGUARDED),)}, "Unguarded"),
        ({"complete": False, "findings": (make_finding(Kind.MISSING),)}, "Not fenced"),
    ],
)
def test_a_network_is_fenced_only_if_all_of_it_was_seen_and_nothing_differs(
    fields: dict[str, Any], word: str
) -> None:
    assert headline(make_report(**fields)).word == word


def test_what_to_know_and_to_do_is_said_in_words() -> None:
    found = headline(REPORTS["half_unknown"]())
    assert found.sentences == (
        "1 critical finding on border1: something passes, or is in a table, that must not.",
        "Nothing is known of 2 of 4 devices: spine1, tor2.",
        "1 of 4 devices is clean.",
    )
    assert [(one.text, one.command) for one in found.steps] == [
        ("Clear what would keep a deploy from its work: see the devices.", ""),
        ("Make a plan that mends it:", "ringfence audit --fix plan.json --limit border1"),
        ("Review it, then carry it out:", "ringfence deploy plan.json"),
        ("Reach the devices that did not answer, and look again:", "ringfence audit"),
        ("Step by step:", "runbooks/oncall/drift-found.md"),
    ]
    hostile = make_report(devices=(make_differing("x; reboot"), make_unknown()), complete=False)
    assert "ringfence audit --fix plan.json --limit 'x; reboot'" in {
        one.command for one in headline(hostile).steps
    }
    many = tuple(make_differing(f"border{number}") for number in range(9))
    assert "ringfence audit --fix plan.json --limit DEVICES" in {
        one.command for one in headline(make_report(devices=(*many, make_unknown()))).steps
    }
    known = headline(REPORTS["every_kind"]())
    assert [one.command for one in known.steps if "--fix" in one.command] == [
        "ringfence audit --fix plan.json"
    ]
    routes = headline(make_report(findings=(make_finding(Kind.ILLEGAL_ROUTE),)))
    look, follow, page = routes.steps
    assert look.text == (
        "Look at the routes first: 1 route is in a table right now that no pool allows, "
        "from 172.20.1.7. What the hand does then:"
    )
    assert follow.text == "Follow the remedy of each finding below."
    assert (CHECKOUT / look.command).is_file()
    assert (CHECKOUT / page.command).is_file()
    clean = headline(REPORTS["clean"]())
    assert clean.sentences == ("All of 3 devices hold what the pools allow, and nothing more.",)
    assert [one.text for one in clean.steps] == ["Nothing to do."]
    why = "the site wants no guard there, so there was nothing to judge."
    assert headline(REPORTS["unguarded"]()).sentences == (
        "2 of 3 devices are clean.",
        f"1 of 3 devices is unguarded (rr1): {why}",
    )


def test_files_that_say_nothing_are_not_devices_to_reach() -> None:
    report = make_report(command="verify", source="configs", devices=(make_unknown(),))
    step, _ = headline(report).steps
    assert step.command == "ringfence verify"
    assert step.text == (
        "Give a file that can be read for each device that nothing is known of, and look again:"
    )


def test_an_audit_that_was_ended_says_so() -> None:
    assert "It was ended early: SIGTERM." in headline(REPORTS["interrupted"]()).sentences


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a\tb\nc\r\nd", "a\tb\nc\nd"),
        ("\x00\x1b[31m\x7f\x85\r", "⟨U+0000⟩⟨U+001B⟩[31m⟨U+007F⟩⟨U+0085⟩⟨U+000D⟩"),
        ("\u202egnp\u202c \u200b\u2069", "⟨U+202E⟩gnp⟨U+202C⟩ ⟨U+200B⟩⟨U+2069⟩"),
        ("\ufffe\uffff\ufdd0\U0001fffe\udc80", "⟨U+FFFE⟩⟨U+FFFF⟩⟨U+FDD0⟩⟨U+1FFFE⟩⟨U+DC80⟩"),
        ("e\u0301 \U0001f4a9 <b>&amp; \u05d0\u200d", "e\u0301 \U0001f4a9 <b>&amp; \u05d0\u200d"),
        ("z" * LONGEST, "z" * LONGEST),
        ("z" * (LONGEST + 1), "z" * LONGEST + " ... (1 characters more)"),
    ],
)
def test_text_is_shown_to_the_letter_but_for_what_can_not_be_seen(text: str, expected: str) -> None:
    assert shown(text) == expected
    assert brief("short") == "short"
    assert brief("z" * 1161) == "z" * 160 + " ... (1,001 characters more)"


@pytest.mark.parametrize(
    ("then", "expected"),
    [
        ("2026-11-23T10:00:07.250+00:00", ""),
        ("2026-11-23T09:58:07+00:00", "2 minutes"),
        ("2026-11-23T09:00:00+00:00", "1 hour"),
        ("2026-11-20T04:00:06+00:00", "3 days"),
        ("2026-11-20T04:00:06", ""),
        ("2027-11-20T04:00:06+00:00", ""),
        ("yesterday", ""),
        (None, ""),
    ],
)
def test_how_long_ago_is_said_in_the_greatest_unit(then: str | None, expected: str) -> None:
    assert since(then, ENDED) == expected


def test_small_words() -> None:
    assert clock(STARTED) == "2026-11-23 10:00 UTC"
    assert clock("never") == "never"
    assert [count(1, "way"), count(0, "way"), count(1200, "class", "classes")] == [
        "1 way",
        "0 ways",
        "1,200 classes",
    ]
    assert listed(["a", "b", "c"], 2) == "a, b and 1 more"
    assert listed(["a", "b"], 2) == "a, b"
    names = ["tor10", "tor2", "tor", "spine1", "", "tor\u00b2", "1", "tor2b"]
    assert sorted(names, key=natural) == [
        "", "spine1", "tor", "tor2", "tor2b", "tor10", "tor\u00b2", "1",
    ]  # fmt: skip
