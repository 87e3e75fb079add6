"""Comments on merge requests: as reviewed, judged by GitHub's own parser, and true."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import cmarkgfm
import pytest
from audit_parts import make_device, make_differing, make_finding, make_unknown
from audit_reports import GOLDEN, HOSTILE, REPORTS, every_kind, make_report
from cmarkgfm.cmark import Options
from goldens import check_golden
from hypothesis import given
from hypothesis import strategies as st
from lxml import html
from plans import make_device_plan, make_plan

from policies.drift import Kind
from runbooks.audit_report import DepthRow, DeviceState, WouldDeploy
from runbooks.plan_file import CheckedLimit, DroppedRoute, SessionChange
from runbooks.reports.markdown import render
from runbooks.reports.markdown_text import LIMIT, code, fenced, folded, prose, table
from runbooks.reports.page.text import shown
from runbooks.reports.plan_markdown import plan_markdown

if TYPE_CHECKING:
    from runbooks.plan_file import Plan

#: Everything that a document of ours is made of.
ELEMENTS = {
    *("h3", "p", "strong", "ul", "ol", "li", "code", "pre", "table", "thead", "tbody", "tr"),
    *("th", "td", "details", "summary", "wbr"),
}
#: The same, as what finds in the rendered text what GitHub and GitLab make references of.
REFERENCE = re.compile(r"[@#!~%&$^]\S|://|\bwww\.|:[\w+-]+:")


def hostile_plan() -> Plan:
    """Return a plan whose every text that a device, a file or a name can bring is hostile."""
    change = SessionChange(
        session=HOSTILE,
        direction="import",
        family=4,
        fence=HOSTILE,
        stops=True,
        stop_examples=(HOSTILE,),
        starts=True,
        start_examples=(HOSTILE,),
    )
    limit = CheckedLimit(
        name=HOSTILE,
        allows=HOSTILE,
        setting=HOSTILE,
        state="accepted",
        flag=HOSTILE,
        found=(HOSTILE,),
    )
    device = make_device_plan(
        HOSTILE,
        device_diff=HOSTILE,
        changes=(change,),
        drops=(DroppedRoute(prefix=HOSTILE, session=HOSTILE),),
        closed=(HOSTILE,),
    )
    bare = make_device_plan("tor2", device_diff="", candidate=HOSTILE)
    texts = {"site": HOSTILE, "by": HOSTILE, "undoes": HOSTILE, "findings": (HOSTILE,)}
    return make_plan(device, bare, limits=(limit,), waves=((HOSTILE,),), **texts)


PLANS = {
    "plan": make_plan(make_device_plan("tor1"), make_device_plan("tor2", candidate="")),
    "plan.nothing": make_plan(make_device_plan("tor1", candidate=""), waves=()),
    "plan.rollback": make_plan(make_device_plan("tor1", device_diff=""), undoes="20260101T000000Z"),
    "plan.hostile": hostile_plan(),
}
DOCUMENTS = {name: (lambda make=make: render(make())) for name, make in REPORTS.items()}
DOCUMENTS |= {name: (lambda plan=plan: plan_markdown(plan)) for name, plan in PLANS.items()}


def parsed(markdown: str) -> html.HtmlElement:
    """Return what GitHub's parser makes of ``markdown``, with the HTML in it let through."""
    options = Options.CMARK_OPT_UNSAFE
    return html.fromstring(
        f"<div>{cmarkgfm.github_flavored_markdown_to_html(markdown, options=options)}</div>"
    )


@pytest.mark.parametrize("name", GOLDEN)
def test_an_audit_is_as_reviewed(name: str) -> None:
    check_golden(f"reports/{name}.md", DOCUMENTS[name]())


@pytest.mark.parametrize("name", ["plan", "plan.nothing", "plan.rollback"])
def test_a_plan_is_as_reviewed(name: str) -> None:
    check_golden(f"reports/{name}.md", DOCUMENTS[name]())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nothing_is_in_it_but_what_it_is_made_of(name: str) -> None:
    tree = parsed(DOCUMENTS[name]())
    assert {element.tag for element in tree.iterdescendants()} <= ELEMENTS
    attributes = {pair for element in tree.iterdescendants() for pair in element.items()}
    assert attributes <= {("lang", "diff"), ("class", "language-diff")}
    # Everything that was opened was closed where it should be: nothing is left in the rest.
    assert {child.tag for child in tree} <= {"h3", "p", "ul", "ol", "table", "details"}
    for rows in tree.iter("table"):
        assert len({len(row) for row in rows.iter("tr")}) == 1
    for summary in tree.iter("summary"):
        assert summary.getparent().tag == "details"


