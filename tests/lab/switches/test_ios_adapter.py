"""IOS-XE's adapter, with NAPALM's own driver, against the virtual switch."""

from __future__ import annotations

import tempfile
import time
from ipaddress import ip_address, ip_network
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ios_box import opened, startup
from switchbox import SwitchBox

from inventory.errors import DeviceError
from inventory.models import Ssh, Tls
from lab.switch.base import Neighbor, Route
from lab.switch.ios.switch import IosSwitch
from policies.dialects.ios import IosDialect
from policies.filters import Direction, SessionKey
from tasks.adapters import ios_change
from tasks.adapters.base import Trust
from tasks.adapters.ios import IosAdapter
from tasks.adapters.ios_tables import accepted_routes
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tasks.adapters.base import Driver

ADAPTER = IosAdapter()
CANDIDATE = """\
ip prefix-list RF-P-1 seq 5 permit 10.65.0.0/16 ge 26 le 26
ip prefix-list RF-P-1 seq 10 deny 0.0.0.0/0 le 32
route-map FROM-NODE deny 5
 match ip address prefix-list RF-P-1
end
"""
WAY_BACK = """\
no route-map FROM-NODE deny 5
no ip prefix-list RF-P-1
end
"""
DIFF = "\n".join(f"+{line}" for line in CANDIDATE.splitlines()[:-1])


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    folder: Path = tmp_path_factory.mktemp("ios")
    with SwitchBox(IosSwitch, startup("tor1"), folder, address="127.42.0.1") as made:
        yield made


@pytest.fixture(scope="module")
def driver(box: SwitchBox) -> Iterator[Driver]:
    with opened(box) as made:
        yield made


@pytest.fixture
def before(box: SwitchBox) -> Iterator[str]:
    """The configuration; whatever the test does, the next one has it again."""
    text = box.control("running")
    saved = box.control("startup")
    yield str(text)
    device = box.switch.device  # type: ignore[attr-defined]
    device.faults.names.clear()
    device.refusals.clear()
    device.startup = saved
    device.minute_s = 60.0
    for name in device.flash.names:
        device.flash.delete(f"flash:{name}")
    box.do(device.boot())


def test_the_running_configuration_is_whole(box: SwitchBox, driver: Driver) -> None:
    assert ADAPTER.running(driver) == box.control("running")


def test_a_prompt_in_a_banner_ends_nothing(box: SwitchBox, driver: Driver, before: str) -> None:
    box.control("edit", lines=["banner exec ^C\ntor1#show running-config\n^C"])
    text = ADAPTER.running(driver)
    assert text == box.control("running") != before
    assert "tor1#show running-config\n" in text


def test_it_lacks_nothing(driver: Driver, before: str) -> None:
    assert ADAPTER.lacks(driver, before) == ()


@pytest.mark.parametrize(
    ("line", "named"),
    [
        ("ip scp server enable\n", "`ip scp server enable`"),
        ("file prompt quiet\n", "`file prompt quiet`"),
        (" path flash:archive\n", "`path flash:archive`"),
        ("archive\n log config\n", "`archive` with a `path`"),
    ],
)
def test_what_it_lacks_is_named(driver: Driver, before: str, line: str, named: str) -> None:
    assert line in before
    (sentence,) = ADAPTER.lacks(driver, before.replace(line, ""))
    assert named in sentence


# Tables ----------------------------------------------------------------------------------------


def neighbor(address: str, *, group: str | None = None, state: str = "Established") -> Neighbor:
    return Neighbor(
        address=ip_address(address),
        remote_asn=65201 if group else 65000,
        state=state,
        uptime_s=93784,
        group=group,
        accepted={4: 2},
        advertised={4: 7},
    )


def route(prefix: str) -> Route:
    return Route(
        prefix=ip_network(prefix), next_hop="2001:db8:20:1::11", as_path="65000", is_best=True
    )


PREFIXES = {
    4: ["10.0.0.0/8", "172.16.0.0/16", "198.51.100.0/24", "0.0.0.0/0", "10.65.0.0/26"],
    6: ["fd00:65::/122", "::/0", "2001:db8:1111:2222:3333:4444:5555:6660/124"],
}


