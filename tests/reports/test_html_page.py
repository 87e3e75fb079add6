"""The page as a document: valid, alone, bounded, and with nothing in it that runs but its own."""

from __future__ import annotations

import re
import tomllib
from base64 import b64encode
from collections import Counter
from fnmatch import fnmatch
from functools import cache, partial
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING

import html5lib
import pytest
from audit_parts import make_device, make_differing, make_finding, make_session
from audit_reports import HOSTILE, REPORTS, make_report
from jinja2 import Environment, nodes
from lab_command import CHECKOUT
from page_reports import make_fabric

from policies.drift import Kind
from runbooks.audit_report import DeviceState, Line
from runbooks.reports import html
from runbooks.reports.html import render
from runbooks.reports.page.findings import MOST
from runbooks.reports.page.text import LONGEST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from xml.etree.ElementTree import Element

    from runbooks.audit_report import AuditReport

_TEMPLATES = Path(html.__file__).parent / "templates"
_LARGE: dict[str, Callable[[], AuditReport]] = {
    "thousand": lambda: make_fabric(
        4, 16, 980, leaking=[f"tor{number}" for number in range(10, 60)], unknown=["spine9"]
    )
}
ALL = {**REPORTS, **_LARGE}

every_page = pytest.mark.parametrize("name", ALL)


@cache
def report(name: str) -> AuditReport:
    return ALL[name]()


@cache
def page(name: str) -> str:
    return render(report(name))


@cache
def parsed(name: str) -> tuple[Element, list[object]]:
    """Return the document, and what is wrong with it."""
    parser = html5lib.HTMLParser(namespaceHTMLElements=False)
    return parser.parse(page(name)), parser.errors


def document(name: str) -> Element:
    return parsed(name)[0]


def elements(name: str) -> Iterator[Element]:
    return (one for one in document(name).iter() if isinstance(one.tag, str))


def text_of(one: Element) -> str:
    return "".join(one.itertext())


def having(name: str, css_class: str) -> list[Element]:
    return [one for one in elements(name) if css_class in one.get("class", "").split()]


@every_page
def test_a_page_is_valid_html(name: str) -> None:
    assert parsed(name)[1] == []


@every_page
def test_a_page_is_the_same_each_time(name: str) -> None:
    assert render(report(name)) == page(name)


@every_page
def test_nothing_of_a_page_is_elsewhere(name: str) -> None:
    """Addresses lead to places on the page, and none of them was made of a report's text."""
    for one in elements(name):
        for attribute, value in one.attrib.items():
            bare = attribute.rpartition("}")[2]
            assert bare not in {"src", "srcset", "action", "style", "data", "poster", "ping"}
            assert not bare.startswith("on")
            if bare == "href":
                assert re.fullmatch(r"#[a-z]+(-[a-z0-9]+)?", value)
    assert {one.tag.rpartition("}")[2] for one in elements(name)}.isdisjoint(
        {"link", "img", "iframe", "object", "embed", "base", "foreignObject", "image", "animate"}
    )


@every_page
def test_the_policy_allows_the_two_blocks_of_the_page_and_nothing_else(name: str) -> None:
    blocks = {
        tag: [text_of(one) for one in elements(name) if one.tag == tag]
        for tag in ("style", "script")
    }
    assert {tag: len(found) for tag, found in blocks.items()} == {"style": 1, "script": 1}
    hashed = {
        tag: b64encode(sha256(found[0].encode()).digest()).decode() for tag, found in blocks.items()
    }
    (policy,) = [
        one.get("content")
        for one in elements(name)
        if one.get("http-equiv") == "Content-Security-Policy"
    ]
    assert policy == (
        f"default-src 'none'; style-src 'sha256-{hashed['style']}'; "
        f"script-src 'sha256-{hashed['script']}'; base-uri 'none'; form-action 'none'; "
        "require-trusted-types-for 'script'; trusted-types 'none'"
    )


@every_page
def test_a_page_says_its_blocks_before_its_policy_never(name: str) -> None:
    """A policy of a meta element holds only for what comes after it."""
    tags = [one.tag for one in elements(name)]
    metas = [one for one in elements(name) if one.get("http-equiv")]
    assert tags[: tags.index("meta")] == ["html", "head"]
    assert list(elements(name)).index(metas[0]) < min(tags.index("style"), tags.index("script"))


@every_page
def test_what_a_page_refers_to_is_there_once(name: str) -> None:
    ids = Counter(one.get("id") for one in elements(name) if one.get("id"))
    assert set(ids.values()) == {1}
    wanted = set()
    for one in elements(name):
        wanted |= {value[1:] for key, value in one.attrib.items() if key.endswith("href")}
        for key in ("aria-labelledby", "aria-describedby", "for"):
            wanted |= set(one.get(key, "").split())
    assert wanted - set(ids) == set()


@every_page
def test_a_page_names_itself_and_its_language(name: str) -> None:
    assert [one.get("lang") for one in elements(name) if one.tag == "html"] == ["en"]
    (title,) = [one for one in elements(name) if one.tag == "title"]
    headings = [int(one.tag[1]) for one in elements(name) if re.fullmatch("h[1-6]", one.tag)]
    assert text_of(title).endswith(" UTC - ringfence")
    assert headings.count(1) == 1
    assert all(after - before <= 1 for before, after in pairwise(headings))


