"""The BGP groups and neighbors of a Junos configuration: :func:`scopes`, then their sessions.

The chain of the innermost of three levels decides, that of the neighbor, its group or all of
BGP, and the same for ``family``: an inner one replaces, it never adds. One chain holds for all
families that a session carries.
"""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from policies.dialects.junos_text import joined, leaves
from policies.dialects.peers import asn, is_asn, peer_name
from policies.filters import Attachment, Direction, Session, SessionKey
from policies.ownership import is_owned
from policies.references import Part

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator

    from policies.dialects.junos_text import Tree
    from policies.managed import Slot

Path = tuple[str, ...]

#: What a level of BGP as a whole is called, which groups inherit from as members do from groups.
GLOBAL = "protocols bgp"
_FAMILIES = {"inet": 4, "inet6": 6}
#: Families in which a session may carry prefixes past the chain's terms for inet and inet6.
_UNJUDGED = ("labeled-unicast",)
_VPNS = {"inet-vpn": "vpnv4", "inet6-vpn": "vpnv6", "evpn": "evpn"}
#: What ``defaults ebgp no-policy`` calls the directions.
NO_POLICY = {Direction.IMPORT: "receive", Direction.EXPORT: "advertise"}


@dataclass(frozen=True, slots=True, kw_only=True)
class Marks:
    """Paths of the configuration that need care, as words."""

    inherited: Collection[Path]
    doubtful: Collection[Path]
    inactive: Collection[Path]


def scopes(
    tree: Tree,
    *,
    inherited: Collection[Path],
    doubtful: Collection[Path],
    inactive: Collection[Path],
) -> Iterator[Scope]:
    """Yield each BGP instance of the configuration; "" is the main one."""
    marks = Marks(inherited=inherited, doubtful=doubtful, inactive=inactive)
    main_as = _own_as(tree)
    for prefix, system in _systems(tree):
        for path, vrf, found in _instances(system, prefix):
            bgp = found.get("protocols", {}).get("bgp", {})
            yield Scope(
                vrf=vrf,
                bgp=bgp,
                path=(*path, "protocols", "bgp"),
                own_as=_own_as(found) or _own_as(system) or main_as,
                marks=marks,
                elsewhere=prefix != (),
                main=bgp if not path else tree.get("protocols", {}).get("bgp", {}),
            )


def _systems(tree: Tree) -> Iterator[tuple[Path, Tree]]:
    yield (), tree
    for kind in ("logical-systems", "tenants"):
        for name, found in tree.get(kind, {}).items():
            yield (kind, name), found


def _instances(system: Tree, prefix: Path) -> Iterator[tuple[Path, str, Tree]]:
    yield prefix, joined(prefix), system
    for name, found in system.get("routing-instances", {}).items():
        vrf = f"{joined(prefix)} {name}" if prefix else name
        yield (*prefix, "routing-instances", name), vrf, found


