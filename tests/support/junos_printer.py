"""Made-up devices as the set form that Junos prints: `print_junos`.

Law: written from Junos's own output, and sharing nothing with `policies.dialects`. What Junos has
no word for is left out: a chain is for all families of a session, interfaces are no neighbors.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.filters import Direction

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.filters import Running, Session, Stanza
    from policies.prefix_list import PrefixListEntry

FAMILY = {4: "inet", 6: "inet6"}


def print_junos(running: Running) -> str:
    """Return ``running`` as Junos prints it; a neighbor of no group gets one of its own."""
    lines = ["version 22.4R3-S2.11", "system host-name leaf1"]
    for name, one in sorted(running.route_maps.items()):
        for stanza in one.stanzas:
            term = f"policy-options policy-statement {name} term t{stanza.seq}"
            lines += [f"{term} {line}" for line in _term(running, stanza)]
    lines.append("routing-options autonomous-system 65001")
    for session in running.sessions.values():
        base = f"routing-instances {session.key.vrf} " if session.key.vrf else ""
        group = session.key.name if session.is_group else session.group
        path = f"{base}protocols bgp group {group or 'G-' + session.key.name}"
        if session.group is None:
            lines.append(f"{path} type {'external' if session.is_external else 'internal'}")
        if not session.is_group and not session.key.name.startswith("swp"):
            path += f" neighbor {session.key.name}"
            lines.append(path)
        if not session.key.name.startswith("swp"):
            lines += [f"{path} {line}" for line in _session(session)]
    return "".join(f"set {line}\n" for line in lines)


def _session(session: Session) -> Iterator[str]:
    for way in Direction:
        here = [one for (_, at), one in session.attachments.items() if at is way]
        own = [one.route_map for one in here if one.inherited_from is None and one.route_map]
        if own:
            yield f"{way} {own[0]}"
    for version in session.versions:
        yield f"family {FAMILY[version]} unicast"
    if session.listens:
        yield "allow 10.99.0.0/24"


def _term(running: Running, stanza: Stanza) -> Iterator[str]:
    for version, name in stanza.lists:
        yield f"from family {FAMILY[version]}"
        one = running.lists.get((version, name))
        yield from (_filter(entry) for entry in (one.entries if one else ()))
    if stanza.unknown:
        yield f"from community C{stanza.seq}"
    yield from (f"then metric {len(stanza.sets)}" for _ in stanza.sets)
    yield "then next policy" if stanza.goes_on else f"then {THEN[stanza.action]}"


THEN = {"permit": "accept", "deny": "reject"}


def _filter(entry: PrefixListEntry) -> str:
    return f"from route-filter {entry.prefix} prefix-length-range /{entry.lo}-/{entry.hi}"
