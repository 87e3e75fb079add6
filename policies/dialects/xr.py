"""Cisco IOS-XR: reads ``show running-config``, writes a candidate for one commit.

A guard stands ahead of the operator's policy: a route-policy of ours is attached in its place,
drops what the guard denies, and applies the operator's, which decides as before. Prefix-lists
are prefix-sets, which only say what they hold.

- An eBGP session without a policy lets nothing through, in either direction, unless ``bgp
  unsafe-ebgp-policy`` is said; an iBGP session lets everything through.
- Undefined references don't exist: a commit that would leave one is refused.
- A commit is all or nothing, and objects are replaced whole, so no moment lies between.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.change import apply
from policies.dialects.closing import Knob, policy_name
from policies.dialects.ios_like import IN_OUT
from policies.dialects.xr_foreign import foreign_lines
from policies.dialects.xr_objects import element_text
from policies.dialects.xr_parse import XrReader
from policies.dialects.xr_wrapper import wrapper_lines
from policies.ownership import is_owned

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from policies.change import Step
    from policies.dialects.line_index import LineIndex
    from policies.filters import Running
    from policies.managed import Slot
    from policies.references import Place, Reference

#: The lines of objects, by the line that begins them.
_Objects = dict[str, tuple[str, ...]]

_UNSAFE = "bgp unsafe-ebgp-policy"


class XrDialect:
    """Reads and writes IOS-XR."""

    #: eBGP is closed without a policy, unless this has been said.
    knob: Knob | None = Knob(f"no {_UNSAFE}")

    def parse(self, text: str) -> Running:
        """Return the filter set of a whole running configuration."""
        return XrReader().parse(text)

    def index(self, text: str) -> LineIndex:
        """Return where the parts of the filter set of ``text`` stand in it."""
        return XrReader().index(text)

    def locate(self, text: str, reference: Reference) -> tuple[Place, ...]:
        """Return the lines of ``text`` where ``reference`` stands."""
        return self.index(text).places(reference)

    def render(self, steps: Sequence[Step], running: Running) -> str:
        """Return what ``steps`` come to, as whole objects; "" if that is nothing."""
        return "".join(f"{line}\n" for line in _change(running, apply(running, steps)))

    def close_ebgp(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that take the opening of eBGP back; of VRFs it is not known."""
        key = slot[0]
        if key.vrf:
            return ()
        return f"router bgp {running.routers[key.vrf]}", f" no {_UNSAFE}", "!"

    def deny_all(self, slot: Slot, running: Running) -> tuple[str, ...]:
        """Return the lines that put a policy on the session that denies everything."""
        name, is_there = policy_name(running)
        define = () if is_there else (f"route-policy {name}", "  drop", "end-policy", "!")
        return (*define, *_router({slot: name}, {}, running))

    def foreign(self, text: str) -> str:
        """Return ``text`` without ours, the operator's policies in the place of our wrappers."""
        return "".join(foreign_lines(text))


def _change(before: Running, after: Running) -> Iterator[str]:
    """Yield what makes one of the other; "no" first, as it is read where a block ends else."""
    old, new = _objects(before), _objects(after)
    yield from (f"no {head}" for head in sorted(old, reverse=True) if head not in new)
    for head, lines in sorted(new.items()):
        if old.get(head) != lines:
            yield from (head, *lines, "!")
    was, now = _attached(before), _attached(after)
    changed = {slot: now.get(slot) for slot in {**was, **now} if was.get(slot) != now.get(slot)}
    if changed:
        yield from _router(changed, was, after)


def _objects(running: Running) -> _Objects:
    """Return our prefix-sets and policies; a set is one object for both families."""
    found: _Objects = {}
    elements: dict[str, list[str]] = {}
    for (_, name), one in sorted(running.lists.items()):
        if is_owned(name):
            there = elements.setdefault(name, [])
            there += [text for text in map(element_text, one.entries) if text not in there]
            there += [text for text in one.unknown if text not in there]
    for name, texts in elements.items():
        ends = [*[","] * (len(texts) - 1), ""]
        lines = (f"  {text}{end}" for text, end in zip(texts, ends, strict=False))
        found[f"prefix-set {name}"] = (*lines, "end-set")
    for name, wrapper in running.route_maps.items():
        if is_owned(name):
            head, *rest = wrapper_lines(wrapper)
            found[head] = tuple(rest)
    return found


def _attached(running: Running) -> dict[Slot, str]:
    """Return the policies that sessions and groups have themselves."""
    return {
        (session.key, version, way): one.route_map
        for session in running.sessions.values()
        for (version, way), one in session.attachments.items()
        if one.route_map is not None and one.inherited_from is None
    }


def _router(
    changed: Mapping[Slot, str | None], was: Mapping[Slot, str], running: Running
) -> Iterator[str]:
    """Yield the lines that attach or detach, nested as the platform prints them."""
    open_at: list[str] = []
    for slot, name in sorted(changed.items()):
        path = _path(slot, running)
        same = 0
        while same < min(len(path), len(open_at)) and path[same] == open_at[same]:
            same += 1
        yield from (f"{' ' * depth}!" for depth in reversed(range(same, len(open_at))))
        yield from (f"{' ' * depth}{path[depth]}" for depth in range(same, len(path)))
        open_at = path
        policy = f"route-policy {name}" if name else f"no route-policy {was[slot]}"
        yield f"{' ' * len(path)}{policy} {IN_OUT[slot[2]]}"
    yield from (f"{' ' * depth}!" for depth in reversed(range(len(open_at))))


def _path(slot: Slot, running: Running) -> list[str]:
    key, version, _ = slot
    group = running.sessions[key].is_group and not running.sessions[key].listens
    return [
        f"router bgp {running.routers[key.vrf]}",
        *([f"vrf {key.vrf}"] if key.vrf else []),
        f"{'neighbor-group' if group else 'neighbor'} {key.name}",
        f"address-family ipv{version} unicast",
    ]
