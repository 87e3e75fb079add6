"""What an audit or a verification found, as one value and one JSON document: :class:`AuditReport`.

``ringfence.audit/v1``. Everything that a reader is shown - on the terminal, as HTML, JUnit XML,
Prometheus metrics, Markdown - is made from this value alone, so that all of them say the same.

Law: a device that did not answer is ``unknown``, and one without guards ``unguarded``: neither is
ever ``clean``. A report that is not ``complete`` says of every device that is missing why.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Annotated, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from policies.drift import Effect, Kind  # noqa: TC001 - pydantic reads them at run time
from runbooks.json_text import json_text

SCHEMA: Final = "ringfence.audit/v1"

Family = Literal[4, 6]
#: How many there are of something: no fabric has more, and a chart of what has no end has none.
Many = Annotated[int, Field(ge=0, le=1_000_000_000)]
Direction = Literal["import", "export"]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class Severity(StrEnum):
    """How bad a finding is.

    ``CRITICAL``: something passes, or is in a table, that must not. ``WARNING``: something is not
    as it should be, and nothing illegal passes. ``NOTE``: worth knowing; no difference to mend.
    """

    CRITICAL = "critical"
    WARNING = "warning"
    NOTE = "note"


class DeviceState(StrEnum):
    """What is known of a device.

    ``UNGUARDED``: it answered, and the site wants no guard there: there was nothing to judge it
    by, so it is not called clean.
    """

    CLEAN = "clean"
    DIFFERS = "differs"
    UNKNOWN = "unknown"
    UNGUARDED = "unguarded"


class SessionState(StrEnum):
    """What is known of one session, family and direction.

    ``PROVEN``: what it lets through lies inside what the pools allow. ``CLOSED``: the same, as
    nothing gets through for want of a policy. ``LEAKS``: it lets more through; there is a witness.
    ``FREE``: the site wants no guard there, by choice.
    """

    PROVEN = "proven"
    CLOSED = "closed"
    LEAKS = "leaks"
    FREE = "free"


class Line(_Part):
    """A line of a device's running configuration; ``number`` counts from 1."""

    number: int | None
    text: str


class Finding(_Part):
    """One thing that is not as the site wants it."""

    id: str = Field(description="the same in every audit as long as the finding stands")
    kind: Kind
    effect: Effect
    severity: Severity
    device: str = Field(description='"" for a finding about the site itself')
    session: str | None = None
    family: Family | None = None
    direction: Direction | None = None
    object: str = Field(description="what it is about, such as `prefix-list RF-in-orange-v4-...`")
    text: str = Field(description="one sentence")
    witness: str | None = Field(default=None, description="a prefix that is let through, or lost")
    examples: tuple[str, ...] = Field(default=(), description="more such prefixes")
    lines: tuple[Line, ...] = Field(default=(), description="the lines that decide about it")
    origin: str | None = Field(
        default=None, description="of a route in the table: the neighbor that announces it"
    )
    remedy: str = Field(description="what a deploy would do about it, or what to do instead")
    first_seen: str | None = Field(default=None, description="UTC, ISO 8601; None if not known")


class SessionReport(_Part):
    """One session, family and direction of a device."""

    session: str
    family: Family
    direction: Direction
    guard: str | None = Field(description="such as `only orange`; None where none is wanted")
    state: SessionState
    peer: str | None = Field(default=None, description="the switch at the other end, or a role")
    up: bool | None = Field(default=None, description="None where nobody asked the device")
    witness: str | None = None
    lines: tuple[Line, ...] = ()
    posture: Posture | None = Field(default=None, description="of a session without a policy")


class Posture(_Part):
    """What the platform does with a session that has no policy (RFC 8212)."""

    open: bool | None = Field(description="whether routes pass; None where that is not known")
    text: str
    closing: tuple[str, ...] = Field(default=(), description="the lines that close it")


class PrefixChange(_Part):
    """What a deploy would change of one session, family and direction, in prefixes."""

    session: str
    family: Family
    direction: Direction
    stops: tuple[str, ...] = Field(default=(), description="examples")
    starts: tuple[str, ...] = Field(default=(), description="examples")


class WouldDeploy(_Part):
    """What `deploy` would do on a device, and what would keep it from doing so."""

    candidate: str = Field(description='what would be sent; "" if nothing')
    changes: tuple[PrefixChange, ...] = ()
    obstacles: tuple[str, ...] = ()


class DeviceReport(_Part):
    """One device."""

    device: str
    platform: str
    role: str
    rack: str | None = None
    state: DeviceState
    error: str | None = Field(default=None, description="why nothing is known of it")
    sessions: tuple[SessionReport, ...] = ()
    deploy: WouldDeploy | None = None


class DepthRow(_Part):
    """On how many devices one class of hijack is dropped, on its weakest way to one victim."""

    attacker: str = Field(description="such as `node at tor1`, `tor1 subverted`, `outside`")
    hijack: str = Field(description="the class, such as `default-route`")
    victim: str
    depth: Many = Field(description="independent devices that drop it; 0: it arrives")
    possible: Many = Field(description="devices on that way that could drop it")
    wanted: Many = Field(description="what the site demands, at most what is possible there")
    witness: str | None = None
    path: tuple[str, ...] = Field(default=(), description="the devices on the way, in order")
    drops: tuple[str, ...] = Field(default=(), description="those of them that drop the witness")

    @property
    def short(self) -> bool:
        """Whether the depth is less than the site demands."""
        return self.depth < self.wanted


class Link(_Part):
    """A session between two switches, or of a switch with nodes or the outside.

    ``session`` is its name as the devices' sessions have it; ``far`` is a device, or "node" or
    "external".
    """

    near: str
    session: str
    far: str


class PastAudit(_Part):
    """One audit of the history, oldest first in a report."""

    id: str
    started: str
    complete: bool
    clean: Many = Field(description="devices")
    differs: Many = Field(description="devices")
    unknown: Many = Field(description="devices")
    critical: Many = Field(description="findings")
    warning: Many = Field(description="findings")


class AuditReport(_Part):
    """Everything that one audit, or one verification, found."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)

    schema_: Literal["ringfence.audit/v1"] = Field(alias="schema", default=SCHEMA)
    id: str = Field(description="of this audit, as in the history")
    command: Literal["audit", "verify"]
    site: str
    source: str = Field(description="`devices`, or the folder of configuration files")
    started: str = Field(description="UTC, ISO 8601")
    ended: str = Field(description="UTC, ISO 8601")
    by: str
    complete: bool = Field(description="whether every device that was asked for was looked at")
    not_asked: tuple[str, ...] = Field(
        default=(), description="the site's devices that were not asked for (--limit)"
    )
    interrupted: str | None = Field(default=None, description="what ended it early")
    exit_code: int = Field(ge=0, le=255)
    notes: tuple[str, ...] = ()
    devices: tuple[DeviceReport, ...]
    findings: tuple[Finding, ...]
    min_depth: Many
    depth: tuple[DepthRow, ...] = ()
    links: tuple[Link, ...] = ()
    history: tuple[PastAudit, ...] = ()

    def count(self, state: DeviceState) -> int:
        """Return the number of devices in ``state``."""
        return sum(one.state is state for one in self.devices)

    def text(self) -> str:
        """Return the report as the text of its JSON document.

        What UTF-8 can't hold, which a device may send all the same, becomes a question mark.
        """
        return json_text(self)


def audit_schema() -> dict[str, Any]:
    """Return the JSON Schema of the document."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **AuditReport.model_json_schema(by_alias=True),
    }
