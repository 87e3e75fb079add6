"""Routes that get into a guarded table out of another VRF, past the guards of its sessions."""

from __future__ import annotations

from dataclasses import replace
from ipaddress import ip_network

import pytest
from fabrics import make_device
from installing import guard

from inventory.fields import Role
from inventory.sessions import Session
from policies.dialects import DIALECTS
from policies.drift import Drift, Effect, Kind, drift
from policies.filters import TableImport
from policies.guards import Fence, deny_list
from policies.prefix_set import PrefixSet
from policies.references import ImportRef

POOLS = PrefixSet.of(ip_network("10.65.0.0/16"), 16, 18)
_ALLOWED = {4: POOLS, 6: PrefixSet.empty(6)}
FENCE = Fence(
    "out", "any", _ALLOWED, {v: deny_list("out", "any", v, ~one) for v, one in _ALLOWED.items()}
)
#: A guarded neighbor in the default table, and one in VRF CE that is none of ringfence's business.
#: ``{top}`` is for lines of their own, ``{main}`` and ``{inside}`` for lines of either table.
TEXTS = {
    "frr": """\
frr version 8.4.4
router bgp 65000
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv4 unicast
  neighbor 10.0.0.1 route-map NONE in
{main} exit-address-family
exit
router bgp 65000 vrf CE
 no bgp ebgp-requires-policy
 neighbor 192.0.2.9 remote-as 64999
 address-family ipv4 unicast
{inside} exit-address-family
exit
route-map NONE deny 10
exit
route-map ALL permit 10
exit
ip prefix-list POOLS seq 5 permit 10.65.0.0/16 le 32
route-map REST deny 10
 match ip address prefix-list POOLS
exit
route-map REST permit 20
exit
{top}end
""",
    "ios": """\
version 17.9
{top}router bgp 65000
 neighbor 10.0.0.1 remote-as 65001
 address-family ipv4
  neighbor 10.0.0.1 activate
  neighbor 10.0.0.1 route-map NONE in
 exit-address-family
 address-family ipv4 vrf CE
  neighbor 192.0.2.9 remote-as 64999
  neighbor 192.0.2.9 activate
 exit-address-family
route-map NONE deny 10
route-map ALL permit 10
ip prefix-list POOLS seq 5 permit 10.65.0.0/16 le 32
route-map REST deny 10
 match ip address prefix-list POOLS
route-map REST permit 20
end
""",
    "nxos": """\
version 10.3(4a) Bios:version
{top}router bgp 65000
  neighbor 10.0.0.1
    remote-as 65001
    address-family ipv4 unicast
      route-map NONE in
  vrf CE
    neighbor 192.0.2.9
      remote-as 64999
      address-family ipv4 unicast
route-map NONE deny 10
route-map ALL permit 10
ip prefix-list POOLS seq 5 permit 10.65.0.0/16 le 32
route-map REST deny 10
  match ip address prefix-list POOLS
route-map REST permit 20
""",
    "eos": """\
! device: leaf1 (vEOS-lab, EOS-4.32.2F)
{top}router bgp 65000
   neighbor 10.0.0.1 remote-as 65001
   neighbor 10.0.0.1 route-map NONE in
   vrf CE
      neighbor 192.0.2.9 remote-as 64999
!
route-map NONE deny 10
route-map ALL permit 10
ip prefix-list POOLS seq 5 permit 10.65.0.0/16 le 32
route-map REST deny 10
   match ip address prefix-list POOLS
route-map REST permit 20
!
end
""",
    "iosxr": """\
!! IOS XR Configuration 7.8.1
{top}route-policy NONE
  drop
end-policy
!
route-policy ALL
  pass
end-policy
!
route-policy REST
  if destination in (10.65.0.0/16 le 32) then
    drop
  else
    pass
  endif
end-policy
!
route-policy SOME($WHO)
  if destination in (10.65.0.0/17 le 32) then
    drop
  else
    pass
  endif
end-policy
!
router bgp 65000
 neighbor 10.0.0.1
  remote-as 65001
  address-family ipv4 unicast
   route-policy NONE in
  !
 !
 vrf CE
  neighbor 192.0.2.9
   remote-as 64999
   address-family ipv4 unicast
    route-policy ALL in
   !
  !
 !
!
end
""",
    "junos": """\
set version 22.4R1
set routing-options autonomous-system 65000
set protocols bgp group A import NONE
set protocols bgp group A neighbor 10.0.0.1 peer-as 65001
set routing-instances CE instance-type vrf
set routing-instances CE protocols bgp group B neighbor 192.0.2.9 peer-as 64999
set policy-options policy-statement NONE then reject
set policy-options policy-statement REST term 1 from route-filter 10.65.0.0/16 orlonger
set policy-options policy-statement REST term 1 then reject
set policy-options policy-statement CROSS term 1 from instance CE
set policy-options policy-statement CROSS term 1 then accept
set policy-options policy-statement FENCED term 1 from route-filter 10.65.0.0/16 orlonger
set policy-options policy-statement FENCED term 1 then reject
set policy-options policy-statement FENCED term 2 from instance CE
set policy-options policy-statement FENCED term 2 then accept
{top}""",
}
VRF = {
    "ios": "vrf definition CE\n rd 65000:9\n address-family ipv{0}\n  {1}\n exit-address-family\n",
    "nxos": "vrf context CE\n  rd 65000:9\n  address-family ipv{0} unicast\n    {1}\n",
    "iosxr": "vrf CE\n address-family ipv{0} unicast\n  {1}\n !\n!\n",
    "eos": "router general\n   vrf {0}\n      {1}\n      exit\n   !\n   exit\n!\n",
}
GLOBAL = "global-address-family ipv{0}\n {1}\n exit-global-af\n"
AT_CE = "set routing-instances CE protocols bgp "
AT_LEAK = "set policy-options policy-statement LEAK "
LEAK = (
    f"{AT_LEAK}term 1 from instance CE\n{AT_LEAK}term 1 from protocol direct\n"
    f"{AT_LEAK}term 1 from protocol static\n{AT_LEAK}term 1 then accept\n{AT_LEAK}then reject\n"
)
Words = dict[str, str]


