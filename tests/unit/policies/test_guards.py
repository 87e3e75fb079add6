"""Which guard goes where, and what its lists say."""

from __future__ import annotations

from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from builders import HOSTS, POOLS, SITE, make_site

from inventory.fields import Role
from inventory.matrix import Announce
from inventory.models import SiteFile
from policies.filters import Direction, SessionKey
from policies.guards import WantedGuard, wanted_guards
from policies.matrix import matrix
from policies.ownership import is_intact
from policies.prefix_list import evaluate
from policies.prefix_set import PrefixSet

if TYPE_CHECKING:
    from pathlib import Path

#: The contract's table: on, facing, import, export.
DEFAULT = [
    ("tor", "node", "only", "none"),
    ("tor", "spine", "none", "only+infrastructure"),
    ("spine", "tor", "only+infrastructure", "none"),
    ("spine", "border", "never", "only"),
    ("border", "spine", "only", "never"),
    ("border", "external", "never", "none"),
]


def rows(settings: SiteFile) -> list[tuple[str, str, str, str]]:
    found = matrix(settings)
    assert all(key == (row.on, row.facing) for key, row in found.items())
    return [(row.on, row.facing, row.import_, row.export) for row in found.values()]


def test_the_default_matrix_is_the_contracts() -> None:
    assert rows(SiteFile(name="dc1")) == DEFAULT
    assert {row.announce for row in matrix(SiteFile(name="dc1")).values()} == {Announce.SPECIFICS}


def test_a_sites_row_replaces_the_default_and_adds_to_it() -> None:
    site = SiteFile.model_validate(
        {
            "name": "dc1",
            "matrix": [
                {"on": "tor", "facing": "node", "import": "only", "export": "never"},
                {"on": "tor", "facing": "tor", "import": "only", "announce": "both"},
            ],
        }
    )
    expected = [("tor", "node", "only", "never"), *DEFAULT[1:], ("tor", "tor", "only", "none")]
    assert rows(site) == expected
    assert matrix(site)[Role.TOR, Role.TOR].announce is Announce.BOTH


def shown(guards: tuple[WantedGuard, ...]) -> list[str]:
    return [
        f"{'group ' if one.is_group else ''}{one.session} {one.direction}: {one.fence}"
        for one in guards
    ]


def test_every_session_gets_the_guard_of_its_roles(tmp_path: Path) -> None:
    found = wanted_guards(make_site(tmp_path))
    assert {name: shown(guards) for name, guards in found.items()} == {
        "tor1": [
            "group NODES import: only orange",
            "10.255.11.0 export: only orange.infra",
        ],
        "spine1": [
            "10.255.11.1 import: only orange.infra",
            "10.255.1.0 import: never blue.orange",
            "10.255.1.0 export: only blue.orange",
        ],
        "border1": [
            "10.255.1.1 import: only blue.orange",
            "10.255.1.1 export: never blue.orange",
            "203.0.113.1 import: never blue.orange",
        ],
    }


#: The worked example: what the guards of cluster orange do with a prefix (only, never).
ORANGE = [
    ("10.65.1.0/26", True, False),
    ("10.65.255.192/26", True, False),
    ("10.65.1.7/32", False, False),
    ("10.65.1.0/27", False, False),
    ("10.65.0.0/16", False, False),
    ("10.64.0.0/15", False, True),
    ("10.66.0.0/26", False, True),
    ("191.51.100.0/24", True, False),
    ("191.51.100.9/32", False, False),
    ("191.51.0.0/16", False, True),
    ("8.8.8.0/24", False, True),
    ("0.0.0.0/0", False, True),
    ("fd00:65::/122", True, False),
    ("fd00:65:0:1::40/122", True, False),
    ("fd00:65::/48", False, False),
    ("fd00:65::7/128", False, False),
    ("fd00:66::/122", False, True),
    ("::/0", False, True),
]


def fence_of(guards: tuple[WantedGuard, ...], session: str, direction: Direction) -> WantedGuard:
    key = SessionKey("", session)
    return next(one for one in guards if (one.session, one.direction) == (key, direction))


@pytest.fixture
def orange(tmp_path: Path) -> tuple[WantedGuard, WantedGuard]:
    hosts = HOSTS.replace("role: external}", "role: external, clusters: [orange]}")
    found = wanted_guards(make_site(tmp_path, hosts=hosts))
    return (
        fence_of(found["tor1"], "NODES", Direction.IMPORT),
        fence_of(found["border1"], "203.0.113.1", Direction.IMPORT),
    )


@pytest.mark.parametrize(("prefix", "by_only", "by_never"), ORANGE)
def test_the_worked_example(
    orange: tuple[WantedGuard, WantedGuard], prefix: str, by_only: bool, by_never: bool
) -> None:
    network = ip_network(prefix)
    for guard, passes in zip(orange, (by_only, by_never), strict=True):
        one = guard.fence.lists[network.version]
        denied = evaluate(one.entries, network.version)
        assert (network not in denied) is passes
        assert (network in guard.fence.allowed[network.version]) is passes