def test_a_finding_is_told_whole() -> None:
    (card,) = [
        " ".join(one.itertext())
        for one in having("every_kind", "card")
        if one.get("data-kind") == "illegal-route"
    ]
    told = re.sub(r"\s+", " ", card).strip()
    assert told == (
        "critical illegal-route border1 NODES IPv4 import since 2026-11-20 04:00 UTC (3 days) "
        "Something is illegal-route. Effect weakened Witness 198.51.100.0/24 203.0.113.0/24 "
        "Comes from 172.20.1.7 About object of illegal-route Lines 12 the line of illegal-route "
        "no line Remedy deploy puts it right"
    )


def test_every_kind_of_finding_has_a_card_the_worst_first() -> None:
    cards = having("every_kind", "card")
    assert sorted(str(one.get("data-kind")) for one in cards) == sorted(Kind)
    severities = [str(one.get("data-severity")) for one in cards]
    assert severities == sorted(severities, key=["critical", "warning", "note"].index)


def test_a_candidate_is_shown_line_by_line_with_its_signs() -> None:
    (candidate,) = having("every_kind", "candidate")
    assert text_of(candidate) == (
        "route-map IN deny 1\n match ip address prefix-list RF-no-v4-0a1b2c3d\n"
    )
    removing = make_differing().model_copy(
        update={
            "deploy": make_differing().deploy.model_copy(  # type: ignore[union-attr]
                update={"candidate": "! why\nno route-map IN\ndelete policy-options x\nset a b\n"}
            )
        }
    )
    text = render(make_report(devices=(removing,)))
    assert "<span>! why</span>\n<del>no route-map IN</del>\n<del>delete " in text
    assert "<ins>set a b</ins>\n" in text


def test_a_thousand_devices_with_fifty_findings_fit_into_a_mail() -> None:
    assert len(page("thousand").encode()) < 1_000_000
    assert len(having("thousand", "card")) == 50


def test_whatever_the_report_its_page_is_bounded_and_says_what_it_leaves_out() -> None:
    sessions = tuple(make_session(session=f"{'n' * 50}{i}", witness="x") for i in range(200))
    device = make_device(state=DeviceState.DIFFERS, sessions=sessions)
    devices = tuple(device.model_copy(update={"device": f"tor{number}"}) for number in range(2500))
    findings = tuple(
        make_finding(
            Kind.MISSING,
            f"tor{number}",
            id=str(number),
            lines=tuple(Line(number=i, text="line") for i in range(100)),
            examples=tuple(map(str, range(100))),
        )
        for number in range(3000)
    )
    text = render(make_report(devices=devices, findings=findings))
    cuts = Counter(re.findall(r'class="cut">(.*?)</p>', text))
    rest = " more are not shown here; the JSON document has them all."
    assert cuts == {
        f"{3000 - MOST:,} findings{rest}": 1,
        f"500 devices{rest}": 1,
        f"2,440 devices{rest}": 1,
        f"104 rows of sessions{rest}": 60,
        f"70 lines{rest}": MOST,
        "2,491 ToRs are drawn together, 2,491 of them with findings, or unknown.": 1,
        "Not drawn: 1 session with devices that are not in this report; see Devices.": 1,
    }
    assert len(text) < 8_000_000


def test_a_long_text_is_cut_and_says_by_how_much() -> None:
    text = render(make_report(notes=(), findings=(make_finding(text="y" * (LONGEST + 7)),)))
    assert f"{'y' * LONGEST} ... (7 characters more)<" in text


def test_a_text_stays_text_in_every_place() -> None:
    """No way of HOSTILE to end what it stands in has ended anything."""
    assert "<script>alert" not in page("hostile")
    assert "<img" not in page("hostile")
    assert "<!--" not in page("hostile")
    assert "\x00" not in page("hostile")
    tags = Counter(one.tag for one in elements("hostile"))
    assert (tags["script"], tags["style"], tags["title"]) == (1, 1, 1)
    assert HOSTILE[:40] in text_of(document("hostile"))


@pytest.mark.parametrize("path", sorted(_TEMPLATES.glob("*.j2")), ids=lambda path: path.name)
def test_no_template_takes_text_for_markup(path: Path) -> None:
    tree = Environment(autoescape=True).parse(path.read_text())
    assert {one.name for one in tree.find_all(nodes.Filter)}.isdisjoint(
        {"safe", "tojson", "urlize", "xmlattr"}
    )
    assert list(tree.find_all(nodes.ScopedEvalContextModifier)) == []
    assert list(tree.find_all(nodes.MarkSafe)) == []


def test_all_that_the_page_is_made_of_is_delivered() -> None:
    """A wheel has only packages, and of their files only those that are asked for."""
    project = tomllib.loads((CHECKOUT / "pyproject.toml").read_text(encoding="utf-8"))
    patterns = project["tool"]["setuptools"]["package-data"]["*"]
    made_of = [one.name for one in _TEMPLATES.iterdir() if one.is_file() and one.suffix != ".py"]
    assert (_TEMPLATES / "__init__.py").is_file()
    assert {"page.html.j2", "page.css", "page.js"} <= set(made_of)
    assert [one for one in made_of if not any(map(partial(fnmatch, one), patterns))] == []
