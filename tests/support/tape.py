"""What devices were asked and what they answered: :class:`Tape`, a folder with a file for each.

Law: what was not asked when it was recorded has no answer; whoever plays it is told.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class UnrecordedError(OSError):
    """A device was asked what it was not asked before."""


@dataclass(frozen=True, slots=True)
class Tape:
    """Answers by device and request, read from the disk each time as a network would bring them."""

    folder: Path

    def record(self, device: str, request: str, answer: str) -> None:
        """Keep an answer."""
        path = self._path(device, request)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(answer, encoding="utf-8", newline="")

    def play(self, device: str, request: str) -> str:
        """Return the answer.

        Raises:
            UnrecordedError: there is none.
        """
        try:
            return self._path(device, request).read_bytes().decode()
        except FileNotFoundError:
            raise UnrecordedError(f"{device} was never asked {request[:200]!r}") from None

    def _path(self, device: str, request: str) -> Path:
        return self.folder / device / hashlib.sha256(request.encode()).hexdigest()[:32]
