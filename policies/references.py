"""What decides about a prefix, as a place in a filter set: the parts of a trace.

Each is found again in the device's own text by its dialect
(:meth:`policies.dialects.base.Dialect.locate`).
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from policies.filters import Direction, SessionKey


class Part(StrEnum):
    """One of the things that can be attached to a session, in one family and direction.

    ``OTHER`` are lines that prefixes alone can't decide, and whatever overrides all others.
    """

    ROUTE_MAP = "route-map"
    PREFIX_LIST = "prefix-list"
    UNSUPPRESS_MAP = "unsuppress-map"
    ADVERTISE_MAP = "advertise-map"
    DEFAULT = "default-originate"
    OTHER = "other"


@dataclass(frozen=True, slots=True)
class Place:
    """A line of a configuration's text; ``number`` counts from 1, None if it is no line of it."""

    number: int | None
    text: str


@dataclass(frozen=True, slots=True)
class EntryRef:
    """An entry of a prefix-list; ``index`` counts from 0, None means the end of the list.

    It counts the entries, then what is unknown of the list.
    """

    version: int
    prefix_list: str
    index: int | None


@dataclass(frozen=True, slots=True)
class StanzaRef:
    """A stanza of a route-map; ``seq`` None means its end, or that there is no such map."""

    route_map: str
    seq: int | None


@dataclass(frozen=True, slots=True)
class AttachmentRef:
    """What is attached to a session in one family and direction, or that nothing is.

    ``part`` is the one thing that is meant; None means all of them.
    """

    session: SessionKey
    version: int
    direction: Direction
    part: Part | None = None


@dataclass(frozen=True, slots=True)
class ImportRef:
    """What brings routes of the VRF ``source`` into the table of ``vrf``."""

    vrf: str
    version: int
    source: str
    said: str


#: Any of them.
Reference = EntryRef | StanzaRef | AttachmentRef | ImportRef
