"""What gets into a guarded table past its sessions, out of another VRF: :func:`imported`.

Law: told is only what may bring in the pools of the table's guards, and only from neighbors that
the site does not name. Whom it names it fences, or has a reason not to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.drift.kinds import Kind
from policies.drift.model import Drift
from policies.drift.words import examples, who
from policies.filters import Direction, SessionKey
from policies.prefix_set import PrefixSet
from policies.references import AttachmentRef, ImportRef

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policies.drift.view import View
    from policies.filters import Session, TableImport


def imported(view: View, known: Collection[SessionKey]) -> Iterator[Drift]:
    """Yield the imports by which neighbors that are not ``known`` get at guarded pools."""
    for one in dict.fromkeys(view.running.table_imports):
        pools = _pools(view, one.vrf, one.version)
        slots = [
            (session.key, one.version, Direction.IMPORT)
            for session in _sources(view, one, frozenset(known))
        ]
        felt = [slot for slot in slots if view.may(slot) & pools]
        may = PrefixSet.union(one.version, [view.may(slot) for slot in felt]) & pools
        for name in one.route_maps:
            may &= view.permitted(one.version, name)
        if may:
            yield _drift(view, one, felt, may)


def _pools(view: View, vrf: str, version: int) -> PrefixSet:
    """Return what is fenced in the sessions of a table: pools that nobody else may announce."""
    fences = {
        id(fence): fence
        for slot, fence in view.wanted.fenced.items()
        if slot[0].vrf == vrf and slot[1] == version
    }
    held = [
        one.allowed[version] if one.kind == "out" else ~one.allowed[version]
        for one in fences.values()
    ]
    return PrefixSet.union(version, held)


def _sources(view: View, one: TableImport, known: Collection[SessionKey]) -> Iterator[Session]:
    """Yield the sessions that routes come from, groups only where they take dynamic neighbors."""
    for key, session in sorted(view.running.sessions.items()):
        group = SessionKey(key.vrf, session.group or "")
        if (
            key.vrf == one.source
            and one.version in session.versions
            and (one.sessions is None or key.name in one.sessions)
            and not {key, group} & set(known)
            and (session.listens or not session.is_group)
        ):
            yield session


def _drift(
    view: View, one: TableImport, felt: list[tuple[SessionKey, int, Direction]], may: PrefixSet
) -> Drift:
    way = f"from {_table(one.source)} into {_table(one.vrf)}"
    return Drift(
        kind=Kind.WEAKENED,
        version=one.version,
        object=f"{one.said} ({way})",
        text=f"`{one.said}` brings routes {way}, past the guards of the sessions there: "
        f"{who(view.running, felt)}, which the site does not name, may announce {examples(may)}",
        leaked=may,
        references=(
            ImportRef(one.vrf, one.version, one.source, one.said),
            *(AttachmentRef(*slot) for slot in felt[:1]),
        ),
        remedy="no deploy mends it: take that away, have a policy of it deny the pools, or name "
        "the sessions that the routes come from in hosts.yaml",
    )


def _table(vrf: str) -> str:
    return f"vrf {vrf}" if vrf else "the default table"
