"""The virtual EOS as NAPALM's driver uses it: eAPI, sessions, the commit timer, its refusals."""

from __future__ import annotations

import base64
import http.client
import json
import ssl
from typing import TYPE_CHECKING, Any

import pytest
from eos_box import startup_of
from napalm import get_network_driver
from napalm.base.exceptions import CommitError, MergeConfigException, SessionLockedException
from pyeapi.eapilib import CommandError
from pyeapi.eapilib import ConnectionError as EapiConnectionError
from switchbox import SwitchBox

from lab.switch.eos.store import Store
from lab.switch.eos.switch import EosSwitch
from lab.switch.lines import RefusedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

Driver = Any
LIST = "ip prefix-list NEW\n   seq 5 permit 192.0.2.0/24\n"


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with SwitchBox(EosSwitch, startup_of("tor1"), tmp_path, address="127.41.0.2") as box:
        yield box


@pytest.fixture
def driver(box: SwitchBox) -> Iterator[Driver]:
    driver = opened(box)
    yield driver
    driver.close()


def opened(box: SwitchBox, *, password: str | None = None) -> Driver:
    driver = get_network_driver("eos")(
        hostname=box.address,
        username=box.username,
        password=password or box.password,
        timeout=30,
        optional_args={
            "port": box.ports["https"],
            "context": ssl.create_default_context(cafile=str(box.ca_file)),
        },
    )
    driver.open()
    return driver


def run(driver: Driver, *commands: str, encoding: str = "json") -> list[dict[str, Any]]:
    return list(driver.device.run_commands(list(commands), encoding=encoding))


def post(box: SwitchBox, body: str, password: str) -> tuple[int, str]:
    context = ssl.create_default_context(cafile=str(box.ca_file))
    connection = http.client.HTTPSConnection(box.address, box.ports["https"], context=context)
    account = base64.b64encode(f"{box.username}:{password}".encode()).decode()
    try:
        connection.request("POST", "/command-api", body, {"Authorization": f"Basic {account}"})
        answer = connection.getresponse()
        return answer.status, answer.read().decode()
    finally:
        connection.close()


# eAPI ---------------------------------------------------------------------------------------


def test_facts_and_configurations(box: SwitchBox, driver: Driver) -> None:
    facts = driver.get_facts()
    assert (facts["hostname"], facts["vendor"]) == ("tor1", "Arista")
    assert "Ethernet9" in facts["interface_list"]
    assert driver.get_config()["running"] == box.control("running")
    assert driver.get_config()["startup"] == box.control("startup")


def test_who_has_not_the_password_is_refused(box: SwitchBox) -> None:
    with pytest.raises(EapiConnectionError, match="Unauthorized"):
        opened(box, password="wrong")
    assert post(box, "{}", "wrong")[0] == 401


@pytest.mark.parametrize("body", ["", "[]", "{}", '{"params": {"cmds": [7]}}'])
def test_what_is_no_request_is_refused(box: SwitchBox, body: str) -> None:
    assert post(box, body, box.password)[0] == 400


def test_errors_have_the_form_of_eapi(box: SwitchBox) -> None:
    commands = ["enable", "show hostname", "show nothing"]
    call = {"jsonrpc": "2.0", "method": "runCmds", "id": "7"}
    body = json.dumps({**call, "params": {"version": 1, "cmds": commands, "format": "json"}})
    status, text = post(box, body, box.password)
    assert status == 200
    assert json.loads(text) == {
        "jsonrpc": "2.0",
        "id": "7",
        "error": {
            "code": 1002,
            "message": "CLI command 3 of 3 'show nothing' failed: invalid command",
            "data": [
                {},
                {"hostname": "tor1", "fqdn": "tor1"},
                {"errors": ["Invalid input (at token 0: 'show')"]},
            ],
        },
    }


def test_what_has_no_json_says_so(driver: Driver) -> None:
    with pytest.raises(CommandError, match=r"\[1003\].*unconverted"):
        run(driver, "show running-config")
    assert "output" in run(driver, "show running-config", encoding="text")[0]


# Sessions -----------------------------------------------------------------------------------


