"""Which devices stand in for each other, and so never change all together: :func:`domains`.

Law: whatever goes wrong in one wave, every device still has a neighbor of each role that was
not in it, if it ever had two. That holds for planes that are found from the sessions too, the
spines that share ToRs: all of one can't go without all of those that some ToR of it has.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass
from ipaddress import ip_address
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from inventory.sessions import Session
    from inventory.site import Site


@dataclass(frozen=True, slots=True)
class Domain:
    """Devices of which one must be left alone: two at the least."""

    name: str
    devices: frozenset[str]


def domains(site: Site) -> Mapping[str, tuple[Domain, ...]]:
    """Return the domains that each device is in, in a fixed order; equal ones once."""
    found: dict[frozenset[str], Domain] = {}
    for one in _all(site):
        if len(one.devices) > 1:
            found.setdefault(one.devices, one)
    of: dict[str, list[Domain]] = {name: [] for name in site.devices}
    for one in found.values():
        for name in one.devices:
            of[name].append(one)
    return {name: tuple(those) for name, those in of.items()}


def peers(site: Site) -> Mapping[str, frozenset[str]]:
    """Return the switches that each device has a session with, at either end's word."""
    of: dict[str, set[str]] = {name: set() for name in site.devices}
    for name, device in site.devices.items():
        for session in device.sessions:
            if session.device is not None:
                of[name].add(session.device)
                of[session.device].add(name)
    return {name: frozenset(those) for name, those in of.items()}


def _all(site: Site) -> Iterator[Domain]:
    by_role: dict[str, set[str]] = defaultdict(set)
    by_plane: dict[str, set[str]] = defaultdict(set)
    by_place: dict[tuple[str, str], set[str]] = defaultdict(set)
    by_outside: dict[str, set[str]] = defaultdict(set)
    for name, device in site.devices.items():
        by_role[f"every {device.role}"].add(name)
        if device.plane is not None:
            by_plane[f"the plane {device.plane}"].add(name)
            by_place[device.role, device.plane].add(name)
        for session in device.sessions:
            if (outside := _outside(session)) is not None:
                by_outside[f"every device that faces {outside}"].add(name)
    groups = (by_role, by_plane, _within_planes(by_place), _of_peers(site), by_outside)
    for group in groups:
        for title, names in group.items():
            yield Domain(title, frozenset(names))


def _within_planes(by_place: Mapping[tuple[str, str], set[str]]) -> dict[str, set[str]]:
    return {
        f"every {role} of the plane {plane}": names for (role, plane), names in by_place.items()
    }


def _of_peers(site: Site) -> dict[str, set[str]]:
    """Return the peers of each device by role, and by role and plane."""
    found: dict[str, set[str]] = defaultdict(set)
    for name, others in peers(site).items():
        for other in sorted(others):
            device = site.devices[other]
            found[f"every {device.role} of {name}"].add(other)
            if device.plane is not None:
                found[f"every {device.role} of {name} in the plane {device.plane}"].add(other)
    return found


def _outside(session: Session) -> str | None:
    """Return the address of a node or an outside router that several devices may be tied to.

    A link-local address, or an interface, means another router on every device.
    """
    if session.device is not None or session.neighbor is None:
        return None
    try:
        address = ip_address(session.neighbor)
    except ValueError:
        return None
    vrf = f" in the VRF {session.vrf}" if session.vrf else ""
    return None if address.is_link_local else f"{address}{vrf}"
