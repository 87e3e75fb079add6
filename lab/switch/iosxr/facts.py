"""What the router says of itself besides BGP, as far as NAPALM asks: :func:`facts`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lxml import etree

from lab.switch.iosxr.subtree import below, leaf

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from lab.switch.iosxr.tree import Tree
    from lab.switch.netconf import Element

VERSION = "7.5.2"
_CISCO = "http://cisco.com/ns/yang/Cisco-IOS-XR-"
_TIME = f"{_CISCO}shellutil-oper"
_INVENTORY = f"{_CISCO}invmgr-oper"
_INTERFACES = f"{_CISCO}pfi-im-cmd-oper"
_LIBRARY = "urn:ietf:params:xml:ns:yang:ietf-yang-library"
_MODULES = ("cli-cfg", "cli-diff-act", "cfgmgr-rollback-act", "ipv4-bgp-oper", "shellutil-oper")


def facts(name: str, tree: Tree) -> Mapping[str, Callable[[], Element]]:
    """Return who makes which model's top element, by its tag."""
    return {
        f"{{{_LIBRARY}}}yang-library": _library,
        f"{{{_TIME}}}system-time": lambda: _time(name),
        f"{{{_INVENTORY}}}inventory": _inventory,
        f"{{{_INTERFACES}}}interfaces": lambda: _interfaces(tree),
    }


def _top(namespace: str, tag: str) -> Element:
    return etree.Element(f"{{{namespace}}}{tag}", nsmap={None: namespace})


def _library() -> Element:
    top = _top(_LIBRARY, "yang-library")
    modules = below(top, "module-set")
    leaf(modules, "name", "XR-only")
    for module in _MODULES:
        entry = below(modules, "module")
        leaf(entry, "name", f"Cisco-IOS-XR-{module}")
        leaf(entry, "namespace", f"{_CISCO}{module}")
    return top


def _time(name: str) -> Element:
    top = _top(_TIME, "system-time")
    uptime = below(top, "uptime")
    leaf(uptime, "host-name", name)
    leaf(uptime, "uptime", "86400")
    return top


def _inventory() -> Element:
    top = _top(_INVENTORY, "inventory")
    entity = below(below(top, "entities"), "entity")
    leaf(entity, "name", "Rack 0")
    bag = below(below(entity, "attributes"), "inv-basic-bag")
    leaf(bag, "software-revision", VERSION)
    leaf(bag, "model-name", "R-IOSXRV9000-CC")
    leaf(bag, "serial-number", "LAB0000XRV9")
    return top


def _interfaces(tree: Tree) -> Element:
    top = _top(_INTERFACES, "interfaces")
    inside = below(top, "interfaces")
    for node in tree:
        words = node.line.split()
        if words[0] == "interface":
            entry = below(inside, "interface")
            leaf(entry, "interface-name", words[-1])
            text = next((o.line for o in node.children if o.line.startswith("description ")), "")
            leaf(entry, "description", text.removeprefix("description "))
    return top
