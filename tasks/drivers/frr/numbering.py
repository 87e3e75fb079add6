"""Numbers for prefix-list entries that come without: `Numbers.numbered`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tasks.drivers.frr import rules

if TYPE_CHECKING:
    from collections.abc import Iterable

# Source: acl_get_seq in lib/filter_cli.c.
_STEP = 5


class Numbers:
    """What numbers and entries the prefix-lists of a configuration have."""

    def __init__(self, lines: Iterable[str]) -> None:
        self._highest: dict[str, int] = {}
        self._entries: dict[tuple[str, ...], str] = {}
        for line in lines:
            self.with_line(line)

    def with_line(self, line: str) -> Numbers:
        """Take a line into account, if it is an entry; return itself."""
        entry = rules.prefix_list_parts(line)
        if entry is not None and entry.seq:
            highest = self._highest.get(entry.name, 0)
            self._highest[entry.name] = max(highest, int(entry.seq))
            self._entries[entry.name, *entry.content] = line
        return self

    def numbered(self, entry: rules.PrefixListEntry) -> str:
        """Return an entry with the number FRR gives it: the highest of its list plus 5.

        FRR ignores an entry that the list has already; then that one is returned.
        """
        present = self._entries.get((entry.name, *entry.content))
        if present is not None:
            return present
        number = str(self._highest.get(entry.name, 0) + _STEP)
        return " ".join((entry.name, "seq", number, *filter(None, entry.content)))
