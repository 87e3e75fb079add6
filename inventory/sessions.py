"""What hosts.yaml says of one BGP neighbor or peer group: :class:`Session`."""

from __future__ import annotations

from typing import Self

from pydantic import Field, model_validator

from inventory.fields import DEVICE_ROLES, ClusterName, Model, Name, NeighborField, Role, RoleField


class Session(Model):
    """One BGP neighbor or peer group of a device, and what it faces."""

    neighbor: NeighborField | None = None
    peer_group: Name | None = None
    device: Name | None = Field(default=None, description="the switch at the other end")
    role: RoleField | None = Field(default=None, description="node or external")
    clusters: tuple[ClusterName, ...] | None = Field(
        default=None, description="the clusters behind it; default: all, but for nodes"
    )
    vrf: Name | None = None
    open: bool = Field(
        default=False,
        description="give a session a policy that the platform keeps closed without one",
    )
    narrower: bool = Field(
        default=False,
        description="its own policy may drop what the pools allow: that is no finding of an audit",
    )

    @model_validator(mode="after")
    def _one_of_each(self) -> Self:
        if (self.neighbor is None) == (self.peer_group is None):
            raise ValueError("a session has either neighbor or peer_group")
        if (self.device is None) == (self.role is None):
            raise ValueError("a session faces either a device or a role")
        if self.role in DEVICE_ROLES:
            raise ValueError(f"a session that faces a {self.role} says which: device: NAME")
        if self.role is Role.NODE and not self.clusters:
            raise ValueError("a session that faces nodes says whose: clusters: [NAME]")
        return self

    @property
    def name(self) -> str:
        """The neighbor or the peer group, as the device knows it."""
        return self.neighbor or self.peer_group or ""
