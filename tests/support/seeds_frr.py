"""Mutations of FRR switches; see `drift_seeds`."""

from __future__ import annotations

from drift_seeds import NARROW, NONE, WEAK, Expected, Seed

from policies.drift import Kind

_V4 = "router bgp 65201\n address-family ipv4 unicast\n"
_V6 = "router bgp 65201\n address-family ipv6 unicast\n"
_MEMBER = f"""\
router bgp 65201
 neighbor 172.20.1.50 remote-as 65201
{_V4}  neighbor 172.20.1.50 peer-group NODES
"""
_LIST = "prefix-list <out-orange-v4> (ipv4)"


def _seed(name: str, lines: str, *found: Expected, **more: object) -> Seed:
    return Seed(
        name=name,
        platform="frr",
        switch="tor1",
        lines=lines,
        expected=found,
        **more,  # type: ignore[arg-type]
    )


SEEDS = (
    _seed(
        "entry added",
        "ip prefix-list <out-orange-v4> seq 5 deny 8.8.8.0/24",
        Expected(Kind.TAMPERED_LIST, WEAK, _LIST, 4),
    ),
    _seed(
        "entry removed",
        "no ip prefix-list <out-orange-v4> seq 10 deny 10.65.0.0/16 ge 26 le 26",
        Expected(Kind.TAMPERED_LIST, NARROW, _LIST, 4),
    ),
    _seed(
        "le widened",
        "no ip prefix-list <out-orange-v4> seq 10 deny 10.65.0.0/16 ge 26 le 26\n"
        "ip prefix-list <out-orange-v4> seq 10 deny 10.65.0.0/16 ge 26 le 27",
        Expected(Kind.TAMPERED_LIST, WEAK, _LIST, 4),
    ),
    _seed(
        "ge lowered, IPv6, export",
        "no ipv6 prefix-list <out-orange.infra-v6> seq 30 deny fd00:65::/48 ge 122 le 122\n"
        "ipv6 prefix-list <out-orange.infra-v6> seq 30 deny fd00:65::/48 ge 121 le 122",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-list <out-orange.infra-v6> (ipv6)", 6),
    ),
    _seed(
        "action flipped",
        "no ip prefix-list <out-orange-v4> seq 40 permit 0.0.0.0/0 le 32\n"
        "ip prefix-list <out-orange-v4> seq 40 deny 0.0.0.0/0 le 32",
        Expected(Kind.TAMPERED_LIST, WEAK, _LIST, 4),
    ),
    _seed(
        "list deleted",
        "no ip prefix-list <out-orange-v4>",
        Expected(Kind.MISSING, WEAK, _LIST, 4),
    ),
    _seed(
        "stanza renumbered behind the permit",
        "no route-map FROM-NODE deny 1\n"
        "route-map FROM-NODE deny 20\n match ip address prefix-list <out-orange-v4>",
        Expected(Kind.SHADOWED, WEAK, "route-map FROM-NODE stanza 10", 4),
    ),
    _seed(
        "stanza deleted",
        "no route-map FROM-NODE deny 2",
        Expected(Kind.MISSING, WEAK, "route-map FROM-NODE (ipv6)", 6),
    ),
    _seed(
        "stanza made a permit",
        "no route-map FROM-NODE deny 1\n"
        "route-map FROM-NODE permit 1\n match ip address prefix-list <out-orange-v4>",
        Expected(Kind.FOREIGN_LINE, WEAK, "route-map FROM-NODE stanza 1", 4),
    ),
    _seed(
        "permit put ahead",
        "no route-map FROM-NODE deny 1\nroute-map FROM-NODE permit 1\n"
        "route-map FROM-NODE deny 3\n match ip address prefix-list <out-orange-v4>",
        Expected(Kind.SHADOWED, WEAK, "route-map FROM-NODE stanza 1", 4),
        Expected(Kind.SHADOWED, WEAK, "route-map FROM-NODE stanza 1", 6),
    ),
    _seed(
        "match added to the guard",
        "route-map FROM-NODE deny 1\n match community BACKUP",
        Expected(Kind.FOREIGN_LINE, WEAK, "route-map FROM-NODE stanza 1", 4),
    ),
    _seed(
        "set line added to the guard",
        "route-map FROM-NODE deny 1\n set metric 5",
        Expected(Kind.FOREIGN_LINE, NONE, "route-map FROM-NODE stanza 1", 4),
    ),
    _seed(
        "detached in one family",
        f"{_V6}  no neighbor NODES6 route-map FROM-NODE in",
        Expected(Kind.DETACHED, WEAK, "peer group NODES6 ipv6 import", 6),
    ),
    _seed(
        "detached in one direction, which closes it",
        f"{_V4}  no neighbor 10.255.11.0 route-map TO-SPINE out",
        Expected(Kind.NARROWED, NARROW, "neighbor 10.255.11.0 ipv4 export", 4),
    ),
    _seed(
        "replaced by another policy",
        f"{_V4}  neighbor NODES route-map FROM-SPINE in",
        Expected(Kind.DETACHED, WEAK, "peer group NODES ipv4 import", 4),
    ),
    _seed(
        "member given a policy of its own",
        f"{_V4}  neighbor 172.20.1.50 route-map FROM-SPINE in",
        Expected(Kind.DETACHED, WEAK, "neighbor 172.20.1.50 ipv4 import", 4),
        before=_MEMBER,
    ),
    _seed(
        "member moved out of its group",
        f"{_V4}  no neighbor 172.20.1.50 peer-group NODES",
        Expected(Kind.UNKNOWN_NEIGHBOR, WEAK, "neighbor 172.20.1.50", 4),
        before=_MEMBER,
    ),
    _seed(
        "new neighbor",
        "router bgp 65201\n neighbor 10.9.9.9 remote-as 65009\n"
        f"{_V4}  neighbor 10.9.9.9 route-map FROM-SPINE in",
        Expected(Kind.UNKNOWN_NEIGHBOR, WEAK, "neighbor 10.9.9.9", 4),
    ),
    _seed(
        "new neighbor, closed for want of a policy",
        "router bgp 65201\n neighbor 10.9.9.9 remote-as 65009",
        Expected(Kind.UNKNOWN_NEIGHBOR, NONE, "neighbor 10.9.9.9"),
    ),
    _seed(
        "neighbor removed",
        "router bgp 65201\n no neighbor 10.255.11.0",
        Expected(Kind.MISSING_SESSION, NONE, "neighbor 10.255.11.0"),
    ),
    _seed(
        "RFC 8212 switched off",
        "router bgp 65201\n no bgp ebgp-requires-policy",
        Expected(Kind.MISSING, WEAK, "neighbor 10.255.11.0 ipv4 export", 4),
        Expected(Kind.MISSING, WEAK, "neighbor 10.255.21.0 ipv4 export", 4),
        before=f"{_V4}  no neighbor 10.255.11.0 route-map TO-SPINE out\n"
        "  no neighbor 10.255.21.0 route-map TO-SPINE out",
        narrower=True,
    ),
    _seed(
        "default-originate",
        f"{_V4}  neighbor 10.255.11.0 default-originate",
        Expected(Kind.WEAKENED, WEAK, "neighbor 10.255.11.0 ipv4 export", 4),
    ),
    _seed(
        "own policy drops blocks",
        "ip prefix-list OWN seq 5 permit 10.65.128.0/17 le 32\n"
        "route-map FROM-NODE deny 5\n match ip address prefix-list OWN",
        Expected(Kind.NARROWED, NARROW, "route-map FROM-NODE stanza 5", 4),
    ),
    _seed(
        "copy of a list that nothing asks",
        "ip prefix-list <out-orange-v4>.2 seq 10 deny 10.65.0.0/16 ge 26 le 26\n"
        "ip prefix-list <out-orange-v4>.2 seq 20 deny 191.51.100.0/24 ge 32 le 32\n"
        "ip prefix-list <out-orange-v4>.2 seq 30 deny 191.51.100.0/24\n"
        "ip prefix-list <out-orange-v4>.2 seq 40 permit 0.0.0.0/0 le 32",
        Expected(Kind.LEFTOVER, NONE, "prefix-list <out-orange-v4>.2 (ipv4)"),
    ),
    _seed(
        "family switched off",
        f"{_V6}  no neighbor NODES6 activate",
        Expected(
            Kind.OBSTACLE,
            NONE,
            "nothing-to-guard: NODES6 carries neither IPv4 nor IPv6, as far as its configuration "
            "says",
        ),
        Expected(Kind.NARROWED, NARROW, "peer group NODES6 ipv6 import", 6),
    ),
)
