"""An NX-OS running configuration into a filter set: :class:`NxosReader`."""

from __future__ import annotations

import re
from ipaddress import ip_network
from typing import TYPE_CHECKING

from policies.dialects import import_grammars, route_targets
from policies.dialects.free_text import nxos_opener
from policies.dialects.hierarchy import walk
from policies.dialects.peer_inheritance import Inheritance
from policies.dialects.peer_sessions import Sessions
from policies.dialects.peers import Peer, asn, peer_name
from policies.dialects.prefix_lines import ListGrammar
from policies.dialects.reader import Reader
from policies.dialects.vpn_families import vpn_families
from policies.errors import ParseError
from policies.filters import Semantics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.dialects.hierarchy import Block

_ROUTER = re.compile(r"router bgp (?P<asn>\d+(?:\.\d+)?)")
_VERSION = re.compile(r"version \d+\.\d+\(\S+")
_FAMILY = re.compile(r"address-family ipv(?P<version>[46]) unicast")
#: What comes this way goes past the policies of the unicast families.
_LABELED = re.compile(r"address-family (?P<family>ipv[46] labeled-unicast)")
_VRF = re.compile(r"vrf (?P<vrf>\S+)")
_NEIGHBOR = re.compile(r"neighbor (?P<name>\S+)(?: (?P<rest>.+))?")
_INHERIT = re.compile(r"inherit peer (?P<name>\S+)")
_TEMPLATE = re.compile(r"template (?P<kind>peer|peer-policy|peer-session) (?P<name>\S+)")


class NxosReader(Reader):
    """Reads what ``show running-config`` prints.

    Nothing marks its end: a text that is cut short is told by the sessions it lacks.
    """

    imports_grammars = import_grammars.NXOS
    targets_grammar = route_targets.CISCO
    # Banners.
    opener = staticmethod(nxos_opener)
    grammar = ListGrammar(eq=True, mask=True, host_bits=True)
    semantics = Semantics(
        # Seen for a permit; a deny is inferred, and the other answer accepts more there.
        undefined_list_matches=None,
        undefined_map_permits=False,
        undefined_call_permits=None,
        undefined_attached_list_permits=True,
        empty_attached_list_permits=True,
        other_family_matches=None,
        list_beside_map=None,
    )

    def check(self, lines: Sequence[str]) -> None:
        """Raise ParseError unless ``lines`` have the version that NX-OS prints first."""
        if not any(_VERSION.match(line) for line in lines):
            raise ParseError("no NX-OS running configuration: the line `version` is missing")

    def router(self, top: Block) -> None:
        """Read the BGP instance: templates, neighbors, and the VRFs inside it."""
        found = _ROUTER.fullmatch(top.text)
        if not found:
            return
        own_as = asn(found["asn"])
        full: dict[str, Peer] = {}
        partial: dict[str, Peer] = {}
        vrfs: dict[str, dict[str, Peer]] = {"": {}}
        confederation: set[str] = set()
        for child in top.children:
            if template := _TEMPLATE.fullmatch(child.text):
                kept = full if template["kind"] == "peer" else partial
                peer = kept.setdefault(template["name"], Peer())
                peer.is_group = template["kind"] == "peer"
                peer.line = peer.line or child.number
                self._peer(child, peer)
            elif inside := _VRF.fullmatch(child.text):
                own = vrfs.setdefault(inside["vrf"], {})
                for line in child.children:
                    self._line(line, own)
            elif child.text.startswith("confederation peers "):
                confederation.update(child.words[2:])
            else:
                self._line(child, vrfs[""])
        self._groups(full, partial, vrfs)
        for vrf, peers in vrfs.items():
            self.routers[vrf] = own_as
            build = Sessions(
                vrf=vrf,
                own_as=own_as,
                inherited=Inheritance(peers=peers, templates=partial),
                default_active={4: False, 6: False},
                confederation=confederation,
            )
            self.add(build)

    @staticmethod
    def _groups(
        full: dict[str, Peer], partial: dict[str, Peer], vrfs: dict[str, dict[str, Peer]]
    ) -> None:
        """Make groups of the full templates that only neighbors of the default VRF inherit.

        One that is used inside a VRF too is no group that a guard could be put on: what is
        attached to it would reach sessions of several VRFs at once.
        """
        spread = {
            peer.group
            for vrf, peers in vrfs.items()
            if vrf
            for peer in peers.values()
            if peer.group
        }
        vrfs[""].update({name: one for name, one in full.items() if name not in spread})
        for name in spread & set(full):
            partial[name] = full[name]
        for peers in vrfs.values():
            for peer in peers.values():
                if peer.group in spread and peer.group in full:
                    peer.templates[None].append((0, peer.group))
                    peer.group = None

    def _line(self, block: Block, peers: dict[str, Peer]) -> None:
        found = _NEIGHBOR.fullmatch(block.text)
        if not found:
            for line in walk(block):
                self.use(line)
            return
        name = peer_name(found["name"])
        peer = peers.setdefault(name, Peer())
        # A neighbor that is a prefix stands for all that connect from it.
        peer.is_group = peer.listens = _is_prefix(name)
        peer.line = peer.line or block.number
        if found["rest"] and not peer.read(found["rest"].split(), None, block.number):
            self.use(block)
        self._peer(block, peer)

    def _peer(self, block: Block, peer: Peer) -> None:
        peer.vpns |= vpn_families(block.children)
        for line in block.children:
            if family := _FAMILY.fullmatch(line.text):
                version = int(family["version"])
                peer.active[version] = True
                for below in line.children:
                    if not peer.read(below.words, version, below.number):
                        self.use(below)
            elif line.text.startswith("address-family "):
                if labeled := _LABELED.fullmatch(line.text):
                    peer.unjudged.add(labeled["family"])
                for below in line.children:
                    self.use(below)
            elif inherited := _INHERIT.fullmatch(line.text):
                peer.group = inherited["name"]
            elif not peer.read(line.words, None, line.number):
                self.use(line)


def _is_prefix(name: str) -> bool:
    """Return whether a neighbor is named by a prefix; an interface has a slash too."""
    if "/" not in name:
        return False
    try:
        ip_network(name, strict=False)
    except ValueError:
        return False
    return True
