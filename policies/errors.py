"""What the policy compiler refuses, beside the exit codes of ``inventory.errors``."""

from __future__ import annotations

from dataclasses import dataclass

from inventory.errors import RefusedError, RingfenceError


class ParseError(RingfenceError):
    """A device's own text is not understood well enough to change anything."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One limit that a plan does not keep.

    ``limit`` is its name, as ``--accept`` takes it where ``acceptable``; ``where`` is a
    device, a file's place or a cluster; ``evidence`` says what was found, in numbers.
    """

    limit: str
    where: str
    evidence: str
    way_out: str
    acceptable: bool = False

    def __str__(self) -> str:
        accept = f", or accept it with --accept {self.limit}" if self.acceptable else ""
        return f"{self.where}: {self.evidence} [limit {self.limit}]; {self.way_out}{accept}"


class LimitError(RefusedError):
    """At least one limit is not kept; nothing was changed."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        self.violations = violations
        super().__init__("\n".join(str(violation) for violation in violations))
