"""What IOS-XE and its driver get wrong, and the adapter unharmed by it."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from ios_box import CANDIDATE, DIFF, WAY_BACK, opened, tidied, tor1
from paramiko import Channel

from inventory.errors import DeviceError
from inventory.reach import Ssh, Tls
from policies.dialects.ios import IosDialect
from policies.managed import digest
from tasks.adapters import ios_candidate, ios_copy, ios_terminal
from tasks.adapters.base import Trust
from tasks.adapters.ios import IosAdapter
from tasks.errors import LockedError, RejectedError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from switchbox import SwitchBox

    from tasks.adapters.base import Driver

ADAPTER = IosAdapter()


@pytest.fixture(scope="module")
def box(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    with tor1(tmp_path_factory.mktemp("ios")) as made:
        yield made


@pytest.fixture(scope="module")
def driver(box: SwitchBox) -> Iterator[Driver]:
    with opened(box) as made:
        yield made


@pytest.fixture
def before(box: SwitchBox) -> Iterator[str]:
    """The configuration; whatever the test does, the next one has it again."""
    with tidied(box) as text:
        yield text


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


@pytest.mark.parametrize("pattern", ["match ip .*", "ip prefix-list RF-P-1 seq 10 .*"])
def test_a_line_swallowed_in_silence_is_seen_in_what_the_switch_holds(
    box: SwitchBox, driver: Driver, before: str, pattern: str
) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    planned = digest(IosDialect().parse(ADAPTER.running(driver)))
    ADAPTER.revert(driver, "")
    box.control("refuse", pattern=pattern, words="")
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    assert digest(IosDialect().parse(ADAPTER.running(driver))) != planned
    ADAPTER.revert(driver, "")
    assert box.control("running") == before


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
    box.control("fault", name="locked", on=True)
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
    box.control("fault", name="crash in copy", on=True)
    with opened(box) as own:
        own.device.read_timeout_override = 1
        with pytest.raises(ConnectionResetError):
            ADAPTER.commit(own, CANDIDATE, DIFF, 60)
    half = box.control("running")
    assert "\nroute-map FROM-NODE deny 5 \n!\n" in half
    assert box.control("pending") is not None
    box.control("lapse", seconds=60)
    assert box.control("running") == before


def test_a_switch_that_stops_answering_is_not_waited_for_for_ever(
    box: SwitchBox, before: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    with opened(box) as own:
        assert ADAPTER.running(own) == before
        own.device.read_timeout_override = 1
        monkeypatch.setattr(ios_terminal, "SLOW", 0.3)
        box.control("fault", name="hang", on=True)
        with pytest.raises(TimeoutError, match="no prompt came"):
            ADAPTER.running(own)


@pytest.mark.usefixtures("unharmed")
def test_a_switch_that_takes_no_files_says_so(box: SwitchBox, driver: Driver) -> None:
    box.control("edit", lines=["no ip scp server enable"])
    with pytest.raises(RejectedError, match="takes no file: Administratively disabled"):
        ADAPTER.dry_run(driver, CANDIDATE)
    box.control("edit", lines=["ip scp server enable"])


def _answers_to_scp(
    monkeypatch: pytest.MonkeyPatch, receive: Callable[[Channel, int], bytes]
) -> None:
    """Let channels that ``scp`` runs on receive what ``receive`` returns."""
    run = Channel.exec_command

    def exec_command(channel: Channel, command: bytes) -> None:
        run(channel, command)
        monkeypatch.setattr(channel, "recv", partial(receive, channel))

    monkeypatch.setattr(Channel, "exec_command", exec_command)


def _hung_up(channel: Channel, _: int) -> bytes:
    channel.get_transport().close()
    return b""


def _silent(*_: object) -> bytes:
    raise TimeoutError


@pytest.mark.usefixtures("unharmed")
@pytest.mark.parametrize(
    ("receive", "kind", "said"),
    [(_hung_up, ConnectionResetError, "ended"), (_silent, TimeoutError, "took no file within")],
)
def test_a_copy_that_ends_with_its_connection_is_no_refusal(
    driver: Driver,
    monkeypatch: pytest.MonkeyPatch,
    receive: Callable[[Channel, int], bytes],
    kind: type[Exception],
    said: str,
) -> None:
    """The SCP client raises the same; what it may have left on the switch is deleted later."""
    orphans: list[str] = []
    monkeypatch.setitem(ios_candidate._ORPHANS, driver.hostname, orphans)
    with monkeypatch.context() as patched:
        _answers_to_scp(patched, receive)
        with pytest.raises(kind, match=said):
            ADAPTER.dry_run(driver, CANDIDATE)
    assert len(orphans) == 1
    assert not ADAPTER.pending(driver)
    assert orphans == []


@pytest.mark.usefixtures("unharmed")
def test_a_copy_that_is_closed_without_a_word_is_refused(
    driver: Driver, monkeypatch: pytest.MonkeyPatch
) -> None:
    def closed(channel: Channel, _: int) -> bytes:
        channel.close()
        return b""

    monkeypatch.setattr(ios_copy, "_MOMENT", 0.1)
    _answers_to_scp(monkeypatch, closed)
    with pytest.raises(RejectedError, match="takes no file: No response from server"):
        ADAPTER.dry_run(driver, CANDIDATE)


def test_a_save_that_fails_is_not_passed_over(box: SwitchBox, driver: Driver, before: str) -> None:
    ADAPTER.commit(driver, CANDIDATE, DIFF, 60)
    box.control("fault", name="nvram busy", on=True)
    with pytest.raises(DeviceError, match="did not save its configuration: startup-config file"):
        ADAPTER.confirm(driver)
    assert box.control("startup") == before


def test_the_inventorys_options_are_kept_and_not_changed() -> None:
    given = {"secret": "x"}
    options = ADAPTER.options(given, Trust(ssh=Ssh(), tls=Tls(), folder=Path("/")))
    assert given == {"secret": "x"}
    assert (options["auto_file_prompt"], options["secret"]) == (False, "x")
    assert options["ssh_strict"] is True


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
