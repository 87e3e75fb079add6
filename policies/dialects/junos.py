"""Junos: reads the configuration in set form, writes set and delete lines for one commit.

What a broken reference does, and on whose word:

- An undefined policy or list can't be committed. So neither is judged, and what there is of
  them counts as either.
- A route that no policy of a chain decides is the protocol's: imported, and exported if it is
  BGP's (Juniper, "Default Routing Policies"). No chain at all is the same, unless
  ``defaults ebgp no-policy`` says reject.
- A chain holds for all families of a session, so a guard is one policy with a term for each.

A guard stands first in the chain and only rejects: what it leaves goes on to the operator's
policies. All lines of a candidate take effect at once, so no moment lies between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.change import apply
from policies.dialects.junos_foreign import foreign
from policies.dialects.junos_lines import index
from policies.dialects.junos_parse import parse
from policies.dialects.junos_write import candidate

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.change import Step
    from policies.dialects.line_index import LineIndex
    from policies.filters import Running
    from policies.references import Place, Reference


class JunosDialect:
    """Reads and writes Junos; a candidate is loaded with the action ``set``."""

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole configuration in set form."""
        return parse(text)

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it."""
        return index(text)

    def locate(self, text: str, reference: Reference) -> tuple[Place, ...]:
        """Return the lines of ``text`` where ``reference`` stands."""
        return index(text).places(reference)

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return the lines that make of ``running`` what ``steps`` do, whole objects only."""
        return "".join(f"{line}\n" for line in candidate(running, apply(running, steps)))

    def foreign(self, text: str) -> str:
        """Return ``text`` without our policies, and without us in the chains of sessions."""
        return foreign(text)