def test_a_session_is_apart_until_it_is_committed(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    driver.load_merge_candidate(config=LIST)
    diff = driver.compare_config().splitlines()
    assert diff[0].startswith("@@ ")
    assert sorted(line for line in diff if line.startswith(("+", "-"))) == [
        "+   seq 5 permit 192.0.2.0/24",
        "+!",
        "+ip prefix-list NEW",
    ]
    assert box.control("running") == before
    driver.commit_config()
    added = f"{LIST}!\nip prefix-list STORAGE"
    assert box.control("running") == before.replace("ip prefix-list STORAGE", added, 1)
    assert box.control("startup") == box.control("running")


def test_the_same_configuration_has_no_diff(box: SwitchBox, driver: Driver) -> None:
    # NAPALM takes the text of a script for commands, so there is none in this one.
    box.control("edit", lines=["no event-handler SAVE-LOGS"])
    driver.load_replace_candidate(config=box.control("running"))
    assert driver.compare_config() == ""


def test_one_refused_line_refuses_the_candidate(box: SwitchBox, driver: Driver) -> None:
    with pytest.raises(MergeConfigException, match=r"at token 2: 'premit'"):
        driver.load_merge_candidate(config="ip prefix-list NEW\n   seq 5 premit 192.0.2.0/24\n")
    assert driver.config_session is None
    assert run(driver, "show configuration sessions")[0]["sessions"] == {}
    assert "NEW" not in box.control("running")


def test_a_commit_overwrites_what_changed_meanwhile(box: SwitchBox, driver: Driver) -> None:
    driver.load_merge_candidate(config=LIST)
    box.control("edit", lines=["ip prefix-list OTHER seq 5 permit 192.0.2.0/24"])
    assert "-ip prefix-list OTHER" in driver.compare_config()
    driver.commit_config()
    assert "OTHER" not in box.control("running")


def test_no_more_than_five_sessions_are_pending(box: SwitchBox, driver: Driver) -> None:
    for number in range(5):
        box.control("session", name=f"s{number}")
    with pytest.raises(CommandError, match="Maximum number of pending sessions"):
        run(driver, "configure session s5")
    run(driver, "configure session s0 abort", "configure session s5", "end")
    assert set(run(driver, "show configuration sessions")[0]["sessions"]) == {
        "s1", "s2", "s3", "s4", "s5",
    }  # fmt: skip


def test_the_driver_waits_for_other_sessions_to_end(
    box: SwitchBox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.control("session", name="somebody")
    monkeypatch.setattr("napalm.eos.eos.time.sleep", lambda _: None)
    ticks = iter(range(0, 1000, 4))
    monkeypatch.setattr("napalm.eos.eos.time.time", lambda: next(ticks))
    with pytest.raises(SessionLockedException):
        driver.load_merge_candidate(config=LIST)
    # The driver takes a session for its own that never began: it could not even close.
    with pytest.raises(CommandError, match="does not exist"):
        driver.close()
    driver.config_session = None


@pytest.mark.parametrize("name", ["nobody", "done"])
@pytest.mark.parametrize("what", ["commit", "commit timer 00:01:00"])
def test_what_is_not_pending_is_not_committed(driver: Driver, name: str, what: str) -> None:
    run(driver, "configure session done", "end", "configure session done commit")
    with pytest.raises(CommandError, match=r"\[1000\].*Cannot commit session"):
        run(driver, f"configure session {name} {what}")


def test_a_session_is_thrown_away_after_a_day() -> None:
    now = [0.0]
    store = Store.booted_from(startup_of("tor1"), name="tor1", release="4.32.2F")
    store.clock, store.booted = lambda: now[0], 0.0
    store.enter("forgotten", "admin")
    now[0] = 86399.0
    assert set(store.pending()) == {"forgotten"}
    now[0] = 86400.0
    with pytest.raises(RefusedError, match="no such pending session"):
        store.commit("forgotten", timer=None)


def test_one_completed_session_is_remembered(driver: Driver) -> None:
    for name in ("one", "two"):
        run(driver, f"configure session {name}", "end", f"configure session {name} commit")
    sessions = run(driver, "show configuration sessions")[0]["sessions"]
    assert {name: one["state"] for name, one in sessions.items()} == {"two": "completed"}


# The commit timer ---------------------------------------------------------------------------


@pytest.mark.parametrize("release", ["4.31.5M", "4.32.2F"])
def test_the_timer_in_the_words_of_each_release(
    box: SwitchBox, driver: Driver, release: str
) -> None:
    box.control("release", version=release)
    driver.load_merge_candidate(config=LIST)
    driver.commit_config(revert_in=3600)
    name = driver.config_session
    said = run(driver, "show configuration sessions detail")[0]
    assert ("commitTimerSessionName" in said) is (release == "4.32.2F")
    state = "committed" if release == "4.32.2F" else "pendingCommitTimer"
    assert said["sessions"][name]["state"] == state
    assert driver.has_pending_commit()
    assert 3590 < driver._get_pending_commits()[name] <= 3600
    driver.confirm_commit()
    assert not driver.has_pending_commit()
    assert "NEW" in box.control("startup")


def test_a_second_timer_is_refused(driver: Driver) -> None:
    for name in ("one", "two"):
        run(driver, f"configure session {name}", "end")
    run(driver, "configure session one commit timer 00:10:00")
    with pytest.raises(CommandError, match="has a commit timer"):
        run(driver, "configure session two commit timer 00:10:00")


def test_the_end_of_the_timer_restores_what_ran_before(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    driver.load_merge_candidate(config=LIST)
    driver.commit_config(revert_in=60)
    assert "NEW" in box.control("running")
    box.control("lapse", seconds=60)
    assert box.control("running") == before
    assert box.daemon.applied[0] == box.daemon.applied[-1]
    with pytest.raises(CommitError):
        driver.confirm_commit()


def test_close_takes_a_timed_commit_back(box: SwitchBox) -> None:
    before = box.control("running")
    driver = opened(box)
    driver.load_merge_candidate(config=LIST)
    driver.commit_config(revert_in=3600)
    driver.close()
    assert box.control("running") == before
    assert box.control("pending") is None


def test_the_drivers_rollback_loses_what_was_not_saved(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["ip prefix-list UNSAVED seq 5 permit 192.0.2.0/24"])
    driver.load_merge_candidate(config=LIST)
    driver.commit_config()
    driver.rollback()
    assert "NEW" not in box.control("running")
    assert "UNSAVED" not in box.control("running")


def test_a_reboot_forgets_what_was_not_saved(box: SwitchBox, driver: Driver) -> None:
    before = box.control("startup")
    driver.load_merge_candidate(config=LIST)
    driver.commit_config(revert_in=3600)
    driver.config_session = None
    box.control("reboot")
    assert box.control("running") == before
    assert box.control("pending") is None
    assert run(driver, "show configuration sessions")[0]["sessions"] == {}


def test_checkpoints_and_replace(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    run(driver, "configure checkpoint save BEFORE")
    run(driver, "configure", "ip prefix-list NEW seq 5 permit 192.0.2.0/24")
    assert "NEW" in box.control("running")
    run(driver, "configure replace checkpoint:BEFORE")
    assert box.control("running") == before
    with pytest.raises(CommandError, match="No such file or directory"):
        run(driver, "configure replace flash:nothing")


def test_what_is_copied_to_the_running_configuration_is_added(
    box: SwitchBox, driver: Driver
) -> None:
    run(driver, "configure", "ip prefix-list NEW seq 5 permit 192.0.2.0/24", "end")
    run(driver, "copy running-config flash:with-new")
    run(driver, "configure", "no ip prefix-list NEW", "hostname other", "end")
    run(driver, "copy flash:with-new running-config")
    assert LIST in box.control("running")
    assert "hostname tor1\n" in box.control("running")


def test_getters_of_a_switch_with_another_vrf(driver: Driver) -> None:
    neighbors = driver.get_bgp_neighbors()
    assert {vrf: set(one["peers"]) for vrf, one in neighbors.items()} == {
        "global": set(),
        "GUESTS": set(),
    }
    assert neighbors["global"]["router_id"] == "10.255.255.5"
