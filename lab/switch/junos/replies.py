"""XML that the RPCs answer with: :func:`make` and the elements that several of them share."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from lxml import etree

from lab.switch.netconf import RpcError, name

if TYPE_CHECKING:
    from datetime import datetime

    from lab.switch.junos.reading import Complaint

Element = Any
JUNOS = "http://xml.juniper.net/junos/21.4R0/junos"


def make(tag: str, *content: Element | str | int) -> Element:
    """Return an element with text or other elements inside."""
    element = etree.Element(name(tag))
    for one in content:
        if isinstance(one, str | int):
            element.text = str(one)
        else:
            element.append(one)
    return element


def date_time(when: datetime) -> Element:
    """Return a moment as Junos writes it, with its seconds since 1970 beside it."""
    element = make("date-time", when.strftime("%Y-%m-%d %H:%M:%S UTC"))
    element.set(f"{{{JUNOS}}}seconds", str(int(when.timestamp())))
    return element


def complaint_error(complaint: Complaint) -> RpcError:
    """Return what the device says of one line."""
    return RpcError(
        complaint.message,
        type="protocol",
        severity="warning" if complaint.is_warning else "error",
        path=complaint.line if complaint.line.startswith("[") else None,
        info={"bad-element": complaint.element} if complaint.element else {},
    )