def _own_as(found: Tree) -> int | None:
    said = next(iter(found.get("routing-options", {}).get("autonomous-system", {})), "")
    return asn(said) if is_asn(said) else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """One BGP instance: the main one, or that of a routing instance.

    ``elsewhere`` is a logical system or a tenant, whose policies are not looked into. With
    :meth:`sessions`, ``said_at`` and ``attached_at`` get the paths of what is said of a session,
    and of what attaches something to it.
    """

    vrf: str
    bgp: Tree
    path: Path
    own_as: int | None
    marks: Marks
    elsewhere: bool
    main: Tree
    said_at: dict[SessionKey, Path] = field(default_factory=dict)
    attached_at: dict[Slot, dict[Part, tuple[Path, ...]]] = field(default_factory=dict)

    def sessions(self) -> dict[SessionKey, Session]:
        """Return the groups and neighbors, and all of BGP if it has a chain, as a group."""
        found: dict[SessionKey, Session] = {}
        groups = self.bgp.get("group", {})
        above = GLOBAL if any(way.value in self.bgp for way in Direction) else None
        whole: set[int] = set()
        for name, group in groups.items():
            members = {
                peer: self._versions((peer, body), (name, group))
                for peer, body in group.get("neighbor", {}).items()
            }
            versions = self._versions((name, group)).union(*members.values())
            whole |= versions
            made = self._session((name, group), above, versions, ())
            found[made.key] = replace(made, is_group=True, listens=_listens(group))
            for peer, body in group.get("neighbor", {}).items():
                one = self._session((peer, body), name, members[peer], ((name, group),))
                if one.key in found:
                    one = _twice(one, found[one.key])
                found[one.key] = one
        if above is not None:
            made = self._session((GLOBAL, self.bgp), None, whole, None)
            found[made.key] = replace(made, is_group=True)
        return found

    def _session(
        self,
        level: tuple[str, Tree],
        group: str | None,
        versions: set[int],
        outer: tuple[tuple[str, Tree], ...] | None,
    ) -> Session:
        """Return the session of ``level``, with the groups around it; None is all of BGP."""
        name, body = level
        path = self.path
        levels = [body]
        if outer is not None:
            path = (*self.path, *(word for one, _ in outer for word in ("group", one)))
            path = (*path, "neighbor" if outer else "group", name)
            levels += [*(one for _, one in outer), self.bgp]
        external = self._is_external(levels)
        key = SessionKey(self.vrf, peer_name(name) if outer else name)
        self.said_at[key] = path
        for direction in Direction:
            where = self._where(direction, levels, path)
            self.attached_at.update({(key, version, direction): where for version in versions})
        return Session(
            key=key,
            is_group=False,
            group=group,
            is_external=external,
            closed_without_policy=False,
            unjudged=_unjudged(levels),
            vpns=_vpns(levels),
            attachments={
                (version, direction): self._attachment(direction, levels, path, group, external)
                for version in sorted(versions)
                for direction in Direction
            },
        )

    def _attachment(
        self,
        direction: Direction,
        levels: list[Tree],
        path: Path,
        group: str | None,
        external: bool | None,
    ) -> Attachment:
        deciding = next((at for at, one in enumerate(levels) if direction in one), None)
        overrides = [] if not self.elsewhere else [f"{joined(self.path[:2])} has its own policies"]
        chain, origin = None, None
        behind: tuple[str, ...] = ()
        if deciding is not None:
            said = levels[deciding][direction]
            chain = joined(_names(said))
            behind = _behind(said)
            if any(said.values()):
                overrides.append(f"{direction} {chain}")
            if deciding:
                origin = group
            elif any((*path, direction)[: len(one)] == one for one in self.marks.inherited):
                origin = "apply-groups"
            decided_at = path[: len(path) - 2 * deciding]
            if (*decided_at, direction) in self.marks.doubtful:
                overrides.append(f"{direction} is also said by apply-groups")
        if any(one[:-1] == path and one[-1] == direction for one in self._inactive(path)):
            overrides.append(f"inactive: {direction}")
        overrides += [f"{joined(words)}" for words in _family_chains(levels, direction)]
        return Attachment(
            route_map=chain,
            inherited_from=origin,
            overrides=tuple(overrides),
            closed_when_empty=self._closed(direction, external),
            behind=behind,
        )

    def _where(
        self, direction: Direction, levels: list[Tree], path: Path
    ) -> dict[Part, tuple[Path, ...]]:
        """Return the paths of what decides about a session of ``levels`` in one direction."""
        places = [path[: len(path) - 2 * at] for at in range(len(levels))]
        found: dict[Part, tuple[Path, ...]] = {}
        said = [place for one, place in zip(levels, places, strict=True) if direction in one]
        if said:
            found[Part.ROUTE_MAP] = ((*said[0], direction),)
        family = [place for one, place in zip(levels, places, strict=True) if one.get("family")]
        found[Part.OTHER] = (
            *((*path, direction) for one in self._inactive(path) if one[-1] == direction),
            *((*family[0], *words) for words in _family_chains(levels, direction)),
        )
        return found

    def _inactive(self, path: Path) -> Iterator[Path]:
        length = len(path) + 1
        return (one[:length] for one in self.marks.inactive if len(one) >= length)

    def _closed(self, direction: Direction, external: bool | None) -> bool | None:
        """Return whether eBGP lets nothing through without a policy here (since 20.3R1)."""
        for place in (self.bgp, self.main):
            said = place.get("defaults", {}).get("ebgp", {}).get("no-policy", {})
            if any(word.startswith("reject") for word in said.get(NO_POLICY[direction], {})):
                # What the main instance says of routing instances is not written down.
                return external if place is self.bgp else (False if external is False else None)
        return False

    def _is_external(self, levels: list[Tree]) -> bool | None:
        for one in levels:
            for kind in one.get("type", {}):
                return kind == "external"
        own = _first(levels, "local-as")
        theirs = _first(levels, "peer-as")
        mine = own if own is not None else self.own_as
        return None if theirs is None or mine is None else theirs != mine

    def _versions(self, *levels: tuple[str, Tree]) -> set[int]:
        said = next(
            (one["family"] for _, one in (*levels, ("", self.bgp)) if one.get("family")), None
        )
        if said is None:
            # Without a word about families a session carries that of its own address.
            return {6 if ":" in levels[0][0] else 4}
        return {
            version
            for word, version in _FAMILIES.items()
            if word in said and (not said[word] or {"unicast", "any"} & said[word].keys())
        }


def _first(levels: list[Tree], word: str) -> int | None:
    """Return the AS number that the innermost level says of ``word``."""
    for one in levels:
        for number in one.get(word, {}):
            if is_asn(number):
                return asn(number)
    return None


def _names(said: Tree) -> list[str]:
    """Return the policies of a chain; one of ours counts only where it is meant to be, first."""
    names = [word for line in leaves(said) for word in line]
    return names if is_owned(names[0]) else [name for name in names if not is_owned(name)]


def _behind(said: Tree) -> tuple[str, ...]:
    """Return the policies of ours in a chain that begins with another."""
    names = [word for line in leaves(said) for word in line]
    return () if is_owned(names[0]) else tuple(name for name in names if is_owned(name))


def _listens(group: Tree) -> bool:
    return "allow" in group or "dynamic-neighbor" in group


def _unjudged(levels: list[Tree]) -> tuple[str, ...]:
    said = next((one["family"] for one in levels if one.get("family")), {})
    return tuple(
        f"{family} {word}"
        for family in _FAMILIES
        for word in _UNJUDGED
        if word in said.get(family, {})
    )


def _vpns(levels: list[Tree]) -> tuple[str, ...]:
    """Return the VPN families that a session carries; the innermost ``family`` decides."""
    said = next((one["family"] for one in levels if one.get("family")), {})
    return tuple(sorted(_VPNS[word] for word in said if word in _VPNS))


def _family_chains(levels: list[Tree], direction: Direction) -> Iterator[Path]:
    """Yield the chains that stand inside a family, which nothing here looks into."""
    said = next((one["family"] for one in levels if one.get("family")), {})
    for line in leaves({word: said[word] for word in _FAMILIES if word in said}):
        if direction in line and line[1] not in _UNJUDGED:
            yield ("family", *line)


def _twice(one: Session, other: Session) -> Session:
    """Return a neighbor that stands in two groups: nobody knows which of them decides."""
    doubt = (f"also in group {other.group}",)
    return replace(
        one,
        attachments={
            at: replace(said, overrides=(*said.overrides, *doubt))
            for at, said in one.attachments.items()
        },
    )
