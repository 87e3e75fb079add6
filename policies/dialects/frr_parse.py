"""An FRR running configuration into a filter set: :class:`FrrReader`."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from policies.dialects import import_grammars, route_targets
from policies.dialects.neighbors import Instance
from policies.dialects.peer_inheritance import Inheritance
from policies.dialects.peer_sessions import Sessions
from policies.dialects.peers import asn
from policies.dialects.reader import Reader
from policies.dialects.vpn_families import note_activations
from policies.errors import ParseError
from policies.filters import Semantics

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from policies.dialects.hierarchy import Block

#: A policy that FRR requires of eBGP sessions is required by default since 7.4, under the
#: traditional profile (doc/user/bgp.rst, "Require policy on EBGP").
_REQUIRES_POLICY_SINCE = (7, 4)

_ROUTER = re.compile(
    r"router bgp (?P<asn>\d+(?:\.\d+)?)(?: (?:vrf|view) (?P<vrf>\S+))?(?: as-notation \S+)?"
)
#: Labeled-unicast routes (RFC 8277) go into the unicast table (bgpd/bgp_route.c, bgp_update),
#: past the policies of the session's unicast families.
#: So do VPN routes (RFC 4364), into the table of an instance that imports them.
_BESIDE = re.compile(r"address-family (?P<family>ipv[46] (?:labeled-unicast|vpn))")
_ACTIVE = re.compile(r"neighbor (?P<name>\S+) activate")
_FAMILY = re.compile(r"address-family ipv(?P<version>[46]) unicast")


class FrrReader(Reader):
    """Reads what ``show running-config`` prints."""

    imports_grammars = import_grammars.FRR
    targets_grammar = route_targets.FRR
    semantics = Semantics(
        undefined_list_matches=False,
        undefined_map_permits=False,
        undefined_call_permits=True,
        undefined_attached_list_permits=False,
        # lib/plist.c (prefix_list_apply_ext) permits all then; whether a match gets as far as to
        # ask it is a matter of the route-map's optimization.
        empty_list_matches=None,
        empty_attached_list_permits=True,
    )

    def __init__(self) -> None:
        super().__init__()
        self._requires_policy = True

    def check(self, lines: Sequence[str]) -> None:
        """Raise ParseError unless ``lines`` begin and end as FRR prints them."""
        if not any(line.startswith("frr version ") for line in lines):
            raise ParseError("no FRR running configuration: the line `frr version` is missing")
        if not any(line.rstrip() == "end" for line in lines):
            raise ParseError("the FRR running configuration is cut short: it lacks its `end`")

    def prepare(self, tops: Sequence[Block]) -> None:
        """Find out whether eBGP sessions need a policy by default."""
        for top in tops:
            words = top.words
            if words[:2] == ["frr", "version"]:
                said = re.findall(r"\d{1,9}", " ".join(words[2:3]))
                numbers = tuple(int(one) for one in said[:2])
                if numbers < _REQUIRES_POLICY_SINCE:
                    self._requires_policy = False
            elif words == ["frr", "defaults", "datacenter"]:
                self._requires_policy = False

    def router(self, top: Block) -> None:
        """Read one BGP instance."""
        found = _ROUTER.fullmatch(top.text)
        if not found:
            return
        vrf = found["vrf"] or ""
        self.routers[vrf] = asn(found["asn"])
        one = Instance(use=self.use)
        requires_policy = self._requires_policy
        for child in top.children:
            text = child.text
            if family := _FAMILY.fullmatch(text):
                for line in child.children:
                    one.line(line, int(family["version"]))
            elif text.startswith("address-family "):
                for block in child.children:
                    self.use(block)
            elif text.endswith("bgp ebgp-requires-policy"):
                requires_policy = not text.startswith("no ")
            else:
                one.line(child, None)
        for name, unjudged in _past_unicast(top):
            one.peers[name].unjudged.add(unjudged)
        note_activations(top.children, one.peers)
        build = Sessions(
            vrf=vrf,
            own_as=self.routers[vrf],
            inherited=Inheritance(peers=one.peers),
            default_active=one.default_active,
            confederation=one.confederation,
            requires_policy=requires_policy,
        )
        self.add(build)


def _past_unicast(top: Block) -> Iterator[tuple[str, str]]:
    """Yield sessions, each with a family whose routes go past its guards into a unicast table."""
    imports = {
        found["version"]
        for child in top.children
        if (found := _FAMILY.fullmatch(child.text))
        and any(line.text == "import vpn" for line in child.children)
    }
    for child in top.children:
        beside = _BESIDE.fullmatch(child.text)
        if not beside:
            continue
        family = beside["family"]
        if family.endswith(" vpn") and family[len("ipv")] not in imports:
            continue
        for line in child.children:
            if active := _ACTIVE.fullmatch(line.text):
                yield active["name"], family
