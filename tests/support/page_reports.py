"""Audit reports of whole fabrics, for tests of the page: :func:`make_fabric`.

Law: what is clean is made from the fabric's shape alone; what is not is named by the caller.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from audit_parts import make_device, make_differing, make_finding, make_unknown
from audit_reports import make_report

from policies.drift import Kind
from runbooks.audit_report import (
    DepthRow,
    DeviceReport,
    Family,
    Finding,
    Line,
    Link,
    SessionReport,
    SessionState,
)

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable

    from runbooks.audit_report import AuditReport

_PLATFORMS = ("junos", "iosxr", "nxos", "eos", "frr", "ios")


def make_fabric(
    borders: int,
    spines: int,
    tors: int,
    *,
    leaking: Collection[str] = (),
    unknown: Collection[str] = (),
) -> AuditReport:
    """Return an audit of a fabric in which every switch meets every one of the next tier."""
    tiers = {
        "border": [f"border{number}" for number in range(1, borders + 1)],
        "spine": [f"spine{number}" for number in range(1, spines + 1)],
        "tor": [f"tor{number}" for number in range(1, tors + 1)],
    }
    links = tuple(_links(tiers))
    far: dict[str, list[Link]] = {}
    for link in links:
        far.setdefault(link.near, []).append(link)
    devices = tuple(
        make_unknown(name)
        if name in unknown
        else _device(name, role, far[name], leaks=name in leaking)
        for role, names in tiers.items()
        for name in names
    )
    findings = tuple(_finding(name) for name in leaking)
    return make_report(
        exit_code=3 if unknown else 2 if leaking else 0,
        complete=not unknown,
        devices=devices,
        links=links,
        findings=findings,
        depth=_depth(tors),
    )


def _links(tiers: dict[str, list[str]]) -> Iterable[Link]:
    for upper, lower in (("border", "spine"), ("spine", "tor")):
        for high in tiers[upper]:
            for low in tiers[lower]:
                yield Link(near=high, session=f"to-{low}", far=low)
                yield Link(near=low, session=f"to-{high}", far=high)
    for name in tiers["border"]:
        yield Link(near=name, session="203.0.113.1", far="external")
    for name in tiers["tor"]:
        yield Link(near=name, session="NODES", far="node")


def _device(name: str, role: str, links: Iterable[Link], *, leaks: bool) -> DeviceReport:
    number = int(name.lstrip("bordespint"))
    sessions = [
        _session(link, family, role, leaks=leaks and index == 0)
        for index, link in enumerate(links)
        for family in (4, 6)
    ]
    fields = {
        "platform": _PLATFORMS[number % len(_PLATFORMS)],
        "rack": f"rack{(number + 1) // 2}" if role == "tor" else None,
        "sessions": tuple(sessions),
    }
    return (make_differing if leaks else make_device)(name).model_copy(update=fields)


def _session(link: Link, family: Family, role: str, *, leaks: bool) -> SessionReport:
    guarded = link.far not in ("external", "node") or role == "tor"
    return SessionReport(
        session=link.session,
        family=family,
        direction="import",
        guard="only orange" if guarded else "never orange",
        state=SessionState.LEAKS if leaks else SessionState.PROVEN,
        peer=link.far,
        up=True,
        witness="10.65.0.0/27" if leaks else None,
        lines=(Line(number=812, text="ip prefix-list RF-out-orange-v4-77b0d2 seq 30 permit any"),)
        if leaks
        else (),
    )


def _finding(name: str) -> Finding:
    return make_finding(
        Kind.WEAKENED,
        name,
        id=f"weakened-{name}",
        family=4,
        direction="import",
        witness="10.65.0.0/27",
    )


def _depth(tors: int) -> tuple[DepthRow, ...]:
    hijacks = ("default-route", "foreign-specific", "other-cluster", "too-long", "too-short")
    attackers = {f"node at tor1 (and {tors - 1} like it)": 3, "tor1 subverted": 2, "outside": 2}
    return tuple(
        DepthRow(
            attacker=attacker,
            hijack=hijack,
            victim=victim,
            depth=possible - 1 if hijack == "too-long" else possible,
            possible=possible,
            wanted=2,
            witness="10.65.0.0/27",
            path=("tor1", "spine1", "border1")[:possible],
            drops=("tor1", "spine1", "border1")[: possible - (hijack == "too-long")],
        )
        for attacker, possible in attackers.items()
        for hijack in hijacks
        for victim in ("node at tor2", "border1")
    )
