"""The EOS adapter with NAPALM's own driver, on a virtual switch."""

from __future__ import annotations

import time
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from eos_box import startup_of
from napalm import get_network_driver
from pyeapi.eapilib import ConnectionError  # noqa: A004 - pyeapi's own
from switchbox import SwitchBox

from inventory.errors import DeviceError
from inventory.models import Ssh, Tls
from lab.switch.base import Neighbor, Route
from lab.switch.eos.switch import EosSwitch
from policies.filters import SessionKey
from tasks.adapters.base import Trust
from tasks.adapters.eos import EosAdapter
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tasks.adapters.base import Driver

CANDIDATE = """\
ip prefix-list RF-ONLY
   seq 10 permit 10.65.0.0/16 ge 26 le 26
route-map FROM-NODE deny 1
   match ip address prefix-list RF-ONLY
"""
WAY_BACK = """\
no route-map FROM-NODE deny 1
no ip prefix-list RF-ONLY
"""
ADDED = """\
+ip prefix-list RF-ONLY
+   seq 10 permit 10.65.0.0/16 ge 26 le 26
+!
"""
ADAPTER = EosAdapter()
TIMER_S = 600


@pytest.fixture
def box(tmp_path: Path) -> Iterator[SwitchBox]:
    with SwitchBox(EosSwitch, startup_of("tor1"), tmp_path, address="127.41.0.1") as box:
        yield box


def trust(box: SwitchBox, *, check: bool = True, ca: bool = True) -> Trust:
    tls = Tls(ca_file=str(box.ca_file) if ca else None, check_certificates=check)
    return Trust(ssh=Ssh(), tls=tls, folder=box.files)


def opened(box: SwitchBox, given: Trust | None = None, **optional: object) -> Driver:
    given = given or trust(box)
    driver = get_network_driver("eos")(
        hostname=box.address,
        username=box.username,
        password=box.password,
        timeout=5,
        optional_args=ADAPTER.options({"port": box.ports["https"], **optional}, given),
    )
    ADAPTER.before_open(driver, given)
    driver.open()
    return driver


@pytest.fixture
def driver(box: SwitchBox) -> Iterator[Driver]:
    driver = opened(box)
    yield driver
    box.control("fault", name="hang", on=False)
    driver.close()


def state(box: SwitchBox) -> tuple[str, str, int | None, int]:
    """Return all of the switch that a change could leave traces in."""
    store = box.switch._store  # type: ignore[attr-defined]
    pending = box.control("pending")
    return box.control("running"), box.control("startup"), pending, len(store.sessions)


def test_running_is_what_the_switch_prints(box: SwitchBox, driver: Driver) -> None:
    assert ADAPTER.running(driver) == box.control("running")
    assert ADAPTER.lacks(driver, "") == ()


