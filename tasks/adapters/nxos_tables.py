"""What an NX-OS switch's BGP says: :func:`read_tables`, :func:`read_origins`.

Not the driver's getters: one raises KeyError for a session that is coming up, the other forgets
every IPv4 neighbor of a VRF that has IPv6 ones, and neither counts what a policy lets through.
"""

from __future__ import annotations

import re
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING, Any

from policies.filters import SessionKey, members
from tasks.adapters.base import Tables
from tasks.adapters.cisco_paths import read_paths

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from inventory.fields import Network
    from policies.filters import Running
    from tasks.adapters.base import Driver, Origins
    from tasks.adapters.nxos_wire import Wire

SUMMARY = "show bgp all summary vrf all"
_DEFAULT = "default"
_UP = "Established"
#: Two columns of status and one of the path's type, then the prefix; a second path of the
#: same prefix has blanks in its place.
_ROUTE = re.compile(r"^[sxSdhr* ][>|& 0-9][a-zA-Z ](?P<prefix>[0-9a-fA-F.:]+/\d+)")

Up = frozenset[tuple[str, str]]


def read_tables(
    wire: Wire,
    driver: Driver,
    sessions: Sequence[tuple[SessionKey, int]],
    running: Callable[[], Running],
) -> Tables:
    """Return who is up, and what is accepted from ``sessions``.

    ``running`` reads the configuration; it is asked only where a session is a group.
    """
    up = read_up(wire, driver)
    everyone = neighbors_of([key for key, _ in sessions], up, running)
    asked = [
        (
            key,
            version,
            address,
            f"show bgp ipv{version} unicast neighbors {address} routes{_in_vrf(key.vrf)}",
        )
        for key, version in sessions
        for address in everyone[key]
    ]
    shown = wire.show_all(driver, [command for *_, command in asked]) if asked else []
    routes: dict[tuple[SessionKey, int], dict[str, frozenset[Network]]] = {
        slot: {} for slot in sessions
    }
    for (key, version, address, _), text in zip(asked, shown, strict=True):
        routes[key, version][address] = _routes(text)
    return Tables(up=up, routes=routes)


def read_origins(wire: Wire, driver: Driver, routes: Sequence[tuple[str, Network]]) -> Origins:
    """Return the paths to each (vrf, prefix), in one request where the transport has such."""
    commands = [
        f"show bgp ipv{prefix.version} unicast {prefix}{_in_vrf(vrf)}" for vrf, prefix in routes
    ]
    shown = wire.show_all(driver, commands) if commands else []
    return {
        (vrf, prefix): read_paths(text, prefix)
        for (vrf, prefix), text in zip(routes, shown, strict=True)
    }


def _in_vrf(vrf: str) -> str:
    return f" vrf {vrf}" if vrf else ""


def read_up(wire: Wire, driver: Driver) -> Up:
    """Return the neighbors, by VRF and address, that are up."""
    found = set()
    for vrf in _rows(wire.data(driver, SUMMARY), "vrf"):
        name = "" if vrf["vrf-name-out"] == _DEFAULT else str(vrf["vrf-name-out"])
        for family in _rows(vrf, "af"):
            for kind in _rows(family, "saf"):
                for one in _rows(kind, "neighbor"):
                    if str(one["state"]) == _UP:
                        found.add((name, str(ip_address(str(one["neighborid"])))))
    return frozenset(found)


def neighbors_of(
    keys: Sequence[SessionKey], up: Up, running: Callable[[], Running]
) -> dict[SessionKey, tuple[str, ...]]:
    """Return the addresses that are up of each session, of a group those of all its members."""
    if all(_is_address(key.name) for key in keys):
        return {key: _here(key, up) for key in keys}
    configured = running()
    return {key: tuple(sorted(set(_of(key, up, configured)))) for key in keys}


def _of(key: SessionKey, up: Up, running: Running) -> Iterator[str]:
    if _is_address(key.name):
        yield from _here(key, up)
    elif "/" in key.name:
        inside = ip_network(key.name)
        for vrf, address in up:
            # Whoever is configured by address is no member of the prefix.
            named = SessionKey(vrf, address) in running.sessions
            if vrf == key.vrf and not named and ip_address(address) in inside:
                yield address
    elif key in running.sessions:
        for one in members(running, running.sessions[key]):
            yield from _of(one.key, up, running)


def _here(key: SessionKey, up: Up) -> tuple[str, ...]:
    return (key.name,) if (key.vrf, key.name) in up else ()


def _is_address(name: str) -> bool:
    try:
        ip_address(name)
    except ValueError:
        return False
    return True


def _routes(text: str) -> frozenset[Network]:
    found = (_ROUTE.match(line) for line in text.splitlines())
    return frozenset(ip_network(one["prefix"]) for one in found if one)


def _rows(table: dict[str, Any], name: str) -> list[dict[str, Any]]:
    """Return a table's rows; NX-OS makes no list of one row, nor a table of none."""
    rows = (table.get(f"TABLE_{name}") or {}).get(f"ROW_{name}") or []
    return rows if isinstance(rows, list) else [rows]
