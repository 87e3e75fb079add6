"""Depth of defence, as a matrix to see at once and as rows to read: :func:`depth`.

Law: a cell of the matrix tells the weakest way of all that it stands for.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from runbooks.reports.page.text import first

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from runbooks.audit_report import AuditReport, DepthRow

ROWS: Final = 200
_ATTACKERS: Final = 24
_CLASSES: Final = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Cell:
    """The weakest of ``victims`` ways; ``mark`` is leaks (it arrives), differs (short) or clean."""

    weakest: DepthRow
    victims: int
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Hop:
    """A device on the way, and whether it drops the witness."""

    device: str
    drops: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One row, with its way hop by hop."""

    row: DepthRow
    hops: tuple[Hop, ...]
    mark: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Depth:
    """The matrix: a line of cells per attacker, a column per class of hijack; and the ways."""

    classes: tuple[str, ...]
    attackers: tuple[tuple[str, tuple[Cell | None, ...]], ...]
    attackers_left_out: int
    classes_left_out: int
    ways: tuple[Way, ...]
    ways_left_out: int


def depth(report: AuditReport) -> Depth:
    """Return the depth of ``report``, short and shallow ways first."""
    by_cell: dict[tuple[str, str], list[DepthRow]] = defaultdict(list)
    for row in report.depth:
        by_cell[row.attacker, row.hijack].append(row)
    classes, classes_left_out = first(
        tuple(dict.fromkeys(row.hijack for row in report.depth)), _CLASSES
    )
    # Those with a short way stay in sight, also of many.
    names = dict.fromkeys(row.attacker for row in report.depth)
    short = {row.attacker for row in report.depth if row.short}
    attackers, attackers_left_out = first(
        sorted(names, key=lambda one: one not in short), _ATTACKERS
    )
    ways, ways_left_out = first(sorted(report.depth, key=_worst_first), ROWS)
    return Depth(
        classes=classes,
        attackers=tuple(
            (name, tuple(_cell(by_cell.get((name, one), ())) for one in classes))
            for name in attackers
        ),
        attackers_left_out=attackers_left_out,
        classes_left_out=classes_left_out,
        ways=tuple(_way(row) for row in ways),
        ways_left_out=ways_left_out,
    )


def weakest_by_tier(
    rows: Sequence[DepthRow], tier_of: Mapping[str, str]
) -> Mapping[str, tuple[DepthRow, str]]:
    """Return the weakest way from each tier, with its mark; attackers begin as the report says.

    ``tier_of`` a device is the name of its tier; besides there are "outside" and "nodes".
    """
    found: dict[str, list[DepthRow]] = defaultdict(list)
    for row in rows:
        if row.attacker.startswith("outside"):
            found["outside"].append(row)
        elif row.attacker.startswith("node"):
            found["nodes"].append(row)
        elif row.path and row.path[0] in tier_of:
            found[tier_of[row.path[0]]].append(row)
    weakest = {tier: min(of_tier, key=_worst_first) for tier, of_tier in found.items()}
    return {tier: (row, _mark(row)) for tier, row in weakest.items()}


def _worst_first(row: DepthRow) -> tuple[bool, int, str, str, str]:
    return not row.short, row.depth, row.attacker, row.hijack, row.victim


def _mark(row: DepthRow) -> str:
    if row.short:
        return "differs" if row.depth else "leaks"
    return "clean" if row.depth else "free"


def _cell(rows: Sequence[DepthRow]) -> Cell | None:
    if not rows:
        return None
    weakest = min(rows, key=_worst_first)
    return Cell(weakest=weakest, victims=len(rows), mark=_mark(weakest))


def _way(row: DepthRow) -> Way:
    hops = tuple(Hop(device=name, drops=name in row.drops) for name in row.path)
    return Way(row=row, hops=hops, mark=_mark(row))
