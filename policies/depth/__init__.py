"""Depth of defence: on how many devices each class of hijack is dropped on its way to a victim.

Start with :func:`depths` and :class:`Depth`. Attackers are the nodes (a rogue speaker on a node's
session passes the same filters), each switch if it were subverted, and the outside. What they
announce and must not is told by :mod:`policies.depth.hijacks`; what is on the way by
:mod:`policies.depth.building`; the fewest devices that drop it by :mod:`policies.depth.search`.

Laws: a depth stands on what running configurations let through, never on what was meant; no way is
left out, so that a depth is never told too great; and where nothing that ringfence could install
would tell a hijack from what is right, there is no row, as nothing is missing.

Not measured: what no prefix tells. A node, or a ToR, that announces other blocks of its own
clusters; a spine or a border towards those it gives a default route to anyway.
"""

from policies.depth.table import depths
from policies.depth.values import Depth, Hijack

__all__ = ["Depth", "Hijack", "depths"]
