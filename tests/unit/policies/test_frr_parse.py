"""What the FRR dialect reads out of running configurations; those of tests/golden are real."""

from __future__ import annotations

from ipaddress import ip_network
from pathlib import Path

import pytest
from frr_text import FRR, family, parse, router

from policies.errors import ParseError
from policies.filters import Attachment, Direction, PrefixList, Running, SessionKey, Stanza
from policies.managed import managed
from policies.ownership import is_intact
from policies.prefix_list import Action, PrefixListEntry

GOLDEN = Path(__file__).resolve().parents[2] / "golden" / "frr"


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
