"""What pools.yaml says of one cluster: :class:`Cluster`, and each :class:`Pool` of it.

Lengths are in bits. Which prefixes may be announced follows from this alone.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

from pydantic import Field, model_validator

from inventory.fields import Model, NetworkField

#: Lengths of a block that Calico's IPAM allows (projectcalico api, ippool.go: ``blockSize``).
BLOCK_SIZES = {4: range(20, 33), 6: range(116, 129)}
DEFAULT_BLOCK_SIZE = {4: 26, 6: 122}


class PoolKind(StrEnum):
    """What addresses of a pool are for, which decides the lengths they are announced in."""

    WORKLOAD = "workload"
    SERVICE = "service"


class Pool(Model):
    """A prefix that a cluster owns, with the lengths that it may be announced in."""

    cidr: NetworkField
    kind: PoolKind
    block_size: int | None = Field(
        default=None, description="length of Calico's blocks; default 26, for IPv6 122"
    )
    host_routes: bool | None = Field(
        default=None,
        description="whether single addresses may be announced; default: services yes, "
        "workloads unless the cluster has strict_affinity",
    )

    @model_validator(mode="after")
    def _block_fits(self) -> Self:
        if self.kind is not PoolKind.WORKLOAD:
            if self.block_size is not None:
                raise ValueError("block_size belongs to a workload pool; take it out")
            return self
        allowed = BLOCK_SIZES[self.cidr.version]
        if self.block not in allowed:
            raise ValueError(
                f"block_size {self.block} is refused: Calico allows {allowed[0]} to {allowed[-1]}"
            )
        if self.block < self.cidr.prefixlen:
            raise ValueError(f"block_size {self.block} is larger than the pool {self.cidr}")
        return self

    @property
    def block(self) -> int:
        """Length of this pool's blocks, in bits."""
        if self.block_size is None:
            return DEFAULT_BLOCK_SIZE[self.cidr.version]
        return self.block_size


class Cluster(Model):
    """One cluster: the cap, the pools, and the racks' own subnets."""

    delegated: tuple[NetworkField, ...] = Field(description="the cap: reviewed, in git")
    pools: tuple[Pool, ...] = ()
    infrastructure: tuple[NetworkField, ...] = Field(
        default=(), description="racks' own subnets, exact: inside the fabric, never outside"
    )
    strict_affinity: bool = Field(
        default=False, description="Calico's IPAMConfiguration: no borrowed addresses"
    )
