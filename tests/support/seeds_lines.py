"""Mutations of EOS, IOS-XE and NX-OS switches; see `drift_seeds`."""

from __future__ import annotations

from drift_seeds import BOTH, NARROW, NONE, WEAK, Expected, Seed

from policies.drift import Kind

_EOS = "router bgp 65000\n address-family ipv4\n"
_EOS6 = "router bgp 65000\n address-family ipv6\n"
_IOS = "router bgp 65202\n address-family ipv4\n"
_NXOS = "router bgp 65000\n neighbor {}\n address-family ipv4 unicast\n"


def _eos(name: str, lines: str, *found: Expected, **more: object) -> Seed:
    return Seed(
        name=name,
        platform="eos",
        lines=lines,
        expected=found,
        **{"switch": "spine2", **more},  # type: ignore[arg-type]
    )


def _ios(name: str, lines: str, *found: Expected, **more: object) -> Seed:
    return Seed(
        name=name,
        platform="ios",
        lines=lines,
        expected=found,
        **{"switch": "tor2", **more},  # type: ignore[arg-type]
    )


def _nxos(name: str, lines: str, *found: Expected, **more: object) -> Seed:
    return Seed(
        name=name,
        platform="nxos",
        lines=lines,
        expected=found,
        **{"switch": "spine1", **more},  # type: ignore[arg-type]
    )


EOS = (
    _eos(
        "entry added to a list of what may never come in",
        "ip prefix-list <in-blue.orange-v4>\n seq 5 deny 10.65.0.0/16 le 32",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <in-blue.orange-v4> (ipv4)", 4),
    ),
    _eos(
        "entry removed from a list of what may never come in, IPv6",
        "ipv6 prefix-list <in-blue.orange-v6>\n no seq 20",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <in-blue.orange-v6> (ipv6)", 6),
    ),
    _eos(
        "prefix widened in a list of what may never come in",
        "ip prefix-list <in-blue.orange-v4>\n no seq 10\n seq 10 permit 10.64.0.0/15 le 32",
        Expected(Kind.TAMPERED_LIST, NARROW, "prefix-list <in-blue.orange-v4> (ipv4)", 4),
    ),
    _eos(
        "one block exchanged for another",
        "ip prefix-list <out-orange.infra-v4>\n no seq 20\n seq 20 deny 172.31.1.0/24",
        Expected(Kind.TAMPERED_LIST, BOTH, "prefix-list <out-orange.infra-v4> (ipv4)", 4),
    ),
    _eos(
        "list emptied",
        "ip prefix-list <out-orange.infra-v4>\n"
        + "".join(f" no seq {seq}\n" for seq in range(10, 70, 10)),
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <out-orange.infra-v4> (ipv4)", 4),
    ),
    _eos(
        "list deleted",
        "no ip prefix-list <out-orange.infra-v4>",
        Expected(Kind.MISSING, WEAK, "prefix-list <out-orange.infra-v4> (ipv4)", 4),
    ),
    _eos(
        "detached in one direction",
        f"{_EOS} no neighbor 10.255.21.1 route-map FROM-TOR1 in",
        Expected(Kind.DETACHED, WEAK, "neighbor 10.255.21.1 ipv4 import", 4),
    ),
    _eos(
        "detached in one family",
        f"{_EOS6} no neighbor 10.255.2.0 route-map FROM-BORDER-V6 in",
        Expected(Kind.DETACHED, WEAK, "neighbor 10.255.2.0 ipv6 import", 6),
    ),
    _eos(
        "another rack's policy attached",
        f"{_EOS} neighbor 10.255.22.1 route-map FROM-TOR1 in",
        Expected(Kind.DETACHED, NARROW, "neighbor 10.255.22.1 ipv4 import", 4),
    ),
    _eos(
        "stanza renumbered behind the permit",
        "no route-map TO-BORDER deny 1\n"
        "route-map TO-BORDER deny 30\n match ip address prefix-list <out-blue.orange-v4>",
        Expected(Kind.SHADOWED, WEAK, "route-map TO-BORDER stanza 10", 4),
    ),
    _eos(
        "stanza deleted",
        "no route-map TO-BORDER-V6 deny 1",
        Expected(Kind.MISSING, WEAK, "route-map TO-BORDER-V6 (ipv6)", 6),
    ),
    _eos(
        "set line added to the guard",
        "route-map FROM-TOR2 deny 1\n set metric 5",
        Expected(Kind.FOREIGN_LINE, NONE, "route-map FROM-TOR2 stanza 1", 4),
    ),
    _eos(
        "own policy drops blocks",
        "ip prefix-list OWN\n seq 5 permit 10.66.0.0/16 le 32\n"
        "route-map FROM-TOR2 deny 5\n match ip address prefix-list OWN",
        Expected(Kind.NARROWED, NARROW, "route-map FROM-TOR2 stanza 5", 4),
    ),
    _eos(
        "new neighbor, open for want of a policy",
        f"router bgp 65000\n neighbor 10.9.9.9 remote-as 65009\n{_EOS} neighbor 10.9.9.9 activate",
        Expected(Kind.UNKNOWN_NEIGHBOR, WEAK, "neighbor 10.9.9.9", 4),
    ),
    _eos(
        "neighbor removed",
        "router bgp 65000\n no neighbor 10.255.21.1",
        Expected(Kind.MISSING_SESSION, NONE, "neighbor 10.255.21.1"),
    ),
)

