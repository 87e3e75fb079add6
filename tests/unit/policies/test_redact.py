"""Secrets are hidden, whatever stands before them; routing policy is not."""

from __future__ import annotations

import pytest

from policies.redact import redact

#: What `str.splitlines` takes for the end of a line, and no switch does, and two more spaces.
ENDS_OF_OTHERS = ("\x0b", "\x0c", "\x1c", "\x1d", "\x1e", "\x85", "\u2028", "\u2029", "\xa0")

HIDDEN = [
    ("neighbor 10.0.0.1 password s3cret", "neighbor 10.0.0.1 password <hidden>"),
    ("neighbor 10.0.0.1 password 7 s3cret", "neighbor 10.0.0.1 password 7 <hidden>"),
    ("neighbor NODES password two words", "neighbor NODES password <hidden>"),
    ("+ neighbor 10.0.0.1 password s3cret", "+ neighbor 10.0.0.1 password <hidden>"),
    ("- neighbor 10.0.0.1 password s3cret", "- neighbor 10.0.0.1 password <hidden>"),
    ("password s3cret", "password <hidden>"),
    ("enable password 8 s3cret", "enable password 8 <hidden>"),
    ("enable secret 9 $9$abc", "enable secret 9 <hidden>"),
    ("username admin privilege 15 secret sha512 $6$abc", None),
    ("username admin secret 0 s3cret", "username admin secret 0 <hidden>"),
    ("area-password clear s3cret", "area-password clear <hidden>"),
    ("domain-password md5 s3cret", "domain-password md5 <hidden>"),
    ("isis password md5 s3cret", "isis password md5 <hidden>"),
    ("ip ospf authentication-key s3cret", "ip ospf authentication-key <hidden>"),
    ("ip ospf message-digest-key 1 md5 s3cret", "ip ospf message-digest-key 1 md5 <hidden>"),
    ("ntp authentication-key 1 md5 s3cret", "ntp authentication-key 1 md5 <hidden>"),
    ("  key-string s3cret", "  key-string <hidden>"),
    ("  key-string 7 0822455D0A16", "  key-string 7 <hidden>"),
    ("snmp-server community s3cret RO", "snmp-server community <hidden> RO"),
    ('authentication-key "$9$abc def";', "authentication-key <hidden>;"),
    ("tacacs-server key 7 s3cret", "tacacs-server key 7 <hidden>"),
    ("radius-server host 10.0.0.9 key s3cret", "radius-server host 10.0.0.9 key <hidden>"),
    ("ip ospf authentication-key s3cret-community", "ip ospf authentication-key <hidden>"),
    ("set snmp community s3cret", "set snmp community <hidden>"),
    ("PASSWORD s3cret", "PASSWORD <hidden>"),
    ('encrypted-password "$6$abc"; ## SECRET-DATA', "encrypted-password <hidden>; ## SECRET-DATA"),
    (
        "set system login user op authentication encrypted-password $6$abc",
        "set system login user op authentication encrypted-password <hidden>",
    ),
    ("set groups x snmp community s3cret", "set groups x snmp community <hidden>"),
]
KEPT = [
    "set community 65000:1 additive",
    "set large-community 65000:1:1",
    " match community BLUE exact-match",
    "bgp community-list standard BLUE seq 5 permit 65000:100",
    "bgp large-community-list standard BLUE seq 5 permit 65000:1:1",
    "bgp community alias 65000:100 BLUE",
    "set extcommunity rt 65000:1",
    "ip community-list standard BLUE permit 65000:100",
    "neighbor 10.0.0.1 send-community both",
    "no neighbor 10.0.0.1 send-community extended",
    "+  neighbor NODES send-community large",
    "neighbor 10.0.0.1 route-map FROM-NODE in",
    "route-map FROM-NODE deny 1",
    "ip prefix-list RF-in-orange-v4-1 seq 10 permit 10.65.0.0/16 le 32",
    "key 1",
    "  if community matches-any RACKS then",
    "  elseif not (community matches-every RACKS) then",
    "+set policy-options policy-statement TO-SPINE term racks from community RACK1",
    "set policy-options community RACK1 members 65000:201",
    "set logical-systems a policy-options policy-statement X then community add TRANSIT",
    "service password-encryption",
]


