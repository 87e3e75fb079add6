"""The shortest prefix-list that says a set of prefixes."""

from policies.prefix_list import Action, PrefixListEntry
from policies.prefix_set import PrefixSet, network_of


def shortest(wanted: PrefixSet) -> tuple[PrefixListEntry, ...]:
    """Return a prefix-list that permits exactly ``wanted`` and ends in an explicit default."""
    version = wanted.version
    lists = []
    for part, action, default in (
        (wanted, Action.PERMIT, Action.DENY),
        (~wanted, Action.DENY, Action.PERMIT),
    ):
        rows = [*part.int_ranges(), *PrefixSet.everything(version).int_ranges()]
        actions = [action] * (len(rows) - 1) + [default]
        lists.append(list(zip(actions, rows, strict=True)))
    return tuple(
        PrefixListEntry(action=action, prefix=network_of(version, first, length), ge=low, le=high)
        for action, (first, length, low, high) in min(lists, key=len)
    )
