"""An audit as a comment on a merge request, for GitHub and GitLab: :func:`render`.

The verdict comes first, then a table of what was found, then each device to be unfolded. Law: its
length is bounded, and what is left out is said; device text is text (:mod:`.markdown_text`).
"""

from __future__ import annotations

from collections import defaultdict
from functools import partial
from typing import TYPE_CHECKING, Final

from runbooks.audit_report import DeviceState, Severity
from runbooks.reports.markdown_text import LIMIT, Page, code, fenced, folded, prose
from runbooks.reports.page.text import clock, count
from runbooks.reports.words import UNGUARDED, VERDICTS, counted, details, mark, place, why

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    from runbooks.audit_report import AuditReport, DepthRow, DeviceReport, Finding

_ORDER: Final = tuple(Severity)

_HEAD: Final = ("", "device", "session", "what", "witness", "first seen")

_MORE: Final = "**Left out here**, as a comment has no room for more ({}): see the whole report."

#: Ways of one class of hijack, notes, and texts of one list that are shown.
_WAYS, _NOTES, _LIST = 10, 20, 20


def render(report: AuditReport, limit: int = LIMIT) -> str:
    """Return ``report`` as Markdown of at most ``limit`` bytes, which are to be some thousands."""
    page = Page(limit, _MORE)
    for block in _head(report):
        page.add(block)
    findings = sorted(report.findings, key=lambda one: (_ORDER.index(one.severity), one.device))
    if findings:
        page.add_table(_HEAD, findings, partial(_row, report), "findings in the table")
    short = [row for row in report.depth if row.short]
    if short:
        page.add(_depth(short))
    by_device: dict[str, list[Finding]] = defaultdict(list)
    for one in findings:
        by_device[one.device].append(one)
    known = {one.device for one in report.devices}
    rest = [one for one in findings if one.device not in known]
    if rest:
        summary = f"The site: {count(len(rest), 'finding')}"
        if not page.add(folded(summary, *_told(rest))):
            page.miss("details of findings about the site", len(rest))
    devices = [
        one for one in report.devices if one.state is DeviceState.DIFFERS or by_device[one.device]
    ]
    page.add_each(devices, lambda one: _device(one, by_device[one.device]), "devices' details")
    return page.text()


def _head(report: AuditReport) -> Iterator[str]:
    """Yield the verdict, and what keeps it from being the whole truth."""
    what = "configuration files" if report.source != "devices" else "devices"
    yield f"### ringfence {report.command} of {code(report.site)}: {VERDICTS[mark(report)]}"
    yield f"**{prose(counted(report))}** ({what}, {prose(clock(report.ended))})"
    if report.interrupted:
        yield (
            f"**Ended early** by {prose(report.interrupted)}: "
            "what was not looked at is not known, so it is not clean."
        )
    unknown = [one for one in report.devices if one.state is DeviceState.UNKNOWN]
    if unknown:
        yield "**Unknown**, and so not clean:"
        yield _listed(f"{code(one.device)}: {prose(why(one))}" for one in unknown)
    bare = [one.device for one in report.devices if one.state is DeviceState.UNGUARDED]
    if bare:
        yield f"**Unguarded**, as {UNGUARDED}:"
        yield _listed(map(code, bare))
    if report.notes:
        yield _listed(prose(f"note: {one}") for one in report.notes)


def _listed(texts: Iterable[str]) -> str:
    """Return a list of texts, of which the first are shown."""
    lines = [f"- {one}" for one in texts]
    more = len(lines) - _LIST
    return "\n".join([*lines[:_LIST], *([f"- and {more} more"] if more > 0 else [])])


def _row(report: AuditReport, one: Finding) -> tuple[str, ...]:
    severity = f"**{one.severity.value}**" if one.severity is Severity.CRITICAL else one.severity
    return (
        str(severity),
        code(one.device) or "the site",
        code(place(one)),
        f"**{one.kind.value}**: {prose(one.text)}",
        code(one.witness or ""),
        "new" if one.first_seen == report.ended else prose(clock(one.first_seen or "")),
    )


def _depth(rows: list[DepthRow]) -> str:
    ways = [
        f"{code(one.hijack)} from {prose(one.attacker)} to {prose(one.victim)}: dropped on "
        f"{one.depth} of {count(one.wanted, 'device')} demanded"
        + (f", such as {code(one.witness)}" if one.witness else "")
        + (f" by way of {code(' > '.join(one.path))}" if one.path else "")
        for one in rows[:_WAYS]
    ]
    more = [f"and {len(rows) - _WAYS} more"] if len(rows) > _WAYS else []
    return folded(
        f"Depth: {count(len(rows), 'way')} on which too few devices drop a hijack",
        "\n".join(f"- {one}" for one in (*ways, *more)),
    )


def _told(findings: Iterable[Finding]) -> Iterator[str]:
    """Yield each finding with everything that is known of it."""
    for one in findings:
        where = f" {code(place(one))}" if place(one) else ""
        yield f"**{one.severity.value} {one.kind.value}**{where}"
        yield _listed(map(prose, details(one)))


def _device(one: DeviceReport, findings: list[Finding]) -> str:
    found = f", {count(len(findings), 'finding')}" if findings else ""
    blocks = list(_told(findings[:_LIST]))
    if len(findings) > _LIST:
        blocks.append(f"and {count(len(findings) - _LIST, 'more finding')}")
    if one.deploy is not None:
        if one.deploy.obstacles:
            blocks.append("A deploy would be refused:")
            blocks.append(_listed(map(prose, one.deploy.obstacles)))
        if one.deploy.candidate:
            blocks += ["A deploy would send:", fenced(one.deploy.candidate)]
    return folded(f"{code(one.device)}: {one.state.value}{found}", *blocks)
