"""The ``neighbor`` lines of one ``router bgp`` of IOS-XE, EOS and FRR: :class:`Instance`.

They write every line about a session as ``neighbor NAME ...``, inside or outside of an
address family, and gather dynamic neighbors under ``bgp listen range``.
"""

from __future__ import annotations

import re
from collections import defaultdict
from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING

from policies.dialects.peers import Peer, peer_name, read_missing

if TYPE_CHECKING:
    from collections.abc import Callable

    from policies.dialects.hierarchy import Block
    from policies.dialects.peers import Place

_DEFAULT = re.compile(r"(?P<no>no )?bgp default ipv(?P<version>[46])-unicast")
_NEIGHBOR = re.compile(r"(?P<no>no |default )?neighbor (?P<name>\S+) (?P<rest>.+)")
_LISTEN = re.compile(r"bgp listen range \S+ .*?peer[- ]group (?P<group>\S+).*")


def new_peers() -> dict[str, Peer]:
    """Return the peers of an instance that has none yet."""
    return defaultdict(Peer)


@dataclass(slots=True, kw_only=True)
class Instance:
    """What the lines of one VRF say; the reader of a platform makes sessions of it."""

    use: Callable[[Block], None]
    peers: dict[str, Peer] = field(default_factory=new_peers)
    default_active: dict[int, bool] = field(default_factory=lambda: {4: True, 6: False})
    confederation: set[str] = field(default_factory=set)
    missing: dict[Place, set[str]] = field(default_factory=lambda: defaultdict(set))

    def line(self, block: Block, version: int | None) -> Peer | None:
        """Take a line; return the peer that it is about, if it is about one."""
        text = block.text
        if default := _DEFAULT.fullmatch(text):
            self.default_active[int(default["version"])] = not default["no"]
        elif text.startswith("bgp confederation peers "):
            self.confederation.update(block.words[3:])
        elif listen := _LISTEN.fullmatch(text):
            self._listens(listen["group"], block)
        elif text.startswith("bgp missing-policy "):
            read_missing(text, version, self.missing)
        elif found := _NEIGHBOR.fullmatch(text):
            return self._neighbor(found, block, version)
        else:
            self.use(block)
        return None

    def _neighbor(self, found: re.Match[str], block: Block, version: int | None) -> Peer | None:
        words = found["rest"].split()
        if found["name"] == "interface":
            # EOS: neighbors found on interfaces, which are members of a group one by one.
            for word, group in pairwise(words):
                if word in ("peer-group", "group"):
                    self._listens(group, block)
            return None
        if found["no"] == "default ":
            return None
        peer = self.peers[peer_name(found["name"])]
        peer.line = peer.line or block.number
        if not peer.read(words, version, block.number, no=bool(found["no"])):
            self.use(block)
        return peer

    def _listens(self, group: str, block: Block) -> None:
        peer = self.peers[group]
        peer.listens = True
        peer.line = peer.line or block.number
