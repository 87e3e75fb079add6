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
from policies.dialects.closing import Knob, policy_name
from policies.dialects.junos_foreign import foreign
from policies.dialects.junos_lines import index
from policies.dialects.junos_parse import parse
from policies.dialects.junos_sessions import NO_POLICY
from policies.dialects.junos_text import joined
from policies.dialects.junos_write import candidate, chain_path

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.change import Step
    from policies.dialects.line_index import LineIndex
    from policies.filters import Running
    from policies.managed import Slot
    from policies.references import Place, Reference

_KNOB = "defaults ebgp no-policy"


class JunosDialect:
    """Reads and writes Junos; a candidate is loaded with the action ``set``."""

    #: Since 20.3R1 (Juniper, "Implicit filter for Default EBGP Route Propagation Behavior").
    knob: Knob | None = Knob(_KNOB, "from Junos 20.3R1 on")

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

    def close_ebgp(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the line that sets the knob for one direction of the session's instance."""
        del running
        (vrf, way) = slot[0].vrf, NO_POLICY[slot[2]]
        path = f"routing-instances {joined((vrf,))} protocols bgp" if vrf else "protocols bgp"
        return (f"set {path} {_KNOB} {way} reject",)

    def deny_all(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that put a policy on the session that denies everything.

        On Junos it is on all of the session's families.
        """
        key, _, direction = slot
        name, _ = policy_name(running)
        return (
            f"set policy-options policy-statement {name} then reject",
            f"set {chain_path(running.sessions[key], direction)} {name}",
        )

    def foreign(self, text: str) -> str:
        """Return ``text`` without our policies, and without us in the chains of sessions."""
        return foreign(text)