_BARE = f"{_EOS} no neighbor 10.255.21.1 route-map FROM-TOR1 in"
_OWN = "route-map RF-import-out-orange.infra-v4"

EOS_OWN = (
    _eos(
        "permit put into a map of ringfence's",
        f"{_OWN} permit 2",
        Expected(Kind.FOREIGN_LINE, NONE, f"{_OWN} stanza 2", 4),
        before=_BARE,
    ),
    _eos(
        "guard in a map of ringfence's made a permit",
        f"no {_OWN} deny 1\n{_OWN} permit 1\n match ip address prefix-list <out-orange.infra-v4>",
        Expected(Kind.FOREIGN_LINE, WEAK, f"{_OWN} stanza 1", 4),
        before=_BARE,
    ),
    _eos(
        "guard in a map of ringfence's deleted",
        f"no {_OWN} deny 1",
        Expected(Kind.MISSING, WEAK, f"{_OWN} (ipv4)", 4),
        before=_BARE,
    ),
    _eos(
        "end of a map of ringfence's deleted",
        f"no {_OWN} permit 65535",
        Expected(Kind.MISSING, NARROW, f"the end of {_OWN}", 4),
        before=_BARE,
    ),
    _eos(
        "map of ringfence's detached",
        f"{_EOS} no neighbor 10.255.21.1 {_OWN} in",
        Expected(Kind.DETACHED, WEAK, "neighbor 10.255.21.1 ipv4 import", 4),
        before=_BARE,
    ),
)

IOS = (
    _ios(
        "entry added, a foreign prefix",
        "ip prefix-list <out-blue-v4> seq 5 deny 203.0.113.0/24",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <out-blue-v4> (ipv4)", 4),
    ),
    _ios(
        "le widened to single addresses, IPv6",
        "no ipv6 prefix-list <out-orange-v6> seq 10 deny FD00:65::/48 ge 122 le 122\n"
        "ipv6 prefix-list <out-orange-v6> seq 10 deny FD00:65::/48 ge 122 le 128",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <out-orange-v6> (ipv6)", 6),
    ),
    _ios(
        "list deleted: nobody knows what the platform makes of it",
        "no ip prefix-list <out-blue-v4>",
        Expected(Kind.MISSING, WEAK, "prefix-list <out-blue-v4> (ipv4)", 4),
        exact=False,
    ),
    _ios(
        "permit put ahead",
        "no route-map FROM-NODE-BLUE deny 1\nroute-map FROM-NODE-BLUE permit 1\n"
        "route-map FROM-NODE-BLUE deny 2\n match ip address prefix-list <out-blue-v4>",
        Expected(Kind.SHADOWED, WEAK, "route-map FROM-NODE-BLUE stanza 1", 4),
    ),
    _ios(
        "permit with a continue put ahead",
        "no route-map TO-SPINE deny 1\nroute-map TO-SPINE permit 1\n continue 10\n"
        "route-map TO-SPINE deny 2\n match ip address prefix-list <out-blue.orange.infra-v4>",
        Expected(Kind.SHADOWED, WEAK, "route-map TO-SPINE stanza 1", 4),
    ),
    _ios(
        "list exchanged for another cluster's",
        "route-map FROM-NODE-BLUE deny 1\n no match ip address prefix-list <out-blue-v4>\n"
        " match ip address prefix-list <out-orange-v4>",
        Expected(Kind.OUTDATED, BOTH, "prefix-list <out-orange-v4> (ipv4)", 4),
    ),
    _ios(
        "list of the other cluster added beside",
        "route-map FROM-NODE-BLUE deny 1\n match ip address prefix-list <out-orange-v4>",
        Expected(Kind.FOREIGN_LINE, NARROW, "route-map FROM-NODE-BLUE stanza 1", 4),
    ),
    _ios(
        "detached in one direction",
        f"{_IOS} no neighbor 172.20.2.11 route-map FROM-NODE-BLUE in",
        Expected(Kind.DETACHED, WEAK, "neighbor 172.20.2.11 ipv4 import", 4),
    ),
    _ios(
        "replaced by a policy without a guard",
        f"{_IOS} neighbor 172.20.2.11 route-map FROM-SPINE in",
        Expected(Kind.DETACHED, WEAK, "neighbor 172.20.2.11 ipv4 import", 4),
    ),
    _ios(
        "replaced by a policy that is not there",
        f"{_IOS} neighbor 172.20.2.11 route-map NOWHERE in",
        Expected(Kind.DETACHED, NARROW, "neighbor 172.20.2.11 ipv4 import", 4),
    ),
    _ios(
        "a prefix-list of the operator's beside it",
        f"{_IOS} neighbor 172.20.2.12 prefix-list MGMT in",
        Expected(Kind.NARROWED, NARROW, "prefix-list MGMT (ipv4)", 4),
    ),
    _ios(
        "stanza deleted, and with it the guard of two sessions",
        "no route-map TO-SPINE-V6 deny 1",
        Expected(Kind.MISSING, WEAK, "route-map TO-SPINE-V6 (ipv6)", 6),
    ),
)

