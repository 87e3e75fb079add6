"""A finding in lines of plain text, the same in every format that has no form of its own for it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift import Effect
from runbooks.reports.page.text import listed, shown

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbooks.audit_report import DeviceReport, Finding, Line


def place(one: Finding) -> str:
    """Return where on its device a finding is: session, family, direction; "" for nowhere."""
    family = f"ipv{one.family}" if one.family else None
    return shown(" ".join(part for part in (one.session, family, one.direction) if part))


def details(one: Finding) -> tuple[str, ...]:
    """Return all of a finding but its kind and its place, one fact a line."""
    return tuple(shown(line) for line in _details(one))


def _details(one: Finding) -> Iterator[str]:
    yield one.text
    yield f"about: {one.object}"
    if one.effect is not Effect.NONE:
        yield f"effect: {one.effect.value}"
    if one.witness:
        more = tuple(prefix for prefix in one.examples if prefix != one.witness)
        yield f"witness: {one.witness}" + (f" (also {listed(more)})" if more else "")
    yield from map(line_text, one.lines)
    if one.origin:
        yield f"from: {one.origin}"
    yield f"then: {one.remedy}"
    if one.first_seen:
        yield f"first seen: {one.first_seen}"


def why(device: DeviceReport) -> str:
    """Return why nothing is known of a device, without its name in front."""
    return (device.error or "it did not say what it is").removeprefix(f"{device.device}: ")


def line_text(line: Line) -> str:
    """Return a line of a configuration with its number."""
    number = "" if line.number is None else f" {line.number}"
    return f"line{number}: {line.text.strip()}"
