"""What the picture of the fabric consists of: :class:`Picture` and its parts.

Lengths are in units of the picture's view box, from its upper left corner. Law: nothing here is
text of a device but in ``label``, ``detail`` and ``title``, which the template escapes.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from runbooks.reports.page.wires import Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Box:
    """A node of the fabric; ``look`` is a device's state, "outside" or "nodes"."""

    x: float
    y: float
    width: float
    height: float
    label: str
    detail: str
    look: str
    title: str
    findings: int = 0
    is_group: bool = False
    anchor: str = ""

    @property
    def middle(self) -> float:
        """The middle of its width."""
        return self.x + self.width / 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """What is known of one end of a wire."""

    x: float
    y: float
    look: Look


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """A wire that is drawn: ``path`` in SVG's words, ``cross`` where a session is down.

    ``ends`` are the numbers of the boxes that it joins, of those that are devices.
    """

    ends: tuple[int, ...]
    path: str
    look: Look
    title: str
    marks: tuple[Mark, ...]
    cross: tuple[float, float] | None
    is_bundle: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Label:
    """The name of a tier, at the height of its middle, and the depth against attacks from it."""

    y: float
    text: str
    depth: str = ""
    look: str = ""
    title: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """All that is drawn, back to front, and ``notes`` on what is not."""

    width: float
    height: float
    lines: tuple[Line, ...]
    boxes: tuple[Box, ...]
    labels: tuple[Label, ...]
    notes: tuple[str, ...]
