"""Made-up devices as the text that IOS-XE, NX-OS and EOS print: `print_config`.

Law: written from the platforms' own output, and sharing nothing with `policies.dialects`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.filters import Attachment, Direction, Running, Session, Stanza
    from policies.prefix_list import PrefixListEntry

WORD = {4: "ip", 6: "ipv6"}
WAY = {"import": "in", "export": "out"}
HEADS = {
    "eos": ["! Command: show running-config", "! device: leaf1 (vEOS-lab, EOS-4.32.2F)", "!"],
    "ios": ["Building configuration...", "", "!", "version 17.9", "hostname leaf1", "!"],
    "nxos": ["!Command: show running-config", "version 10.3(4a) Bios:version", "feature bgp", ""],
}
INDENT = {"eos": 3, "ios": 1, "nxos": 2}


def print_config(platform: str, running: Running) -> str:
    """Return ``running`` as ``platform`` prints it; interfaces as neighbors are left out."""
    body = [*print_lists(platform, running), *print_maps(platform, running)]
    router = list({"nxos": _nxos, "ios": _ios, "eos": _eos}[platform](running))
    parts = [*body, *router] if platform == "nxos" else [*router, *body]
    end = [] if platform == "nxos" else ["end"]
    return "\n".join((*HEADS[platform], *parts, *end, ""))


def _entry(one: PrefixListEntry, *, upper: bool) -> str:
    text = f"seq {one.seq} {one.action} {str(one.prefix).upper() if upper else one.prefix}"
    text += f" ge {one.ge}" if one.ge is not None else ""
    return text + (f" le {one.le}" if one.le is not None else "")


def print_lists(platform: str, running: Running) -> Iterator[str]:
    for (version, name), one in sorted(running.lists.items()):
        head = f"{WORD[version]} prefix-list {name}"
        entries = [_entry(e, upper=platform == "ios" and version == 6) for e in one.entries]
        if platform == "eos":
            yield from (head, *(f"   {entry}" for entry in entries))
        else:
            yield from (f"{head} {entry}" for entry in entries)


def print_maps(platform: str, running: Running) -> Iterator[str]:
    pad = " " * INDENT[platform]
    for name, found in sorted(running.route_maps.items()):
        for one in found.stanzas:
            space = " " if platform == "nxos" else ""
            yield f"route-map {name} {one.action} {one.seq}{space}"
            yield from (f"{pad}{line}" for line in _stanza(one))
            if platform != "nxos":
                yield "!"


def _stanza(one: Stanza) -> Iterator[str]:
    for version, name in one.lists:
        yield f"match {WORD[version]} address prefix-list {name}"
    yield from (*one.unknown, *one.sets)
    if one.goes_on:
        yield "continue"


def _shown(session: Session) -> bool:
    return session.is_group or not session.key.name.startswith("swp")


def _policies(one: Attachment, direction: Direction) -> Iterator[str]:
    way = WAY[direction]
    if one.route_map is not None and one.inherited_from is None:
        yield f"route-map {one.route_map} {way}"
    if one.prefix_list is not None:
        yield f"prefix-list {one.prefix_list} {way}"
    for line in one.unknown:
        yield f"{line} {way}"


def _family(session: Session, version: int, name: str) -> Iterator[str]:
    yield f"neighbor {name} activate"
    for (family, direction), one in session.attachments.items():
        if family == version:
            yield from (f"neighbor {name} {line}" for line in _policies(one, direction))


def _base(session: Session, name: str, group_words: str) -> Iterator[str]:
    if session.is_group:
        yield f"neighbor {name} {group_words}"
    if session.group is not None:
        yield f"neighbor {name} {group_words} {session.group}"
    else:
        yield f"neighbor {name} remote-as {65099 if session.is_external else 65001}"


def _ios(running: Running) -> Iterator[str]:
    yield from ("router bgp 65001", " bgp log-neighbor-changes", " no bgp default ipv4-unicast")
    sessions = [one for one in running.sessions.values() if _shown(one)]
    names = {one.key: one.key.name if one.is_group else one.key.name.upper() for one in sessions}
    groups_first = sorted(sessions, key=lambda one: not one.is_group)
    for one in groups_first:
        if not one.key.vrf:
            yield from (f" {line}" for line in _base(one, names[one.key], "peer-group"))
        if one.listens and not one.key.vrf:
            yield f" bgp listen range 10.99.0.0/24 peer-group {one.key.name}"
    for vrf in sorted({one.key.vrf for one in sessions}):
        for version in (4, 6):
            here = [one for one in groups_first if one.key.vrf == vrf and version in one.versions]
            if here:
                yield f" address-family ipv{version}" + (f" vrf {vrf}" if vrf else "")
                for one in here:
                    base = _base(one, names[one.key], "peer-group") if vrf else ()
                    lines = (*base, *_family(one, version, names[one.key]))
                    yield from (f"  {line}" for line in lines)
                yield " exit-address-family"


def _eos(running: Running) -> Iterator[str]:
    yield from ("router bgp 65001", "   no bgp default ipv4-unicast")
    sessions = [one for one in running.sessions.values() if _shown(one)]
    for vrf in sorted({one.key.vrf for one in sessions} | {""}):
        pad = "   " * (2 if vrf else 1)
        if vrf:
            yield f"   vrf {vrf}"
        here = [one for one in sessions if one.key.vrf == vrf]
        for one in here:
            yield from (f"{pad}{line}" for line in _base(one, one.key.name, "peer group"))
            yield f"{pad}neighbor {one.key.name} maximum-routes 12000"
            if one.listens:
                yield f"{pad}bgp listen range 10.99.0.0/24 peer-group {one.key.name}"
        for version in (4, 6):
            inside = [one for one in here if version in one.versions]
            if inside:
                yield f"{pad}!"
                yield f"{pad}address-family ipv{version}"
            for one in inside:
                yield from (f"{pad}   {line}" for line in _family(one, version, one.key.name))


def _nxos(running: Running) -> Iterator[str]:
    yield from ("router bgp 65001", "  router-id 10.255.0.1", "  address-family ipv4 unicast")
    sessions = [one for one in running.sessions.values() if _shown(one)]
    templates = {one.key.name: one for one in sessions if one.is_group}
    for name, one in sorted(templates.items()):
        yield f"  template peer {name}"
        yield from (f"    {line}" for line in _nxos_session(one))
    for vrf in sorted({one.key.vrf for one in sessions} | {""}):
        pad = "    " if vrf else "  "
        if vrf:
            yield f"  vrf {vrf}"
        for one in sessions:
            if one.key.vrf == vrf and not one.is_group:
                yield f"{pad}neighbor {one.key.name}"
                yield from (f"{pad}  {line}" for line in _nxos_session(one))


def _nxos_session(session: Session) -> Iterator[str]:
    if session.group is not None:
        yield f"inherit peer {session.group}"
    else:
        yield f"remote-as {65099 if session.is_external else 65001}"
    for version in session.versions:
        yield f"address-family ipv{version} unicast"
        for (family, direction), one in session.attachments.items():
            if family == version:
                yield from (f"  {line}" for line in _policies(one, direction))