NXOS = (
    _nxos(
        "entry removed",
        "no ip prefix-list <out-blue.orange-v4> seq 10 deny 10.65.0.0/16 ge 26 le 26",
        Expected(Kind.TAMPERED_LIST, NARROW, "prefix-list <out-blue.orange-v4> (ipv4)", 4),
    ),
    _nxos(
        "action flipped in a list of what may never come in",
        "no ip prefix-list <in-blue.orange-v4> seq 10 permit 10.65.0.0/16 le 32\n"
        "ip prefix-list <in-blue.orange-v4> seq 10 deny 10.65.0.0/16 le 32",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <in-blue.orange-v4> (ipv4)", 4),
    ),
    _nxos(
        "ge lowered, IPv6, export",
        "no ipv6 prefix-list <out-blue.orange-v6> seq 10 deny fd00:65::/48 ge 122 le 122\n"
        "ipv6 prefix-list <out-blue.orange-v6> seq 10 deny fd00:65::/48 ge 64 le 122",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <out-blue.orange-v6> (ipv6)", 6),
    ),
    _nxos(
        "stanza renumbered behind the permit",
        "no route-map FROM-TOR1 deny 1\n"
        "route-map FROM-TOR1 deny 20\n match ip address prefix-list <out-orange.infra-v4>",
        Expected(Kind.SHADOWED, WEAK, "route-map FROM-TOR1 stanza 10", 4),
    ),
    _nxos(
        "stanza made a permit",
        "no route-map FROM-TOR1 deny 1\n"
        "route-map FROM-TOR1 permit 1\n match ip address prefix-list <out-orange.infra-v4>",
        Expected(Kind.FOREIGN_LINE, WEAK, "route-map FROM-TOR1 stanza 1", 4),
    ),
    _nxos(
        "match added to the guard",
        "route-map FROM-TOR2 deny 1\n match community RACKS",
        Expected(Kind.FOREIGN_LINE, WEAK, "route-map FROM-TOR2 stanza 1", 4),
    ),
    _nxos(
        "detached in one direction",
        f"{_NXOS.format('10.255.11.1')} no route-map FROM-TOR1 in",
        Expected(Kind.DETACHED, WEAK, "neighbor 10.255.11.1 ipv4 import", 4),
    ),
    _nxos(
        "replaced by another policy",
        f"{_NXOS.format('10.255.11.1')} route-map TENANT-IN in",
        Expected(Kind.DETACHED, BOTH, "neighbor 10.255.11.1 ipv4 import", 4),
    ),
    _nxos(
        "default-originate",
        f"{_NXOS.format('10.255.1.0')} default-originate",
        Expected(Kind.WEAKENED, WEAK, "neighbor 10.255.1.0 ipv4 export", 4),
        exact=False,
    ),
    _nxos(
        "neighbor removed",
        "router bgp 65000\n no neighbor 10.255.11.1",
        Expected(Kind.MISSING_SESSION, NONE, "neighbor 10.255.11.1"),
    ),
)

SEEDS = (*EOS, *EOS_OWN, *IOS, *NXOS)
