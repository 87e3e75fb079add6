"""Which devices ``--limit`` means: hosts, roles and groups, joined by commas."""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from inventory.site import Site


def select(site: Site, limits: Sequence[str]) -> tuple[str, ...]:
    """Return the names of the devices that any of ``limits`` means, in the order of the site.

    Raises:
        InputError: a word means no device, or there is a limit that names nothing: an empty
            shell variable must not mean everything.
    """
    if not limits:
        return tuple(site.devices)
    words = [word.strip() for text in limits for word in text.split(",") if word.strip()]
    if not words:
        text = "--limit names nothing; give hosts, roles or groups, or leave it out for all"
        raise InputError(Problem(Place(site.path / "hosts.yaml"), text))
    chosen: set[str] = set()
    for word in words:
        found = {
            name
            for name, device in site.devices.items()
            if word in (name, device.role, *device.groups)
        }
        if not found:
            text = f"--limit {word}: no host, role or group of that name"
            raise InputError(Problem(Place(site.path / "hosts.yaml"), text))
        chosen |= found
    return tuple(name for name in site.devices if name in chosen)
