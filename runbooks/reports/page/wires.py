"""What runs between the nodes of the picture: :func:`wires`.

A wire is all sessions between two nodes, with an end at each. Law: a wire is as bad as the worst
that is known of its sessions, and an end of a device that did not answer is unknown.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from runbooks.audit_report import DeviceState
from runbooks.reports.page.text import count

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runbooks.audit_report import AuditReport, DeviceReport, SessionReport
    from runbooks.reports.page.tiers import Node

OUTSIDE: Final = "external"
NODES: Final = "node"

_LINES: Final = 12
"""Sessions that the text of one end names."""


class Look(StrEnum):
    """How an end or a wire is drawn, worst first: a state of sessions, or nothing is known."""

    LEAKS = "leaks"
    UNKNOWN = "unknown"
    PROVEN = "proven"
    CLOSED = "closed"
    FREE = "free"


@dataclass(slots=True)
class _End:
    sessions: list[tuple[str, SessionReport]] = field(default_factory=list)
    names: set[tuple[str, str]] = field(default_factory=set)
    silent: bool = False

    @property
    def look(self) -> Look:
        found = {Look(one.state) for _, one in self.sessions}
        if self.silent:
            found.add(Look.UNKNOWN)
        return next((look for look in Look if look in found), Look.FREE)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wire:
    """The sessions between two nodes, by number; ``far`` may be "node" or "external".

    ``looks`` are of the ends, near and far; the far one is None where nobody looks.
    """

    near: int
    far: int | str
    looks: tuple[Look, Look | None]
    title: str
    sessions: int
    down: int

    @property
    def look(self) -> Look:
        """The worst of both ends."""
        return next(look for look in Look if look in self.looks)


@dataclass(frozen=True, slots=True, kw_only=True)
class Undrawn:
    """How many sessions have no wire.

    ``elsewhere`` are with devices that are not in the report; ``unnamed`` are on a device, and the
    site does not name them.
    """

    elsewhere: int = 0
    unnamed: int = 0


def wires(report: AuditReport, nodes: Sequence[Node]) -> tuple[tuple[Wire, ...], Undrawn]:
    """Return the wires, and how many sessions have none."""
    number = {name: index for index, node in enumerate(nodes) for name in node.devices}
    ends: dict[tuple[int, int | str], dict[int, _End]] = defaultdict(lambda: defaultdict(_End))
    far_ends: dict[str, dict[str, str]] = defaultdict(dict)
    for link in report.links:
        far_ends[link.near][link.session] = link.far
    elsewhere = unnamed = 0
    for device in report.devices:
        near = number[device.device]
        for session, (far_name, found) in _sessions(device, far_ends[device.device]).items():
            far = far_name if far_name in (OUTSIDE, NODES) else number.get(far_name, "")
            if far == "":
                elsewhere += far_name != ""
                unnamed += far_name == ""
                continue
            key = (min(near, far), max(near, far)) if isinstance(far, int) else (near, far)
            end = ends[key][near]
            end.names.add((device.device, session))
            end.sessions += [(device.device, one) for one in found]
            end.silent |= device.state is DeviceState.UNKNOWN
    made = (_wire(key, found, nodes) for key, found in ends.items())
    drawn = tuple(sorted(made, key=lambda one: list(Look)[::-1].index(one.look)))
    return drawn, Undrawn(elsewhere=elsewhere, unnamed=unnamed)


def _sessions(
    device: DeviceReport, far: Mapping[str, str]
) -> dict[str, tuple[str, list[SessionReport]]]:
    """Return the far end and the reports of each session, also of those that have none."""
    found: dict[str, tuple[str, list[SessionReport]]] = {
        session: (name, []) for session, name in far.items()
    }
    for one in device.sessions:
        found.setdefault(one.session, (one.peer or "", []))[1].append(one)
    return found


def _wire(key: tuple[int, int | str], ends: Mapping[int, _End], nodes: Sequence[Node]) -> Wire:
    near, far = key
    mine = ends.get(near, _End())
    theirs = ends.get(far) if isinstance(far, int) else None
    names = {OUTSIDE: "the outside", NODES: "nodes"}
    other = nodes[far].title if isinstance(far, int) else names[far]
    both = [one for one in (mine, theirs) if one is not None]
    return Wire(
        near=near,
        far=far,
        looks=(mine.look, theirs.look if theirs is not None else None),
        title="\n".join(
            [f"{nodes[near].title} - {other}", *(line for one in both for line in _told(one))]
        ),
        sessions=max(len(one.names) for one in both),
        down=len(
            {(who, one.session) for end in both for who, one in end.sessions if one.up is False}
        ),
    )


def _told(end: _End) -> Iterable[str]:
    if end.silent:
        yield f"{', '.join(sorted({who for who, _ in end.names})[:3])}: nothing is known"
    if len(end.sessions) > _LINES:
        states = Counter(one.state for _, one in end.sessions)
        told = ", ".join(f"{number:,} {state}" for state, number in states.most_common())
        yield f"{count(len(end.names), 'session')}, by family and direction: {told}"
        return
    for who, one in end.sessions:
        guard = one.guard or "no guard wanted"
        down = ", down" if one.up is False else ""
        yield f"{who} {one.session}, IPv{one.family} {one.direction}: {guard}, {one.state}{down}"
