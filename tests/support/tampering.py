"""Made-up devices and what somebody does to ringfence's own on them: :func:`tampered`."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from filter_sets import Wish, devices, entries, fence_books, numbered_list, wishes
from hypothesis import strategies as st

from policies.filters import PrefixList, RouteMap, Running, Stanza
from policies.managed import managed
from policies.ownership import is_owned
from policies.placement import LAST_SEQ
from policies.prefix_list import Action

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.guards import Fence

Generations = tuple[Running, tuple[Wish, ...], "Mapping[str, Fence]", "Mapping[str, Fence]"]


@st.composite
def generations(draw: st.DrawFn, *, shared: bool = False) -> Generations:
    """Return a device, what is wished of it, and two generations of pools."""
    running = draw(devices(shared=shared))
    wished = draw(wishes(running))
    return running, wished, draw(fence_books()), draw(fence_books())


@st.composite
def tampered(draw: st.DrawFn, running: Running) -> Running:
    """Return ``running`` after somebody was at ringfence's own lists, stanzas and maps."""
    ours = managed(running)
    lists, maps = dict(running.lists), dict(running.route_maps)
    for key in draw(st.lists(st.sampled_from([*ours.lists, None]), max_size=2, unique=True)):
        if key is None:
            continue
        what = draw(st.sampled_from(["gone", "other", "longer"]))
        if what == "gone":
            del lists[key]
            continue
        some = list(draw(st.lists(entries(key[0]), min_size=1, max_size=2)))
        kept = list(lists[key].entries) if what == "longer" else []
        lists[key] = PrefixList(*key, numbered_list(*key, [*some, *kept]).entries)
    for name, seq in draw(st.lists(st.sampled_from([*ours.stanzas, None]), max_size=3, unique=True)
                          .map(lambda some: [one for one in some if one])):  # fmt: skip
        stanzas = {one.seq: one for one in maps[name].stanzas}
        one = stanzas.pop(seq)
        what = draw(st.sampled_from(["gone", "permit", "unknown", "set", "jump", "added", "bare"]))
        changed: list[Stanza] = {
            "gone": [],
            "permit": [replace(one, action=Action.PERMIT)],
            "unknown": [replace(one, unknown=(f"match tag {name}.{seq}",))],
            "set": [replace(one, sets=("set metric 5",))],
            "jump": [replace(one, action=Action.PERMIT, goes_on=True)],
            "added": [one, replace(one, seq=seq + 100 if seq < LAST_SEQ else 7)],
            "bare": [replace(one, lists=())] if is_owned(name) else [one],
        }[what]
        stanzas.update({new.seq: new for new in changed})
        maps[name] = RouteMap(name, tuple(stanzas[number] for number in sorted(stanzas)))
        if not stanzas:
            del maps[name]
    return replace(running, lists=lists, route_maps=maps)
