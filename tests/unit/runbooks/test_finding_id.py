"""An id says what a finding is about: the same as long as it stands, another for another thing."""

from __future__ import annotations

from ipaddress import ip_network
from typing import Any

import pytest

from policies.drift import Kind
from policies.filters import PrefixList
from policies.ownership import free_name, list_name
from policies.prefix_list import Action, PrefixListEntry
from runbooks.finding_id import finding_id

USUAL: dict[str, Any] = {
    "kind": Kind.WEAKENED,
    "device": "tor1",
    "session": "NODES",
    "family": 4,
    "direction": "import",
    "about": "session NODES",
}


def id_of(**fields: Any) -> str:  # noqa: ANN401
    return finding_id(**{**USUAL, **fields})


def named(prefix: str) -> PrefixList:
    network = ip_network(prefix)
    entries = (PrefixListEntry(action=Action.PERMIT, prefix=network),)
    return PrefixList(4, list_name("out", "orange", 4, entries), entries)


def test_it_is_short_and_the_same_on_every_host_for_ever() -> None:
    # An id that changes makes every finding new.
    assert id_of() == "853195bd841a3d3e"


@pytest.mark.parametrize(
    "fields",
    [
        {"kind": Kind.NARROWED},
        {"device": "tor2"},
        {"device": ""},
        {"session": "NODES2"},
        {"session": None},
        {"session": ""},
        {"family": 6},
        {"family": None},
        {"direction": "export"},
        {"direction": None},
        {"about": "session NODES 2"},
    ],
)
def test_another_thing_has_another_id(fields: dict[str, Any]) -> None:
    assert id_of(**fields) != id_of()


def test_parts_do_not_run_into_each_other() -> None:
    assert id_of(device="tor1NODES", session="") != id_of(device="tor1", session="NODES")
    assert id_of(session="a,b", about="c") != id_of(session="a", about="b,c")


def test_what_a_guard_refers_to_is_the_same_when_its_content_changes() -> None:
    old, new = named("10.65.0.0/16"), named("10.66.0.0/16")
    second = free_name(new, {(4, new.name): PrefixList(4, new.name, old.entries)})
    assert second.name == f"{new.name}.2"
    for text in ("{}", "prefix-list {}", "prefix-list {} (ipv4)"):
        assert len({id_of(about=text.format(one.name)) for one in (old, new, second)}) == 1


def test_two_lists_that_serve_no_session_are_two_things() -> None:
    old, new = named("10.65.0.0/16"), named("10.66.0.0/16")
    assert id_of(session=None, about=old.name) != id_of(session=None, about=new.name)


@pytest.mark.parametrize("name", ["MY-in-0a1b2c3d", "RF-hold-0a1b2c3d4", "RF-import.10-x"])
def test_a_name_without_a_hash_of_ours_is_kept_whole(name: str) -> None:
    assert id_of(about=name) != id_of(about=name.rpartition("-")[0])
