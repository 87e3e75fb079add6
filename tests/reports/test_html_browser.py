"""The page in a real browser: what a reader sees, can do, and is safe from."""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from importlib.resources import files
from typing import TYPE_CHECKING

import pytest
from audit_reports import HOSTILE, REPORTS, every_kind, hostile
from lab_command import CHECKOUT, run
from page_reports import make_fabric

from policies.dialects.line_ends import lines_of
from runbooks.reports.html import render
from runbooks.reports.page.text import shown

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from chromium import Page

    from runbooks.audit_report import AuditReport

ALL: dict[str, Callable[[], AuditReport]] = {
    **REPORTS,
    "large": lambda: make_fabric(4, 16, 60, leaking=["tor7", "spine2"], unknown=["tor9"]),
}

every_page = pytest.mark.parametrize("name", ALL)


def show(page: Page, folder: Path, report: AuditReport | str) -> None:
    file = folder / "page.html"
    file.write_text(report if isinstance(report, str) else render(report), encoding="utf-8")
    page.open(file)


def visible(page: Page, selector: str) -> int:
    return int(
        page.run(
            f"[...document.querySelectorAll({json.dumps(selector)})]"
            ".filter((one) => one.checkVisibility()).length"
        )
    )


def kinds(page: Page) -> list[str]:
    """Return the kinds of the findings that are shown."""
    found: list[str] = page.run(
        "[...document.querySelectorAll('.card')].filter((one) => one.checkVisibility())"
        ".map((one) => one.dataset.kind)"
    )
    return found


@every_page
def test_a_page_asks_for_nothing_and_nothing_is_wrong_with_it(
    name: str, page: Page, tmp_path: Path
) -> None:
    show(page, tmp_path, ALL[name]())
    assert page.complaints() == []
    assert page.requests() == [(tmp_path / "page.html").as_uri()]


@every_page
def test_a_page_is_never_wider_than_its_window(name: str, page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, ALL[name]())
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for width in (1280, 768, 320):
        page.resize(width)
        assert page.run("document.documentElement.scrollWidth") == width


# Safety.


def test_hostile_text_is_text_to_the_letter(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, hostile())
    places = (
        ".card .text",
        ".card .witness",
        ".card .lines code",
        ".card dl > div:last-child dd",
        ".change bdi",
        ".stops code",
        ".closing code",
        ".sessions .witness",
        ".ways td code",
        ".hops li + li bdi",
        "table.all td:nth-child(3)",
    )
    found = page.run(f"{json.dumps(places)}.map((one) => document.querySelector(one).textContent)")
    assert {text.rstrip("\n") for text in found} == {shown(HOSTILE)}
    assert page.run("document.querySelectorAll('script, img, style').length") == 2
    assert page.run("document.querySelector('.candidate').textContent") == "".join(
        f"{shown(line)}\n" for line in lines_of(HOSTILE)
    )


INJECTED = (
    "<script>alert(1)</script>",
    "<img src=https://evil.invalid/x onerror=alert(2)>",
    "<svg onload=alert(3)></svg>",
    "<a id=it href='javascript:alert(4)'>x</a>",
    "<style>@import url(https://evil.invalid/y.css); .verdict { display: none }</style>",
    "<iframe src=https://evil.invalid/z></iframe>",
    "<link rel=stylesheet href=https://evil.invalid/w.css>",
    "<meta http-equiv=Content-Security-Policy content=script-src><script>alert(5)</script>",
    "<form id=f action=https://evil.invalid/v><button id=it>x</button></form>",
    "<base href=https://evil.invalid/>",
)


@pytest.mark.parametrize("markup", INJECTED)
def test_even_markup_that_got_in_runs_and_loads_nothing(
    markup: str, page: Page, tmp_path: Path
) -> None:
    """The second wall, alone: as if nothing had been escaped."""
    text = render(every_kind())
    broken = text.replace("<main>", f"<main>{markup}", 1)
    assert broken != text
    show(page, tmp_path, broken)
    if "id=it" in markup:
        page.click("#it")
    complaints = page.complaints()
    asked = [one for one in page.requests() if not one.startswith("data:")]  # the browser's icons
    assert asked == [(tmp_path / "page.html").as_uri()]
    assert [one for one in complaints if "Dialog" in one] == []
    assert [one for one in complaints if "ContentSecurityPolicy" in one or "CSP" in one] != []
    assert visible(page, ".verdict") == 1


# The filters.


