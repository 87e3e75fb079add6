"""Mutations where a guard stands ahead of a policy: IOS-XR and Junos; see `drift_seeds`."""

from __future__ import annotations

from drift_seeds import NARROW, NONE, WEAK, Expected, Seed

from policies.drift import Kind

_XR = "router bgp 65001\n neighbor {}\n  address-family ipv{} unicast\n"
_ONLY = "RF-import-out-blue.orange--FROM-SPINE"
_NEVER = "RF-import-in-blue.orange--FROM-TRANSIT"
_V4 = """\
  if destination in (0.0.0.0/0 le 32) and not destination in <only-blue.orange-v4> then
    drop
  endif
"""
_V6 = """\
  if destination in (::/0 le 128) and not destination in <only-blue.orange-v6> then
    drop
  endif
"""
_POLICY = "set policy-options policy-statement"
_GONE = "delete policy-options policy-statement"
_SPINE = "protocols bgp group SPINES neighbor 10.255.1.1"
_TRANSIT = "protocols bgp group TRANSIT neighbor 203.0.113.1"


def _xr(name: str, lines: str, *found: Expected, **more: object) -> Seed:
    return Seed(
        name=name,
        platform="iosxr_netconf",
        lines=lines,
        expected=found,
        **{"switch": "border2", **more},  # type: ignore[arg-type]
    )


def _junos(name: str, lines: str, *found: Expected, **more: object) -> Seed:
    return Seed(
        name=name,
        platform="junos",
        lines=lines,
        expected=found,
        **{"switch": "border1", **more},  # type: ignore[arg-type]
    )


def _wrapper(name: str, body: str) -> str:
    return f"route-policy {name}\n{body}end-policy\n"


XR = (
    _xr(
        "prefix added to the set of what may come in",
        "prefix-set <only-blue.orange-v4>\n"
        "  8.8.8.0/24,\n  10.65.0.0/16 eq 26,\n  10.66.0.0/16 eq 26,\n  10.66.0.0/16 eq 32,\n"
        "  191.51.100.0/23 eq 24,\n  191.51.100.0/23 eq 32\nend-set",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-set <only-blue.orange-v4> (ipv4)", 4),
    ),
    _xr(
        "prefix removed from the set of what may come in",
        "prefix-set <only-blue.orange-v4>\n"
        "  10.66.0.0/16 eq 26,\n  10.66.0.0/16 eq 32,\n"
        "  191.51.100.0/23 eq 24,\n  191.51.100.0/23 eq 32\nend-set",
        Expected(Kind.TAMPERED_LIST, NARROW, "prefix-set <only-blue.orange-v4> (ipv4)", 4),
    ),
    _xr(
        "length widened, IPv6",
        "prefix-set <only-blue.orange-v6>\n"
        "  fd00:65::/48 ge 120 le 122,\n  fd00:66::/48 eq 122,\n  fd00:66::/48 eq 128,\n"
        "  fd00:651::/112,\n  fd00:651::/112 eq 128,\n  fd00:661::/112,\n"
        "  fd00:661::/112 eq 128\nend-set",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-set <only-blue.orange-v6> (ipv6)", 6),
    ),
    _xr(
        "prefix removed from the set of what may never come in",
        "prefix-set <in-blue.orange-v4>\n  10.66.0.0/16 le 32,\n"
        "  191.51.100.0/23 ge 24 le 32\nend-set",
        Expected(Kind.TAMPERED_LIST, WEAK, "prefix-set <in-blue.orange-v4> (ipv4)", 4),
    ),
    _xr(
        "wrapper that lets all through first",
        _wrapper(_ONLY, f"  done\n{_V4}{_V6}  apply FROM-SPINE\n"),
        Expected(Kind.FOREIGN_LINE, WEAK, f"route-policy {_ONLY} statement 1", 4),
        Expected(Kind.FOREIGN_LINE, WEAK, f"route-policy {_ONLY} statement 1", 6),
    ),
    _xr(
        "guard of one family cut out of the wrapper",
        _wrapper(_ONLY, f"{_V4}  apply FROM-SPINE\n"),
        Expected(Kind.MISSING, WEAK, f"route-policy {_ONLY} (ipv6)", 6),
    ),
    _xr(
        "condition of the guard edited",
        _wrapper(
            _ONLY,
            _V4.replace("destination in (0.0.0.0/0 le 32)", "destination in (10.0.0.0/8 le 32)")
            + f"{_V6}  apply FROM-SPINE\n",
        ),
        Expected(Kind.FOREIGN_LINE, WEAK, f"route-policy {_ONLY} statement 1", 4),
        Expected(Kind.FOREIGN_LINE, WEAK, f"route-policy {_ONLY} statement 1", 6),
        exact=False,
    ),
    _xr(
        "wrapper that applies another policy",
        _wrapper(_ONLY, f"{_V4}{_V6}  apply FROM-TRANSIT\n"),
        Expected(Kind.FOREIGN_LINE, NONE, f"route-policy {_ONLY} statement 65535"),
    ),
    _xr(
        "wrapper detached in one family, the operator's own policy in its place",
        f"{_XR.format('10.255.3.1', 6)}   route-policy FROM-SPINE in",
        Expected(Kind.DETACHED, WEAK, "neighbor 10.255.3.1 ipv6 import", 6),
    ),
    _xr(
        "policy removed, which closes the session",
        f"{_XR.format('203.0.113.5', 4)}   no route-policy {_NEVER} in",
        Expected(Kind.NARROWED, NARROW, "neighbor 203.0.113.5 ipv4 import", 4),
    ),
    _xr(
        "default-originate",
        "router bgp 65201\n neighbor 10.255.11.0\n  address-family ipv4 unicast\n"
        "   default-originate",
        Expected(Kind.WEAKENED, WEAK, "neighbor 10.255.11.0 ipv4 export", 4),
        switch="tor1",
        exact=False,
    ),
    _xr(
        "new neighbor",
        "router bgp 65001\n neighbor 10.9.9.9\n  remote-as 65009\n"
        "  address-family ipv4 unicast\n   route-policy FROM-SPINE in",
        Expected(Kind.UNKNOWN_NEIGHBOR, WEAK, "neighbor 10.9.9.9", 4),
    ),
    _xr(
        "own policy drops blocks",
        "prefix-set OWN\n  10.65.0.0/17 le 32\nend-set\n"
        "route-policy FROM-SPINE\n  if destination in OWN then\n    drop\n  endif\n"
        "  set community (65001:100) additive\nend-policy",
        Expected(Kind.NARROWED, NARROW, "route-policy FROM-SPINE statement 1", 4),
    ),
)