def frr(*lines: str, table: str = "main") -> Words:
    return {table: "".join(f"  {line}\n" for line in lines)}


def top(platform: str, line: str, at: object = 4) -> Words:
    return {"top": VRF[platform].format(at, line)}


def rib_group(level: str, *more: str, ribs: tuple[str, str] = ("CE.inet.0", "inet.0")) -> Words:
    lines = [f"{AT_CE}{level}family inet unicast rib-group RG\n", *(f"{one}\n" for one in more)]
    made = "".join(f"set routing-options rib-groups RG import-rib {one}\n" for one in ribs)
    return {"top": made + "".join(lines)}


def text(platform: str, words: Words) -> str:
    return TEXTS[platform].format(**{"top": "", "main": "", "inside": "", **words})


def found(platform: str, words: Words, *known: str) -> list[Drift]:
    """Return what the lines bring about, and nothing but that."""
    sessions = tuple(
        Session(neighbor=name, vrf=vrf or None, role=Role.EXTERNAL)
        for name, _, vrf in (one.partition(" ") for one in ("10.0.0.1", *known))
    )
    ignored = ("192.0.2.9", "B", "C")
    device = replace(make_device("tor1", Role.TOR), sessions=sessions, ignore_neighbors=ignored)
    parse = DIALECTS[platform].parse
    wants = [guard("10.0.0.1", fence=FENCE)]
    before = drift(device, parse(text(platform, {})), wants)
    return [one for one in drift(device, parse(text(platform, words)), wants) if one not in before]


