"""What is written for EOS, against `pyavd`, Arista's own generator, which nobody here wrote.

It gets the same data as its structured configuration and prints what a switch should have. So it
must print what the dialect reads back, and what a switch that took the dialect's candidate has.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any

import pyavd
from filter_sets import Wish, devices, fence_books, guards_of, wishes, without_lone_lists
from hypothesis import Phase, assume, event, given, settings
from hypothesis import strategies as st
from line_device import LineDevice
from pyavd import templater

from policies.change import apply, steps
from policies.dialects.eos import EosDialect
from policies.filters import SessionKey
from policies.install import install
from policies.managed import Managed, managed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.filters import Attachment, Direction, Running, Session, Stanza
    from policies.guards import Fence
    from policies.prefix_list import PrefixListEntry

# It would load its two hundred templates again for every configuration, and each takes itself out
# of sys.modules as it is collected, while hypothesis goes through that.
templater.Templar = cache(templater.Templar)

EOS = EosDialect()
WAY = {"import": "in", "export": "out"}
Data = dict[str, Any]


def text_of(running: Running) -> str:
    """Return the configuration that pyavd makes of ``running``."""
    data = structured(running)
    refused = pyavd.validate_structured_config(data).validation_result.violations
    assert not refused, [(one.path, one.message) for one in refused]
    body = pyavd.get_device_config(data)
    return f"! Command: show running-config\n! device: leaf1 (vEOS-lab, EOS-4.32.2F)\n{body}end\n"


def structured(running: Running) -> Data:
    """Return ``running`` in pyavd's own terms."""
    return {
        "hostname": "leaf1",
        "prefix_lists": [_list(running, 4, name) for v, name in running.lists if v == 4],
        "ipv6_prefix_lists": [_list(running, 6, name) for v, name in running.lists if v == 6],
        "route_maps": [
            {"name": name, "sequence_numbers": [_stanza(one) for one in found.stanzas]}
            for name, found in running.route_maps.items()
        ],
        "router_bgp": {
            "as": "65001",
            "router_id": "10.255.0.1",
            "bgp": {"default": {"ipv4_unicast": False}},
            **_sessions([one for one in running.sessions.values() if not one.key.vrf]),
            "vrfs": [
                {"name": vrf, **_sessions(sessions)} for vrf, sessions in _vrfs(running).items()
            ],
        },
    }


def _vrfs(running: Running) -> dict[str, list[Session]]:
    found: dict[str, list[Session]] = {}
    for one in running.sessions.values():
        if one.key.vrf:
            found.setdefault(one.key.vrf, []).append(one)
    return found


def _list(running: Running, version: int, name: str) -> Data:
    entries = running.lists[version, name].entries
    return {
        "name": name,
        "sequence_numbers": [{"sequence": one.seq, "action": _entry(one)} for one in entries],
    }


def _entry(one: PrefixListEntry) -> str:
    lengths = f" ge {one.ge}" if one.ge is not None else ""
    lengths += f" le {one.le}" if one.le is not None else ""
    return f"{one.action} {one.prefix}{lengths}"


def _stanza(one: Stanza) -> Data:
    word = {4: "ip", 6: "ipv6"}
    matches = [f"{word[version]} address prefix-list {name}" for version, name in one.lists]
    matches += [line.removeprefix("match ") for line in one.unknown]
    found: Data = {"sequence": one.seq, "type": str(one.action)}
    found |= {"match": matches} if matches else {}
    sets = [line.removeprefix("set ") for line in one.sets if line != "continue"]
    found |= {"set": sets} if sets else {}
    return found | ({"continue": {"enabled": True}} if one.goes_on else {})


def _sessions(sessions: list[Session]) -> Data:
    found: Data = {
        "peer_groups": [_session(one) for one in sessions if one.is_group],
        "neighbors": [_session(one) for one in sessions if not one.is_group],
    }
    for version in (4, 6):
        here = [one for one in sessions if version in one.versions]
        if here:
            found[f"address_family_ipv{version}"] = {
                **_groups(here, version),
                "neighbors": [_family(one, version) for one in here if not one.is_group],
            }
    return {key: value for key, value in found.items() if value}