def test_tables(box: SwitchBox, driver: Driver) -> None:
    spine, down = neighbor("10.255.11.0"), neighbor("10.255.21.0", state="Active")
    nodes = [neighbor("172.20.1.11", group="NODES"), neighbor("172.20.1.12", group="NODES")]
    six = neighbor("2001:db8:20:1::11", group="NODES6")
    box.daemon.set_neighbors(spine, down, *nodes, six)
    box.daemon.set_routes(spine.address, 4, *map(route, PREFIXES[4]))
    box.daemon.set_routes(nodes[0].address, 4, route("10.65.1.0/26"))
    box.daemon.set_routes(nodes[1].address, 4, route("10.65.2.0/26"), route("10.65.1.0/26"))
    box.daemon.set_routes(six.address, 6, *map(route, PREFIXES[6]))
    keys = [
        (SessionKey("", "10.255.11.0"), 4),
        (SessionKey("", "10.255.21.0"), 4),
        (SessionKey("", "NODES"), 4),
        (SessionKey("", "NODES6"), 6),
        (SessionKey("TENANT", "10.255.11.0"), 4),
    ]
    tables = ADAPTER.tables(driver, keys)
    assert tables.up == {
        ("", "10.255.11.0"),
        ("", "172.20.1.11"),
        ("", "172.20.1.12"),
        ("", "2001:db8:20:1::11"),
    }
    expected = [PREFIXES[4], [], ["10.65.1.0/26", "10.65.2.0/26"], PREFIXES[6], []]
    assert tables.accepted == {
        key: frozenset(map(ip_network, prefixes))
        for key, prefixes in zip(keys, expected, strict=True)
    }


def test_the_drivers_getter_does_not_know_dynamic_neighbors(box: SwitchBox, driver: Driver) -> None:
    node = neighbor("172.20.1.11", group="NODES")
    spine, other = neighbor("10.255.11.0"), neighbor("10.255.21.0", state="Active")
    box.daemon.set_neighbors(spine, node, other)
    # A star in front of a dynamic neighbor hides the line with its address from the getter.
    assert set(driver.get_bgp_neighbors()["global"]["peers"]) == {"10.255.11.0", "10.255.21.0"}
    assert ADAPTER.tables(driver, []).up == {("", "10.255.11.0"), ("", "172.20.1.11")}


@pytest.mark.parametrize(
    "text",
    [
        "% Invalid input detected at '^' marker.",
        "     Network          Next Hop\n *>   10.0.0.0/9       10.1.1.1  0 i\n",
        " *>   10.0.0.0/9       10.1.1.1  0 i\n\nTotal number of prefixes 2 \n",
        " *>   ten              10.1.1.1  0 i\n\nTotal number of prefixes 1 \n",
    ],
)
def test_a_table_that_is_not_understood_is_an_error(text: str) -> None:
    with pytest.raises(DeviceError):
        accepted_routes(text)


def test_refresh_clears_softly(box: SwitchBox, driver: Driver, before: str) -> None:
    running = IosDialect().parse(before)
    box.daemon.refreshed.clear()
    slots = [
        (running.sessions[SessionKey("", "NODES")], 4, Direction.IMPORT),
        (running.sessions[SessionKey("", "2001:db8:ff:11::1")], 6, Direction.EXPORT),
        (running.sessions[SessionKey("TENANT", "10.77.2.2")], 4, Direction.IMPORT),
    ]
    ADAPTER.refresh(driver, slots)
    assert box.daemon.refreshed == [
        ("NODES", 4, True),
        (ip_address("2001:db8:ff:11::1"), 6, False),
    ]


