"""Subtree filters of NETCONF (RFC 6241, 6), and the building of what they select from."""

from __future__ import annotations

import copy
from typing import TYPE_CHECKING

from lxml import etree

if TYPE_CHECKING:
    from lab.switch.netconf import Element


def pick(wanted: Element, data: Element) -> Element | None:
    """Return the part of ``data`` that a subtree filter selects; None if it selects nothing."""
    inside = [one for one in wanted if isinstance(one.tag, str)]
    exact = [one for one in inside if not len(one) and (one.text or "").strip()]
    for one in exact:
        texts = {(leaf.text or "").strip() for leaf in data.findall(one.tag)}
        if str(one.text).strip() not in texts:
            return None
    chosen = [one for one in inside if one not in exact]
    if not chosen:
        return copy.deepcopy(data)
    result = etree.Element(data.tag, nsmap=data.nsmap)
    for child in data:
        if any(one.tag == child.tag for one in exact):
            result.append(copy.deepcopy(child))
            continue
        for one in chosen:
            picked = pick(one, child) if one.tag == child.tag else None
            if picked is not None:
                result.append(picked)
    return result if len(result) else None


def below(above: Element, tag: str) -> Element:
    """Return a new element below another, in its namespace."""
    return etree.SubElement(above, f"{{{etree.QName(above).namespace}}}{tag}")


def leaf(above: Element, tag: str, text: str) -> None:
    """Add a leaf below an element."""
    below(above, tag).text = text
