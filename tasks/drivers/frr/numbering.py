"""Numbers for entries of lists that come without: `Numbers.numbered`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.drivers.frr import rules

if TYPE_CHECKING:
    from collections.abc import Iterable

# Sources: acl_get_seq in lib/filter_cli.c; bgp_clist_new_seq_get in bgpd/bgp_clist.c and
# bgp_alist_new_seq_get in bgpd/bgp_filter.c, which go to the next multiple of it.
_STEP = 5


class Numbers:
    """What numbers and entries the lists of a configuration have."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._highest: dict[str, int] = {}
        self._entries: dict[tuple[str, str], str] = {}
        for line in lines:
            self.with_line(line)

    def with_line(self, line: str) -> Numbers:
        """Take a line into account, if it is an entry; return itself."""
        entry = rules.entry(line)
        if entry is not None and entry.seq:
            highest = self._highest.get(entry.name, 0)
            self._highest[entry.name] = max(highest, int(entry.seq))
            self._entries[entry.name, entry.what] = line
        return self

    def numbered(self, entry: rules.Entry) -> str:
        """Return an entry with the number FRR gives it: the highest of its list plus 5.

        FRR ignores an entry that the list has already; then that one is returned.
        """
        present = self._entries.get((entry.name, entry.what))
        if present is not None:
            return present
        highest = self._highest.get(entry.name, 0)
        number = highest + _STEP
        if entry.name.startswith("bgp "):
            number -= number % _STEP
        return f"{entry.name} seq {number} {entry.what}"
