"""What every dialect does: :class:`Dialect`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.change import Step
    from policies.dialects.closing import Knob
    from policies.dialects.line_index import LineIndex
    from policies.filters import Running
    from policies.managed import Slot
    from policies.references import Place, Reference


class Dialect(Protocol):
    """Both directions between a platform's configuration text and a filter set.

    Law: ``parse(text)`` of what a device prints after it took ``render(steps, running)``
    is ``apply(running, steps)``.
    """

    #: What closes eBGP sessions without a policy; None if the platform has no such setting.
    knob: Knob | None

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole running configuration, as the device prints it.

        Lines that are none of ringfence's business are passed over; what filters routes
        and isn't understood is kept as unknown.

        Raises:
            ParseError: the text can't be a whole running configuration.
        """

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return ``steps`` as candidate text for a merge, in their order; "" if there are none."""

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it.

        Raises:
            ParseError: as :meth:`parse`.
        """

    def locate(self, text: str, reference: Reference) -> tuple[Place, ...]:
        """Return the lines of ``text`` where ``reference`` stands; never none.

        Who asks for many places of one text makes its :meth:`index` once.
        """

    def close_ebgp(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that set the knob for the router of an eBGP session without a policy.

        None where the platform has no knob, or where it is not known to hold for the session.
        """

    def deny_all(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that put a policy on the session that denies everything."""

    def foreign(self, text: str) -> str:
        """Return ``text`` without the lines that are ringfence's, byte for byte otherwise."""