@pytest.mark.parametrize(("line", "expected"), HIDDEN)
def test_a_secret_is_hidden(line: str, expected: str | None) -> None:
    said = redact(line)
    for secret in ("s3cret", "words", "$6$abc", "$9$abc", "0822455D0A16"):
        assert secret not in said
    assert expected in (None, said)
    assert redact(said) == said


@pytest.mark.parametrize("line", KEPT)
def test_what_is_no_secret_stays(line: str) -> None:
    assert redact(line) == line


def test_lines_and_their_ends_stay_apart() -> None:
    text = "a\npassword x\r\nset community 1:1\n\nsecret y"
    assert redact(text) == "a\npassword <hidden>\r\nset community 1:1\n\nsecret <hidden>"


@pytest.mark.parametrize("odd", ENDS_OF_OTHERS, ids=ascii)
@pytest.mark.parametrize(
    "line",
    [
        "neighbor 10.0.0.1 password 7 {}",
        "username admin secret 0 {}",
        "ntp authentication-key 1 md5 {}",
        "snmp-server community {} RO",
        "snmp-server user u g v3 auth sha {} priv aes 128 {}",
        " key 7 {}",
        " key {}",
        "   exec /usr/bin/TerminAttr -ingestauth=key,{} -taillogs",
        " path scp://backup:{}@10.0.0.9/x",
        "set system root-authentication encrypted-password {}",
    ],
)
def test_a_character_that_ends_a_line_elsewhere_ends_no_secret(line: str, odd: str) -> None:
    """Of `password a<form feed>b`, the b is as secret as the a."""
    for secret in (f"s3{odd}cret", f"s3 {odd}cret" if "password 7" in line else f"s3{odd}{odd}t"):
        said = redact(f"hostname x\n{line.format(secret, secret)}\r\nend\n")
        assert said == f"hostname x\n{line.format('<hidden>', '<hidden>')}\r\nend\n"


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("username oper password 0 s3;cret", "username oper password 0 <hidden>"),
        ("ip ospf authentication-key s3;cret", "ip ospf authentication-key <hidden>"),
        ("authentication-key s3cret;", "authentication-key <hidden>;"),
        ("{ authentication-key s3cret;}", "{ authentication-key <hidden>;}"),
        ('ip ospf authentication-key "s3"cret', "ip ospf authentication-key <hidden>"),
        ("copy scp://me:s3@cret@10.0.0.9/x", "copy scp://me:<hidden>@10.0.0.9/x"),
        ("enable password 0 s3 cret words", "enable password 0 <hidden>"),
        ("username oper password 0 s3 cret", "username oper password 0 <hidden>"),
        (" password s3 cret", " password <hidden>"),
        ("  key-string s3 cret", "  key-string <hidden>"),
        ("tacacs-server key 0 s3 cret", "tacacs-server key 0 <hidden>"),
        ("username  oper  password  s3cret", "username  oper  password  <hidden>"),
        ("\tip ospf\tauthentication-key\ts3cret", "\tip ospf\tauthentication-key\t<hidden>"),
        ("neighbor 10.0.0.1  password\t7  s3cret", "neighbor 10.0.0.1  password\t7  <hidden>"),
        ("snmp-server user u g  auth  md5  s3cret", "snmp-server user u g  auth  md5  <hidden>"),
        (
            "set policy-options community secret s3cret",
            "set policy-options community secret <hidden>",
        ),
    ],
)
def test_a_secret_is_hidden_to_its_end_however_it_is_written(line: str, expected: str) -> None:
    assert redact(line) == expected
    assert redact(expected) == expected
