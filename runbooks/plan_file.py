"""The plan as a value and as a file (``ringfence.plan/v1``): what was reviewed is what is pushed.

Read :class:`Plan`. A plan names the devices, what each would be sent, the device's own diff,
what changes in prefixes, the limits that were checked, and the waves; the digests say what it
was computed from.
"""

from __future__ import annotations

import hashlib
import json
from typing import TYPE_CHECKING, Any, Final, Literal

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from inventory.errors import InputError, Place, Problem, RefusedError
from policies.dialects.line_ends import lines_of
from runbooks.json_text import json_text, writable

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from inventory.site import Site

SCHEMA: Final = "ringfence.plan/v1"


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class SessionChange(_Part):
    """What one session, in one direction and family, stops or starts to let through.

    Examples are a few prefixes of the exact difference; ``stops``/``starts`` say whether
    there are any at all.
    """

    session: str
    direction: str
    family: Literal[4, 6]
    fence: str
    stops: bool
    stop_examples: tuple[str, ...] = ()
    starts: bool
    start_examples: tuple[str, ...] = ()


class DroppedRoute(_Part):
    """A route in the table right now that the new guard will drop."""

    prefix: str
    session: str


class Basis(_Part):
    """One object of a device that its part of the plan was computed from."""

    kind: str
    name: str
    digest: str

    def __str__(self) -> str:
        return f"{self.kind} {self.name}"


class InputFile(_Part):
    """One of the site's files; ``digest`` is empty where there is none."""

    name: str
    digest: str


class CheckedLimit(_Part):
    """A limit that the whole plan was held to.

    ``found`` is what was beyond it, and was accepted by ``flag``; for a limit that was kept
    what came near it.
    """

    name: str
    allows: str = Field(description="the limit's value")
    setting: str = Field(description="where the site sets it")
    state: Literal["kept", "accepted"]
    flag: str | None = Field(default=None, description="what accepted it")
    found: tuple[str, ...] = ()


class DevicePlan(_Part):
    """One device's part; ``candidate`` is empty where nothing changes."""

    device: str
    digest: str = Field(description="of what the device's part was computed from")
    parts: tuple[Basis, ...] = Field(default=(), description="the same, object by object")
    digest_after: str = Field(description="of what the device is to be afterwards")
    candidate: str
    way_back: str = Field(description="the candidate that undoes this one")
    device_diff: str = Field(description="as the device shows it in its dry-run")
    steps: tuple[str, ...]
    changes: tuple[SessionChange, ...]
    drops: tuple[DroppedRoute, ...] = ()
    closed: tuple[str, ...] = Field(default=(), description="sessions left closed, and why")

    @property
    def is_empty(self) -> bool:
        """Whether the device needs no change."""
        return not self.candidate


class Plan(_Part):
    """A reviewed change of many devices."""

    model_config = ConfigDict(frozen=True, extra="forbid", validate_by_name=True)

    schema_: Literal["ringfence.plan/v1"] = Field(alias="schema")
    site: str
    undoes: str | None = Field(default=None, description="the run that this plan takes back")
    created: str = Field(description="UTC, ISO 8601")
    by: str
    inputs: str = Field(description="digest of the site's files")
    files: tuple[InputFile, ...] = Field(default=(), description="the same, file by file")
    limits: tuple[CheckedLimit, ...] = Field(default=(), description="what the plan was held to")
    accepted: tuple[str, ...] = Field(description="limits that were accepted by flag")
    findings: tuple[str, ...]
    waves: tuple[tuple[str, ...], ...]
    devices: tuple[DevicePlan, ...]

    @property
    def changed(self) -> tuple[DevicePlan, ...]:
        """The devices that the plan changes."""
        return tuple(one for one in self.devices if not one.is_empty)

    def text(self) -> str:
        """Return the plan as the text of its file.

        What UTF-8 can't hold, which a device may show all the same, becomes a question mark where
        it is only to be read.

        Raises:
            RefusedError: it is a part of what would be sent.
        """
        for one in self.devices:
            for line in lines_of(one.candidate + one.way_back):
                if writable(line) != line:
                    raise RefusedError(
                        f"{one.device}: `{writable(line).strip()}` would be sent, and a name in it "
                        "holds what no file can (where the question mark stands): rename that on "
                        "the device"
                    )
        return json_text(self)


def load_plan(path: Path) -> Plan:
    """Return the plan in the file ``path``.

    Raises:
        InputError: there is no such file, or it is no plan of this version.
    """
    return parse_plan(read_plan(path), path)


def read_plan(path: Path) -> bytes:
    """Return the bytes of the file ``path``: what is signed, verified, and parsed.

    Raises:
        InputError: there is no such file, or it can't be read.
    """
    try:
        return path.read_bytes()
    except FileNotFoundError:
        problem = Problem(Place(path), "there is no such plan; `ringfence plan` makes one")
        raise InputError(problem) from None
    except OSError as error:
        raise InputError(Problem(Place(path), f"can't be read: {error}")) from error


def parse_plan(content: bytes, path: Path) -> Plan:
    """Return the plan that ``content``, read from ``path``, is.

    Raises:
        InputError: it is no plan of this version.
    """
    try:
        return Plan.model_validate_json(content.decode())
    except UnicodeDecodeError as error:
        raise InputError(Problem(Place(path), f"can't be read: {error}")) from error
    except ValidationError as error:
        first = error.errors()[0]
        at = ".".join(str(part) for part in first["loc"]) or "the file"
        text = f"not a {SCHEMA} plan: {at}: {first['msg']}"
        raise InputError(Problem(Place(path), text)) from error


def plan_schema() -> dict[str, Any]:
    """Return the JSON Schema of a plan's file."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        **Plan.model_json_schema(by_alias=True),
    }


def input_files(site: Site) -> tuple[InputFile, ...]:
    """Return the files that a plan is computed from, by name, with a digest of each."""
    names = ("site.yaml", "hosts.yaml", "groups.yaml", "defaults.yaml", site.settings.pools)
    return tuple(InputFile(name=name, digest=_digest_of(site.path / name)) for name in names)


def _digest_of(path: Path) -> str:
    return "sha256:" + hashlib.sha256(path.read_bytes()).hexdigest() if path.exists() else ""


def inputs_digest(files: Iterable[InputFile]) -> str:
    """Return one digest of all of ``files``, by name and content."""
    text = json.dumps([(one.name, one.digest) for one in files])
    return "sha256:" + hashlib.sha256(text.encode()).hexdigest()
