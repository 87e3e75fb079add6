"""Sessions of an IOS-XR BGP instance, inheritance resolved: :func:`sessions`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.filters import Attachment, Direction, Session, SessionKey
from policies.references import Part

if TYPE_CHECKING:
    from collections.abc import Iterator

    from policies.dialects.xr_peers import Instance, Node
    from policies.managed import Slot


def sessions(instance: Instance) -> dict[SessionKey, Session]:
    """Return the neighbors and neighbor-groups by key.

    A neighbor-group that is used inside a VRF, or by another group, is no group that a guard
    could be put on: what is attached to it would reach sessions of several kinds at once. What
    such a one gives a session, and what an af-group does, counts as the session's own.
    """
    spread = _spread(instance)
    found: dict[SessionKey, Session] = {}
    for key, node in session_nodes(instance).items():
        if node is instance.neighbor_groups.get(key.name):
            found[key] = _session(instance, key, node, group=None, is_group=True)
            continue
        used = node.neighbor_group
        group = used if used in instance.neighbor_groups and used not in spread else None
        # A neighbor that is a prefix stands for all that connect from it.
        found[key] = _session(instance, key, node, group=group, is_group="/" in key.name)
    return found


def session_nodes(instance: Instance) -> dict[SessionKey, Node]:
    """Return what is said of each session, groups first."""
    spread = _spread(instance)
    groups = {
        SessionKey("", name): node
        for name, node in instance.neighbor_groups.items()
        if name not in spread
    }
    neighbors = {
        SessionKey(vrf, name): node
        for vrf, here in instance.vrfs.items()
        for name, node in here.items()
    }
    return {**groups, **neighbors}


def attaching_lines(instance: Instance) -> Iterator[tuple[Slot, dict[Part, tuple[int, ...]]]]:
    """Yield, by session, family and direction, the numbers of the lines that attach things."""
    for key, node in session_nodes(instance).items():
        for version in (one for one in (4, 6) if instance.carries(node, one)):
            for way in Direction:
                found: dict[Part, tuple[int, ...]] = {}
                said = instance.policy(node, version, way)
                if said is not None:
                    found[Part.ROUTE_MAP] = (said.line,)
                default = instance.makes_default(node, version)
                if way is Direction.EXPORT and default is not None:
                    found[Part.DEFAULT] = (default,)
                yield (key, version, way), found


def _spread(instance: Instance) -> set[str]:
    below = [
        *instance.neighbor_groups.values(),
        *(node for vrf, nodes in instance.vrfs.items() if vrf for node in nodes.values()),
    ]
    return {node.neighbor_group for node in below if node.neighbor_group}


def _session(
    instance: Instance, key: SessionKey, node: Node, *, group: str | None, is_group: bool
) -> Session:
    external = _external(instance, key, node)
    open_without = key.vrf in instance.unsafe
    # Whether what is said outside of a VRF holds inside it is not known; nor what becomes of a
    # session with another AS of the confederation, or with nobody knows whom.
    unsure = not open_without and (
        external is None or _in_confederation(instance, node) or "" in instance.unsafe
    )
    nodes = (node, *(above for _, above in instance.groups(node)))
    return Session(
        key=key,
        is_group=is_group,
        group=group,
        is_external=external,
        closed_without_policy=external is True and not open_without and not unsure,
        listens="/" in key.name,
        unjudged=tuple(sorted({one for at in nodes for one in at.unjudged})),
        vpns=tuple(sorted({one for at in nodes for one in at.vpns})),
        attachments={
            (version, way): _attachment(instance, node, version, way, group, unsure=unsure)
            for version in (4, 6)
            if instance.carries(node, version)
            for way in Direction
        },
    )


def _attachment(
    instance: Instance,
    node: Node,
    version: int,
    way: Direction,
    group: str | None,
    *,
    unsure: bool,
) -> Attachment:
    own = instance.own_policy(node, version, way)
    said = instance.policy(node, version, way)
    return Attachment(
        route_map=said.policy if said else None,
        inherited_from=group if said and own is None else None,
        originates_default=(
            way is Direction.EXPORT and instance.makes_default(node, version) is not None
        ),
        closed_when_empty=None if unsure else False,
    )


def _external(instance: Instance, key: SessionKey, node: Node) -> bool | None:
    """Return whether a session is eBGP; a group's own AS, or else what its members agree on."""
    remote = instance.remote_as(node)
    if remote is None:
        members = [
            one
            for nodes in instance.vrfs.values()
            for one in nodes.values()
            if node in (group for _, group in instance.groups(one))
        ]
        kinds = {_external(instance, key, one) for one in members}
        return kinds.pop() if len(kinds) == 1 else None
    if remote == instance.local_as(node):
        return None
    return remote != instance.own_as and remote not in instance.confederation


def _in_confederation(instance: Instance, node: Node) -> bool:
    return instance.remote_as(node) in instance.confederation
