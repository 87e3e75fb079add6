"""Generated FRR configurations, in the words FRR prints; `configurations` is the strategy.

Everything in one configuration is defined before it is referred to, so that FRR takes it whole.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from hypothesis import strategies as st

if TYPE_CHECKING:
    from tasks.drivers.frr.config_tree import Tree

_LISTS4 = ("RF-A", "RF-B", "OWN")
_LISTS6 = ("RF-A6", "OWN6")
_MAPS = ("FROM-NODE", "TO-NODE", "FROM-SPINE")
_PREFIXES4 = tuple(f"10.{n}.0.0/16" for n in range(60, 70))
_PREFIXES6 = tuple(f"fd00:{n}::/48" for n in range(60, 70))
_ACTIONS = ("permit", "deny")


@st.composite
def _prefix_list(draw: st.DrawFn, family: str, name: str) -> list[str]:
    # One entry per prefix: with more, FRR 8 forgets entries when one of them goes (issue 14246).
    prefixes = _PREFIXES4 if family == "ip" else _PREFIXES6
    bounds = ("", " le 26", " ge 24 le 28", " ge 26") if family == "ip" else ("", " ge 64 le 122")
    chosen = draw(st.lists(st.sampled_from(prefixes), min_size=1, max_size=4, unique=True))
    numbers = draw(
        st.lists(st.integers(1, 40), min_size=len(chosen), max_size=len(chosen), unique=True).map(
            sorted
        )
    )
    return [
        f"{family} prefix-list {name} seq {number} {draw(st.sampled_from(_ACTIONS))} {prefix}"
        f"{draw(st.sampled_from(bounds))}"
        for number, prefix in zip(numbers, chosen, strict=True)
    ]


@st.composite
def _stanza(draw: st.DrawFn, lists4: list[str], lists6: list[str]) -> Tree:
    lines: list[str] = []
    if draw(st.booleans()) and lists4:
        lines.append(f"match ip address prefix-list {draw(st.sampled_from(lists4))}")
    if draw(st.booleans()) and lists6:
        lines.append(f"match ipv6 address prefix-list {draw(st.sampled_from(lists6))}")
    if draw(st.booleans()):
        lines.append(f"set local-preference {draw(st.integers(1, 300))}")
    return {line: {} for line in lines}


@st.composite
def _router(draw: st.DrawFn, maps: list[str]) -> Tree:
    tree: Tree = {"bgp router-id 10.9.0.1": {}}
    families: dict[str, Tree] = {"ipv4": {}, "ipv6": {}}
    for neighbor in draw(st.sets(st.sampled_from(["10.7.0.1", "10.7.0.2", "10.7.0.3"]))):
        tree[f"neighbor {neighbor} remote-as {draw(st.integers(64600, 64602))}"] = {}
        tree[f"neighbor {neighbor} shutdown"] = {}
        if draw(st.booleans()):
            tree[f"neighbor {neighbor} description rack {draw(st.integers(1, 3))}"] = {}
        families["ipv6"][f"neighbor {neighbor} activate"] = {}
        for family in families.values():
            for direction in ("in", "out"):
                if draw(st.booleans()) and maps:
                    used = draw(st.sampled_from(maps))
                    family[f"neighbor {neighbor} route-map {used} {direction}"] = {}
    for name, family in families.items():
        if family:
            tree[f"address-family {name} unicast"] = family
    return tree


@st.composite
def configurations(draw: st.DrawFn) -> Tree:
    """Draw a configuration: prefix-lists, community-lists, route-maps, a BGP router."""
    tree: Tree = {"frr version 8.4.4": {}, "frr defaults traditional": {}}
    lists4 = sorted(draw(st.sets(st.sampled_from(_LISTS4))))
    lists6 = sorted(draw(st.sets(st.sampled_from(_LISTS6))))
    maps = sorted(draw(st.sets(st.sampled_from(_MAPS))))
    tree["router bgp 65000"] = draw(_router(maps))
    for family, names in (("ip", lists4), ("ipv6", lists6)):
        for name in names:
            tree.update((line, {}) for line in draw(_prefix_list(family, name)))
    for community in sorted(draw(st.sets(st.integers(100, 103)))):
        tree[f"bgp community-list standard C{community} seq 5 permit 65000:{community}"] = {}
    for name in maps:
        numbers = draw(st.sets(st.sampled_from([1, 2, 10, 20]), min_size=1))
        for number in sorted(numbers):
            header = f"route-map {name} {draw(st.sampled_from(_ACTIONS))} {number}"
            tree[header] = draw(_stanza(lists4, lists6))
    return tree
