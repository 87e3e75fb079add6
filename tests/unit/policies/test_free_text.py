"""Where banners begin and end, and what is never taken for one."""

from __future__ import annotations

import pytest

from policies.dialects import DIALECTS
from policies.errors import ParseError
from policies.filters import SessionKey

HEADS = {"ios": "version 17.9\n", "nxos": "version 10.2(3) Bios:version\n"}
BODIES = {
    "ios": "router bgp 65000\n neighbor 10.0.0.1 remote-as 65001\nend\n",
    "nxos": "router bgp 65000\n  neighbor 10.0.0.1\n    remote-as 65001\n",
}
HIDDEN = "route-map HIDDEN permit 10\n"


def read(platform: str, banner: str) -> tuple[set[SessionKey], set[str]]:
    running = DIALECTS[platform].parse(f"{HEADS[platform]}{banner}{BODIES[platform]}")
    return set(running.sessions), set(running.route_maps)


@pytest.mark.parametrize(
    ("platform", "banner"),
    [
        ("nxos", f"banner motd ^Authorized access only\n{HIDDEN}^\n"),
        ("nxos", f"banner motd ^\n{HIDDEN}Goodbye^\n"),
        ("nxos", f"banner exec #Welcome\n{HIDDEN}#\n"),
        ("nxos", "banner motd ^Authorized access only^\n"),
        ("ios", f"banner motd ^CAuthorized ^ access only\n{HIDDEN}^C\n"),
        ("ios", f"banner exec #Welcome\n{HIDDEN}#\n"),
        ("ios", f"macro name LINES\n{HIDDEN}@\n"),
    ],
)
def test_a_banner_ends_at_its_delimiter(platform: str, banner: str) -> None:
    assert read(platform, banner) == ({SessionKey("", "10.0.0.1")}, set())


@pytest.mark.parametrize("platform", HEADS)
@pytest.mark.parametrize("delimiter", ["^C", "#"])
def test_a_banner_that_never_ends_is_no_configuration(platform: str, delimiter: str) -> None:
    with pytest.raises(ParseError, match=r"line 2 .*never ends"):
        read(platform, f"banner motd {delimiter}Authorized\n")


@pytest.mark.parametrize(
    ("name", "kept", "listens"),
    [
        ("Ethernet1/1", "Ethernet1/1", False),
        ("port-channel10", "port-channel10", False),
        ("10.3.0.0/24", "10.3.0.0/24", True),
        ("10.3.0.7/24", "10.3.0.7/24", True),
        ("2001:db8:0::/64", "2001:db8::/64", True),
        ("10.3.0.1", "10.3.0.1", False),
    ],
)
def test_an_nxos_neighbor_listens_if_it_is_a_prefix(name: str, kept: str, *, listens: bool) -> None:
    text = HEADS["nxos"] + BODIES["nxos"].replace("10.0.0.1", name)
    session = DIALECTS["nxos"].parse(text).sessions[SessionKey("", kept)]
    assert (session.is_group, session.listens) == (listens, listens)