JUNOS = (
    _junos(
        "entry widened in the list of what may come in",
        f"{_GONE} <out-blue.orange-v4> term 10 from route-filter 10.65.0.0/16\n"
        f"{_POLICY} <out-blue.orange-v4> term 10 from route-filter 10.65.0.0/16 "
        "prefix-length-range /26-/28",
        Expected(Kind.TAMPERED_LIST, WEAK, "policy-statement <out-blue.orange-v4> (ipv4)", 4),
    ),
    _junos(
        "action of an entry flipped, IPv6",
        f"{_POLICY} <out-blue.orange-v6> term 80 then reject",
        Expected(Kind.TAMPERED_LIST, WEAK, "policy-statement <out-blue.orange-v6> (ipv6)", 6),
    ),
    _junos(
        "entry removed from the list of what may never come in or go out",
        f"{_GONE} <in-blue.orange-v4> term 10",
        Expected(Kind.TAMPERED_LIST, WEAK, "policy-statement <in-blue.orange-v4> (ipv4)", 4),
    ),
    _junos(
        "guard of one family cut out",
        f"{_GONE} RF-import-out-blue.orange term v6",
        Expected(Kind.MISSING, WEAK, "policy chain RF-import-out-blue.orange FROM-SPINE (ipv6)", 6),
    ),
    _junos(
        "action of the guard flipped",
        f"{_POLICY} RF-import-out-blue.orange term v4 then accept",
        Expected(
            Kind.FOREIGN_LINE,
            WEAK,
            "policy chain RF-import-out-blue.orange FROM-SPINE term 1",
            4,
        ),
        Expected(
            Kind.FOREIGN_LINE,
            WEAK,
            "policy chain RF-import-out-blue.orange FROM-SPINE term 1",
            6,
        ),
        exact=False,
    ),
    _junos(
        "guard made inactive",
        "deactivate policy-options policy-statement RF-import-in-blue.orange",
        Expected(
            Kind.FOREIGN_LINE,
            WEAK,
            "policy chain RF-import-in-blue.orange FROM-TRANSIT term 1",
            4,
        ),
        Expected(
            Kind.FOREIGN_LINE,
            WEAK,
            "policy chain RF-import-in-blue.orange FROM-TRANSIT term 1",
            6,
        ),
    ),
    _junos(
        "order of the chain swapped",
        f"delete {_SPINE} import\n"
        f"set {_SPINE} import FROM-SPINE\nset {_SPINE} import RF-import-out-blue.orange",
        Expected(Kind.SHADOWED, WEAK, "policy chain FROM-SPINE", 4),
        Expected(Kind.SHADOWED, WEAK, "policy chain FROM-SPINE", 6),
    ),
    _junos(
        "guard taken out of the chain",
        f"delete {_TRANSIT} import RF-import-in-blue.orange",
        Expected(Kind.DETACHED, WEAK, "neighbor 203.0.113.1 ipv4 import", 4),
    ),
    _junos(
        "chain deleted: the group's own counts again",
        f"delete {_SPINE} import",
        Expected(Kind.DETACHED, WEAK, "neighbor 10.255.1.1 ipv4 import", 4),
        Expected(Kind.DETACHED, WEAK, "neighbor 10.255.1.1 ipv6 import", 6),
    ),
    _junos(
        "policy from a configuration group instead",
        f"delete {_TRANSIT} import\n"
        f"set groups COMMON {_TRANSIT} import FROM-TRANSIT\nset apply-groups COMMON",
        Expected(Kind.DETACHED, WEAK, "neighbor 203.0.113.1 ipv4 import", 4),
    ),
    _junos(
        "new neighbor in a known group",
        "set protocols bgp group SPINES neighbor 10.9.9.9 family inet unicast",
        Expected(Kind.UNKNOWN_NEIGHBOR, WEAK, "neighbor 10.9.9.9", 4),
    ),
    _junos(
        "neighbor removed",
        f"delete {_SPINE}",
        Expected(Kind.MISSING_SESSION, NONE, "neighbor 10.255.1.1"),
    ),
    _junos(
        "neighbor moved to another group, without its chain",
        f"delete {_TRANSIT}\nset protocols bgp group SPINES neighbor 203.0.113.1 peer-as 64500\n"
        "set protocols bgp group SPINES neighbor 203.0.113.1 family inet unicast",
        Expected(Kind.MISSING, WEAK, "neighbor 203.0.113.1 ipv4 import", 4),
    ),
    _junos(
        "own policy drops blocks",
        f"{_POLICY} FROM-SPINE term own from route-filter 10.66.0.0/16 orlonger\n"
        f"{_POLICY} FROM-SPINE term own then reject\n"
        "insert policy-options policy-statement FROM-SPINE term own before term fabric",
        Expected(Kind.NARROWED, NARROW, "policy chain FROM-SPINE term 1", 4),
    ),
)

SEEDS = (*XR, *JUNOS)
