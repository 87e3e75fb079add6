"""What the FRR dialect reads out of running configurations; those of tests/golden are real."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest

from policies.dialects import DIALECTS
from policies.errors import ParseError
from policies.filters import Attachment, Direction, PrefixList, Running, SessionKey, Stanza
from policies.managed import managed
from policies.ownership import is_intact
from policies.prefix_list import Action, PrefixListEntry

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "frr"
FRR = DIALECTS["frr"]


def parse(body: str, *, version: str = "8.4.4", profile: str = "traditional") -> Running:
    return FRR.parse(f"frr version {version}\nfrr defaults {profile}\n{body}\nend\n")


def router(*lines: str, head: str = "router bgp 65000") -> str:
    return "\n".join([head, *(f" {line}" for line in lines), "exit"])


def family(version: int, *lines: str) -> list[str]:
    inside = [f" {line}" for line in lines]
    return [f"address-family ipv{version} unicast", *inside, "exit-address-family"]


def maps(running: Running, name: str, vrf: str = "") -> dict[str, str | None]:
    """Return the route-maps of a session, such as {"4 import": "FROM-NODE"}."""
    found = running.sessions[SessionKey(vrf, name)].attachments
    return {f"{version} {way}": one.route_map for (version, way), one in found.items()}


# Real configurations ---------------------------------------------------------------------------


def golden(name: str) -> Running:
    return FRR.parse((GOLDEN / f"{name}.conf").read_text(encoding="utf-8"))


def test_a_real_tor() -> None:
    running = golden("tor1.before")
    assert running.routers == {"": 65201}
    assert running.other_uses == {}
    assert {str(key): one.versions for key, one in running.sessions.items()} == {
        "NODES": (4,),
        "NODES6": (6,),
        "10.255.11.0": (4,),
        "10.255.21.0": (4,),
        "2001:db8:ff:11::1": (6,),
        "2001:db8:ff:21::1": (6,),
    }
    nodes = running.sessions[SessionKey("", "NODES")]
    assert (nodes.is_group, nodes.listens, nodes.is_external) == (True, True, False)
    assert not nodes.closed_without_policy
    spine = running.sessions[SessionKey("", "10.255.11.0")]
    assert (spine.is_group, spine.is_external, spine.closed_without_policy) == (False, True, True)
    assert maps(running, "NODES") == {"4 import": "FROM-NODE", "4 export": "TO-NODE"}
    assert maps(running, "2001:db8:ff:21::1") == {"6 import": "FROM-SPINE", "6 export": "TO-SPINE"}
    assert sorted(running.route_maps) == [
        "FROM-NODE",
        "FROM-SPINE",
        "MAINTENANCE",
        "TO-NODE",
        "TO-SPINE",
    ]
    assert running.route_maps["FROM-SPINE"].stanzas == (
        Stanza(
            seq=10,
            action=Action.PERMIT,
            unknown=("match community BACKUP",),
            sets=("description paths marked as backup", "set local-preference 50"),
        ),
        Stanza(seq=20, action=Action.PERMIT, sets=("set local-preference 100",)),
    )
    assert running.lists[4, "STORAGE"] == PrefixList(
        4,
        "STORAGE",
        (
            PrefixListEntry(
                action=Action.PERMIT, prefix=ip_network("172.31.0.0/16"), ge=24, le=28, seq=5
            ),
        ),
    )
    assert sorted(running.lists) == [(4, "MGMT"), (4, "STORAGE"), (6, "ULA")]
    assert managed(running).lists == {}


def test_a_real_border_carries_both_families_over_one_session() -> None:
    running = golden("border1.before")
    assert maps(running, "10.255.1.1") == {
        "4 import": "FROM-SPINE",
        "4 export": "TO-SPINE",
        "6 import": "FROM-SPINE",
        "6 export": "TO-SPINE",
    }
    assert maps(running, "203.0.113.1") == {"4 import": "FROM-TRANSIT", "4 export": "TO-TRANSIT"}
    assert running.route_maps["FROM-TRANSIT"].stanzas[0].lists == ((4, "DEFAULT-V4"),)


@pytest.mark.parametrize("switch", ["tor1", "border1"])
def test_a_real_fenced_switch_holds_whole_guards_and_the_same_foreign_text(switch: str) -> None:
    before, after = golden(f"{switch}.before"), golden(f"{switch}.fenced")
    ours = managed(after)
    assert ours.lists
    assert all(is_intact(one) for one in ours.lists.values())
    assert {name for (_, name) in ours.lists} == {
        name for stanza in ours.stanzas.values() for _, name in stanza.lists
    }
    assert {stanza.action for stanza in ours.stanzas.values()} == {Action.DENY}
    assert after.sessions == before.sessions
    texts = [(GOLDEN / f"{switch}.{state}.conf").read_text() for state in ("before", "fenced")]
    assert FRR.foreign(texts[0]) == FRR.foreign(texts[1])
    assert texts[0] != texts[1]


@pytest.mark.parametrize("path", sorted(GOLDEN.glob("*.conf")), ids=lambda path: path.name)
def test_half_a_configuration_is_never_taken_for_a_whole_one(path: Path) -> None:
    lines = path.read_text(encoding="utf-8").splitlines(keepends=True)
    assert lines[-1].rstrip() == "end"
    for kept in range(len(lines)):
        with pytest.raises(ParseError):
            FRR.parse("".join(lines[:kept]))


# Inheritance -----------------------------------------------------------------------------------

GROUP = ["neighbor G peer-group", "neighbor G remote-as 65001", "neighbor 10.0.0.1 peer-group G"]


def test_a_member_has_its_groups_policy_unless_it_has_its_own() -> None:
    running = parse(
        router(
            *GROUP,
            "neighbor 10.0.0.2 peer-group G",
            *family(
                4,
                "neighbor G route-map IN in",
                "neighbor G prefix-list PL in",
                "neighbor G filter-list AS out",
                "neighbor 10.0.0.2 route-map OWN in",
                "neighbor 10.0.0.2 route-map OUT out",
            ),
        )
    )
    one, two = (running.sessions[SessionKey("", f"10.0.0.{n}")].attachments for n in (1, 2))
    assert one == {
        (4, Direction.IMPORT): Attachment(route_map="IN", prefix_list="PL", inherited_from="G"),
        (4, Direction.EXPORT): Attachment(unknown=("filter-list AS",)),
    }
    assert two == {
        (4, Direction.IMPORT): Attachment(route_map="OWN", prefix_list="PL"),
        (4, Direction.EXPORT): Attachment(route_map="OUT", unknown=("filter-list AS",)),
    }


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ([], {"G": (4,), "10.0.0.1": (4,)}),
        (["no bgp default ipv4-unicast"], {"G": (), "10.0.0.1": ()}),
        (["bgp default ipv6-unicast"], {"G": (4, 6), "10.0.0.1": (4, 6)}),
        (
            ["no bgp default ipv4-unicast", *family(4, "neighbor G activate")],
            {"G": (4,), "10.0.0.1": (4,)},
        ),
        (family(6, "neighbor G activate"), {"G": (4, 6), "10.0.0.1": (4, 6)}),
        (
            [*family(4, "no neighbor G activate"), *family(6, "neighbor G activate")],
            {"G": (6,), "10.0.0.1": (6,)},
        ),
        (family(6, "neighbor 10.0.0.1 activate"), {"G": (4,), "10.0.0.1": (4, 6)}),
        (family(4, "no neighbor 10.0.0.1 activate"), {"G": (4,), "10.0.0.1": ()}),
    ],
)
def test_activation(lines: list[str], expected: dict[str, tuple[int, ...]]) -> None:
    running = parse(router(*GROUP, *lines))
    assert {str(key): one.versions for key, one in running.sessions.items()} == expected


@pytest.mark.parametrize(
    ("lines", "external"),
    [
        (["neighbor 10.0.0.1 remote-as 65001"], True),
        (["neighbor 10.0.0.1 remote-as 65000"], False),
        (["neighbor 10.0.0.1 remote-as external"], True),
        (["neighbor 10.0.0.1 remote-as internal"], False),
        (["neighbor 10.0.0.1 remote-as 0.65000"], False),
        (["bgp confederation peers 65001 65002", "neighbor 10.0.0.1 remote-as 65002"], False),
        (["bgp confederation peers 65002", "neighbor 10.0.0.1 remote-as 65001"], True),
        (["neighbor 10.0.0.1 remote-as 65009", "neighbor 10.0.0.1 local-as 65009"], False),
        (["neighbor 10.0.0.1 remote-as 65000", "neighbor 10.0.0.1 local-as 65009"], True),
        (GROUP, True),
        (["neighbor G peer-group", "neighbor 10.0.0.1 peer-group G"], None),
    ],
)
def test_inside_and_outside_the_as(lines: list[str], external: bool | None) -> None:
    session = parse(router(*lines)).sessions[SessionKey("", "10.0.0.1")]
    assert session.is_external is external
    assert session.closed_without_policy is (external is True)


def test_a_group_without_an_as_is_what_its_members_agree_on() -> None:
    lines = ["neighbor G peer-group"]
    lines += [f"neighbor 10.0.0.{n} remote-as 6500{n}" for n in (1, 2)]
    lines += [f"neighbor 10.0.0.{n} peer-group G" for n in (1, 2)]
    group = SessionKey("", "G")
    assert parse(router(*lines)).sessions[group].is_external is True
    mixed = ["neighbor 10.0.0.3 remote-as 65000", "neighbor 10.0.0.3 peer-group G"]
    assert parse(router(*lines, *mixed)).sessions[group].is_external is None


@pytest.mark.parametrize(
    ("version", "profile", "knob", "closed"),
    [
        ("8.4.4", "traditional", None, True),
        ("7.4", "traditional", None, True),
        ("7.3.1", "traditional", None, False),
        ("10.0-dev", "traditional", None, True),
        ("8.4.4", "datacenter", None, False),
        ("8.4.4", "traditional", "no bgp ebgp-requires-policy", False),
        ("8.4.4", "datacenter", "bgp ebgp-requires-policy", True),
        ("7.3.1", "traditional", "bgp ebgp-requires-policy", True),
    ],
)
def test_what_is_closed_without_a_policy(
    version: str, profile: str, knob: str | None, closed: bool
) -> None:
    lines = [*([knob] if knob else []), "neighbor 10.0.0.1 remote-as 65001"]
    running = parse(router(*lines), version=version, profile=profile)
    assert running.sessions[SessionKey("", "10.0.0.1")].closed_without_policy is closed


@pytest.mark.parametrize(
    "lines",
    [
        ["neighbor swp1 interface remote-as external"],
        ["neighbor swp1 interface v6only remote-as 65001"],
        ["neighbor swp1 interface v6only peer-group G", *GROUP[:2]],
        ["neighbor swp1 interface peer-group G", *GROUP[:2]],
    ],
)
def test_interface_neighbors(lines: list[str]) -> None:
    session = parse(router(*lines)).sessions[SessionKey("", "swp1")]
    assert session.is_external is True
    assert session.group == ("G" if "peer-group G" in lines[0] else None)


def test_vrfs_are_kept_apart() -> None:
    lines = ["neighbor 10.0.0.1 remote-as 65001"]
    one = router(*lines, *family(4, "neighbor 10.0.0.1 route-map A in"))
    two = router(
        *lines, *family(4, "neighbor 10.0.0.1 route-map B in"), head="router bgp 65009 vrf blue"
    )
    running = parse(f"{one}\n!\n{two}")
    assert running.routers == {"": 65000, "blue": 65009}
    assert maps(running, "10.0.0.1")["4 import"] == "A"
    assert maps(running, "10.0.0.1", "blue")["4 import"] == "B"


@pytest.mark.parametrize(
    ("head", "asn"),
    [
        ("router bgp 65000", 65000),
        ("router bgp 1.10", 65546),
        ("router bgp 4200000000", 4200000000),
        ("router bgp 1.10 as-notation dot", 65546),
        ("router bgp 65000 vrf default", 65000),
    ],
)
def test_as_numbers(head: str, asn: int) -> None:
    running = parse(router("neighbor 10.0.0.1 remote-as 65001", head=head))
    assert list(running.routers.values()) == [asn]
    assert len(running.sessions) == 1


def test_a_line_outside_of_a_family_is_about_ipv4() -> None:
    running = parse(router("neighbor 10.0.0.1 remote-as 65001", "neighbor 10.0.0.1 route-map A in"))
    assert maps(running, "10.0.0.1") == {"4 import": "A", "4 export": None}


# Other uses ------------------------------------------------------------------------------------

REMOTE = "neighbor 10.0.0.1 remote-as 65001"


@pytest.mark.parametrize(
    "body",
    [
        router(*family(4, "redistribute connected route-map RM")),
        router(*family(4, "network 10.0.0.0/8 route-map RM")),
        router(*family(4, "aggregate-address 10.0.0.0/8 route-map RM")),
        router(*family(4, "aggregate-address 10.0.0.0/8 suppress-map RM")),
        router(*family(4, "table-map RM")),
        router(*family(4, "import vrf route-map RM")),
        router(*family(4, "route-map vpn import RM")),
        router(*family(4, "route-map vpn export RM")),
        router(REMOTE, *family(4, "neighbor 10.0.0.1 default-originate route-map RM")),
        router(REMOTE, *family(4, "neighbor 10.0.0.1 unsuppress-map RM")),
        router(REMOTE, *family(4, "neighbor 10.0.0.1 advertise-map RM exist-map X")),
        router(REMOTE, *family(4, "neighbor 10.0.0.1 advertise-map X exist-map RM")),
        router(REMOTE, "address-family l2vpn evpn", " neighbor 10.0.0.1 route-map RM in"),
        router(REMOTE, "address-family ipv4 vpn", " neighbor 10.0.0.1 route-map RM in"),
        "ip protocol bgp route-map RM",
        "route-map A permit 10\n call RM\nexit",
        "router ospf\n redistribute bgp route-map RM\nexit",
    ],
)
def test_other_uses_of_a_map_are_seen(body: str) -> None:
    (said,) = parse(body).other_uses["RM"]
    assert "RM" in said.split()


@pytest.mark.parametrize(
    "body",
    [
        router(REMOTE, "neighbor 10.0.0.1 description was route-map RM in"),
        router(REMOTE, *family(4, "neighbor 10.0.0.1 route-map RM in")),
        "route-map RM permit 10\n description call RM\n set metric 5\nexit",
        "no route-map RM optimization\n!\nroute-map RM permit 10\nexit",
        "interface eth0\n description behind route-map RM\nexit",
        "banner motd line route-map RM",
    ],
)
def test_what_only_looks_like_a_use_is_none(body: str) -> None:
    assert "RM" not in parse(body).other_uses


# Lists and stanzas -----------------------------------------------------------------------------


def entry(text: str, **lengths: int) -> PrefixListEntry:
    action, prefix = text.split()
    return PrefixListEntry(
        action=Action(action),
        prefix=ip_network(prefix),
        ge=lengths.get("ge"),
        le=lengths.get("le"),
        seq=lengths["seq"],
    )


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (["seq 5 permit any"], [entry("permit 0.0.0.0/0", le=32, seq=5)]),
        (["seq 5 deny any"], [entry("deny 0.0.0.0/0", le=32, seq=5)]),
        (["seq 5 permit 10.0.0.0/8"], [entry("permit 10.0.0.0/8", seq=5)]),
        (["seq 5 permit 10.0.0.0/8 ge 9"], [entry("permit 10.0.0.0/8", ge=9, le=32, seq=5)]),
        (["seq 5 permit 10.0.0.0/8 le 9"], [entry("permit 10.0.0.0/8", le=9, seq=5)]),
        (["seq 5 permit 10.0.0.0/8 ge 9 le 9"], [entry("permit 10.0.0.0/8", ge=9, le=9, seq=5)]),
        (
            ["permit 10.0.0.0/8", "permit 11.0.0.0/8"],
            [entry("permit 10.0.0.0/8", seq=5), entry("permit 11.0.0.0/8", seq=10)],
        ),
        (
            ["seq 12 permit 10.0.0.0/8", "permit 11.0.0.0/8"],
            [entry("permit 10.0.0.0/8", seq=12), entry("permit 11.0.0.0/8", seq=15)],
        ),
        (
            ["description permit 12.0.0.0/8", "seq 5 permit 10.0.0.0/8"],
            [entry("permit 10.0.0.0/8", seq=5)],
        ),
    ],
)
def test_prefix_list_entries(lines: list[str], expected: list[PrefixListEntry]) -> None:
    running = parse("\n".join(f"ip prefix-list X {line}" for line in lines))
    assert running.lists[4, "X"].entries == tuple(expected)


def test_a_list_with_nothing_but_a_description_is_undefined() -> None:
    assert parse("ip prefix-list X description nothing yet").lists == {}


@pytest.mark.parametrize(
    "line",
    [
        "ip prefix-list X seq 5 permit 10.0.0.1/8",
        "ip prefix-list X seq 5 permit 10.0.0.0/33",
        "ip prefix-list X seq 5 permit fd00::/48",
        "ipv6 prefix-list X seq 5 permit 10.0.0.0/8",
        "ip prefix-list X seq 5 permit 10.0.0.0/8 ge 7",
        "ip prefix-list X seq 5 permit 10.0.0.0/8 ge 20 le 10",
        "ip prefix-list X seq 5 permit 10.0.0.0/8 eq 24",
        "ip prefix-list X seq 5 allow 10.0.0.0/8",
        "ip prefix-list X",
        "ip prefix-list X seq 5 permit any\nip prefix-list X seq 5 deny any",
    ],
)
def test_a_prefix_list_that_is_not_understood_is_an_error_and_never_lost(line: str) -> None:
    with pytest.raises(ParseError, match="prefix-list X"):
        parse(line)


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("", "no FRR running configuration"),
        ("hostname x\nend\n", "no FRR running configuration"),
        ("frr version 8.4.4\nhostname x\n", "cut short"),
        ("Building configuration...\n", "no FRR running configuration"),
    ],
)
def test_what_is_no_whole_configuration_is_refused(text: str, why: str) -> None:
    with pytest.raises(ParseError, match=why):
        FRR.parse(text)


def test_a_stanza_keeps_all_of_its_lines() -> None:
    running = parse(
        "route-map RM permit 20\n"
        " description free text\n"
        " match ip address prefix-list A\n"
        " match ipv6 address prefix-list B\n"
        " match community C exact-match\n"
        " match ip address prefix-len 24\n"
        " match ip next-hop prefix-list D\n"
        " set metric 5\n"
        " call OTHER\n"
        " on-match goto 40\n"
        "exit\n"
        "!\n"
        "route-map RM deny 10\n"
        "exit"
    )
    assert running.route_maps["RM"].stanzas == (
        Stanza(seq=10, action=Action.DENY),
        Stanza(
            seq=20,
            action=Action.PERMIT,
            lists=((4, "A"), (6, "B")),
            unknown=(
                "match community C exact-match",
                "match ip address prefix-len 24",
                "match ip next-hop prefix-list D",
            ),
            sets=("description free text", "set metric 5", "on-match goto 40"),
            call="OTHER",
            goes_on=True,
        ),
    )


def test_what_goes_past_the_route_map_is_seen() -> None:
    lines = ["neighbor G default-originate", "neighbor G unsuppress-map U"]
    running = parse(router(*GROUP, *family(4, *lines)))
    for name in ("G", "10.0.0.1"):
        attachments = running.sessions[SessionKey("", name)].attachments
        assert attachments[4, Direction.IMPORT] == Attachment()
        out = attachments[4, Direction.EXPORT]
        assert (out.originates_default, out.unsuppress_map) == (True, "U")


def test_a_banner_and_comments_are_passed_over() -> None:
    body = "banner motd line hello ^C # route-map X\n! a comment\nip prefix-list X seq 5 permit any"
    assert set(parse(body).lists) == {(4, "X")}
