"""The HTML page: :func:`render` makes one self-contained file of an audit report.

It needs no network and no script to be read; what scripts add are filters and hints. Law: text of
a report is never markup. Three walls stand for it, each alone enough: every value is escaped by
the template engine, none is ever put into a script, a style or an address, and the page's own
Content-Security-Policy runs and loads nothing but its two inline blocks, known by their hashes.
"""

from __future__ import annotations

from base64 import b64encode
from functools import cache
from hashlib import sha256
from importlib.resources import files
from typing import TYPE_CHECKING, Final

from jinja2 import Environment, PackageLoader, StrictUndefined
from markupsafe import Markup

from runbooks.audit_report import SessionState
from runbooks.reports.page.depth import depth
from runbooks.reports.page.devices import devices
from runbooks.reports.page.findings import cards
from runbooks.reports.page.headline import headline
from runbooks.reports.page.history import chart
from runbooks.reports.page.picture import picture
from runbooks.reports.page.text import brief, clock, count, shown
from runbooks.reports.page.wires import Look
from runbooks.reports.words import SESSIONS, UNGUARDED

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbooks.audit_report import AuditReport

_POLICY: Final = (
    "default-src 'none'; style-src {style}; script-src {script}; base-uri 'none'; "
    "form-action 'none'; require-trusted-types-for 'script'; trusted-types 'none'"
)
"""https://www.w3.org/TR/CSP3/ and https://www.w3.org/TR/trusted-types/"""


def render(report: AuditReport) -> str:
    """Return ``report`` as one HTML document, to be written as UTF-8.

    Its size is bounded whatever the size of the fabric; where it leaves something out it says so.
    """
    style, script = _own("page.css"), _own("page.js")
    all_devices = devices(report)
    return (
        _environment()
        .get_template("page.html.j2")
        .render(
            report=report,
            head=headline(report),
            picture=picture(report, all_devices.anchors),
            findings=cards(report, all_devices.anchors),
            devices=all_devices,
            depth=depth(report),
            chart=chart(report),
            unguarded=UNGUARDED,
            legend=_legend(),
            policy=_POLICY.format(style=_source(style), script=_source(script)),
            style=Markup(style),  # noqa: S704 - a file of our own, whose hash the policy holds
            script=Markup(script),  # noqa: S704 - the same
        )
    )


def _legend() -> Iterator[tuple[str, str]]:
    """Yield each look of a session's end and what it means, in the order of the picture's."""
    yield from ((one.value, text) for one, text in SESSIONS.items() if one is not SessionState.FREE)
    yield Look.UNKNOWN, ""
    yield SessionState.FREE, SESSIONS[SessionState.FREE]


@cache
def _environment() -> Environment:
    made = Environment(
        loader=PackageLoader("runbooks.reports"),
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_finalize,
        trim_blocks=True,
        lstrip_blocks=True,
    )
    made.filters |= {"brief": brief, "count": count, "clock": clock}
    return made


def _finalize(value: object) -> object:
    """Make every text fit to be shown, so that no template can forget to."""
    return shown(value) if isinstance(value, str) and not isinstance(value, Markup) else value


@cache
def _own(name: str) -> str:
    return (files("runbooks.reports") / "templates" / name).read_text(encoding="utf-8")


def _source(text: str) -> str:
    """Return the name by which a Content-Security-Policy knows an inline block."""
    return f"'sha256-{b64encode(sha256(text.encode()).digest()).decode()}'"
