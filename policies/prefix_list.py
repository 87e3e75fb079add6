"""Prefix-lists as data, and the set of prefixes that one permits.

Read `PrefixListEntry`, then `evaluate`. The law: the first entry that matches decides, and what
none matches is denied. How a platform writes a list is the dialects' business.
"""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from enum import StrEnum

from policies.columns import Columns, canonical
from policies.prefix_set import Network, PrefixSet, length_range, range_text, width_of

_SEQ_STEP = 5
"""What FRR goes on by when an entry has no number (8.4.4, lib/plist.c, prefix_new_seq_get)."""


class Action(StrEnum):
    """What an entry does with the prefixes that it matches."""

    PERMIT = "permit"
    DENY = "deny"


@dataclass(frozen=True, slots=True, kw_only=True)
class PrefixListEntry:
    """One entry of an ordered list: it matches prefixes inside ``prefix`` with a length in range.

    `ge` and `le` are kept in one form for one meaning, so that entries that match the same are
    equal: nothing for an exact match, `le` alone if the range begins at the prefix's own length,
    both otherwise.

    >>> from ipaddress import IPv4Network
    >>> PrefixListEntry(action=Action.PERMIT, prefix=IPv4Network("10.65.0.0/16"), ge=26).le
    32

    Raises:
        ValueError: unless prefix length <= ge <= le <= longest, or if the action is not one.
    """

    action: Action
    prefix: Network
    ge: int | None = None
    le: int | None = None
    seq: int | None = None

    def __post_init__(self) -> None:
        if self.ge is None and self.le is None:
            return
        low, high = length_range(self.prefix, self.ge, self.le)
        own = self.prefix.prefixlen
        object.__setattr__(self, "ge", None if low == own else low)
        object.__setattr__(self, "le", None if high == own else high)

    @property
    def lo(self) -> int:
        """The shortest length that the entry matches."""
        return self.prefix.prefixlen if self.ge is None else self.ge

    @property
    def hi(self) -> int:
        """The longest length that the entry matches."""
        return self.prefix.prefixlen if self.le is None else self.le

    def __str__(self) -> str:
        number = "" if self.seq is None else f"seq {self.seq} "
        return f"{number}{self.action} {range_text(self.prefix, self.lo, self.hi)}"


def canonical_ge_le(entry: PrefixListEntry) -> tuple[int | None, int | None]:
    """Return the ``ge`` and ``le`` to write for ``entry``; None is left out.

    Exact: neither. From the prefix's own length on: `le` alone, as FRR and IOS refuse a `ge` that
    is not longer than the prefix. Otherwise both, also where `le` is the longest: a reader need not
    know the default.
    """
    return entry.ge, entry.le


def evaluate(entries: Sequence[PrefixListEntry], version: int) -> PrefixSet:
    """Return the set of prefixes that the list permits: first match in order of `seq`, else deny.

    An entry without a number comes where a device would put it: after the highest number so far.
    Near-linear in the number of entries, however nested.

    >>> from ipaddress import IPv4Network
    >>> block = IPv4Network("10.0.0.0/8")
    >>> evaluate([PrefixListEntry(action=Action.DENY, prefix=IPv4Network("10.1.0.0/16"), le=32),
    ...           PrefixListEntry(action=Action.PERMIT, prefix=block, le=16)], 4).witness()
    IPv4Network('10.0.0.0/8')

    Raises:
        ValueError: if an entry is of the other IP version, or two have the same number.
    """
    width = width_of(version)
    rows = []
    for rank, entry in _ranked(entries):
        prefix = entry.prefix
        if prefix.version != version:
            raise ValueError(
                f"{entry}: an IPv{prefix.version} entry in an IPv{version} prefix-list"
            )
        own = prefix.prefixlen
        low = own if entry.ge is None else entry.ge
        high = own if entry.le is None else entry.le
        permit = entry.action is Action.PERMIT
        rows.append((int(prefix.network_address), own, rank, (2 << high) - (1 << low), permit))
    return PrefixSet(version, *_first_match(width, rows))


def deciding(entries: Iterable[PrefixListEntry], prefix: Network) -> int | None:
    """Return the place of the entry that decides about ``prefix``, counted from 0; None if none.

    Raises:
        ValueError: if two entries have the same number.
    """
    address = int(prefix.network_address)
    places = enumerate(_ranked(entries))
    for place, (_, entry) in sorted(places, key=lambda one: one[1][0]):
        own = entry.prefix
        beyond = own.max_prefixlen - own.prefixlen
        if (
            own.version == prefix.version
            and entry.lo <= prefix.prefixlen <= entry.hi
            and address >> beyond == int(own.network_address) >> beyond
        ):
            return place
    return None


def _ranked(entries: Iterable[PrefixListEntry]) -> list[tuple[int, PrefixListEntry]]:
    """Return the entries with the number that decides their order."""
    ranked: list[tuple[int, PrefixListEntry]] = []
    highest = 0
    taken: set[int] = set()
    for entry in entries:
        rank = entry.seq
        if rank is None:
            rank = highest // _SEQ_STEP * _SEQ_STEP + _SEQ_STEP
        if rank in taken:
            raise ValueError(f"two entries of one prefix-list have the number {rank}")
        taken.add(rank)
        highest = max(highest, rank)
        ranked.append((rank, entry))
    return ranked


_Rule = tuple[int, int, bool]
"""Rank, lengths as a mask, and whether they are permitted."""


def _first_match(width: int, rows: list[tuple[int, int, int, int, bool]]) -> Columns:
    """Return the columns that ``rows`` permit.

    A row is ``(first address, prefix length, rank, mask, permit)``.

    Prefixes are nested or disjoint. So one walk from left to right with a stack of the open ones
    suffices; each keeps the rules that still decide something inside it, at most one a length.
    """
    rows.sort()
    beyond = 1 << width
    starts, masks = [0], [0]
    rules: list[_Rule] = []
    mask, end = 0, beyond
    stack: list[tuple[int, int, list[_Rule]]] = []
    index, count = 0, len(rows)
    while index < count:
        first, length, rank, lengths, permit = rows[index]
        index += 1
        while end <= first:
            starts.append(end)
            end, mask, rules = stack.pop()
            masks.append(mask)
        own: list[_Rule] = [(rank, lengths, permit)]
        while index < count and rows[index][0] == first and rows[index][1] == length:
            own.append(rows[index][2:])
            index += 1
        stack.append((end, mask, rules))
        end = first + (1 << (width - length))
        mask, rules = _decide(length, mask, rules + own)
        starts.append(first)
        masks.append(mask)
    while end < beyond:
        starts.append(end)
        end, mask, rules = stack.pop()
        masks.append(mask)
    return canonical(starts, masks)


def _decide(length: int, outer: int, rules: list[_Rule]) -> tuple[int, list[_Rule]]:
    """Return the mask that ``rules`` permit in a block of ``length``, and which rules decide there.

    Shorter lengths are not the block's to decide: they are as in the enclosing block, ``outer``.
    """
    rules.sort()
    shorter = (1 << length) - 1
    permitted, decided = outer & shorter, shorter
    deciding: list[_Rule] = []
    for rule in rules:
        lengths = rule[1]
        fresh = lengths & ~decided
        if fresh:
            deciding.append(rule)
            decided |= lengths
            if rule[2]:
                permitted |= fresh
    return permitted, deciding
