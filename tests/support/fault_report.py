"""The fault matrix as text: rows platform x step, columns faults. Start with :func:`matrix`."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from fault_cases import PLACES, Kind, Span, Step

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

LEGEND = """\
Each cell is how the fault's case ended: while it passed | while it lasted until the run's end.
old, new   what every switch was in the end, all the same, byte for byte
  ~t       the command ended with 1, and a revert timer brought the last switch back
  <3       the command ended with 3 and named the device; `ringfence recover` did the rest
  =3, =4   the command ended with 3 (no answer before the plan) or 4; nothing was changed
  !        the run never got to the step
.          not a case
"""


def matrix(rows: Iterable[Mapping[str, str]]) -> str:
    """Return the matrix; ``rows`` have platform, step, kind, span and cell."""
    cells: dict[tuple[str, str], dict[str, dict[str, str]]] = defaultdict(lambda: defaultdict(dict))
    tally: Counter[str] = Counter()
    for row in rows:
        cells[row["platform"], row["step"]][row["kind"]][row["span"]] = row["cell"]
        tally[row["cell"]] += 1
    table = [["platform", "step", *(kind.value for kind in Kind)]]
    for platform in PLACES:
        for step in Step:
            if (platform, step) in cells:
                found = cells[platform, step]
                table.append([platform, step.value, *(_cell(found[kind]) for kind in Kind)])
    widths = [max(len(line[column]) for line in table) for column in range(len(table[0]))]
    lines = [
        "  ".join(word.ljust(width) for word, width in zip(line, widths, strict=True)).rstrip()
        for line in table
    ]
    counted = ", ".join(f"{count} {cell}" for cell, count in sorted(tally.items()))
    return "\n".join([*lines, "", f"{tally.total()} cases: {counted}", "", LEGEND])


def _cell(by_span: Mapping[str, str]) -> str:
    spans = [by_span[span] for span in Span if span in by_span]
    return "|".join(spans) or "."


def tally(rows: Iterable[Mapping[str, object]]) -> str:
    """Return how kills ended; ``rows`` have way, last, end and good."""
    found = list(rows)
    by_way = Counter((str(row["way"]), str(row["end"]) or "between") for row in found)
    by_last = Counter((str(row["last"]), str(row["end"]) or "between") for row in found)
    good = sum(bool(row["good"]) for row in found)
    lines = [f"{good} of {len(found)} kills left every switch old, or every switch new"]
    lines += [f"  {way:20} {end:8} {count}" for (way, end), count in sorted(by_way.items())]
    lines += ["by the last step on record:"]
    lines += [f"  {last:20} {end:8} {count}" for (last, end), count in sorted(by_last.items())]
    return "\n".join([*lines, ""])
