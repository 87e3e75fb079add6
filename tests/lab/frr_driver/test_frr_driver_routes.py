"""What a commit does to real routes: who is judged by what, and never by half of it."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

import pytest
from frr_guard import GUARD
from mini_frr import ROUTES4, ROUTES6
from napalm.base.exceptions import CommandErrorException

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from mini_frr import MiniFrr

    from tasks.drivers.frr.driver import FRRDriver

pytestmark = pytest.mark.lab

LEGITIMATE4, LEGITIMATE6 = ROUTES4[:2], ROUTES6[:1]


def until(condition: Callable[[], bool], seconds: float = 60) -> bool:
    deadline = time.monotonic() + seconds
    while not condition():
        if time.monotonic() > deadline:
            return False
        time.sleep(0.05)
    return True


def test_accepted_routes(frr: FRRDriver) -> None:
    assert frr.accepted_routes("10.9.0.2") == sorted(ROUTES4)
    assert frr.accepted_routes("NODES") == sorted(ROUTES4)
    assert frr.accepted_routes("NODES", vrf="default") == sorted(ROUTES4)
    assert sorted(frr.accepted_routes("2001:db8:9::2", version=6)) == sorted(ROUTES6)
    assert frr.accepted_routes("192.0.2.9") == []
    with pytest.raises(CommandErrorException, match="No such neighbor"):
        frr.accepted_routes("192.0.2.99")
    with pytest.raises(CommandErrorException, match="unknown"):
        frr.accepted_routes("192.0.2.9", vrf="NOPE")


def test_a_groups_routes_are_told_member_by_member(frr: FRRDriver) -> None:
    node, six = frr.accepted_routes_from([("NODES", "", 4), ("2001:db8:9::2", "", 6)])
    assert {who: sorted(routes) for who, routes in node.items()} == {"10.9.0.2": sorted(ROUTES4)}
    assert {who: sorted(routes) for who, routes in six.items()} == {
        "2001:db8:9::2": sorted(ROUTES6)
    }


def test_the_paths_to_a_prefix_tell_neighbor_and_next_hop(frr: FRRDriver) -> None:
    there, six, absent, nowhere = frr.paths_to(
        [("", ROUTES4[0]), ("", ROUTES6[0]), ("", "198.51.100.0/24"), ("NOPE", ROUTES4[0])]
    )
    assert [(one["neighbor"], one["next_hop"], one["as_path"]) for one in there] == [
        ("10.9.0.2", "10.9.0.2", "64601")
    ]
    assert [(one["neighbor"], one["next_hop"], one["as_path"]) for one in six] == [
        ("2001:db8:9::2", "2001:db8:9::2", "64601")
    ]
    assert (absent, nowhere) == ([], [])


def test_neighbors_have_the_counts_and_policies(frr: FRRDriver) -> None:
    peers = frr.get_bgp_neighbors()["global"]["peers"]
    assert {name: peer["is_up"] for name, peer in peers.items()} == {
        "10.9.0.2": True,
        "192.0.2.9": False,
        "2001:db8:9::2": True,
    }
    assert not peers["192.0.2.9"]["is_enabled"]
    assert peers["10.9.0.2"]["address_family"]["ipv4"]["accepted_prefixes"] == len(ROUTES4)
    assert peers["2001:db8:9::2"]["address_family"]["ipv6"]["accepted_prefixes"] == len(ROUTES6)
    details = frr.get_bgp_neighbors_detail("10.9.0.2")
    assert list(details["global"]) == [64601]
    [detail] = details["global"][64601]
    assert (detail["import_policy"], detail["export_policy"]) == ("FROM-NODE", "TO-NODE")
    assert detail["accepted_prefix_count"] == len(ROUTES4)


def test_routes_follow_within_the_time_told(frr: FRRDriver) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=600)
    # On a machine that has the time.
    patience = 10 * frr.settle_seconds()
    assert until(lambda: frr.accepted_routes("NODES") == sorted(LEGITIMATE4), patience)
    wanted = list(LEGITIMATE6)
    assert until(lambda: frr.accepted_routes("2001:db8:9::2", version=6) == wanted, patience)
    frr.rollback()
    frr.refresh_routes()
    assert until(lambda: frr.accepted_routes("NODES") == sorted(ROUTES4))
    assert until(lambda: len(frr.accepted_routes("2001:db8:9::2", version=6)) == len(ROUTES6))


def test_a_refresh_makes_them_follow_at_once(frr: FRRDriver, switch: MiniFrr) -> None:
    switch.vtysh("configure terminal", "bgp route-map delay-timer 60")
    try:
        frr.load_merge_candidate(config=GUARD)
        frr.commit_config(revert_in=60)
        assert frr.settle_seconds() == 61
        frr.refresh_routes()
        assert until(lambda: frr.accepted_routes("NODES") == sorted(LEGITIMATE4))
        assert until(lambda: frr.accepted_routes("2001:db8:9::2", version=6) == list(LEGITIMATE6))
        assert frr.get_bgp_neighbors()["global"]["peers"]["10.9.0.2"]["uptime"] > 0
        frr.rollback()
    finally:
        switch.vtysh("configure terminal", "no bgp route-map delay-timer 60")
    frr.refresh_routes()
    assert until(lambda: frr.accepted_routes("NODES") == sorted(ROUTES4))


class Denials:
    """What bgpd's log says it denied by policy while a node keeps announcing the same routes."""

    def __init__(self, switch: MiniFrr) -> None:
        self._log = switch.base / "bgpd.log"
        self._mark = self._log.stat().st_size

    def fresh(self) -> set[str]:
        """Return the prefixes denied since the last time."""
        with self._log.open() as log:
            log.seek(self._mark)
            lines = log.read().splitlines()
            self._mark = log.tell()
        return {
            line.split("UPDATE about ")[1].split()[0]
            for line in lines
            if "UPDATE about " in line and "DENIED due to" in line
        }

    def updates(self) -> int:
        return self._log.read_text().count(f"UPDATE about {ROUTES4[0]} ")


