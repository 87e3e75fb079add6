"""The picture of the fabric, laid out: :func:`picture`.

Tiers from the outside down to the nodes; a box for each node of a tier, a wire for the sessions
between two of them, and a mark at each end that is guarded. Law: its size is bounded, whatever the
size of the fabric; what is not drawn by itself is counted. Lengths are in units of the view box.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import replace
from typing import TYPE_CHECKING, Final

from runbooks.reports.page.depth import weakest_by_tier
from runbooks.reports.page.shapes import Box, Label, Line, Mark, Picture
from runbooks.reports.page.text import brief, count
from runbooks.reports.page.tiers import tiers, title
from runbooks.reports.page.wires import NODES, OUTSIDE, Look, Wire, wires

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from runbooks.audit_report import AuditReport
    from runbooks.reports.page.tiers import Node, Tier
    from runbooks.reports.page.wires import Undrawn

_LEFT: Final = 104
"""Room for the names of the tiers."""
_PITCH: Final = 116
"""From one node to the next, where the tier is full; few nodes stand further apart."""
_NARROWEST: Final = 760
_TALL: Final = 52
_BAND: Final = 34
_BETWEEN: Final = 118
"""Between two tiers: room for curves that can be told apart."""
_MARK: Final = 13


def picture(report: AuditReport, anchors: Mapping[str, str]) -> Picture:
    """Return the picture of ``report``; ``anchors`` say where on the page a device is told of."""
    all_tiers = tiers(report)
    nodes = [node for tier in all_tiers for node in tier.nodes]
    all_wires, lost = wires(report, nodes)
    widest = max((len(tier.nodes) for tier in all_tiers), default=0)
    width = max(_NARROWEST, _LEFT + _PITCH * widest + 8)
    boxes: list[Box] = []
    labels: list[Label] = []
    y = 8.0
    if any(wire.far == OUTSIDE for wire in all_wires):
        labels.append(Label(y=y + _BAND / 2, text="outside"))
        y += _BAND + _BETWEEN * 0.62
    for tier in all_tiers:
        placed = _place(tier, y, width, anchors)
        boxes += placed
        labels.append(Label(y=y + _TALL / 2, text=tier.name))
        y += _TALL + _BETWEEN
    ends = _ends(boxes, all_wires)
    extra = _extra(boxes, all_wires, width, y - _BETWEEN * 0.38)
    if NODES in {key[1] for key in extra}:
        y = max(box.y + box.height for box in extra.values()) + _BETWEEN
        labels.append(Label(y=y - _BETWEEN - _BAND / 2, text="nodes"))
    lines = tuple(_line(number, wire, boxes, extra, ends) for number, wire in enumerate(all_wires))
    return Picture(
        width=width,
        height=max(y - _BETWEEN + 10, 20),
        lines=lines,
        boxes=(*boxes, *dict.fromkeys(extra.values())),
        labels=tuple(_with_depth(labels, all_tiers, report)),
        notes=tuple(_notes(all_tiers, lost)),
    )


def _notes(all_tiers: Sequence[Tier], lost: Undrawn) -> list[str]:
    found = []
    for tier in all_tiers:
        grouped = sum(len(node.devices) for node in tier.nodes if node.is_group)
        if grouped:
            states = dict.fromkeys(node.state for node in tier.nodes if node.is_group)
            some = f"{tier.hidden:,} of them with findings, or unknown"
            hidden = some if tier.hidden else f"all {' or '.join(states)}"
            found.append(f"{grouped:,} {tier.name} are drawn together, {hidden}.")
    undrawn = [
        f"{count(number, 'session')} {what}"
        for number, what in (
            (lost.elsewhere, "with devices that are not in this report"),
            (lost.unnamed, "that the site does not name"),
        )
        if number
    ]
    if undrawn:
        found.append(f"Not drawn: {', and '.join(undrawn)}; see Devices.")
    return found


def _with_depth(
    labels: Sequence[Label], all_tiers: Sequence[Tier], report: AuditReport
) -> Iterable[Label]:
    tier_of = {
        name: tier.name for tier in all_tiers for node in tier.nodes for name in node.devices
    }
    weakest = weakest_by_tier(report.depth, tier_of)
    for label in labels:
        if label.text not in weakest:
            yield label
            continue
        row, look = weakest[label.text]
        yield replace(
            label,
            depth=f"depth {row.depth}/{row.possible}",
            look=look,
            title=f"The weakest way from here: {brief(row.hijack)} from {brief(row.attacker)} to "
            f"{brief(row.victim)}, dropped on {row.depth} of {count(row.possible, 'device')}",
        )


def _place(tier: Tier, y: float, width: float, anchors: Mapping[str, str]) -> list[Box]:
    pitch = (width - _LEFT - 8) / len(tier.nodes)
    wide = round(min(pitch - 8, 190), 1)
    return [
        Box(
            x=round(_LEFT + pitch * (index + 0.5) - wide / 2, 1),
            y=y,
            width=wide,
            height=_TALL,
            label=_fitted(node.title, wide - 38, 7.6),
            detail=_fitted(_detail(node), wide - 38, 5.6),
            look=node.state,
            title=title(node),
            findings=node.findings,
            is_group=node.is_group,
            anchor="" if node.is_group else anchors.get(node.title, ""),
        )
        for index, node in enumerate(tier.nodes)
    ]


def _detail(node: Node) -> str:
    return count(node.findings, "finding") if node.findings else node.detail


def _fitted(text: str, width: float, letter: float) -> str:
    """Return what fits of ``text``; a letter is at most about ``letter`` wide."""
    most = int(width / letter)
    return text if len(text) <= most else f"{text[: most - 1]}\u2026"


def _extra(
    boxes: Sequence[Box], found: Sequence[Wire], width: float, y: float
) -> dict[tuple[int, str], Box]:
    """Return the boxes at far ends that are no devices: one outside, nodes below each switch."""
    outside = Box(
        x=_LEFT,
        y=8,
        width=width - _LEFT - 8,
        height=_BAND,
        label="the outside",
        detail="",
        look="outside",
        title="the outside: what external neighbors announce",
    )
    extra = {}
    for wire in found:
        if isinstance(wire.far, int):
            continue
        near = boxes[wire.near]
        wide = min(near.width, 120)
        extra[wire.near, wire.far] = (
            outside
            if wire.far == OUTSIDE
            else Box(
                x=near.middle - wide / 2,
                y=y,
                width=wide,
                height=_BAND,
                label=_fitted(count(wire.sessions, "session"), wide, 7),
                detail="",
                look="nodes",
                title=f"nodes at {near.title}: {count(wire.sessions, 'session')}",
            )
        )
    return extra


_Ends = dict[tuple[int, int, bool], float]
"""By wire, box and whether it is the upper edge: where on the edge it ends."""


def _ends(boxes: Sequence[Box], found: Sequence[Wire]) -> _Ends:
    """Spread the wires of each edge over it, in the order of their far ends: fewest crossings."""
    edges: dict[tuple[int, bool], list[tuple[float, int]]] = defaultdict(list)
    for number, wire in enumerate(found):
        near = boxes[wire.near]
        if isinstance(wire.far, int):
            far = boxes[wire.far]
            edges[wire.near, near.y == far.y].append((far.middle, number))
            edges[wire.far, True].append((near.middle, number))
        else:
            edges[wire.near, wire.far == OUTSIDE].append((near.middle, number))
    placed: _Ends = {}
    for (index, upper), wires_there in edges.items():
        box = boxes[index]
        gaps = max(len(wires_there) - 1, 1)
        step = min(box.width * 0.8, 34 * gaps) / gaps
        for place, (_, number) in enumerate(sorted(wires_there)):
            offset = place - (len(wires_there) - 1) / 2
            placed[number, index, upper] = box.middle + step * offset
    return placed


def _line(
    number: int, wire: Wire, boxes: Sequence[Box], extra: Mapping[tuple[int, str], Box], ends: _Ends
) -> Line:
    upper = boxes[wire.near]
    looks: tuple[Look | None, Look | None] = wire.looks
    if isinstance(wire.far, int):
        lower = boxes[wire.far]
        start = ends[number, wire.near, upper.y == lower.y]
        end = ends[number, wire.far, True]
    elif wire.far == OUTSIDE:
        upper, lower = extra[wire.near, wire.far], upper
        looks = (None, wire.looks[0])
        start = end = ends[number, wire.near, True]
    else:
        lower = extra[wire.near, wire.far]
        start = end = ends[number, wire.near, False]
    path, top, bottom = _path(upper, lower, start, end)
    return Line(
        ends=(wire.near, wire.far) if isinstance(wire.far, int) else (wire.near,),
        path=path,
        look=wire.look,
        title=wire.title,
        marks=tuple(
            Mark(x=round(x, 1), y=y, look=look)
            for x, y, look in ((start, top, looks[0]), (end, bottom, looks[1]))
            if look is not None
        ),
        cross=(round((start + end) / 2, 1), (top + bottom) / 2) if wire.down else None,
        is_bundle=boxes[wire.near].is_group or lower.is_group,
    )


def _path(upper: Box, lower: Box, start: float, end: float) -> tuple[str, float, float]:
    """Return a curve from ``upper`` to ``lower``, and the heights of the marks at its ends."""
    if upper.y == lower.y:
        high = upper.y - 46
        path = f"M{start:.1f} {upper.y}C{start:.1f} {high} {end:.1f} {high} {end:.1f} {lower.y}"
        return path, upper.y - _MARK, lower.y - _MARK
    edge = upper.y + upper.height
    bend = (edge + lower.y) / 2
    path = (
        f"M{start:.1f} {edge:.1f}C{start:.1f} {bend:.1f} {end:.1f} {bend:.1f} "
        f"{end:.1f} {lower.y:.1f}"
    )
    return path, edge + _MARK, lower.y - _MARK
