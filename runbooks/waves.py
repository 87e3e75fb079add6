"""Which devices are changed together: :func:`waves`, and why: :func:`planned`.

A canary of each role goes first; then one role after another, by default from leaf to border.
Law: no wave holds two devices of one rack, nor all of a failure domain that has two or more.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from runbooks.failure_domains import domains, peers

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.fields import Role
    from inventory.hosts import Device
    from inventory.site import Site
    from runbooks.failure_domains import Domain


@dataclass(frozen=True, slots=True)
class Wave:
    """Devices that are changed together; ``why`` says what they are, and what the next wait for."""

    devices: tuple[str, ...]
    why: str


def waves(site: Site, names: Iterable[str]) -> tuple[tuple[str, ...], ...]:
    """Return the devices ``names`` in portions, in the order they are changed."""
    return tuple(wave.devices for wave in planned(site, names))


def planned(site: Site, names: Iterable[str]) -> tuple[Wave, ...]:
    """Return the waves of the devices ``names``: each of them once; depends on nothing else.

    Failure domains are those of the whole site, also where only some of it is changed.
    """
    order = site.settings.waves.order
    left = [site.devices[name] for name in dict.fromkeys(names)]
    left.sort(key=lambda device: _rank(device.role, order))
    rules = _Rules(site)
    found: list[Wave] = []
    if site.settings.waves.canary:
        found += _canaries(rules, left)
        gone = {name for wave in found for name in wave.devices}
        left = [device for device in left if device.name not in gone]
    for rank in dict.fromkeys(_rank(device.role, order) for device in left):
        found += _rest(rules, [one for one in left if _rank(one.role, order) == rank])
    return tuple(found)


def _rank(role: Role, order: Sequence[Role]) -> int:
    return order.index(role) if role in order else len(order)


class _Rules:
    """What may go together, by the site's settings and failure domains."""

    def __init__(self, site: Site) -> None:
        size = site.settings.waves.size
        totals = Counter(device.role for device in site.devices.values())
        self.size = size if isinstance(size, int) else len(site.devices)
        self.part = "" if isinstance(size, int) else size
        share = 100 if isinstance(size, int) else int(size.removesuffix("%"))
        #: Devices of each role at once: a part is rounded down, but is one at the least.
        self.of_role: Mapping[Role, int] = {
            role: max(1, total * share // 100) for role, total in totals.items()
        }
        self.domains: Mapping[str, tuple[Domain, ...]] = domains(site)
        self.peers: Mapping[str, frozenset[str]] = peers(site)


@dataclass(slots=True)
class _Open:
    """A wave that is being filled."""

    rules: _Rules
    names: list[str] = field(default_factory=list)
    roles: Counter[Role] = field(default_factory=Counter)
    racks: set[str] = field(default_factory=set)
    inside: Counter[Domain] = field(default_factory=Counter)

    def obstacle(self, device: Device) -> str | None:
        """Return what keeps ``device`` out of this wave, or None."""
        if len(self.names) >= self.rules.size:
            return f"waves.size is {self.rules.size}"
        if self.roles[device.role] >= self.rules.of_role[device.role] and self.rules.part:
            return f"waves.size is {self.rules.part} of each role"
        if device.rack is not None and device.rack in self.racks:
            return f"its rack {device.rack} is in this one"
        for domain in self.rules.domains[device.name]:
            if self.inside[domain] + 1 >= len(domain.devices):
                return f"not {domain.name} at once"
        return None

    def add(self, device: Device) -> None:
        self.names.append(device.name)
        self.roles[device.role] += 1
        if device.rack is not None:
            self.racks.add(device.rack)
        self.inside.update(self.rules.domains[device.name])

    def close(self, title: str, waits: str = "") -> Wave:
        return Wave(tuple(self.names), f"{title}; {waits}" if waits else title)


def _canaries(rules: _Rules, left: Sequence[Device]) -> list[Wave]:
    """Return waves with one device of each role, in as few as the rules let them.

    A canary is rather one that has no session with the others: then only one end of each
    session is new, and the other still holds what it held.
    """
    waiting = list(dict.fromkeys(device.role for device in left))
    found: list[Wave] = []
    while waiting:
        wave = _Open(rules)
        for role in tuple(waiting):
            fit = [one for one in left if one.role is role and wave.obstacle(one) is None]
            apart = [one for one in fit if rules.peers[one.name].isdisjoint(wave.names)]
            for device in (*apart, *fit)[:1]:
                wave.add(device)
                waiting.remove(role)
        whole = not found and not waiting
        roles = ", ".join(wave.roles)
        found.append(wave.close("canary of each role" if whole else f"canary: {roles}"))
    return found


def _rest(rules: _Rules, left: list[Device]) -> list[Wave]:
    """Return waves of ``left``, each filled as far as it goes.

    Racks with the most devices left go first: they decide how many waves it takes.
    """
    found: list[Wave] = []
    while left:
        racks = Counter(device.rack for device in left if device.rack is not None)
        wave, waits = _Open(rules), ""
        for device in sorted(left, key=lambda one: -(racks[one.rack] if one.rack else 1)):
            obstacle = wave.obstacle(device)
            if obstacle is None:
                wave.add(device)
            else:
                waits = waits or f"{device.name} waits: {obstacle}"
                if len(wave.names) == rules.size:
                    break
        chosen = set(wave.names)
        left = [device for device in left if device.name not in chosen]
        found.append(wave.close(", ".join(sorted(wave.roles)), waits))
    return found
