"""Which guard goes where: :class:`MatrixRow`, in the words of site.yaml."""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from inventory.fields import DEVICE_ROLES, Model, RoleField


class Guard(StrEnum):
    """What a session is held to: these pools alone, anything but them, or nothing at all."""

    ONLY = "only"
    ONLY_AND_INFRASTRUCTURE = "only+infrastructure"
    NEVER = "never"
    NONE = "none"


class Announce(StrEnum):
    """Which lengths a tier carries: what nodes announce, the pools as they stand, or both."""

    SPECIFICS = "specifics"
    AGGREGATES = "aggregates"
    BOTH = "both"


class MatrixRow(Model):
    """Which guard goes where, for the sessions of one role that face another."""

    on: RoleField
    facing: RoleField
    import_: Guard = Field(default=Guard.NONE, alias="import")
    export: Guard = Guard.NONE
    announce: Announce = Announce.SPECIFICS

    @model_validator(mode="after")
    def _on_a_device(self) -> Self:
        if self.on not in DEVICE_ROLES:
            raise ValueError(f"guards stand on switches; {self.on} is none")
        return self