def test_findings_are_filtered(page: Page, tmp_path: Path) -> None:
    report = every_kind()
    show(page, tmp_path, report)
    every = sorted(one.kind for one in report.findings)
    critical = sorted(one.kind for one in report.findings if one.severity == "critical")
    of_site = sorted(one.kind for one in report.findings if not one.device)
    assert sorted(kinds(page)) == every

    page.click("input[value=warning]")
    page.click("input[value=note]")
    assert sorted(kinds(page)) == critical
    assert page.run("document.getElementById('shown').textContent") == "7 of 15 shown"

    page.click("input[name=text]")
    page.write("198.51.100.0  ILLEGAL")
    assert kinds(page) == ["illegal-route"]

    page.click("button[type=reset]")
    assert page.run("new Promise((done) => setTimeout(() => done('later')))") == "later"
    assert sorted(kinds(page)) == every

    choose(page, "kind", "shadowed")
    assert kinds(page) == ["shadowed"]
    assert visible(page, "#none") == 0
    choose(page, "device", "0")
    assert kinds(page) == []
    assert visible(page, "#none") == 1
    choose(page, "kind", "")
    assert sorted(kinds(page)) == of_site


def choose(page: Page, name: str, value: str) -> None:
    page.run(
        f"""(() => {{
          const one = document.querySelector("select[name={name}]");
          one.value = {json.dumps(value)};
          one.dispatchEvent(new Event("input", {{bubbles: true}}));
        }})()"""
    )


def test_text_that_looks_like_code_is_only_looked_for(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, hostile())
    page.click("input[name=text]")
    page.write("</script><script>alert(1)")
    assert len(kinds(page)) == 2
    assert page.complaints() == []


def test_without_scripts_all_is_there_and_nothing_that_needs_one(
    page: Page, tmp_path: Path
) -> None:
    page.disable_scripts()
    report = every_kind()
    show(page, tmp_path, report)
    assert sorted(kinds(page)) == sorted(one.kind for one in report.findings)
    for selector in ("#filters", "#hint", "#folding", "#none"):
        assert visible(page, selector) == 0
    assert visible(page, "svg.fabric .box") == len(report.devices) + 4
    assert visible(page, "#device-0 .sessions tbody th") == 6
    page.click("#device-1 summary")
    assert visible(page, "#device-1 .sessions tbody th") == 5


# The keyboard.


def focused(page: Page) -> str:
    return str(
        page.run(
            "(({tagName, name, id, className}) => [tagName.toLowerCase(), name || id || "
            "(className.baseVal ?? className)].join(' '))(document.activeElement)"
        )
    )


def test_the_keyboard_reaches_everything_and_shows_where_it_is(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, every_kind())
    page.press("Tab")
    assert focused(page) == "a skip"
    assert page.run("document.activeElement.getBoundingClientRect().x >= 0")
    reached = []
    while True:
        page.press("Tab")
        if focused(page).startswith(("body", "a skip")):
            break
        reached.append(focused(page))
        outline = "getComputedStyle(document.activeElement).outlineStyle"
        assert page.run(outline) != "none" or "wire" in reached[-1]
        assert len(reached) < 300
    for wanted in ("input severity", "select kind", "select device", "input text", "summary "):
        assert wanted in reached
    assert sum(one.startswith("a box") for one in reached) == 3
    assert sum(one.startswith("g wire") for one in reached) == page.run(
        "document.querySelectorAll('.wire[tabindex]').length"
    )


def test_the_keyboard_skips_filters_folds_and_reads_the_picture(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, every_kind())
    page.press("Tab")
    page.press("Enter")
    assert page.run("location.hash") == "#findings"

    page.run("document.querySelector('input[value=critical]').focus()")
    page.press("Space")
    assert "missing" not in kinds(page)
    assert "narrowed" in kinds(page)

    page.run("document.querySelector('#device-1 summary').focus()")
    page.press("Enter")
    assert page.run("document.querySelector('#device-1').open") is True

    page.run("document.querySelector('.wire.is-leaks').focus()")
    assert page.run("document.getElementById('hint').textContent") == (
        "border1 - the outside\nborder1 203.0.113.1, IPv4 import: never blue, orange, leaks"
    )


def test_a_link_to_a_folded_device_opens_it(page: Page, tmp_path: Path) -> None:
    show(page, tmp_path, every_kind())
    assert page.run("document.querySelector('#device-2').open") is False
    page.click("a.box[href='#device-2'] text")
    assert page.run("document.querySelector('#device-2').open") is True
    page.click("[data-fold='']")
    assert visible(page, ".sessions") == 0
    page.click("[data-fold=open]")
    assert visible(page, ".sessions") == 3


# Paper.


