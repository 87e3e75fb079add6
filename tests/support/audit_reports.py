"""Audit reports for tests of what is made from one: start with :func:`make_report`.

``clean``, ``every_kind``, ``half_unknown``, ``interrupted``, ``unguarded``, ``hostile`` and
``empty`` are whole reports, :data:`REPORTS` has them all by name, and :mod:`audit_parts` makes
their parts. Law: every one is a valid ``ringfence.audit/v1``, also the hostile one, whose every
text is :data:`HOSTILE`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from audit_parts import (
    EARLIER,
    make_device,
    make_differing,
    make_finding,
    make_past,
    make_session,
    make_unknown,
)

from policies.drift import Kind
from runbooks.audit_report import (
    AuditReport,
    DepthRow,
    DeviceState,
    Line,
    Link,
    Posture,
    PrefixChange,
    SessionState,
    WouldDeploy,
)

if TYPE_CHECKING:
    from collections.abc import Callable

STARTED, ENDED = "2026-11-23T10:00:00.000+00:00", "2026-11-23T10:00:07.250+00:00"

#: Markup, Markdown, quotes, control characters, a null byte, mentions, links, bidirectional
#: overrides, characters outside the BMP, every way to end a line, and more than anybody reads.
HOSTILE = (
    "</script><script>alert(1)</script><img src=x onerror=alert(2)>&amp;\"'`` ``` ~~~~ ]]> --> "
    "{{ 7*7 }} ${x} %s | [a](javascript:alert(3)) ![b](http://evil.invalid/x) <!-- @everyone #1 "
    "@all/x <@U1> <!channel> </details></code></pre>\n# not a heading\n- [x] done\n```\n"
    "\x00\x01\x07\x08\x1b[31mred\x1b[0m\x7f\x85\u2028\u2029\ufffe\uffff\r\n\t"
    "\u202egnp.evil\u202c \u200b\u2066x\u2069 \U0001f4a9 e\u0301 \\ \\n " + "A" * 3000
)

DEPTH = (
    DepthRow(
        attacker="node at tor1",
        hijack="default-route",
        victim="outside",
        depth=3,
        possible=3,
        wanted=2,
        witness="0.0.0.0/0",
        path=("tor1", "spine1", "border1"),
        drops=("tor1", "spine1", "border1"),
    ),
    DepthRow(attacker="outside", hijack="pool", victim="tor1", depth=2, possible=2, wanted=2),
)

SHALLOW = DepthRow(
    attacker="tor1 subverted",
    hijack="foreign-block",
    victim="node at tor2",
    depth=0,
    possible=2,
    wanted=2,
    witness="10.66.0.0/26",
    path=("tor1", "spine1", "tor2"),
)

LINKS = (
    Link(near="tor1", session="NODES", far="node"),
    Link(near="tor1", session="10.255.11.0", far="spine1"),
    Link(near="spine1", session="10.255.11.1", far="tor1"),
    Link(near="spine1", session="10.255.1.0", far="border1"),
    Link(near="border1", session="203.0.113.1", far="external"),
)


HISTORY = tuple(make_past(number) for number in range(24))


def make_report(**fields: Any) -> AuditReport:  # noqa: ANN401
    """Return the report of an audit that found nothing; ``fields`` replace some of the usual."""
    usual: dict[str, Any] = {
        "id": "20261123T100000Z-1f2e",
        "command": "audit",
        "site": "dc1",
        "source": "devices",
        "started": STARTED,
        "ended": ENDED,
        "by": "somebody@somewhere",
        "complete": True,
        "exit_code": 0,
        "devices": tuple(make_device(name) for name in ("border1", "spine1", "tor1")),
        "findings": (),
        "min_depth": 2,
        "depth": DEPTH,
        "links": LINKS,
        "history": HISTORY,
    }
    return AuditReport(**{**usual, **fields})


def clean() -> AuditReport:
    """Return an audit that found nothing."""
    return make_report()


def every_kind() -> AuditReport:
    """Return an audit with a finding of every kind, one of them seen for the first time."""
    findings = tuple(
        make_finding(kind, "border1", first_seen=ENDED if kind is Kind.DETACHED else EARLIER)
        for kind in Kind
    )
    return make_report(
        exit_code=2,
        devices=(make_differing("border1"), make_device("spine1"), make_device("tor1")),
        findings=findings,
        depth=(*DEPTH, SHALLOW),
        notes=("the pool 10.70.0.0/16 of orange is outside its delegation",),
    )


def half_unknown() -> AuditReport:
    """Return an audit that half of the devices did not answer, and the others differ."""
    return make_report(
        exit_code=3,
        complete=False,
        devices=(
            make_differing("border1"),
            make_unknown("spine1", "timed out after 30 s"),
            make_device("tor1"),
            make_unknown("tor2"),
        ),
        findings=(make_finding(Kind.WEAKENED, "border1", session="203.0.113.1"),),
    )


def interrupted() -> AuditReport:
    """Return an audit that a signal ended: one device answered, the others were not asked."""
    why = "not asked: SIGTERM ended the audit"
    return make_report(
        exit_code=3,
        complete=False,
        interrupted="SIGTERM",
        devices=(make_device("border1"), make_unknown("spine1", why), make_unknown("tor1", why)),
        depth=(),
        history=(),
    )


def unguarded() -> AuditReport:
    """Return an audit that found nothing, also where the site wants no guard."""
    free = make_session(guard=None, state=SessionState.FREE)
    return make_report(
        devices=(
            make_device("border1"),
            make_device("rr1", state=DeviceState.UNGUARDED, sessions=(free,)),
            make_device("tor1"),
        )
    )


def empty() -> AuditReport:
    """Return the report of a site without devices, on configuration files."""
    return make_report(
        command="verify", source="configs", devices=(), depth=(), links=(), history=(), min_depth=0
    )


def hostile() -> AuditReport:
    """Return a report whose every text that a device, a file or a name can bring is hostile."""
    lines = (Line(number=1, text=HOSTILE), Line(number=None, text=HOSTILE))
    session = make_session(
        session=HOSTILE,
        guard=HOSTILE,
        state=SessionState.LEAKS,
        peer=HOSTILE,
        witness=HOSTILE,
        lines=lines,
        posture=Posture(open=None, text=HOSTILE, closing=(HOSTILE,)),
    )
    deploy = WouldDeploy(
        candidate=HOSTILE,
        changes=(
            PrefixChange(
                session=HOSTILE, family=6, direction="export", stops=(HOSTILE,), starts=(HOSTILE,)
            ),
        ),
        obstacles=(HOSTILE,),
    )
    finding: dict[str, Any] = {
        "session": HOSTILE,
        "family": 4,
        "direction": "import",
        "object": HOSTILE,
        "text": HOSTILE,
        "witness": HOSTILE,
        "examples": (HOSTILE,),
        "lines": lines,
        "origin": HOSTILE,
        "remedy": HOSTILE,
    }
    name = HOSTILE[:200]
    return make_report(
        site=name,
        source=HOSTILE,
        by=HOSTILE,
        complete=False,
        interrupted=HOSTILE,
        exit_code=3,
        notes=(HOSTILE,),
        devices=(
            make_device(
                name,
                platform=HOSTILE,
                role=HOSTILE,
                rack=HOSTILE,
                state=DeviceState.DIFFERS,
                sessions=(session,),
                deploy=deploy,
            ),
            make_unknown("tor2", HOSTILE),
        ),
        findings=(
            make_finding(Kind.WEAKENED, name, id="0a", **finding),
            make_finding(Kind.SHALLOW, "", id="0b", **finding),
        ),
        depth=(
            DepthRow(
                attacker=HOSTILE,
                hijack=HOSTILE,
                victim=HOSTILE,
                depth=0,
                possible=1,
                wanted=1,
                witness=HOSTILE,
                path=(name, HOSTILE),
                drops=(HOSTILE,),
            ),
        ),
        links=(
            Link(near=name, session=HOSTILE, far=HOSTILE),
            Link(near=name, session=HOSTILE, far="node"),
        ),
    )


#: Every report, by its name, as what makes it.
REPORTS: dict[str, Callable[[], AuditReport]] = {
    one.__name__: one
    for one in (clean, every_kind, half_unknown, interrupted, unguarded, empty, hostile)
}

#: Those that are compared with files in tests/golden.
GOLDEN = tuple(name for name in REPORTS if name != "hostile")
