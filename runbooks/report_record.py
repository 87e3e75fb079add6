"""The record for people: :func:`print_runs` and :func:`print_run`, on a report."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from typing import Any

    from runbooks.ledger import Run
    from runbooks.ledger.became import DeviceEnd
    from runbooks.report import Report

_STYLES = {"old": "", "new": "green", "unknown": "red"}

#: What a digest begins with that is enough to tell two apart.
_SHORT = len("sha256:") + 12

#: Devices that a list names before it counts the rest.
_NAMED = 4


def print_runs(report: Report, known: Sequence[Run]) -> None:
    """Print the runs on record, the newest last."""
    if not known:
        report.line("no runs on record")
        return
    table = [("run", "command", "by", "began", "ended", "status", "devices")]
    for run in known:
        command = str(run.first.get("command") or "")
        undoes = run.first.get("undoes")
        table.append(
            (
                run.name,
                f"{command} of {undoes}" if undoes else command,
                str(run.first.get("by") or ""),
                _second(run.first.get("at")),
                _second(run.ended),
                run.status,
                _some(run.devices),
            )
        )
    # Never folded to a terminal's width: a run's name is there to be copied.
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for row in table:
        cells = (cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        report.line("  ".join(cells).rstrip())


def print_run(
    report: Report, run: Run, events: Sequence[Mapping[str, Any]], ends: Sequence[DeviceEnd]
) -> None:
    """Print one run step by step, and what became of each device."""
    report.line(f"run {run.name}: {run.status}", "bold")
    for event in events:
        facts = ", ".join(
            f"{key} {_value(value)}"
            for key, value in event.items()
            if key not in ("at", "step") and value not in (None, [], {})
        )
        report.line(f"  {event.get('at', '')}  {event.get('step', ''):<10} {facts}".rstrip())
    for end in ends:
        report.line(f"{end.device}: {end.state}: {end.why}", _STYLES[end.state])
        report.line(f"  before {end.before[:_SHORT]}, planned {end.after[:_SHORT]}", "dim")


def _value(value: object) -> str:
    if isinstance(value, dict):
        return ", ".join(f"{key} {one}" for key, one in value.items())
    return ", ".join(map(str, value)) if isinstance(value, list) else str(value)


def _second(at: object) -> str:
    """Return a time to the second, in UTC, without what every line repeats."""
    return str(at)[:19].replace("T", " ") if at else ""


def _some(devices: Sequence[str]) -> str:
    rest = len(devices) - _NAMED
    named = ", ".join(devices[:_NAMED])
    return f"{named} and {rest} more" if rest > 0 else named
