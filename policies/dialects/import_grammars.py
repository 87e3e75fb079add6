"""How platforms write that routes get from one table into another: :class:`Grammar`, and its rows.

:mod:`policies.dialects.table_imports` reads texts by them.
"""

from __future__ import annotations

import re
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Grammar:
    """Where a platform says that routes get from one table into another.

    All are patterns of whole lines: ``top`` of the blocks that say it, ``lines`` of what does it,
    ``vrfs`` of what says which VRF that is about inside of a block, and ``policies`` of what names
    a route-map for all that does it in one VRF and family. Their groups are ``vrf``, ``version``,
    ``source``, ``map``, and ``way``, which is ``export`` for routes that leave. ``family`` is that
    of the VPN routes that get in, "vpn" for that of the table's own version; None for those of
    another table. ``onward`` is of lines that bring the VPN routes of that one along.
    """

    top: re.Pattern[str]
    lines: re.Pattern[str]
    vrfs: re.Pattern[str] | None = None
    policies: re.Pattern[str] | None = None
    family: str | None = None
    onward: re.Pattern[str] | None = None


_FRR_ROUTER = re.compile(r"router bgp \S+(?: vrf (?P<vrf>\S+))?(?: as-notation \S+)?")
_FRR_MAP = re.compile(r"(?:import vrf route-map|route-map vpn import) (?P<map>\S+)")
#: doc/user/bgp.rst, "VRF Route Leaking" and "L3VPN VRFs", where both lines with a route-map set the
#: same one; doc/user/zebra.rst: a VRF with a VNI of its own takes routes of EVPN.
FRR = (
    Grammar(
        top=_FRR_ROUTER,
        lines=re.compile(r"import vrf (?!route-map )(?P<source>\S+)"),
        policies=_FRR_MAP,
    ),
    Grammar(top=_FRR_ROUTER, lines=re.compile(r"import vpn"), policies=_FRR_MAP, family="vpn"),
    Grammar(
        top=re.compile(r"vrf (?P<vrf>\S+)|vni \d+.*"),
        lines=re.compile(r"vni \d+.*"),
        family="evpn",
    ),
)
_IOS_VRF = re.compile(
    r"(?:ip vrf|vrf definition) (?P<vrf>\S+)|global-address-family ipv(?P<version>[46]).*"
)
_IMPORT_MAP = re.compile(r"import map (?P<map>\S+)")
#: IOS-XE: "IP Prefix Import from (Export to) a VRF Table"; "Easy Virtual Network", route
#: replication, where only what comes from BGP is looked at; ``stitching`` is for EVPN.
IOS = (
    Grammar(
        top=_IOS_VRF,
        lines=re.compile(
            r"(?P<way>import|export) ipv(?P<version>[46]) unicast(?: \d+)? map (?P<map>\S+).*"
            r"|route-replicate(?: recursive)? from vrf (?P<source>\S+) unicast (?:all|bgp \S+)"
            r"(?: route-map (?P<replicated>\S+))?"
        ),
        onward=re.compile(r"route-replicate .*|.* allow-evpn"),
    ),
    Grammar(
        top=_IOS_VRF,
        lines=re.compile(r"route-target (?:import|both) \S+"),
        policies=_IMPORT_MAP,
        family="vpn",
    ),
    Grammar(
        top=_IOS_VRF,
        lines=re.compile(r"route-target (?:import|both) \S+ stitching"),
        policies=_IMPORT_MAP,
        family="evpn",
    ),
)
_NXOS_VRF = re.compile(r"vrf context (?P<vrf>\S+)")
#: NX-OS unicast routing guide, "Configuring Layer 3 Virtualization"; VXLAN guide, "route-target".
NXOS = (
    Grammar(
        top=_NXOS_VRF,
        lines=re.compile(r"(?P<way>import|export) vrf default(?: \d+)? map (?P<map>\S+).*"),
        onward=re.compile(r"export .* allow-vpn"),
    ),
    Grammar(
        top=_NXOS_VRF,
        lines=re.compile(r"route-target (?:import|both) \S+"),
        policies=_IMPORT_MAP,
        family="vpn",
    ),
    Grammar(
        top=_NXOS_VRF,
        lines=re.compile(r"route-target (?:import|both) \S+ evpn"),
        policies=_IMPORT_MAP,
        family="evpn",
    ),
)
_EOS_ROUTER = re.compile(r"router bgp \S+")
_EOS_VRF = re.compile(r"vrf (?P<vrf>\S+)")
#: EOS: the VrfLeak agent, which does the same for both families; ``route-target`` of a VRF.
EOS = (
    Grammar(
        top=re.compile(r"router general"),
        vrfs=_EOS_VRF,
        lines=re.compile(
            r"leak routes source-vrf (?P<source>\S+)(?: subscribe-policy (?P<map>\S+)| .+)?"
        ),
        onward=re.compile(r"leak .*"),
    ),
    Grammar(
        top=_EOS_ROUTER,
        vrfs=_EOS_VRF,
        lines=re.compile(r"route-target (?:import|both) (?:vpn-ipv(?P<version>[46]) )?[0-9]\S*"),
        policies=re.compile(r"route-target import vpn-ipv(?P<version>[46]) route-map (?P<map>\S+)"),
        family="vpn",
    ),
    Grammar(
        top=_EOS_ROUTER,
        vrfs=_EOS_VRF,
        lines=re.compile(r"route-target (?:import|both) (?:evpn )?[0-9]\S*"),
        policies=re.compile(r"route-target import evpn route-map (?P<map>\S+)"),
        family="evpn",
    ),
)
_XR_VRF = re.compile(r"vrf (?P<vrf>\S+)")
_XR_TARGETS = re.compile(r"import route-target.*")
_XR_POLICY = re.compile(r"import route-policy (?P<map>\S.*)")
#: IOS-XR: `vrf`, import and export of the default VRF; route targets are for both kinds of VPN.
XR = (
    Grammar(
        top=_XR_VRF,
        lines=re.compile(
            r"(?P<way>import|export) (?:from|to) default-vrf route-policy "
            r"(?P<map>\S.*?)(?: advertise-as-vpn| allow-imported-vpn)?"
        ),
        onward=re.compile(r"export .* allow-imported-vpn"),
    ),
    Grammar(top=_XR_VRF, lines=_XR_TARGETS, policies=_XR_POLICY, family="vpn"),
    Grammar(top=_XR_VRF, lines=_XR_TARGETS, policies=_XR_POLICY, family="evpn"),
)