@pytest.fixture
def flapping(switch: MiniFrr, connect: object) -> Iterator[Denials]:
    """A node that announces its routes anew all the time, and bgpd's word on each of them."""
    del connect
    switch.vtysh("debug bgp updates in")
    ended = threading.Event()
    control = ["birdc", "-s", str(switch.base / "bird.ctl")]

    def flap() -> None:
        while not ended.is_set():
            switch.inside(*control, "restart", "s4")
            switch.inside(*control, "restart", "s6")

    thread = threading.Thread(target=flap)
    thread.start()
    denials = Denials(switch)
    try:
        yield denials
    finally:
        ended.set()
        thread.join()
        switch.vtysh("no debug bgp updates in")


def test_no_update_meets_half_a_guard(frr: FRRDriver, switch: MiniFrr, flapping: Denials) -> None:
    rogue = {ROUTES4[2], ROUTES6[1]}
    seen = flapping.updates()
    for _ in range(8):
        frr.load_merge_candidate(config=GUARD)
        frr.commit_config(revert_in=60)
        changed = GUARD.replace("RF-OUT", "RF-NEW")
        frr.confirm_commit()
        frr.load_merge_candidate(
            config=f"{changed}no ip prefix-list RF-OUT\nno ipv6 prefix-list RF-OUT6\n"
        )
        frr.commit_config()
        frr.rollback()
        frr.load_merge_candidate(
            config="no route-map FROM-NODE deny 1\nno route-map FROM-NODE deny 2\n"
            "no ip prefix-list RF-OUT\nno ipv6 prefix-list RF-OUT6\n"
        )
        frr.commit_config()
    denied = flapping.fresh()
    assert flapping.updates() - seen > 20
    assert denied == rogue

    # And the monitor would have seen it: the same stanza, line by line as a person types it.
    for _ in range(40):
        switch.inside(
            "sh", "-c",
            "(echo 'configure terminal'; echo 'route-map FROM-NODE deny 1'; sleep 0.2; "
            "echo 'match ip address prefix-list OPERATOR'; echo end) | vtysh",
        )  # fmt: skip
        switch.vtysh("configure terminal", "no route-map FROM-NODE deny 1")
        if set(LEGITIMATE4) & flapping.fresh():
            break
    else:
        pytest.fail("the monitor did not see a stanza without its match")