def _groups(sessions: list[Session], version: int) -> Data:
    found = [_family(one, version) for one in sessions if one.is_group]
    return {"peer_groups": found} if found else {}


def _session(one: Session) -> Data:
    found: Data = _name(one)
    if one.group is not None:
        return found | {"peer_group": one.group}
    return found | {"remote_as": "65099" if one.is_external else "65001"}


def _name(one: Session) -> Data:
    return {"name" if one.is_group else "ip_address": one.key.name}


def _family(one: Session, version: int) -> Data:
    found = _name(one) | {"activate": True}
    for (family, way), at in one.attachments.items():
        if family == version:
            found |= _policies(at, way)
    return found


def _policies(at: Attachment, way: Direction) -> Data:
    found: Data = {}
    if at.route_map is not None and at.inherited_from is None:
        found[f"route_map_{WAY[way]}"] = at.route_map
    if at.prefix_list is not None:
        found[f"prefix_list_{WAY[way]}"] = at.prefix_list
    return found


def fitted(running: Running) -> Running:
    """Return of ``running`` what pyavd has words for: no groups in VRFs, no filter-lists."""
    return replace(
        running,
        sessions={
            key: _fitted(one, running)
            for key, one in running.sessions.items()
            if not (key.vrf and one.is_group) and key.name != "swp1"
        },
    )


def _fitted(one: Session, running: Running) -> Session:
    alone = bool(one.key.vrf)
    group = running.sessions.get(SessionKey(one.key.vrf, one.group or ""))
    above = group.attachments if group and not alone else {}
    return replace(
        one,
        listens=False,
        group=None if alone else one.group,
        attachments={
            at: replace(
                there,
                unknown=(),
                # A member that says nothing of a prefix-list has its group's.
                prefix_list=there.prefix_list or (above[at].prefix_list if at in above else None),
                route_map=None if alone and there.inherited_from else there.route_map,
                inherited_from=None if alone else there.inherited_from,
            )
            for at, there in one.attachments.items()
        },
    )


Paths = set[tuple[str, ...]]


def paths(text: str) -> Paths:
    """Return every line with the lines that it is below."""
    found: Paths = set()
    path: list[tuple[int, str]] = []
    for line in text.splitlines():
        word = line.strip()
        if not word or word.startswith("!") or word == "end":
            continue
        indent = len(line) - len(line.lstrip())
        path = [one for one in path if one[0] < indent] + [(indent, word)]
        found.add(tuple(one for _, one in path))
    return found


def policies_of(running: Running) -> dict[str, list[str | None]]:
    return {
        f"{key} {version} {way}": [at.route_map, at.prefix_list, at.inherited_from]
        for key, one in running.sessions.items()
        for (version, way), at in one.attachments.items()
    }


@settings(max_examples=20, deadline=None, phases=(Phase.explicit, Phase.reuse, Phase.generate))
@given(devices(shared=False), fence_books(), fence_books(), st.data())
def test_both_write_the_same(
    drawn: Running, first: Mapping[str, Fence], second: Mapping[str, Fence], data: st.DataObject
) -> None:
    made_up = fitted(drawn)
    made_up = replace(
        made_up,
        sessions={key: without_lone_lists(one) for key, one in made_up.sessions.items()},
    )
    text = text_of(made_up)
    running = EOS.parse(text)
    assert running.lists == made_up.lists
    assert {name: one.stanzas for name, one in running.route_maps.items()} == {
        name: tuple(_as_read(stanza) for stanza in one.stanzas)
        for name, one in made_up.route_maps.items()
    }
    assert policies_of(running) == policies_of(made_up)
    wished: tuple[Wish, ...] = data.draw(wishes(running))
    device = LineDevice("eos", text)
    for book in (first, second, None):
        before = EOS.parse(device.text())
        if book is None:
            wanted = Managed()
        else:
            installed = install("leaf1", before, guards_of(wished, book))
            assume(not installed.violations)
            wanted = installed.managed
        todo = steps(managed(before), wanted)
        device.take(EOS.render(todo, before))
        assert paths(device.text()) == paths(text_of(apply(before, todo)))
        event("changed" if todo else "nothing to do")


def _as_read(one: Stanza) -> Stanza:
    return replace(one, sets=("continue", *one.sets) if one.goes_on else one.sets)