LEAKS = [
    ("frr", frr("import vrf CE"), "import vrf CE"),
    ("frr", frr("import vrf route-map ALL", "import vrf CE"), "import vrf CE"),
    ("frr", frr("route-map vpn import ALL", "import vrf CE"), "import vrf CE"),
    ("ios", top("ios", "export ipv4 unicast map ALL"), "export ipv4 unicast map ALL"),
    ("ios", top("ios", "export ipv4 unicast 500 map ALL"), "export ipv4 unicast 500 map ALL"),
    (
        "ios",
        {"top": "ip vrf CE\n rd 65000:9\n export ipv4 unicast map ALL\n"},
        "export ipv4 unicast map ALL",
    ),
    (
        "ios",
        {"top": GLOBAL.format(4, "route-replicate from vrf CE unicast all")},
        "route-replicate from vrf CE unicast all",
    ),
    (
        "ios",
        {"top": GLOBAL.format(4, "route-replicate from vrf CE unicast bgp 65000 route-map ALL")},
        "route-replicate from vrf CE unicast bgp 65000 route-map ALL",
    ),
    ("nxos", top("nxos", "export vrf default map ALL"), "export vrf default map ALL"),
    (
        "nxos",
        top("nxos", "export vrf default 100 map ALL allow-vpn"),
        "export vrf default 100 map ALL allow-vpn",
    ),
    (
        "eos",
        top("eos", "leak routes source-vrf CE subscribe-policy ALL", "default"),
        "leak routes source-vrf CE subscribe-policy ALL",
    ),
    (
        "eos",
        top("eos", "leak routes source-vrf CE subscribe-rcf F()", "default"),
        "leak routes source-vrf CE subscribe-rcf F()",
    ),
    (
        "iosxr",
        top("iosxr", "export to default-vrf route-policy ALL"),
        "export to default-vrf route-policy ALL",
    ),
    (
        "iosxr",
        top("iosxr", "export to default-vrf route-policy ALL allow-imported-vpn"),
        "export to default-vrf route-policy ALL allow-imported-vpn",
    ),
    ("junos", rib_group(""), "rib-group RG"),
    ("junos", rib_group("group B "), "rib-group RG of group B"),
    ("junos", rib_group("group B neighbor 192.0.2.9 "), "rib-group RG of neighbor 192.0.2.9"),
    (
        "junos",
        {"top": "set routing-options instance-import CROSS\n"},
        "instance-import CROSS",
    ),
    (
        "junos",
        {"top": "set routing-options instance-import LEAK\n" + LEAK.replace("static", "bgp")},
        "instance-import LEAK",
    ),
]
HARMLESS = [
    # A policy of it lets no pool pass.
    ("frr", frr("import vrf route-map REST", "import vrf CE")),
    ("frr", frr("import vrf route-map NOWHERE", "import vrf CE")),
    ("ios", top("ios", "export ipv4 unicast map REST")),
    (
        "ios",
        {"top": GLOBAL.format(4, "route-replicate from vrf CE unicast all route-map REST")},
    ),
    ("nxos", top("nxos", "export vrf default map REST")),
    ("eos", top("eos", "leak routes source-vrf CE subscribe-policy REST", "default")),
    ("iosxr", top("iosxr", "export to default-vrf route-policy REST")),
    ("junos", rib_group("", "set routing-options rib-groups RG import-policy REST")),
    ("junos", {"top": "set routing-options instance-import FENCED\n"}),
    # What its policy takes is not of BGP.
    ("junos", {"top": f"set routing-options instance-import LEAK\n{LEAK}"}),
    # The other way: into a table that nobody guards.
    ("frr", frr("import vrf default", table="inside")),
    ("ios", top("ios", "import ipv4 unicast map ALL")),
    ("ios", top("ios", "route-replicate from vrf global unicast all")),
    ("nxos", top("nxos", "import vrf default map ALL")),
    ("eos", top("eos", "leak routes source-vrf default subscribe-policy ALL", "CE")),
    ("iosxr", top("iosxr", "import from default-vrf route-policy ALL")),
    (
        "junos",
        {
            "top": "set routing-instances CE routing-options instance-import M\n"
            "set policy-options policy-statement M from instance master\n"
            "set policy-options policy-statement M then accept\n"
        },
    ),
    # Another table, another protocol, or another family than anybody carries there.
    ("frr", frr("import vrf OTHER")),
    ("ios", top("ios", "export ipv6 unicast map ALL", 6)),
    ("ios", {"top": GLOBAL.format(4, "route-replicate from vrf CE unicast connected")}),
    ("nxos", top("nxos", "export vrf default map ALL", 6)),
    ("nxos", top("nxos", "export vrf allow-vpn")),
    ("eos", top("eos", "leak routes source-vrf OTHER subscribe-policy ALL", "default")),
    ("iosxr", top("iosxr", "export to default-vrf route-policy ALL", 6)),
    ("iosxr", top("iosxr", "export to vrf allow-imported-vpn")),
    ("junos", rib_group("group C ")),
    ("junos", rib_group("", ribs=("CE.inet.0", "CE.inet.2"))),
]


