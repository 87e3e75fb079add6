"""What route-filters and prefix-lists match, as ranges: :func:`filter_ranges`, :func:`listed`.

Law: of the route-filters of one term only those of the longest prefix that holds a route decide
whether it matches, whatever shorter ones say (Junos routing policies guide, "Understanding route
filters"). A prefix-list has no such rule: each of its entries counts.
"""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

from lab.switch.meaning import Range

if TYPE_CHECKING:
    from collections.abc import Sequence

    from lab.switch.meaning import Network


class FilterError(ValueError):
    """A match type that is none, or whose lengths make no sense."""


def exact(prefix: Network) -> Range:
    """Return the range of one prefix."""
    return Range(prefix, prefix.prefixlen, prefix.prefixlen)


def listed(prefix: str, match: str) -> list[Range]:
    """Return what an entry of a prefix-list matches under a match type."""
    return _matched((prefix, match))


def filter_ranges(filters: Sequence[tuple[str, ...]]) -> tuple[tuple[bool, Range], ...]:
    """Return the route-filters (prefix, match type, lengths) of one family as ranges in order."""
    by_prefix: dict[Network, list[Range]] = {}
    for one in filters:
        by_prefix.setdefault(ip_network(one[0], strict=False), []).extend(_matched(one))
    ranges: list[tuple[bool, Range]] = []
    for prefix in sorted(by_prefix, key=lambda one: (-one.prefixlen, int(one.network_address))):
        ranges += [(True, one) for one in by_prefix[prefix]]
        ranges.append((False, Range(prefix, prefix.prefixlen, prefix.max_prefixlen)))
    return tuple(ranges)


def _matched(one: Sequence[str]) -> list[Range]:
    prefix = ip_network(one[0], strict=False)
    match, length, longest = one[1], prefix.prefixlen, prefix.max_prefixlen
    if match == "exact":
        return [exact(prefix)]
    if match == "orlonger":
        return [Range(prefix, length, longest)]
    if match == "longer":
        return [Range(prefix, length + 1, longest)] if length < longest else []
    if match == "upto":
        return [_between(prefix, length, one[2])]
    if match == "prefix-length-range":
        low, _, high = one[2].partition("-")
        return [_between(prefix, _length(low), high)]
    if match == "through":
        end = ip_network(one[2], strict=False)
        ways = (end.supernet(new_prefix=bits) for bits in range(length, end.prefixlen + 1))
        return [exact(way) for way in ways]
    raise FilterError(f"{match} is no match type")


def _between(prefix: Network, shortest: int, longest: str) -> Range:
    found = Range(prefix, shortest, _length(longest))
    if not prefix.prefixlen <= found.shortest <= found.longest <= prefix.max_prefixlen:
        raise FilterError(f"{prefix} has no lengths from {found.shortest} to {found.longest}")
    return found


def _length(text: str) -> int:
    return int(text.removeprefix("/"))
