"""What the policy compiler refuses, beside the exit codes of ``inventory.errors``."""

from __future__ import annotations

import re
from dataclasses import dataclass

from inventory.errors import RefusedError, RingfenceError
from policies.limits import LIMITS
from policies.redact import redact

#: What an error quotes of a device's text: all between the first and the last quote.
_QUOTED = re.compile(r"(?<=`).*(?=`)", re.DOTALL)


class ParseError(RingfenceError):
    """A device's own text is not understood well enough to change anything.

    What it quotes of the text is without secrets, as everybody may read it.
    """

    def __init__(self, text: str) -> None:
        super().__init__(_QUOTED.sub(lambda found: redact(found[0]), text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One limit that a plan does not keep.

    ``limit`` is its name in :data:`policies.limits.LIMITS`; ``where`` is a device or a place in a
    file; ``evidence`` says what was found, in numbers; ``allows`` is the limit's value where a
    site sets one.
    """

    limit: str
    where: str
    evidence: str
    way_out: str
    allows: str | None = None

    @property
    def acceptable(self) -> bool:
        """Whether ``--accept`` goes beyond the limit."""
        return LIMITS[self.limit].no_flag is None

    def __str__(self) -> str:
        limit = LIMITS[self.limit]
        value = f"{self.allows or limit.allows} ({limit.setting})"
        said = f"{self.where}: {self.evidence} [limit {self.limit}]; allowed: {value}"
        if limit.flag is not None:
            return f"{said}; {self.way_out}, or accept it with {limit.flag}"
        return f"{said}; {self.way_out}; no flag accepts it: {limit.no_flag}"


class LimitError(RefusedError):
    """At least one limit is not kept; nothing was changed."""

    def __init__(self, violations: tuple[Violation, ...]) -> None:
        self.violations = violations
        super().__init__("\n".join(str(violation) for violation in violations))