@pytest.mark.parametrize("scripts", [True, False], ids=["scripts", "no-scripts"])
def test_all_of_a_page_is_printed_whatever_is_filtered_or_folded(
    page: Page, tmp_path: Path, *, scripts: bool
) -> None:
    report = every_kind()
    if not scripts:
        page.disable_scripts()
    show(page, tmp_path, report)
    if scripts:
        page.click("input[value=critical]")
    (tmp_path / "page.pdf").write_bytes(page.pdf())
    text = subprocess.run(
        [str(shutil.which("pdftotext")), "-layout", "page.pdf", "-"],
        cwd=tmp_path,
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    words = re.sub(r"\s+", " ", text)
    for finding in report.findings:
        assert finding.text in words
        assert f"object of {finding.kind}" in words
    assert words.count("10.255.11.2") == 3
    assert "match ip address prefix-list RF-no-v4-0a1b2c3d" in words
    assert "2026-11-22 23:00 UTC" in words
    for control in ("Show all", "Open all", "all kinds", "Skip to"):
        assert control not in words


# Everybody.

AXE = (files("axe_core_python") / "axe.min.js").read_text(encoding="utf-8")

# The contrast of each text with what is behind it, as WCAG 2.2 reckons it (1.4.3). Text of the
# picture stands on its box, or on the section.
CONTRAST = """(() => {
  const numbers = (colour) => colour.match(/[\\d.]+/g).map(Number);
  const luminance = (colour) => {
    const [r, g, b] = numbers(colour).map((one) => one / 255)
      .map((one) => one <= 0.04045 ? one / 12.92 : ((one + 0.055) / 1.055) ** 2.4);
    return 0.2126 * r + 0.7152 * g + 0.0722 * b;
  };
  const behind = (one) => {
    const box = one.closest("svg") && one.closest(".box");
    if (box) return getComputedStyle(box.querySelector("rect:last-of-type")).fill;
    for (let up = one; up; up = up.parentElement) {
      const colour = getComputedStyle(up).backgroundColor;
      if ((numbers(colour)[3] ?? 1) === 1) return colour;
    }
    return "rgb(255, 255, 255)";
  };
  const poor = new Set();
  let checked = 0;
  const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
  while (texts.nextNode()) {
    const one = texts.currentNode.parentElement;
    if (!texts.currentNode.data.trim() || !one.getClientRects().length) continue;
    if (one.closest("title, script, style")) continue;
    const style = getComputedStyle(one);
    const colour = one.closest("svg") ? style.fill : style.color;
    const [a, b] = [luminance(colour), luminance(behind(one))].sort((x, y) => y - x);
    checked += 1;
    if ((a + 0.05) / (b + 0.05) < 4.5) poor.add(`${one.outerHTML} ${colour} ${behind(one)}`);
  }
  return [checked, [...poor]];
})()"""


@every_page
def test_everybody_can_read_a_page(name: str, page: Page, tmp_path: Path) -> None:
    page.resize(1280)
    show(page, tmp_path, ALL[name]())
    page.run("document.querySelectorAll('details').forEach((one) => { one.open = true; })")
    for scheme, background in (("dark", "rgb(13, 19, 26)"), ("light", "rgb(243, 245, 248)")):
        page.prefer(scheme)
        assert page.run("getComputedStyle(document.body).backgroundColor") == background
        checked, poor = page.run(CONTRAST)
        assert checked > 50
        assert poor == []
    page.run(f"{AXE}; 0")
    # It can't see through overlapping elements: contrast is judged above.
    found = page.run(
        "axe.run({resultTypes: ['violations'], rules: {'color-contrast': {enabled: false}}})"
    )
    wrong = [(one["id"], [node["html"] for node in one["nodes"]]) for one in found["violations"]]
    assert wrong == []
    assert len(found["passes"]) > 30


@pytest.mark.parametrize(
    ("ci", "outcome"), [("false", "1 skipped"), ("true", "1 error")], ids=["developer", "pipeline"]
)
def test_without_a_browser_these_are_skipped_but_fail_in_ci(ci: str, outcome: str) -> None:
    name = "tests/reports/test_html_browser.py::test_findings_are_filtered"
    command = [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", "-rsE", name]
    result = run(["/usr/bin/env", f"--chdir={CHECKOUT}", *command], CI=ci, PATH="/nowhere")
    assert outcome in result.stdout.splitlines()[-1]
    assert (
        "The page is tested in a browser: apt-get install chromium poppler-utils" in result.stdout
    )
    assert result.returncode == (0 if ci == "false" else 1)
