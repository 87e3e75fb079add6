"""A site as Nornir's inventory: :class:`SiteInventory`.

It says what Nornir's own SimpleInventory would read from the same files, without reading them a
second time: of a thousand switches that takes seconds, and somebody may have changed them since.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from nornir.core.inventory import (
    ConnectionOptions,
    Defaults,
    Group,
    Groups,
    Host,
    Hosts,
    Inventory,
    ParentGroups,
)
from nornir.core.plugins.inventory import InventoryPluginRegister

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The name that Nornir knows the plugin by; plugins of all kinds share one register.
INVENTORY = "ringfence-site"

_OWN = ("hostname", "port", "username", "password", "platform", "data")
_OPTIONS = ("hostname", "port", "username", "password", "platform", "extras")

_Element = TypeVar("_Element", Host, Group)


class SiteInventory:
    """A Nornir inventory plugin; each argument is a file's plain data."""

    def __init__(
        self, hosts: Mapping[str, Any], groups: Mapping[str, Any], defaults: Mapping[str, Any]
    ) -> None:
        self._hosts, self._groups, self._defaults = hosts, groups, defaults

    def load(self) -> Inventory:
        """Return the inventory."""
        defaults = Defaults(**_said(self._defaults))
        groups = Groups(_elements(Group, self._groups, defaults))
        hosts = Hosts(_elements(Host, self._hosts, defaults))
        for elements, entries in ((groups, self._groups), (hosts, self._hosts)):
            for element, entry in zip(elements.values(), entries.values(), strict=True):
                above = (entry or {}).get("groups") or ()
                element.groups = ParentGroups([groups[one] for one in above])
        return Inventory(hosts=hosts, groups=groups, defaults=defaults)


def _elements(
    kind: type[_Element], entries: Mapping[str, Any], defaults: Defaults
) -> dict[str, _Element]:
    # A switch that is called 101 is a number to YAML.
    return {
        str(name): kind(name=str(name), defaults=defaults, **_said(entry or {}))
        for name, entry in entries.items()
    }


def _said(entry: Mapping[str, Any]) -> dict[str, Any]:
    """Return what an entry says of itself, as the arguments of an element."""
    connections = {
        name: ConnectionOptions(**{key: one.get(key) for key in _OPTIONS})
        for name, one in (entry.get("connection_options") or {}).items()
    }
    return {key: entry.get(key) for key in _OWN} | {"connection_options": connections}


def register_inventory() -> None:
    """Let Nornir know the plugin; registering it twice changes nothing."""
    InventoryPluginRegister.register(INVENTORY, SiteInventory)