@pytest.mark.parametrize("name", DOCUMENTS)
def test_nobody_is_mentioned_and_nothing_is_referred_to(name: str) -> None:
    tree = parsed(DOCUMENTS[name]())
    for element in [*tree.iter("code"), *tree.iter("pre")]:
        for child in list(element):
            element.remove(child)
        element.text = ""
    assert not REFERENCE.search(tree.text_content())


@pytest.mark.parametrize("name", DOCUMENTS)
def test_no_line_is_a_command_to_gitlab(name: str) -> None:
    assert [line for line in DOCUMENTS[name]().splitlines() if line.startswith("/")] == []


TEXTS = st.one_of(
    st.text(max_size=60),
    st.text(alphabet=st.sampled_from("`~*_-+=#>|\\[]()!<&;:@/.1 \n\ta"), max_size=40),
    st.sampled_from(["1. a", "www.a.b", "x@y.zz", "http://a.b", "GH-1", "fd00:a:b::1", HOSTILE]),
)


def test_punctuation_stays_out_of_code() -> None:
    told = prose("peers (fd00:a:b::1, fd00:a:b::2). See @ann, (#1); (,) www. and (@).")
    assert told == (
        "peers (<code>fd00:a:b::1</code>, <code>fd00:a:b::2</code>). See "
        "<code>&#64;<wbr>ann</code>, (<code>&#35;1</code>); (,) <code>www</code>. and "
        "(<code>&#64;<wbr></code>)."
    )


def content(element: html.HtmlElement) -> str:
    return str(element.text_content())


@given(TEXTS)
def test_text_reads_as_it_stands_wherever_it_is(text: str) -> None:
    line = " ".join(shown(text).split())
    line = line if len(line) <= 300 else f"{line[:300]} ..."
    for form in (prose, code):
        tree = parsed(f"- {form(text)}")
        assert content(tree).strip() == line
        assert {one.tag for one in tree.iterdescendants()} <= {"ul", "li", "code", "wbr"}
        tree = parsed("\n".join(table(["a", "b"], [[form(text), "z"]])))
        cells = [content(cell) for cell in tree.iter("td")]
        assert cells == [line, "z"]
        tree = parsed(folded(form(text), "x"))
        assert content(tree.find(".//summary")) == line
        assert content(tree.find(".//p")) == "x"


@given(TEXTS)
def test_code_in_a_block_reads_as_it_stands(text: str) -> None:
    tree = parsed(folded("s", fenced(text), "after"))
    lines = shown(text).split("\n")
    if lines[-1] == "":
        lines.pop()
    wanted = "".join((f" {line}" if line.startswith("/") else line) + "\n" for line in lines)
    # An HTML parser leaves out the newline right after <pre>; cmark puts <code> in between.
    assert content(tree.find(".//pre")) == wanted
    assert content(tree.find(".//p")) == "after"


@pytest.mark.parametrize("run", ["```", "````", "~~~", "`" * 50, "```\n````\n`````", "   ```"])
def test_no_device_gets_out_of_its_block(run: str) -> None:
    candidate = f"a\n{run}\n# out\n{run}diff\n</pre></details>\n"
    device = make_device("tor1", state=DeviceState.DIFFERS, deploy=WouldDeploy(candidate=candidate))
    tree = parsed(render(make_report(devices=(device,), exit_code=2)))
    (block,) = tree.iter("pre")
    assert content(block) == candidate
    assert list(tree.iter("h1")) == []


def test_the_verdict_comes_first() -> None:
    first = {name: render(REPORTS[name]()).splitlines()[0] for name in REPORTS if name != "hostile"}
    title = "### ringfence audit of <code>dc1</code>: {}".format
    assert first == {
        "clean": title("fenced"),
        "every_kind": title("not fenced"),
        "half_unknown": title("not fenced"),
        "interrupted": title("unknown"),
        "empty": title("unknown").replace("audit", "verify"),
        "unguarded": title("fenced"),
    }


