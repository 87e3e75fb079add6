"""An IOS-XE running configuration into a filter set: :class:`IosReader`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.dialects import import_grammars, route_targets
from policies.dialects.free_text import ios_opener
from policies.dialects.neighbors import Instance
from policies.dialects.peer_inheritance import Inheritance
from policies.dialects.peer_sessions import Sessions
from policies.dialects.peers import Peer, asn
from policies.dialects.prefix_lines import ListGrammar
from policies.dialects.reader import Reader
from policies.dialects.vpn_families import note_activations
from policies.errors import ParseError
from policies.filters import Semantics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.dialects.hierarchy import Block

_ROUTER = re.compile(r"router bgp (?P<asn>\d+(?:\.\d+)?)")
_VERSION = re.compile(r"version \d+(?:\.\d+)?")
_FAMILY = re.compile(r"address-family ipv(?P<version>[46])(?: unicast)?(?: vrf (?P<vrf>\S+))?")
_TEMPLATE = re.compile(r"template peer-(?:policy|session) (?P<name>\S+)")

#: Closes eBGP sessions without a policy, as RFC 8212 has it; since 17.2.1, off by default.
_SAFE = "bgp safe-ebgp-policy"


class IosReader(Reader):
    """Reads what ``show running-config`` prints."""

    imports_grammars = import_grammars.IOS
    targets_grammar = route_targets.CISCO
    # Banners and macros.
    opener = staticmethod(ios_opener)
    grammar = ListGrammar(host_bits=True)
    # An undefined list: IOS' manual has an empty one permit everything, an independent model
    # has it match nothing. And whether a match on IPv4 says anything of IPv6 is not written
    # down. See the table of broken references in the module of the dialect.
    semantics = Semantics(
        undefined_list_matches=None,
        undefined_map_permits=False,
        undefined_call_permits=None,
        undefined_attached_list_permits=True,
        empty_attached_list_permits=True,
        other_family_matches=None,
        list_beside_map=True,
        # "% Invalid command for a peer-group member", which the running configuration never shows.
        members_follow_outbound=True,
    )

    def check(self, lines: Sequence[str]) -> None:
        """Raise ParseError unless ``lines`` begin and end as IOS-XE prints them."""
        if not any(_VERSION.fullmatch(line.rstrip()) for line in lines):
            raise ParseError("no IOS-XE running configuration: the line `version` is missing")
        if not any(line.rstrip() == "end" for line in lines):
            raise ParseError("the IOS-XE running configuration is cut short: it lacks its `end`")

    def router(self, top: Block) -> None:
        """Read the BGP instance, whose VRFs are address families of it."""
        found = _ROUTER.fullmatch(top.text)
        if not found:
            return
        own_as = asn(found["asn"])
        instances = {"": Instance(use=self.use)}
        templates: dict[str, Peer] = {}
        for child in top.children:
            if family := _FAMILY.fullmatch(child.text):
                self._family(child, family, instances)
            elif child.text.startswith("address-family "):
                for block in child.children:
                    self.use(block)
            elif template := _TEMPLATE.fullmatch(child.text):
                self._template(child, templates.setdefault(template["name"], Peer()))
            elif child.text != _SAFE:
                instances[""].line(child, None)
        note_activations(top.children, instances[""].peers)
        for vrf, one in instances.items():
            self.routers[vrf] = own_as
            build = Sessions(
                vrf=vrf,
                own_as=own_as,
                inherited=Inheritance(peers=one.peers, templates=templates),
                default_active=one.default_active,
                confederation=instances[""].confederation,
                requires_policy=any(child.text == _SAFE for child in top.children),
            )
            self.add(build)

    def _template(self, block: Block, peer: Peer) -> None:
        for line in block.children:
            if not peer.read(line.words, None, line.number):
                self.use(line)

    def _family(self, block: Block, found: re.Match[str], instances: dict[str, Instance]) -> None:
        vrf, version = found["vrf"] or "", int(found["version"])
        if vrf not in instances:
            # A neighbor of a VRF carries the families it is named in.
            instances[vrf] = Instance(use=self.use, default_active={4: False, 6: False})
        for line in block.children:
            peer = instances[vrf].line(line, version)
            if peer is not None and vrf:
                peer.active.setdefault(version, True)