def test_dry_run_shows_and_leaves_nothing(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    diff, would_hold = ADAPTER.dry_run(driver, CANDIDATE)
    assert ADDED in diff
    assert "+route-map FROM-NODE deny 1" in diff
    assert state(box) == before
    assert len(box.daemon.applied) == 1
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert would_hold is not None
    assert would_hold.splitlines()[1:] == ADAPTER.running(driver).splitlines()[1:]


def test_commit_and_confirm(box: SwitchBox, driver: Driver) -> None:
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    startup = box.control("startup")
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert ADAPTER.pending(driver)
    assert 0 < box.control("pending") <= TIMER_S
    assert box.control("startup") == startup
    assert len(box.daemon.applied) == 2
    ADAPTER.confirm(driver)
    assert not ADAPTER.pending(driver)
    assert box.control("pending") is None
    assert box.control("startup") == box.control("running")
    assert ADDED.replace("+", "") in box.control("running")


def test_commit_and_revert(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    meaning = box.daemon.router
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert box.daemon.router != meaning
    ADAPTER.revert(driver, WAY_BACK)
    assert state(box) == before
    assert box.daemon.router == meaning


def test_the_timer_takes_it_back(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, 1)
    assert box.control("running") != before
    deadline = time.monotonic() + 10
    while box.control("pending") is not None and time.monotonic() < deadline:
        time.sleep(0.05)
    assert box.control("running") == before
    assert not ADAPTER.pending(driver)
    with pytest.raises(RejectedError, match="No pending commit"):
        ADAPTER.confirm(driver)


def test_a_confirmed_change_is_taken_back_by_its_way_back(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    ADAPTER.confirm(driver)
    box.control("edit", lines=["ip prefix-list NEW seq 5 permit 192.0.2.0/24"])
    ADAPTER.revert(driver, WAY_BACK)
    # What came meanwhile stays, although the driver's own rollback file knows nothing of it.
    assert box.control("running") == before.replace(
        "ip prefix-list STORAGE", "ip prefix-list NEW\n   seq 5 permit 192.0.2.0/24\n!\n"
        "ip prefix-list STORAGE", 1
    )  # fmt: skip
    assert box.control("startup") == box.control("running")


@pytest.mark.parametrize("line", ["frobnicate 7", "ip prefix-list X seq 5 permit 10.0.0.0/8 le 7"])
def test_a_refused_line_leaves_nothing(box: SwitchBox, driver: Driver, line: str) -> None:
    before = state(box)
    words = "Invalid input .at token 0: 'frobnicate'" if "frob" in line else "Invalid prefix length"
    with pytest.raises(RejectedError, match=words):
        ADAPTER.dry_run(driver, f"{CANDIDATE}{line}\n")
    with pytest.raises(RejectedError, match=words):
        ADAPTER.commit(driver, f"{CANDIDATE}{line}\n", "", TIMER_S)
    assert state(box) == before


def test_another_diff_than_the_planned_one_stops_it(box: SwitchBox, driver: Driver) -> None:
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("edit", lines=["ip prefix-list RF-ONLY seq 20 permit 10.66.0.0/16"])
    before = state(box)
    with pytest.raises(DeviceError, match="make a new plan"):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert state(box) == before


# Tables -------------------------------------------------------------------------------------


def neighbor(address: str, group: str | None, *, state: str = "Established") -> Neighbor:
    accepted: dict[int, int] = {ip_address(address).version: 1} if state == "Established" else {}
    return Neighbor(
        address=ip_address(address),
        remote_asn=65000,
        state=state,
        uptime_s=60,
        group=group,
        accepted=accepted,
        advertised=accepted,
    )


def route(prefix: str) -> Route:
    return Route(prefix=ip_network(prefix), next_hop="192.0.2.1", as_path="65000", is_best=True)


def test_tables(box: SwitchBox, driver: Driver) -> None:
    box.daemon.set_neighbors(
        neighbor("10.255.11.0", None),
        neighbor("10.255.21.0", None, state="Active"),
        neighbor("172.20.1.11", "NODES"),
        neighbor("172.20.1.12", "NODES"),
        neighbor("2001:db8:20:1::11", "NODES6"),
    )
    box.daemon.set_routes(ip_address("10.255.11.0"), 4, route("0.0.0.0/0"))
    box.daemon.set_routes(
        ip_address("172.20.1.11"), 4, route("10.65.0.0/26"), route("10.66.0.0/26")
    )
    box.daemon.set_routes(ip_address("172.20.1.12"), 4, route("10.65.0.0/26"))
    box.daemon.set_routes(ip_address("2001:db8:20:1::11"), 6, route("fd00:65::/122"))
    nodes, nodes6 = SessionKey("", "NODES"), SessionKey("", "NODES6")
    spine, down = SessionKey("", "10.255.11.0"), SessionKey("", "10.255.21.0")
    asked = [(nodes, 4), (nodes6, 6), (spine, 4), (down, 4)]
    tables = ADAPTER.tables(driver, asked)
    assert tables.up == {
        ("", "10.255.11.0"),
        ("", "172.20.1.11"),
        ("", "172.20.1.12"),
        ("", "2001:db8:20:1::11"),
    }
    assert tables.accepted == {
        (nodes, 4): {ip_network("10.65.0.0/26"), ip_network("10.66.0.0/26")},
        (nodes6, 6): {ip_network("fd00:65::/122")},
        (spine, 4): {ip_network("0.0.0.0/0")},
        (down, 4): frozenset(),
    }


# What the driver or the device gets wrong -----------------------------------------------------


@pytest.mark.parametrize("release", ["4.31.5M", "4.32.2F"])
def test_every_release_tells_of_the_timer(box: SwitchBox, driver: Driver, release: str) -> None:
    box.control("release", version=release)
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert ADAPTER.pending(driver)
    ADAPTER.revert(driver, WAY_BACK)
    assert state(box) == before


def test_a_timer_that_does_not_run_is_noticed(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("fault", name="no-timer", on=True)
    with pytest.raises(DeviceError, match="its timer does not run"):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    ADAPTER.revert(driver, WAY_BACK)
    assert box.control("running") == before


def test_a_commit_that_fails_leaves_nothing(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("fault", name="refuse-commit", on=True)
    with pytest.raises(RejectedError, match="ConfigAgent is not ready"):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    assert state(box) == before


def test_a_commit_whose_answer_is_lost_can_be_taken_back(box: SwitchBox, driver: Driver) -> None:
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    box.control("fault", name="lost-commit", on=True)
    with pytest.raises(ConnectionError):
        ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    box.control("fault", name="lost-commit", on=False)
    assert box.control("pending") is not None
    assert ADAPTER.pending(driver)
    ADAPTER.revert(driver, WAY_BACK)
    assert state(box) == before


def test_close_keeps_the_pending_commit_for_the_next_driver(box: SwitchBox) -> None:
    first = opened(box)
    diff, _ = ADAPTER.dry_run(first, CANDIDATE)
    ADAPTER.commit(first, CANDIDATE, diff, TIMER_S)
    first.close()
    assert box.control("pending") is not None
    second = opened(box)
    assert ADAPTER.pending(second)
    ADAPTER.confirm(second)
    second.close()
    assert "RF-ONLY" in box.control("startup")


def test_somebody_elses_timed_commit_is_left_alone(box: SwitchBox, driver: Driver) -> None:
    other = opened(box)
    other.load_merge_candidate(config="ip prefix-list THEIRS\n   seq 5 permit 192.0.2.0/24\n")
    other.commit_config(revert_in=TIMER_S)
    before = state(box)
    assert not ADAPTER.pending(driver)
    with pytest.raises(RejectedError, match="Pending commit confirm already in process"):
        ADAPTER.commit(driver, CANDIDATE, ADAPTER.dry_run(driver, CANDIDATE)[0], TIMER_S)
    ADAPTER.revert(driver, "")
    after = state(box)
    assert (after[0], after[1], after[3]) == (before[0], before[1], before[3])
    assert after[2] is not None
    other.close()


def test_a_session_of_somebody_else_locks(
    box: SwitchBox, driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    box.control("session", name="night-shift")
    before = state(box)
    monkeypatch.setattr("napalm.eos.eos.EOSDriver._obtain_lock", lambda self, **_: self._lock())
    with pytest.raises(LockedError, match="night-shift"):
        ADAPTER.dry_run(driver, CANDIDATE)
    with pytest.raises(LockedError, match="night-shift"):
        ADAPTER.commit(driver, CANDIDATE, "", TIMER_S)
    assert state(box) == before


def test_the_session_of_a_killed_run_does_not_lock_for_a_day(
    box: SwitchBox, driver: Driver
) -> None:
    box.control("session", name=f"ringfence-{int(time.time()) - 3600}-00aa11bb")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    assert ADDED in diff
    assert state(box)[3] == 0


def test_reverting_saves_nothing_of_others(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["ip prefix-list UNSAVED seq 5 permit 192.0.2.0/24"])
    before = state(box)
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    ADAPTER.revert(driver, WAY_BACK)
    assert state(box) == before
    assert "UNSAVED" not in box.control("startup")


def test_a_reboot_takes_the_pending_commit_back(box: SwitchBox, driver: Driver) -> None:
    before = box.control("running")
    diff, _ = ADAPTER.dry_run(driver, CANDIDATE)
    ADAPTER.commit(driver, CANDIDATE, diff, TIMER_S)
    box.control("reboot")
    assert box.control("running") == before
    assert not ADAPTER.pending(driver)
    ADAPTER.revert(driver, "")
    assert box.control("running") == before


def test_nothing_secret_is_shown(driver: Driver) -> None:
    secret = "router bgp 65201\n   neighbor 10.255.11.0 password 7 0822455D0A16\n"
    diff, _ = ADAPTER.dry_run(driver, secret)
    assert "password 7 <hidden>" in diff
    assert "0822455D0A16" not in diff
    with pytest.raises(RejectedError) as refused:
        ADAPTER.dry_run(driver, "neighbor 10.255.11.0 password 7 0822455D0A16\n")
    assert "password 7 <hidden>" in str(refused.value)
    assert "0822" not in str(refused.value)
    assert refused.value.__cause__ is None


@pytest.mark.parametrize("seconds", [0, -1, 86400])
def test_a_timer_that_eos_does_not_have(driver: Driver, seconds: int) -> None:
    with pytest.raises(DeviceError, match="1 to 86399"):
        ADAPTER.commit(driver, CANDIDATE, "", seconds)


# Who it talks to ------------------------------------------------------------------------------


def test_who_is_not_known_is_not_talked_to(box: SwitchBox) -> None:
    with pytest.raises(ConnectionError, match="CERTIFICATE_VERIFY_FAILED"):
        opened(box, trust(box, ca=False))
    opened(box, trust(box, ca=False, check=False)).close()


@pytest.mark.parametrize("given", [{"transport": "ssh"}, {"eos_transport": "http"}])
def test_only_https_is_spoken(box: SwitchBox, given: dict[str, str]) -> None:
    with pytest.raises(DeviceError, match="over https alone"):
        ADAPTER.options(given, trust(box))


def test_options_are_each_hosts_own(box: SwitchBox) -> None:
    given = {"port": 8443, "lock_disable": False}
    first, second = ADAPTER.options(given, trust(box)), ADAPTER.options(given, trust(box))
    assert given == {"port": 8443, "lock_disable": False}
    assert first is not second
    assert first["context"] is not second["context"]
    assert first["context"].check_hostname