def test_a_session_that_is_gone_can_not_be_refreshed(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    session = IosDialect().parse(before).sessions[SessionKey("", "10.255.11.0")]
    box.control("edit", lines=["router bgp 65201", "no neighbor 10.255.11.0"])
    with pytest.raises(DeviceError, match="Unknown neighbor"):
        ADAPTER.refresh(driver, [(session, 4, Direction.IMPORT)])


# A change --------------------------------------------------------------------------------------


def test_a_dry_run_shows_the_diff_and_leaves_nothing(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    assert ADAPTER.dry_run(driver, CANDIDATE) == (DIFF, None)
    assert (box.control("running"), box.control("files")) == (before, [])


def test_secrets_in_a_diff_are_hidden(driver: Driver) -> None:
    diff, _ = ADAPTER.dry_run(driver, "username x password 7 0822455D0A16\nend\n")
    assert diff == "+username x password 7 <hidden>"


def test_commit_and_confirm(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 90)
    assert 60 < box.control("pending") <= 120
    assert ADAPTER.pending(driver)
    assert "route-map FROM-NODE deny 5 \n match ip address" in ADAPTER.running(driver)
    assert box.control("startup") == before
    ADAPTER.confirm(driver)
    assert not ADAPTER.pending(driver)
    assert box.control("startup") == box.control("running") != before
    assert all(name.startswith("archive-") for name in box.control("files"))


def test_a_closed_connection_reverts_nothing_and_a_new_one_confirms(
    box: SwitchBox, before: str
) -> None:
    with opened(box) as first:
        ADAPTER.commit(first, CANDIDATE, DIFF, 60)
    with opened(box) as second:
        assert ADAPTER.pending(second)
        ADAPTER.confirm(second)
    assert box.control("startup") == box.control("running") != before


def test_an_entry_made_anew_is_there_though_the_diff_shows_it_going(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    entry = "ip prefix-list MGMT seq 5 permit 192.168.100.0/24"
    candidate = f"no {entry}\n{entry}\nend\n"
    diff, _ = ADAPTER.dry_run(driver, candidate)
    assert diff == f"-no {entry}"
    ADAPTER.commit(driver, candidate, diff, 60)
    assert box.control("running") == before


def test_commit_and_revert(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    ADAPTER.revert(driver, WAY_BACK)
    assert box.control("pending") is None
    assert (box.control("running"), box.control("startup")) == (before, before)


def test_the_timer_takes_back_what_nobody_confirms(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    box.control("minute", seconds=1.5)
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    wait_for_timer(box)
    assert box.control("running") == before
    assert not ADAPTER.pending(driver)
    with pytest.raises(DeviceError, match="timer was faster"):
        ADAPTER.confirm(driver)
    assert (box.control("running"), box.control("startup")) == (before, before)


def wait_for_timer(box: SwitchBox) -> None:
    deadline = time.monotonic() + 20
    while box.control("pending") is not None and time.monotonic() < deadline:
        time.sleep(0.05)


def test_a_confirmed_change_is_taken_back_by_its_own_lines(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    ADAPTER.confirm(driver)
    box.control("edit", lines=["snmp-server location elsewhere"])
    ADAPTER.revert(driver, WAY_BACK)
    text = box.control("running")
    assert text.replace("snmp-server location elsewhere\n", "") == before
    assert box.control("startup") == text


def test_a_revert_without_a_way_back_leaves_it_alone(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    ADAPTER.revert(driver, "")
    assert (box.control("running"), box.control("startup")) == (before, before)


# What goes wrong -------------------------------------------------------------------------------


@pytest.fixture
def unharmed(box: SwitchBox, before: str) -> Iterator[None]:
    """Whatever happens in the test, the switch is as it was, and nothing waits."""
    yield
    assert (box.control("running"), box.control("startup")) == (before, before)
    assert box.control("pending") is None


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("pattern", "words"),
    [
        ("route-map FROM-NODE .*", "% Invalid input detected at '^' marker."),
        ("match ip .*", "% Incomplete command."),
        ("match ip .*", '% Ambiguous command:  "match ip address prefix-list RF-P-1"'),
        ("ip prefix-list .* seq 10 .*", "%Insertion failed - prefix-list entry exists: seq 10"),
        ("match ip .*", "%BGP: a policy that can't be used"),
        ("match ip .*", "BGP is already running; AS is 65201"),
    ],
)
def test_a_refused_line_ends_the_change_in_the_switchs_words(
    box: SwitchBox, driver: Driver, pattern: str, words: str
) -> None:
    box.control("refuse", pattern=pattern, words=words)
    with pytest.raises(RejectedError) as caught:
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    assert " ".join(words.split()) in str(caught.value)


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize("pattern", ["match ip .*", "ip prefix-list RF-P-1 seq 10 .*"])
def test_a_line_swallowed_in_silence_is_missed(
    box: SwitchBox, driver: Driver, pattern: str
) -> None:
    box.control("refuse", pattern=pattern, words="")
    with pytest.raises(RejectedError, match=r"took no notice of `(match|ip prefix-list)"):
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)


@pytest.mark.usefixtures("unharmed")
def test_a_candidate_without_end_has_no_diff(driver: Driver) -> None:
    endless = CANDIDATE.removesuffix("end\n")
    with pytest.raises(RejectedError, match="shows no diff"):
        ADAPTER.dry_run(driver, endless)
    with pytest.raises(RejectedError, match="shows no diff"):
        ADAPTER.commit(driver, endless, DIFF, 60)


@pytest.mark.usefixtures("unharmed")
def test_an_echo_of_the_candidate_is_no_diff(box: SwitchBox, driver: Driver) -> None:
    box.control("fault", name="no diff utility", on=True)
    with pytest.raises(RejectedError, match="shows no diff"):
        ADAPTER.dry_run(driver, CANDIDATE)


@pytest.mark.usefixtures("unharmed")
def test_names_that_differ_in_case_are_another_diff(box: SwitchBox, driver: Driver) -> None:
    """The driver's comparison does not see case, so what it shows differs from the plan's."""
    other = CANDIDATE.replace("RF-P-1", "rf-p-1")
    box.control("edit", lines=other.splitlines()[:1])
    with pytest.raises(DeviceError, match="not the planned one"):
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    box.control("edit", lines=["no ip prefix-list rf-p-1"])


@pytest.mark.usefixtures("unharmed")
def test_a_switch_that_changed_meanwhile_is_left_alone(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=CANDIDATE.splitlines()[:1])
    with pytest.raises(DeviceError, match="not the planned one"):
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    box.control("edit", lines=["no ip prefix-list RF-P-1"])


@pytest.mark.usefixtures("unharmed")
def test_without_a_timer_nothing_is_changed(box: SwitchBox, driver: Driver) -> None:
    box.control("fault", name="archive full", on=True)
    with pytest.raises(RejectedError, match=r"could not be armed: .*No space left"):
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)


@pytest.mark.usefixtures("unharmed")
def test_a_switch_that_knows_us_by_another_name_is_left_alone(
    box: SwitchBox, driver: Driver
) -> None:
    box.control("fault", name="user is mapped", on=True)
    with pytest.raises(RejectedError, match="knows us as remote-user"):
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)


@pytest.mark.usefixtures("unharmed")
def test_a_held_configuration_is_waited_for_by_nobody(box: SwitchBox, driver: Driver) -> None:
    box.control("fault", name="lock", on=True)
    with pytest.raises(LockedError, match="locked exclusively by user 'alice'"):
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    assert ADAPTER.dry_run(driver, CANDIDATE) == (DIFF, None)


def test_somebody_elses_pending_change_is_left_alone(
    box: SwitchBox, driver: Driver, before: str
) -> None:
    box.control("fault", name="user is mapped", on=True)
    driver.device.send_config_set(
        ["ip prefix-list THEIRS seq 5 permit 10.0.0.0/8"],
        config_mode_command="configure terminal revert timer 5",
    )
    theirs = box.control("running")
    assert theirs != before
    assert not ADAPTER.pending(driver)
    with pytest.raises(LockedError, match="a change of remote-user waits"):
        ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    with pytest.raises(LockedError, match="a change of remote-user waits"):
        ADAPTER.confirm(driver)
    with pytest.raises(LockedError, match="a change of remote-user waits"):
        ADAPTER.revert(driver, WAY_BACK)
    assert box.control("running") == theirs
    assert box.control("pending") > 0


def test_a_connection_that_dies_in_the_copy_leaves_it_to_the_timer(
    box: SwitchBox, before: str
) -> None:
    box.control("minute", seconds=2)
    box.control("fault", name="crash in copy", on=True)
    with (
        opened(box, read_timeout_override=1) as own,
        pytest.raises(ConnectionResetError),
    ):
        ADAPTER.commit(own, CANDIDATE, DIFF, 60)
    half = box.control("running")
    assert "\nroute-map FROM-NODE deny 5 \n!\n" in half
    assert box.control("pending") is not None
    wait_for_timer(box)
    assert box.control("running") == before


def test_a_switch_that_stops_answering_is_not_waited_for_for_ever(
    box: SwitchBox, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(ios_change, "SLOW", 0.3)
    with opened(box, read_timeout_override=1) as own:
        assert ADAPTER.running(own) == before
        box.control("fault", name="hang", on=True)
        with pytest.raises(TimeoutError, match="no prompt came"):
            ADAPTER.running(own)


@pytest.mark.usefixtures("unharmed")
def test_a_switch_that_takes_no_files_says_so(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["no ip scp server enable"])
    with pytest.raises(RejectedError, match="SCP file transfers are not enabled"):
        ADAPTER.dry_run(driver, CANDIDATE)
    box.control("edit", lines=["ip scp server enable"])


def test_a_save_that_fails_is_not_passed_over(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    box.control("fault", name="nvram busy", on=True)
    with pytest.raises(DeviceError, match="did not save its configuration: startup-config file"):
        ADAPTER.confirm(driver)
    assert box.control("startup") == before


def test_every_run_has_file_names_of_its_own() -> None:
    trust = Trust(ssh=Ssh(), tls=Tls(), folder=Path("/"))
    names = {"merge_cfg", "candidate_cfg", "rollback_cfg"}
    given = {"secret": "x"}
    first, second = (ADAPTER.options(given, trust) for _ in range(2))
    assert given == {"secret": "x"}
    assert len({one[name] for one in (first, second) for name in names}) == 6
    assert (first["auto_file_prompt"], first["secret"], first["ssh_strict"]) == (False, "x", True)


def test_the_candidate_is_nowhere_on_this_machine_afterwards(
    driver: Driver, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, box: SwitchBox, before: str
) -> None:
    assert before
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    ADAPTER.dry_run(driver, CANDIDATE)
    box.control("edit", lines=["no ip scp server enable"])
    with pytest.raises(RejectedError):
        ADAPTER.dry_run(driver, CANDIDATE)
    assert list(tmp_path.iterdir()) == []
