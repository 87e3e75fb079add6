"""What gets into a guarded table past its sessions, from a VRF or a VPN: :func:`imported`.

Law: of another VRF's routes only those are told that may be pools of the table's guards, from
neighbors that the site does not name. Whom it names it fences, or has a reason not to. Of VPN
routes those are told that the guards of the session which carries them would not let in.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift.kinds import Kind
from policies.drift.model import Drift
from policies.drift.words import examples, who
from policies.filters import Direction, SessionKey, members
from policies.prefix_set import PrefixSet
from policies.references import AttachmentRef, ImportRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator

    from policies.drift.view import View
    from policies.filters import TableImport
    from policies.guards import Fence
    from policies.managed import Slot


def imported(view: View, known: Collection[SessionKey]) -> Iterator[Drift]:
    """Yield what brings routes past the guards of a table; ``known`` are the site's sessions."""
    for one in view.running.table_imports:
        fences = [
            fence
            for (key, version, _), fence in view.wanted.fenced.items()
            if key.vrf == one.vrf and version == one.version
        ]
        if fences:
            told = _of_a_vpn(view, one) if one.family else _of_a_vrf(view, one, fences, known)
            yield from told


# From another VRF ---------------------------------------------------------------------------


def _of_a_vrf(
    view: View, one: TableImport, fences: Iterable[Fence], known: Collection[SessionKey]
) -> Iterator[Drift]:
    pools = PrefixSet.union(
        one.version,
        [
            fence.allowed[one.version] if fence.kind == "out" else ~fence.allowed[one.version]
            for fence in {id(fence): fence for fence in fences}.values()
        ],
    )
    felt = [slot for slot in _strangers(view, one, frozenset(known)) if view.may(slot) & pools]
    may = _through(view, one, PrefixSet.union(one.version, [view.may(slot) for slot in felt]))
    may &= pools
    if may:
        way = f"from vrf {one.source}" if one.source else "from the default table"
        said = (
            f"{who(view.running, felt)}, which the site does not name, may announce {examples(may)}"
        )
        yield _drift(one, felt, may, way, said)


def _strangers(view: View, one: TableImport, known: frozenset[SessionKey]) -> Iterator[Slot]:
    """Yield the sessions that routes come from, groups only where they take dynamic neighbors."""
    for key, session in sorted(view.running.sessions.items()):
        if (
            key.vrf == one.source
            and one.version in session.versions
            and (one.sessions is None or key.name in one.sessions)
            and not known & {key, SessionKey(key.vrf, session.group or "")}
            and (session.listens or not session.is_group)
        ):
            yield key, one.version, Direction.IMPORT


# From a VPN ---------------------------------------------------------------------------------


def _of_a_vpn(view: View, one: TableImport) -> Iterator[Drift]:
    everything = PrefixSet.everything(one.version)
    carried = {slot: everything - fence.allowed[one.version] for slot, fence in _carry(view, one)}
    felt = [slot for slot, past in carried.items() if past]
    may = _through(view, one, PrefixSet.union(one.version, carried.values()))
    if may:
        said = f"{who(view.running, felt)} may announce {examples(may)}, which no guard holds back"
        yield _drift(one, felt, may, f"of {one.family}", said)


def _carry(view: View, one: TableImport) -> Iterator[tuple[Slot, Fence]]:
    """Yield the sessions with a guarded import that carry the family, with their fences."""
    fences = {
        slot[0]: fence for slot, fence in view.wanted.fenced.items() if slot[2] is Direction.IMPORT
    }
    for key, fence in sorted(fences.items(), key=lambda item: item[0]):
        session = view.running.sessions[key]
        if one.family not in session.vpns:
            continue
        # What gets into the session's own table is told of the session.
        told = key.vrf == one.vrf and session.is_unjudged(one.version)
        gathers = bool(members(view.running, session)) and not session.listens
        if not told and not gathers:
            yield (key, one.version, Direction.IMPORT), fence


# Both ---------------------------------------------------------------------------------------


def _through(view: View, one: TableImport, some: PrefixSet) -> PrefixSet:
    for name in one.route_maps:
        some &= view.permitted(one.version, name)
    return some


def _drift(one: TableImport, felt: list[Slot], may: PrefixSet, source: str, said: str) -> Drift:
    way = f"{source} into {f'vrf {one.vrf}' if one.vrf else 'the default table'}"
    return Drift(
        kind=Kind.WEAKENED,
        version=one.version,
        object=f"{one.said} ({way})",
        text=f"`{one.said}` brings routes {way}, past the guards there: {said}",
        leaked=may,
        references=(
            ImportRef(one.vrf, one.version, one.source, one.said),
            *(AttachmentRef(*slot) for slot in felt[:1]),
        ),
        remedy="no deploy mends it: take that away, or have a policy of it deny them"
        if one.family
        else "no deploy mends it: take that away, have a policy of it deny the pools, or name "
        "the sessions that the routes come from in hosts.yaml",
    )