def test_what_is_unknown_is_named_and_never_clean() -> None:
    report = make_report(
        devices=(make_device("tor1"), make_unknown("tor2", "tor2: no route to it"))
    )
    text = render(report)
    assert "### ringfence audit of <code>dc1</code>: unknown" in text
    assert "- <code>tor2</code>: no route to it" in text.splitlines()


def test_a_finding_is_told_with_all_that_is_known_of_it() -> None:
    finding = make_finding(
        Kind.ILLEGAL_ROUTE, text="It is there.", remedy="Pull the plug.", first_seen=None
    )
    report = make_report(findings=(finding,), exit_code=2, devices=(make_device("tor1"),))
    told = [content(one) for one in parsed(render(report)).find("details").iter("li")]
    assert told == [
        "It is there.",
        "about: object of illegal-route",
        "effect: weakened",
        "witness: 198.51.100.0/24 (also 203.0.113.0/24)",
        "line 12: the line of illegal-route",
        "line: no line",
        "from: 172.20.1.7",
        "then: Pull the plug.",
    ]


def many(number: int, size: int = 40) -> list[str]:
    return [f"tor{one:04}" + "x" * size for one in range(number)]


@pytest.mark.parametrize("limit", [LIMIT, 65_536, 4_000])
def test_a_report_of_many_devices_is_cut_and_says_so(limit: int) -> None:
    findings = tuple(
        make_finding(Kind.WEAKENED, name, id=name, text="\u20ac" * 250) for name in many(1000)
    )
    devices = tuple(
        make_device(
            name,
            state=DeviceState.DIFFERS,
            deploy=WouldDeploy(candidate="line\n" * 5000, obstacles=("o",) * 100),
        )
        for name in many(1000)
    )
    row = DepthRow(attacker="a", hijack="h", victim="v", depth=0, possible=2, wanted=2)
    report = make_report(
        devices=(*devices, *map(make_unknown, many(500, 10))),
        findings=findings,
        depth=(row,) * 500,
        notes=("n" * 1000,) * 1000,
        complete=False,
        exit_code=3,
    )
    text = render(report, limit)
    assert limit // 2 < len(text.encode()) <= limit
    tree = parsed(text)
    rows = sum(len(body) for body in tree.iter("tbody"))
    details = len([one for one in tree.iter("summary") if "differs" in content(one)])
    said = content(tree[-1])
    assert f"findings in the table: {1000 - rows}" in said
    assert f"devices' details: {1000 - details}" in said


def test_a_plan_of_many_devices_is_cut_and_says_so() -> None:
    devices = tuple(make_device_plan(name, device_diff="+ x\n" * 900) for name in many(1000))
    text = plan_markdown(make_plan(*devices, waves=tuple((name,) for name in many(1000))))
    assert LIMIT // 2 < len(text.encode()) <= LIMIT
    tree = parsed(text)
    said = content(tree[-1])
    rows = [row for body in tree.iter("tbody") for row in body]
    assert f"changes in the table: {1000 - len(rows)}" in said
    assert f"devices' diffs: {1000 - len(list(tree.iter('details')))}" in said


def test_a_report_that_fits_is_not_cut() -> None:
    assert "Left out here" not in render(every_kind())


def test_a_long_candidate_is_cut_and_says_so() -> None:
    block = fenced("line\n" * 1000)
    assert block.splitlines()[-2] == "... (880 more lines)"
    assert fenced("x" * 10_000).splitlines()[-2] == "... (some more lines)"
    assert "more lines" not in fenced("line\n" * 120)


def test_what_is_new_is_told_from_what_is_known() -> None:
    rows = [
        [content(cell) for cell in row]
        for row in parsed(render(every_kind())).find(".//tbody").iter("tr")
    ]
    new = [row[3] for row in rows if row[5] == "new"]
    assert new == ["detached: Something is detached."]
    assert {row[5] for row in rows} == {"new", "2026-11-20 04:00 UTC"}


def test_a_device_in_the_list_is_one_that_differs_or_has_findings() -> None:
    report = make_report(
        devices=(make_device("tor1"), make_differing("border1"), make_device("tor2")),
        findings=(make_finding(Kind.LEFTOVER, "tor2"),),
    )
    summaries = [content(one) for one in parsed(render(report)).iter("summary")]
    assert summaries == ["border1: differs", "tor2: clean, 1 finding"]
