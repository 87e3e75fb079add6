"""What the ``from`` of a Junos term says of prefixes: :func:`destinations`, as prefix-lists.

Of several ``route-filter`` in one term the longest prefix that contains the route decides alone,
whether its match type holds or not; of one prefix with several types the first that holds
(Juniper, "Understanding Route Filters for Use in Routing Policy Match Conditions"). As a list of
which the first entry decides: the longest prefixes first, each with a deny behind it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import TYPE_CHECKING

from policies.dialects.junos_text import joined, leaves
from policies.filters import PrefixList
from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import WIDTHS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping

    from policies.dialects.junos_text import Tree
    from policies.prefix_set import Network

#: A prefix with the words behind it: its match type, and perhaps an action.
Filter = tuple[str, tuple[str, ...]]
Range = tuple["Network", int, int]

#: The words of a statement.
Path = tuple[str, ...]
Row = tuple[Action, Range, Path]

#: The conditions of a term about the route's own prefix; any of them may hold.
CONDITIONS = ("route-filter", "route-filter-list", "prefix-list", "prefix-list-filter")
_TYPES = {"exact": 1, "longer": 1, "orlonger": 1, "upto": 2, "prefix-length-range": 2, "through": 2}


@dataclass(slots=True)
class Destinations:
    """What a term asks of the prefix.

    ``names`` are lists, as (version, name), one of which must permit; ``unknown`` is what these
    lists may say too much; ``unclear`` that they may say too little; ``acts`` that a filter
    has an action of its own. ``paths`` are, for each of ``lists``, the statements of its entries.
    """

    asked: bool = False
    names: list[tuple[int, str]] = field(default_factory=list)
    lists: list[PrefixList] = field(default_factory=list)
    paths: list[tuple[Path, ...]] = field(default_factory=list)
    unknown: list[str] = field(default_factory=list)
    unclear: bool = False
    acts: bool = False


def destinations(frm: Tree, where: str, options: Tree, term: Path) -> Destinations:
    """Return what ``frm``, in ``term``, asks of the prefix, as lists named after ``where``."""
    out = Destinations(asked=any(kind in frm for kind in CONDITIONS))
    kinds = 0
    if "route-filter" in frm:
        kinds += 1
        _add(out, where, filters(frm["route-filter"]), (*term, "from", "route-filter"))
    for name, sub in frm.get("route-filter-list", {}).items():
        kinds += 1
        out.acts |= bool(sub)
        some = filters(options.get("route-filter-list", {}), name)
        _add(out, f"route-filter-list {name}", some, ("policy-options", "route-filter-list", name))
    for name in frm.get("prefix-list", {}):
        some = _members(options, name, ("exact",))
        _add(out, f"prefix-list {name}", some, ("policy-options", "prefix-list", name))
    kinds += "prefix-list" in frm
    for name, sub in frm.get("prefix-list-filter", {}).items():
        for words in leaves(sub):
            kinds += 1
            text = joined((name, *words))
            some = _members(options, name, words)
            _add(out, f"prefix-list-filter {text}", some, ("policy-options", "prefix-list", name))
            if words[0] == "longer":
                out.unknown.append(f"from prefix-list-filter {text}")
    if kinds > 1:
        out.unknown.append(f"from several lists of prefixes in {where}")
    return out


def filters(tree: Tree, name: str | None = None) -> list[Filter]:
    """Return the filters of a term, or those of the list ``name``, in order."""
    inside = tree if name is None else tree.get(name, {})
    return [(prefix, words) for prefix, sub in inside.items() for words in leaves(sub) or [()]]


def _members(options: Tree, name: str, how: tuple[str, ...]) -> list[Filter]:
    """Return the members of a prefix-list as filters; () as a type for what is not known."""
    found = options.get("prefix-list", {}).get(name, {})
    return [(prefix, () if prefix == "apply-path" else how) for prefix in found]


def _add(out: Destinations, name: str, some: list[Filter], path: Path) -> None:
    """Add the lists of both families that ``some`` filters make, which stand below ``path``."""
    grouped: dict[Network, list[tuple[Path, list[Range]]]] = {}
    clear = bool(some)
    for text, words in some:
        try:
            prefix = ip_network(text, strict=False)
            ranges = list(match_ranges(prefix, words))
        except ValueError:
            clear = False
            continue
        if not all(one.prefixlen <= lo <= hi <= one.max_prefixlen for one, lo, hi in ranges):
            # No device takes such lengths; what it would make of them is not known.
            clear = False
            continue
        out.acts |= len(words) > _TYPES.get(words[0], 0)
        # A prefix-list says nothing behind its prefixes.
        own = (*path, text, *words) if path[1:2] != ("prefix-list",) else (*path, text)
        grouped.setdefault(prefix, []).append((own, ranges))
    if not clear:
        out.unclear = True
        return
    for version in WIDTHS:
        rows = list(_rows(version, grouped))
        if rows:
            out.names.append((version, name))
            out.lists.append(PrefixList(version, name, tuple(_numbered(rows))))
            out.paths.append(tuple(said for _, _, said in rows))


def match_ranges(prefix: Network, words: tuple[str, ...]) -> Iterator[Range]:
    """Yield what a match type makes of ``prefix``: networks with their lengths.

    Raises:
        ValueError: there is no such type, or it can't be said in prefixes.
    """
    own, longest = prefix.prefixlen, prefix.max_prefixlen
    match words:
        case ["exact", *_]:
            yield prefix, own, own
        case ["orlonger", *_]:
            yield prefix, own, longest
        case ["longer", *_]:
            if own < longest:
                yield prefix, own + 1, longest
        case ["upto", to, *_]:
            yield prefix, own, int(to.lstrip("/"))
        case ["prefix-length-range", both, *_]:
            low, high = both.split("-")
            yield prefix, int(low.lstrip("/")), int(high.lstrip("/"))
        case ["through", to, *_]:
            last = ip_network(to, strict=False)
            for length in range(own, last.prefixlen + 1):
                yield last.supernet(new_prefix=length), length, length
        case _:
            raise ValueError(f"not in prefixes: {' '.join(words)}")


def match_words(entry: PrefixListEntry) -> tuple[str, ...]:
    """Return the match type that says what ``entry`` does; the inverse of `match_ranges`."""
    own, lo, hi = entry.prefix.prefixlen, entry.lo, entry.hi
    if (lo, hi) == (own, own):
        return ("exact",)
    if lo == own:
        return ("orlonger",) if hi == entry.prefix.max_prefixlen else ("upto", f"/{hi}")
    return ("prefix-length-range", f"/{lo}-/{hi}")


def _rows(version: int, grouped: Mapping[Network, list[tuple[Path, list[Range]]]]) -> Iterator[Row]:
    """Yield the entries of one family, the longest prefix first."""
    own = [(prefix, some) for prefix, some in grouped.items() if prefix.version == version]
    own.sort(key=lambda item: -item[0].prefixlen)
    shortest = min((prefix.prefixlen for prefix, _ in own), default=0)
    for prefix, some in own:
        for said, ranges in some:
            yield from ((Action.PERMIT, one, said) for one in ranges)
        if prefix.prefixlen > shortest:
            yield Action.DENY, (prefix, prefix.prefixlen, prefix.max_prefixlen), some[0][0]


def _numbered(rows: Iterable[Row]) -> Iterator[PrefixListEntry]:
    for number, (action, (prefix, low, high), _) in enumerate(rows, start=1):
        yield PrefixListEntry(action=action, prefix=prefix, ge=low, le=high, seq=10 * number)
