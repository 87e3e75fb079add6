"""What the FRR dialect reads of prefix-lists, stanzas and other uses of a route-map."""

from __future__ import annotations

from ipaddress import ip_network

import pytest
from frr_text import FRR, family, parse, router

from policies.errors import ParseError
from policies.filters import Attachment, Direction, PrefixList, SessionKey, Stanza
from policies.prefix_list import Action, PrefixListEntry

GROUP = ["neighbor G peer-group", "neighbor G remote-as 65001", "neighbor 10.0.0.1 peer-group G"]

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


def test_a_list_with_nothing_but_a_description_is_there_and_empty() -> None:
    lists = parse("ip prefix-list X description nothing yet").lists
    assert lists == {(4, "X"): PrefixList(4, "X", ())}


def test_what_lists_have_in_common_is_no_list() -> None:
    assert parse("no ip prefix-list sequence-number").lists == {}


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
    lines = [
        "neighbor G default-originate",
        "neighbor G unsuppress-map U",
        "neighbor G advertise-map A exist-map E",
    ]
    running = parse(router(*GROUP, *family(4, *lines)))
    for name in ("G", "10.0.0.1"):
        attachments = running.sessions[SessionKey("", name)].attachments
        assert attachments[4, Direction.IMPORT] == Attachment()
        out = attachments[4, Direction.EXPORT]
        assert (out.originates_default, out.unsuppress_map, out.advertise_map) == (True, "U", "A")


@pytest.mark.parametrize(
    "line", ["route-map RM permit 0 evil", "route-map RM statement S permit 5", "route-map RM 5"]
)
def test_a_stanza_that_cannot_be_read_is_never_passed_over(line: str) -> None:
    with pytest.raises(ParseError, match=f"`{line}` is no stanza of a route-map"):
        parse(f"{line}\nexit\nroute-map RM deny 10\nexit")


def test_a_banner_and_comments_are_passed_over() -> None:
    body = "banner motd line hello ^C # route-map X\n! a comment\nip prefix-list X seq 5 permit any"
    assert set(parse(body).lists) == {(4, "X")}
