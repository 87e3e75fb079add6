"""Junos configurations of a few lines, and what their sessions accept."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.accepts import Judge
from policies.dialects.junos import JunosDialect
from policies.filters import SessionKey

if TYPE_CHECKING:
    from policies.filters import Direction, Running
    from policies.prefix_set import PrefixSet

GROUP = "protocols bgp group G"
PEER = f"{GROUP} neighbor 10.0.0.1"
POLICY = "policy-options policy-statement"


def parse(*lines: str) -> Running:
    said = ("version 21.4R3.15", "routing-options autonomous-system 65001", *lines)
    return JunosDialect().parse(
        "".join(f"{one}\n" if one.startswith("deactivate") else f"set {one}\n" for one in said)
    )


def accepted(running: Running, name: str, version: int, direction: Direction) -> PrefixSet:
    found = Judge(running).session(running.sessions[SessionKey("", name)], version, direction)
    return found.may
