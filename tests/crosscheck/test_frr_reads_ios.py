"""What is written for IOS-XE and NX-OS, read by FRR, whose grammar of lists and maps is theirs.

A bgpd takes the candidate by vtysh, prints what it made of it, and is asked of prefix after prefix
what a list permits. What the platforms don't share with it is left out: the neighbors of NX-OS,
and taking back the old one of two matches, of which FRR only ever holds one.
"""

from __future__ import annotations

import os
import re
from typing import TYPE_CHECKING

import mini_frr
import pytest
from filter_sets import UNIVERSE, fence_books
from hypothesis import Phase, given, settings

from policies.change import apply, steps
from policies.dialects.frr import FrrDialect
from policies.dialects.ios import IosDialect
from policies.dialects.nxos import NxosDialect
from policies.filters import Direction, SessionKey
from policies.guards import WantedGuard
from policies.install import install
from policies.managed import Managed, managed
from policies.prefix_list import evaluate

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from mini_frr import MiniFrr

    from policies.dialects.base import Dialect
    from policies.guards import Fence

pytestmark = pytest.mark.lab

FRR = FrrDialect()
DIALECTS: dict[str, Dialect] = {"ios": IosDialect(), "nxos": NxosDialect()}
MAPS = """\
route-map FROM-NODE permit 10
 set local-preference 200
route-map FROM-NODE6 permit 10
"""
SHARED = """\
router bgp 65000
 neighbor 10.9.0.2 remote-as 64601
 neighbor 2001:db8:9::2 remote-as 64601
 no bgp default ipv4-unicast
 address-family ipv4
  neighbor 10.9.0.2 activate
  neighbor 10.9.0.2 route-map FROM-NODE in
 exit-address-family
 address-family ipv6
  neighbor 2001:db8:9::2 activate
  neighbor 2001:db8:9::2 route-map FROM-NODE6 in
 exit-address-family
"""
NXOS = """\
version 10.3(4a) Bios:version
router bgp 65000
  neighbor 10.9.0.2
    remote-as 64601
    address-family ipv4 unicast
      route-map FROM-NODE in
  neighbor 2001:db8:9::2
    remote-as 64601
    address-family ipv6 unicast
      route-map FROM-NODE6 in
"""
NEIGHBORS = ("10.9.0.2", "2001:db8:9::2")
TEXTS = {"ios": f"version 17.9\n{SHARED}{MAPS}end\n", "nxos": f"{NXOS}{MAPS}"}
START = "frr defaults datacenter\nhostname mini\nservice integrated-vtysh-config\n"


@pytest.fixture(scope="module")
def switch() -> Iterator[MiniFrr]:
    """Return an FRR with the same sessions, which must hold the same again afterwards."""
    lack = mini_frr.missing()
    if lack:
        if os.environ.get("CI") == "true":
            pytest.fail(lack)
        pytest.skip(lack)
    made = mini_frr.MiniFrr(running=f"{START}{SHARED}exit\n{MAPS}exit\nline vty\n")
    before = made.running()
    try:
        yield made
        assert made.running() == before
    finally:
        made.stop()


def take(switch: MiniFrr, platform: str, candidate: str) -> None:
    """Have FRR take what it shares with the platform; it may not complain."""
    lines = candidate.splitlines()
    if platform == "nxos":
        inside = [False]
        for line in lines:
            inside.append(line.startswith("router bgp ") or (inside[-1] and line.startswith(" ")))
        lines = [line for line, skip in zip(lines, inside[1:], strict=True) if not skip]
    lines = [line for line in lines if not line.strip().startswith("no match ")]
    text = "".join(f"{line}\n" for line in lines)
    path = switch.base / "candidate"
    path.write_text(text)
    assert switch.inside("sh", "-c", f"vtysh -f {path} 2>&1") == ""


def permits(switch: MiniFrr, name: str, prefixes: list[str]) -> dict[str, bool]:
    """Return what FRR says of each prefix."""
    ask = f'for p in {" ".join(prefixes)}; do vtysh -c "debug prefix-list {name} match $p"; done'
    said = switch.inside("sh", "-c", f"{ask}; true")
    found = re.findall(r"yields (PERMIT|DENY) for (\S+), ", said)
    return {prefix: verdict == "PERMIT" for verdict, prefix in found}


def guards(book: Mapping[str, Fence]) -> list[WantedGuard]:
    return [
        WantedGuard(
            session=SessionKey("", name),
            is_group=False,
            direction=way,
            fence=book["only a" if way is Direction.IMPORT else "never a"],
            may_open=False,
        )
        for name in NEIGHBORS
        for way in Direction
    ]


@pytest.mark.parametrize("platform", DIALECTS)
@settings(max_examples=4, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(first=fence_books(), second=fence_books())
def test_frr_makes_the_same_of_it(
    switch: MiniFrr, platform: str, first: Mapping[str, Fence], second: Mapping[str, Fence]
) -> None:
    dialect = DIALECTS[platform]
    running = dialect.parse(TEXTS[platform])
    for book in (first, second, None):
        wanted = Managed()
        if book is not None:
            installed = install("leaf1", running, guards(book))
            assert installed.violations == []
            wanted = installed.managed
        todo = steps(managed(running), wanted)
        take(switch, platform, dialect.render(todo, running))
        running = apply(running, todo)
        ours = managed(FRR.parse(f"frr version 8.4.4\n{switch.running()}"))
        assert ours.lists == wanted.lists
        assert ours.stanzas == wanted.stanzas
        assert platform == "nxos" or ours.attachments == wanted.attachments


@settings(max_examples=3, deadline=None, phases=(Phase.explicit, Phase.generate))
@given(book=fence_books())
def test_frr_permits_the_same(switch: MiniFrr, book: Mapping[str, Fence]) -> None:
    running = DIALECTS["ios"].parse(TEXTS["ios"])
    wanted = install("leaf1", running, guards(book)).managed
    todo = steps(Managed(), wanted)
    take(switch, "ios", DIALECTS["ios"].render(todo, running))
    for (version, name), one in wanted.lists.items():
        said = evaluate(one.entries, version)
        expected = {str(prefix): prefix in said for prefix in UNIVERSE[version]}
        assert permits(switch, name, list(expected)) == expected
    after = apply(running, todo)
    take(switch, "ios", DIALECTS["ios"].render(steps(wanted, Managed()), after))
