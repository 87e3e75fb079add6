"""Running configurations of FRR for tests, from the few lines that matter."""

from __future__ import annotations

from typing import TYPE_CHECKING

from policies.dialects import DIALECTS

if TYPE_CHECKING:
    from policies.filters import Running

FRR = DIALECTS["frr"]


def parse(body: str, *, version: str = "8.4.4", profile: str = "traditional") -> Running:
    return FRR.parse(f"frr version {version}\nfrr defaults {profile}\n{body}\nend\n")


def router(*lines: str, head: str = "router bgp 65000") -> str:
    return "\n".join([head, *(f" {line}" for line in lines), "exit"])


def family(version: int, *lines: str) -> list[str]:
    inside = [f" {line}" for line in lines]
    return [f"address-family ipv{version} unicast", *inside, "exit-address-family"]
