"""How a site wants its changes made: :class:`Waves`, :class:`Limits` and the like of site.yaml.

Times are in seconds.
"""

from __future__ import annotations

import re
from typing import Annotated, Literal, Self

from pydantic import BeforeValidator, Field, WithJsonSchema, model_validator

from inventory.fields import DEVICE_ROLES, Model, PathField, Role, RoleField

_MOST = 500


def _size(value: object) -> object:
    """Return a number of devices, or a part of them as a text such as "25%"."""
    number = isinstance(value, int) and not isinstance(value, bool) and 1 <= value <= _MOST
    part = isinstance(value, str) and re.fullmatch(r"([1-9][0-9]?|100)%", value)
    if not number and not part:
        raise ValueError(f'write a number from 1 to {_MOST}, or a part from "1%" to "100%"')
    return value


WaveSize = Annotated[
    int | str,
    BeforeValidator(_size),
    WithJsonSchema(
        {
            "anyOf": [
                {"type": "integer", "minimum": 1, "maximum": _MOST},
                {"type": "string", "pattern": "^([1-9][0-9]?|100)%$"},
            ]
        }
    ),
]


class Waves(Model):
    """In which portions devices are changed."""

    canary: bool = Field(default=True, description="one device of each role goes first")
    size: WaveSize = Field(
        default=10,
        description="devices of one wave at the most; a part, such as 25%, is of each role's",
    )
    order: tuple[RoleField, ...] = Field(
        default=(Role.TOR, Role.SPINE, Role.BORDER),
        description="one role after another; roles that are not named go last, together",
    )

    @model_validator(mode="after")
    def _switches_once(self) -> Self:
        for role in self.order:
            if role not in DEVICE_ROLES:
                raise ValueError(f"waves are of switches; {role} is none")
            if self.order.count(role) > 1:
                raise ValueError(f"the order names {role} twice; keep one")
        return self


class Timers(Model):
    """Seconds."""

    confirm: int = Field(
        default=120,
        ge=10,
        le=7200,
        description="until an unconfirmed change is taken back, at the least",
    )
    longest: int = Field(
        default=600,
        ge=10,
        le=7200,
        description="the same at the most; a run that takes longer is confirmed in parts",
    )
    patience: int = Field(
        default=7200,
        ge=0,
        le=7200,
        description="how long a run that failed waits for the timers of devices that it lost",
    )
    settle: int = Field(
        default=30, ge=1, le=600, description="how long sessions and routes may take to follow"
    )


class Limits(Model):
    """What a plan may not exceed."""

    max_shrink: float = Field(
        default=0.25,
        ge=0,
        le=1,
        description="part of a cluster's addresses on one session that one plan may close",
    )
    max_lost_routes: float = Field(
        default=0.1,
        ge=0,
        le=1,
        description="part of a session's accepted, allowed routes that may vanish during a deploy",
    )


class Signatures(Model):
    """Who has to sign a plan before it is carried out."""

    allowed_signers: PathField | None = Field(
        default=None,
        description="those who may, as ssh-keygen reads it; relative to the site's folder",
    )
    required: Literal[0, 1, 2] = Field(
        default=0, description="how many different people a deploy needs signatures of"
    )

    @model_validator(mode="after")
    def _somebody_may(self) -> Self:
        if self.required and self.allowed_signers is None:
            raise ValueError("required needs to know who may sign: add allowed_signers: FILE")
        return self


class Webhook(Model):
    """Who is told what an audit found; the address is a secret, and stands in no file of a site.

    The environment variable RINGFENCE_WEBHOOK_URL goes first, then RINGFENCE_WEBHOOK_URL_FILE.
    """

    url_file: PathField | None = Field(
        default=None, description="a file with the address alone, which nobody else may read"
    )
    when: Literal["changed", "drift", "always"] = Field(
        default="changed",
        description="changed: what was found is not what the audit before found; drift: anything "
        "was found, or some device is not known; always: after every audit",
    )
