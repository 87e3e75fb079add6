"""An EOS running configuration into a filter set: :class:`EosReader`."""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING

from policies.dialects import import_grammars, route_targets
from policies.dialects.free_text import eos_opener
from policies.dialects.neighbors import Instance
from policies.dialects.peer_inheritance import Inheritance
from policies.dialects.peer_sessions import Sessions
from policies.dialects.peers import Peer, asn, peer_name
from policies.dialects.prefix_lines import ListGrammar
from policies.dialects.reader import Reader
from policies.dialects.vpn_families import note_activations
from policies.errors import ParseError
from policies.filters import Semantics

if TYPE_CHECKING:
    from collections.abc import Sequence

    from policies.dialects.hierarchy import Block

_ROUTER = re.compile(r"router bgp (?P<asn>\d+(?:\.\d+)?)")
_DEVICE = re.compile(r"! device: .*\bEOS-")
_FAMILY = re.compile(r"address-family ipv(?P<version>[46])(?: unicast)?")
#: What comes this way goes past the policies of the unicast families.
_LABELED = re.compile(r"address-family (?P<family>ipv[46] labeled-unicast)")
_ACTIVATE = re.compile(r"neighbor (?P<name>\S+) activate")
_VRF = re.compile(r"vrf \S+")


class EosReader(Reader):
    """Reads what ``show running-config`` prints."""

    imports_grammars = import_grammars.EOS
    targets_grammar = route_targets.EOS
    # Banners, scripts and functions.
    opener = staticmethod(eos_opener)
    grammar = ListGrammar(eq=True, host_bits=True, step=10)
    bare_lists = True
    # An undefined list in a match is nowhere written down.
    semantics = Semantics(
        undefined_list_matches=None,
        undefined_map_permits=True,
        undefined_call_permits=None,
        undefined_attached_list_permits=True,
        empty_attached_list_permits=True,
        other_family_matches=None,
        list_beside_map=None,
    )

    def check(self, lines: Sequence[str]) -> None:
        """Raise ParseError unless ``lines`` begin and end as EOS prints them."""
        if not any(_DEVICE.match(line) for line in lines):
            raise ParseError("no EOS running configuration: the line `! device:` is missing")
        if not any(line.rstrip() == "end" for line in lines):
            raise ParseError("the EOS running configuration is cut short: it lacks its `end`")

    def router(self, top: Block) -> None:
        """Read the BGP instance and the VRFs inside it."""
        found = _ROUTER.fullmatch(top.text)
        if not found:
            return
        own_as = asn(found["asn"])
        main = Instance(use=self.use)
        inside = [block for block in top.children if _VRF.fullmatch(block.text)]
        self._lines([block for block in top.children if block not in inside], main)
        instances = {"": main}
        numbers = {"": own_as}
        for block in inside:
            own = Instance(use=self.use, default_active=dict(main.default_active))
            self._lines(block.children, own)
            local = [asn(one.words[1]) for one in block.children if one.words[:-1] == ["local-as"]]
            # Whether what is said outside of a VRF holds inside it is not known.
            for place, actions in main.missing.items():
                own.missing[place] |= {f"{action}?" for action in actions}
            self.routers[block.words[1]] = own_as
            instances[block.words[1]] = own
            numbers[block.words[1]] = local[0] if local else own_as
        note_activations(top.children, main.peers)
        self.routers[""] = own_as
        peers = [peer for one in instances.values() for peer in one.peers.values()]
        if any(one.missing for one in instances.values()) or any(one.missing for one in peers):
            # What an undefined map does is then either.
            self.semantics = replace(self.semantics, undefined_map_permits=None)
        spread = _spread_groups(main.peers, [one.peers for vrf, one in instances.items() if vrf])
        for vrf, one in instances.items():
            build = Sessions(
                vrf=vrf,
                own_as=numbers[vrf],
                inherited=Inheritance(peers=one.peers, templates=spread, outside=None),
                default_active=one.default_active,
                confederation=one.confederation,
                missing=one.missing,
            )
            self.add(build)

    def _lines(self, lines: Sequence[Block], instance: Instance) -> None:
        for block in lines:
            if family := _FAMILY.fullmatch(block.text):
                for line in block.children:
                    instance.line(line, int(family["version"]))
            elif block.text.startswith("address-family "):
                labeled = _LABELED.fullmatch(block.text)
                for line in block.children:
                    self.use(line)
                    if labeled and (active := _ACTIVATE.fullmatch(line.text)):
                        peer = instance.peers[peer_name(active["name"])]
                        peer.unjudged.add(labeled["family"])
            else:
                instance.line(block, None)


def _spread_groups(main: dict[str, Peer], vrfs: Sequence[dict[str, Peer]]) -> dict[str, Peer]:
    """Return the peer groups that VRFs use, and have whoever uses them inherit from there.

    A group is defined once, outside of all VRFs. One that a VRF uses is no group that a guard
    could be put on, for what is attached to it would reach sessions of several VRFs at once.
    Only where it takes dynamic neighbors does it stay one, which nobody knows enough of.
    """
    used = {name for peers in vrfs for at, peer in peers.items() for name in (at, peer.group)}
    spread = {name: peer for name, peer in main.items() if peer.is_group and name in used}
    for peers in (main, *vrfs):
        for peer in peers.values():
            if peer.group in spread and (peers is main or peer.group not in peers):
                peer.templates[None].append((0, peer.group))
                peer.group = None
    for name, group in spread.items():
        for own in (peers[name] for peers in vrfs if name in peers):
            own.is_group = True
            own.templates[None].append((0, name))
            own.doubts.add(f"peer group {name} of several VRFs")
        if group.listens:
            group.doubts.add(f"peer group {name} of several VRFs")
        else:
            del main[name]
    return spread
