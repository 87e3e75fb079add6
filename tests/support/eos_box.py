"""The startup configuration of a virtual EOS: :func:`startup_of`."""

from __future__ import annotations

from lab.render import _TEMPLATES
from lab.topology import NODES, rack_of, sessions_of


def startup_of(name: str) -> str:
    """Return what the switch ``name`` of the lab would boot from if it were an EOS."""
    return _TEMPLATES.get_template("eos/startup.j2").render(
        node=NODES[name], nodes=NODES, sessions=sessions_of(name), rack=rack_of(name)
    )