@pytest.mark.parametrize(("platform", "words", "said"), LEAKS)
def test_a_table_that_is_imported_is_told(platform: str, words: Words, said: str) -> None:
    (one,) = found(platform, words)
    way = "from vrf CE into the default table"
    assert (one.kind, one.effect, one.version) == (Kind.WEAKENED, Effect.WEAKENED, 4)
    assert one.object == f"{said} ({way})"
    assert one.leaked == POOLS
    assert one.text == (
        f"`{said}` brings routes {way}, past the guards there: neighbor "
        "192.0.2.9 (vrf CE), which the site does not name, may announce 10.65.0.0/16"
    )
    assert one.references[0] == ImportRef("", 4, "CE", said)
    first = DIALECTS[platform].index(text(platform, words)).places(one.references[0])[0]
    assert first.number is not None
    assert said.partition(" of ")[0].rpartition(" ")[2] in first.text
    # Whoever is named is fenced, or has a reason not to be.
    assert found(platform, words, "192.0.2.9 CE") == []


@pytest.mark.parametrize(("platform", "words"), HARMLESS)
def test_what_brings_no_pool_in_is_not_told(platform: str, words: Words) -> None:
    assert found(platform, words) == []


def test_only_what_its_policy_lets_through_is_told() -> None:
    (one,) = found("iosxr", top("iosxr", "export to default-vrf route-policy SOME(9)"))
    assert one.leaked == POOLS - PrefixSet.of(ip_network("10.65.0.0/17"), 17, 18)


@pytest.mark.parametrize(("policy", "leaked"), [("NONE", None), ("ALL", POOLS)])
def test_a_table_of_a_vrf_is_guarded_too(policy: str, leaked: PrefixSet | None) -> None:
    words = frr("import vrf default", table="inside")
    running = DIALECTS["frr"].parse(text("frr", words).replace("map NONE in", f"map {policy} in"))
    assert running.table_imports == (
        TableImport(vrf="CE", version=4, source="", said="import vrf default"),
    )
    device = replace(
        make_device("tor1", Role.TOR),
        sessions=(Session(neighbor="192.0.2.9", vrf="CE", role=Role.EXTERNAL),),
        ignore_neighbors=("10.0.0.1",),
    )
    told = drift(device, running, [guard("192.0.2.9", vrf="CE", fence=FENCE)])
    # What its neighbor's own policy drops does not get that far.
    assert [one.leaked for one in told if "import vrf" in one.object] == (
        [leaked] if leaked else []
    )


def test_what_never_guards_hold_back_is_a_pool_too() -> None:
    never = {version: ~one for version, one in _ALLOWED.items()}
    lists = {version: deny_list("in", "any", version, ~one) for version, one in never.items()}
    fence = Fence("in", "any", never, lists)
    device = replace(make_device("tor1", Role.TOR), sessions=(), ignore_neighbors=("192.0.2.9",))
    running = DIALECTS["frr"].parse(text("frr", frr("import vrf CE")))
    told = drift(device, running, [guard("10.0.0.1", fence=fence)])
    assert [one.leaked for one in told if "import vrf" in one.object] == [POOLS]
