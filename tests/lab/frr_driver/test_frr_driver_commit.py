"""Candidates, commits and rollbacks on a real FRR switch."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest
from frr_configs import configurations
from frr_guard import ADDED, GUARD
from hypothesis import HealthCheck, given, settings
from mini_frr import RUNNING
from napalm.base.exceptions import (
    CommitConfirmException,
    CommitError,
    LockError,
    MergeConfigException,
    ReplaceConfigException,
)

from tasks.drivers.frr.config_tree import parse, render

if TYPE_CHECKING:
    from collections.abc import Callable

    from mini_frr import MiniFrr

    from tasks.drivers.frr.config_tree import Tree
    from tasks.drivers.frr.driver import FRRDriver

pytestmark = pytest.mark.lab


def test_a_merge_is_committed_confirmed_and_rolled_back(frr: FRRDriver, switch: MiniFrr) -> None:
    before = switch.running()
    saved = switch.inside("cat", "/etc/frr/frr.conf")
    frr.load_merge_candidate(config=GUARD)
    shown = frr.compare_config()
    lines = [line for line in shown.splitlines() if re.match(r"[+-](?![+-])", line)]
    assert "\n".join([*lines, ""]) == ADDED
    assert switch.running() == before

    frr.commit_config(message="a guard", revert_in=60)
    assert frr.has_pending_commit()
    assert parse(switch.running()) == parse(before + GUARD)
    assert switch.inside("cat", "/etc/frr/frr.conf") == saved

    frr.confirm_commit()
    assert not frr.has_pending_commit()
    assert parse(switch.inside("cat", "/etc/frr/frr.conf")) == parse(before + GUARD)

    frr.rollback()
    assert switch.running() == before
    assert parse(switch.inside("cat", "/etc/frr/frr.conf")) == parse(saved)
    history = switch.inside("cat", "/var/tmp/napalm-frr/history").splitlines()
    assert [re.sub(r"^.*UTC (.*): ringfence \(.*\): ", r"\1: ", line) for line in history[-3:]] == [
        "committed: a guard",
        "confirmed: a guard",
        "rolled back: a guard",
    ]


def test_bytes_that_are_no_utf_8_are_the_switchs_own(frr: FRRDriver, switch: MiniFrr) -> None:
    router, neighbor = re.findall(
        r"^(router bgp \d+)| (neighbor \S+) remote-as", switch.running(), re.MULTILINE
    )[:2]
    within = ("configure terminal", router[0])
    switch.vtysh(*within, f"{neighbor[1]} description rack \udce9 left")
    try:
        before = frr.get_config(retrieve="running")["running"]
        assert f" {neighbor[1]} description rack \udce9 left\n" in before
        frr.load_merge_candidate(config=GUARD)
        frr.commit_config(revert_in=60)
        frr.rollback_pending()
        assert frr.get_config(retrieve="running")["running"] == before
    finally:
        switch.vtysh(*within, f"no {neighbor[1]} description")


def test_a_plain_commit_is_saved_at_once(frr: FRRDriver) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config()
    assert not frr.has_pending_commit()
    config = frr.get_config()
    assert parse(config["running"]) == parse(config["startup"])
    assert "RF-OUT6" in config["startup"]
    frr.load_merge_candidate(config=GUARD)
    assert frr.compare_config() == ""
    frr.discard_config()
    frr.rollback()
    assert "RF-OUT6" not in frr.get_config()["startup"]


def test_a_replacement(frr: FRRDriver, switch: MiniFrr) -> None:
    before = switch.running()
    frr.load_replace_candidate(config=before)
    assert frr.compare_config() == ""
    wanted = before.replace(" neighbor 192.0.2.9 remote-as 64999\n", "")
    wanted = wanted.replace(" neighbor 192.0.2.9 shutdown\n", "").replace("ence 200", "ence 210")
    frr.load_replace_candidate(config=wanted)
    assert [line for line in frr.compare_config().splitlines()[2:] if line[0] in "+-"] == [
        "- neighbor 192.0.2.9 remote-as 64999",
        "- neighbor 192.0.2.9 shutdown",
        "- set local-preference 200",
        "+ set local-preference 210",
    ]
    frr.commit_config()
    assert switch.running() == wanted
    frr.rollback()


def test_a_discarded_candidate_is_gone(frr: FRRDriver, switch: MiniFrr) -> None:
    before = switch.running()
    frr.load_merge_candidate(config=GUARD)
    assert "RF-OUT" in frr.get_config()["candidate"]
    frr.discard_config()
    assert frr.compare_config() == ""
    assert frr.get_config()["candidate"] == ""
    with pytest.raises(CommitError, match="no candidate is loaded"):
        frr.commit_config()
    assert switch.running() == before


@pytest.mark.parametrize(
    ("load", "error"),
    [
        ("load_merge_candidate", MergeConfigException),
        ("load_replace_candidate", ReplaceConfigException),
    ],
)
def test_unknown_words_are_quoted(frr: FRRDriver, load: str, error: type[Exception]) -> None:
    with pytest.raises(error, match=r"^line 2 \('foo bar'\): % Unknown command\[\d+\]: foo bar$"):
        getattr(frr, load)(config="route-map X permit 10\nfoo bar\n")
    frr.load_merge_candidate(config=GUARD)  # and the lock is free
    frr.discard_config()


@pytest.mark.parametrize(
    ("candidate", "words"),
    [
        pytest.param(
            GUARD + "ip prefix-list RF-BAD seq 5 permit 10.0.0.0/12 le 8\n",
            "Invalid prefix range for 10.0.0.0/12",
            id="refused in the first step",
        ),
        pytest.param(
            GUARD + "router bgp 65000\n neighbor 10.9.0.77 description nobody\n",
            "Specify remote-as or peer-group commands first",
            id="refused after lists and route-maps were taken",
        ),
        pytest.param(
            GUARD + "router bgp 65000\n neighbor 192.0.2.9 maximum-prefix 10 75\n",
            "not taken over: router bgp 65000 neighbor 192.0.2.9 maximum-prefix 10 75",
            id="taken, but not as written",
        ),
        pytest.param(
            GUARD + "router bgp 65000\n no neighbor NODES remote-as 64601\n",
            "not taken over: router bgp 65000 neighbor 10.9.0.2 peer-group NODES",
            id="taken, and more taken away with it",
        ),
    ],
)
@pytest.mark.parametrize("revert_in", [None, 60])
def test_a_refused_line_brings_everything_back(
    frr: FRRDriver, switch: MiniFrr, candidate: str, words: str, revert_in: int | None
) -> None:
    before = switch.running()
    frr.load_merge_candidate(config=candidate)
    try:
        with pytest.raises(CommitError, match="everything is back") as caught:
            frr.commit_config(revert_in=revert_in)
    except pytest.fail.Exception:
        frr.rollback()
        raise
    assert words in str(caught.value)
    assert switch.running() == before
    assert not frr.has_pending_commit()
    assert "timer" not in switch.inside("ps", "ax", "-o", "args")


def test_a_list_that_is_not_whole_is_never_referred_to(frr: FRRDriver, switch: MiniFrr) -> None:
    # FRR 8 ignores an entry that says the same as another one of the list, without a word.
    frr.load_merge_candidate(config=GUARD + "ip prefix-list RF-OUT seq 20 permit any\n")
    with pytest.raises(
        CommitError, match="not taken over: ip prefix-list RF-OUT seq 20 permit any"
    ):
        frr.commit_config(revert_in=60)
    ran = switch.inside("cat", "/var/tmp/napalm-frr/reverted/steps").split()
    assert ran == ["step-1", "undo-2", "undo-4"]


def test_a_change_in_between_is_noticed(frr: FRRDriver, switch: MiniFrr) -> None:
    frr.load_merge_candidate(config=GUARD)
    switch.vtysh("configure terminal", "ip prefix-list OPERATOR seq 50 permit 10.50.0.0/16")
    changed = switch.running()
    with pytest.raises(CommitError, match="changed since the candidate was loaded"):
        frr.commit_config(revert_in=60)
    assert switch.running() == changed
    assert not frr.has_pending_commit()
    switch.vtysh("configure terminal", "no ip prefix-list OPERATOR seq 50 permit 10.50.0.0/16")


def test_somebody_elses_change_survives_a_rollback(frr: FRRDriver, switch: MiniFrr) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=60)
    switch.vtysh("configure terminal", "ip prefix-list OPERATOR seq 50 permit 10.50.0.0/16")
    frr.rollback()
    assert "RF-OUT" not in switch.running()
    assert "seq 50 permit 10.50.0.0/16" in switch.running()
    switch.vtysh("configure terminal", "no ip prefix-list OPERATOR seq 50 permit 10.50.0.0/16")


def test_what_was_tampered_with_is_not_confirmed(frr: FRRDriver, switch: MiniFrr) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=60)
    switch.vtysh("configure terminal", "no route-map FROM-NODE deny 2")
    with pytest.raises(CommitConfirmException, match="no longer there as it was"):
        frr.confirm_commit()
    assert frr.has_pending_commit()
    assert switch.inside("cat", "/var/tmp/napalm-frr/pending/state") == "armed\n"
    frr.rollback()


def test_a_rollback_of_what_was_changed_since_is_refused(frr: FRRDriver, switch: MiniFrr) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config()
    switch.vtysh("configure terminal", "no route-map FROM-NODE deny 2")
    changed = switch.running()
    with pytest.raises(CommitError, match="changed again since: nothing was undone"):
        frr.rollback()
    assert switch.running() == changed
    switch.vtysh(
        "configure terminal", "route-map FROM-NODE deny 2", "match ipv6 address prefix-list RF-OUT6"
    )
    frr.rollback()


def test_while_a_commit_is_pending_nothing_else_starts(
    frr: FRRDriver, connect: Callable[[], FRRDriver]
) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=60, message="first")
    with pytest.raises(CommitError, match=r"first is pending, and reverts in \d+ s"):
        frr.commit_config()
    for driver in (frr, connect()):
        with pytest.raises(LockError, match=r"first is pending, and reverts in \d+ s"):
            driver.load_merge_candidate(config=GUARD)
    frr.rollback()


def test_nothing_to_roll_back_or_confirm(frr: FRRDriver, switch: MiniFrr) -> None:
    switch.inside("rm", "-rf", "/var/tmp/napalm-frr")
    with pytest.raises(CommitError, match="made no commit that could be undone"):
        frr.rollback()
    with pytest.raises(CommitConfirmException, match=r"^no commit is pending$"):
        frr.confirm_commit()


def test_a_state_directory_of_somebody_else_is_refused(frr: FRRDriver, switch: MiniFrr) -> None:
    switch.inside("sh", "-c", "rm -rf /var/tmp/napalm-frr; ln -s /tmp /var/tmp/napalm-frr")
    with pytest.raises(LockError, match="belongs to another account"):
        frr.load_merge_candidate(config=GUARD)
    switch.inside("rm", "/var/tmp/napalm-frr")


def test_a_restart_ends_a_pending_commit(frr: FRRDriver, switch: MiniFrr) -> None:
    frr.load_merge_candidate(config=GUARD)
    frr.commit_config(revert_in=60)
    # What a restart leaves: the saved configuration, no timer, and another boot id.
    switch.inside("sh", "-c", "kill -s KILL -- -$(cat /var/tmp/napalm-frr/pending/pid)")
    switch.inside("sh", "-c", "echo before > /var/tmp/napalm-frr/pending/boot")
    for line in reversed(GUARD.splitlines()):
        if not line.startswith((" ", "exit")):
            switch.vtysh("configure terminal", f"no {line}")
    assert not frr.has_pending_commit()
    with pytest.raises(CommitConfirmException, match="was lost in a restart of the switch"):
        frr.confirm_commit()


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(wanted=configurations())
def test_whole_configurations_there_and_back(frr: FRRDriver, switch: MiniFrr, wanted: Tree) -> None:
    before = parse(switch.running())
    device_lines: Tree = {
        line: {} for line in before if re.match("frr |hostname|no ip|service", line)
    }
    text = render({**device_lines, **wanted})
    frr.load_replace_candidate(config=text)
    frr.commit_config(revert_in=60)
    assert parse(switch.running()) == parse(text)
    frr.rollback()
    assert parse(switch.running()) == before
    # FRR prints route-maps in the order of their making: put that back, too.
    switch.vtysh("configure terminal", *(f"no route-map {name}" for name in _maps(before)))
    switch.inside("sh", "-c", "cat > /tmp/again; vtysh -f /tmp/again", text=RUNNING)


def _maps(tree: Tree) -> list[str]:
    return sorted({line.split()[1] for line in tree if line.startswith("route-map ")})