def test_lists_say_exactly_what_the_fence_does_not_allow(tmp_path: Path) -> None:
    for guards in wanted_guards(make_site(tmp_path)).values():
        for guard in guards:
            assert set(guard.fence.lists) == set(guard.fence.allowed) == {4, 6}
            for version, one in guard.fence.lists.items():
                assert evaluate(one.entries, version) == ~guard.fence.allowed[version]
                assert one.entries
                assert is_intact(one)
                assert [entry.seq for entry in one.entries] == [
                    10 * number for number in range(1, len(one.entries) + 1)
                ]
                last = one.entries[-1]
                assert (last.prefix.prefixlen, last.lo, last.hi) == (
                    0,
                    0,
                    last.prefix.max_prefixlen,
                )


def test_infrastructure_is_allowed_inside_and_exact(tmp_path: Path) -> None:
    found = wanted_guards(make_site(tmp_path))
    plain = fence_of(found["tor1"], "NODES", Direction.IMPORT).fence.allowed[4]
    inside = fence_of(found["tor1"], "10.255.11.0", Direction.EXPORT).fence.allowed[4]
    assert inside - plain == PrefixSet.of(ip_network("172.20.1.0/24"))


def test_a_family_without_pools_is_fenced_to_nothing(tmp_path: Path) -> None:
    hosts = HOSTS.replace("role: node, clusters: [orange]", "role: node, clusters: [blue]")
    found = wanted_guards(make_site(tmp_path, hosts=hosts))
    fence = fence_of(found["tor1"], "NODES", Direction.IMPORT).fence
    assert not fence.allowed[6]
    assert [str(entry) for entry in fence.lists[6].entries] == ["seq 10 permit ::/0 le 128"]


def test_equal_fences_share_their_lists(tmp_path: Path) -> None:
    found = wanted_guards(make_site(tmp_path))
    inside = fence_of(found["spine1"], "10.255.1.0", Direction.IMPORT).fence
    assert fence_of(found["border1"], "10.255.1.1", Direction.EXPORT).fence is inside
    assert fence_of(found["border1"], "203.0.113.1", Direction.IMPORT).fence is inside


AGGREGATES = """\
matrix:
  - {on: spine, facing: border, export: only, announce: aggregates}
  - {on: spine, facing: tor, export: only, announce: both}
  - {on: border, facing: spine, import: only}
"""


def test_one_label_means_one_content(tmp_path: Path) -> None:
    hosts = HOSTS.replace("device: border1}", "device: border1, clusters: [orange]}")
    site = make_site(tmp_path, site=SITE + AGGREGATES, hosts=hosts)
    found = wanted_guards(site)
    whole = fence_of(found["spine1"], "10.255.1.0", Direction.EXPORT).fence
    both = fence_of(found["spine1"], "10.255.11.1", Direction.EXPORT).fence
    assert (whole.label, both.label) == ("orange.aggregates", "orange.both")
    assert whole.allowed[4] == PrefixSet.union(
        4, [PrefixSet.of(ip_network(net)) for net in ("10.65.0.0/16", "191.51.100.0/24")]
    )
    block = ip_network("10.65.3.64/26")
    assert block not in whole.allowed[4]
    assert block in both.allowed[4]


def test_many_clusters_of_the_same_number_have_labels_of_their_own(tmp_path: Path) -> None:
    names = [f"cluster-with-a-name-{letter}" for letter in "abcd"]
    pools = "clusters:\n" + "".join(
        f"  {name}: {{delegated: [10.{at}.0.0/16], "
        f"pools: [{{cidr: 10.{at}.0.0/16, kind: workload}}]}}\n"
        for at, name in enumerate(names)
    )
    hosts = "tor1:\n  groups: [tor]\n  data:\n    asn: 1\n    sessions:\n" + "".join(
        f"      - {{neighbor: 10.9.0.{at}, role: node, clusters: [{one}, {other}]}}\n"
        for at, (one, other) in enumerate([names[:2], names[2:]])
    )
    first, second = wanted_guards(make_site(tmp_path, pools=pools, hosts=hosts))["tor1"]
    assert first.fence.label != second.fence.label
    assert max(len(one.fence.lists[4].name) for one in (first, second)) < 60


def test_a_pool_change_changes_the_lists_names_and_nothing_else(tmp_path: Path) -> None:
    before = wanted_guards(make_site(tmp_path / "a"))["tor1"][0].fence
    text = POOLS.replace("block_size: 26", "block_size: 27")
    after = wanted_guards(make_site(tmp_path / "b", pools=text))["tor1"][0].fence
    assert before.lists[6] == after.lists[6]
    assert before.lists[4].name != after.lists[4].name
    assert (before.kind, before.label) == (after.kind, after.label)


def test_a_session_without_a_row_gets_no_guard(tmp_path: Path) -> None:
    row = "matrix: [{on: tor, facing: node}]\n"
    found = wanted_guards(make_site(tmp_path, site=SITE + row))["tor1"]
    assert [one.session.name for one in found] == ["10.255.11.0"]
