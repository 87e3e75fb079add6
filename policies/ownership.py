"""What is ringfence's own on a device, by name, and what a name promises.

Names begin with ``RF-``. A prefix-list's name ends in a hash of its content, so a changed
list is a new list, and a list whose content does not fit its name has been tampered with.
"""

from __future__ import annotations

import hashlib
import itertools
import re
from typing import TYPE_CHECKING

from policies.filters import PrefixList

if TYPE_CHECKING:
    from collections.abc import Container, Mapping

    from policies.prefix_list import PrefixListEntry

PREFIX = "RF-"

#: Hex digits of SHA-256 in a name: 32 bits tell a few lists of one label apart, and keep
#: names under the 63 characters that the tightest platform takes.
_DIGITS = 8
_HASH = re.compile(rf"-([0-9a-f]{{{_DIGITS}}})(?:\.\d+)?$")
_MAX_LABEL = 32
_STAND_IN = f"{PREFIX}hold-"


def is_owned(name: str) -> bool:
    """Return whether the object called ``name`` is ringfence's."""
    return name.startswith(PREFIX)


def content_hash(version: int, entries: tuple[PrefixListEntry, ...]) -> str:
    """Return the hash of what a list says: actions, prefixes and lengths, in order.

    Sequence numbers are left out: they carry no meaning beyond the order.
    """
    lines = (f"{one.action} {one.prefix} {one.lo} {one.hi}" for one in entries)
    text = "\n".join((f"ipv{version}", *lines))
    return hashlib.sha256(text.encode()).hexdigest()[:_DIGITS]


def is_intact(one: PrefixList) -> bool:
    """Return whether the content of one of our lists is what its name promises."""
    found = _HASH.search(one.name)
    whole = found is not None and found[1] == content_hash(one.version, one.entries)
    return whole and not one.unknown


def label(clusters: tuple[str, ...], *suffixes: str) -> str:
    """Return a readable label for ``clusters``, a different one for different clusters.

    Many are counted instead of named, and told apart by a hash of their names.
    """
    text = ".".join((*clusters, *suffixes))
    if len(text) > _MAX_LABEL:
        digits = hashlib.sha256("\n".join(clusters).encode()).hexdigest()[:_DIGITS]
        text = ".".join((f"{len(clusters)}-clusters.{digits}", *suffixes))
    return text


def list_name(kind: str, label_: str, version: int, entries: tuple[PrefixListEntry, ...]) -> str:
    """Return the name of a list, such as ``RF-out-orange-v4-3f9a1c20``."""
    return f"{PREFIX}{kind}-{label_}-v{version}-{content_hash(version, entries)}"


def stand_in_name(route_map: str) -> str:
    """Return the name of the copy that stands in for ``route_map`` while that is changed."""
    # A device may name what UTF-8 can't hold.
    name = route_map.encode("utf-8", "surrogatepass")
    return f"{_STAND_IN}{hashlib.sha256(name).hexdigest()[:_DIGITS]}"


def is_stand_in(name: str) -> bool:
    """Return whether the route-map ``name`` is such a copy: one that stayed behind if attached."""
    return name.startswith(_STAND_IN)


def free_name(
    wanted: PrefixList,
    present: Mapping[tuple[int, str], PrefixList],
    referred: Container[tuple[int, str]] = (),
) -> PrefixList:
    """Return ``wanted`` under a name whose list on the device, if any, is not tampered with.

    A tampered list is never mended in place, where it would be half a list for a moment:
    the right content goes under the next free name (``.2``, ``.3``) and the bad list goes.
    A right one that stands already is kept, under whichever of these names. A name in
    ``referred`` without a list behind it is not free either: the list would be live half made.
    """
    standing = [
        one.name
        for (version, name), one in present.items()
        if version == wanted.version
        and (one.entries, one.unknown) == (wanted.entries, ())
        and (name == wanted.name or name.startswith(f"{wanted.name}."))
    ]
    names = (
        wanted.name if number == 1 else f"{wanted.name}.{number}" for number in itertools.count(1)
    )
    keys = ((wanted.version, name) for name in names)
    free = (key[1] for key in keys if key not in present and key not in referred)
    return PrefixList(wanted.version, min(standing, default=next(free)), wanted.entries)


def owned_lists(
    lists: Mapping[tuple[int, str], PrefixList], *, besides: Container[tuple[int, str]] = ()
) -> dict[tuple[int, str], PrefixList]:
    """Return our own lists among ``lists``, without those in ``besides``."""
    return {key: one for key, one in lists.items() if is_owned(one.name) and key not in besides}
