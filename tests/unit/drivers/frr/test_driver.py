"""The driver's own decisions, on a switch that is a list of what was asked of it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from napalm.base.exceptions import (
    CommitConfirmException,
    CommitError,
    ConnectionClosedException,
    LockError,
    MergeConfigException,
    ReplaceConfigException,
)

from tasks.drivers.frr.driver import FRRDriver
from tasks.drivers.frr.switch import Outcome, Switch
from tasks.drivers.frr.transport import Completed, Held, SshConnection

if TYPE_CHECKING:
    from pathlib import Path

RUNNING = "frr version 8.4.4\nroute-map A permit 10\nexit\n"


class FakeConnection(SshConnection):
    """Answers commands by the word that follows the script's name."""

    def __init__(self, **answers: Completed) -> None:
        self.answers = answers
        self.commands: list[str] = []
        self.patience = 1.0
        self.locked = 0

    def run(self, command: str, *, data: bytes = b"", timeout: float | None = None) -> Completed:
        del data, timeout
        self.commands.append(command)
        word = next((word for word in self.answers if word in command.split()), "")
        return self.answers.get(word, Completed(code=0, out="", err=""))

    def hold(self, command: str, data: bytes, *, answer: str) -> Held | Completed:
        del data, answer
        self.commands.append(command)
        if "lock" in self.answers:
            return self.answers["lock"]
        self.locked += 1
        return FakeHeld(self)

    def close(self) -> None:
        self.locked = 0


class FakeHeld(Held):
    def __init__(self, connection: FakeConnection) -> None:
        self.connection = connection

    def release(self) -> None:
        self.connection.locked -= 1


def answer(out: str = "", *, code: int = 0, err: str = "") -> Completed:
    return Completed(code=code, out=out, err=err)


def driver(*, sudo: bool = False, **answers: Completed) -> tuple[FRRDriver, FakeConnection]:
    made = FRRDriver("switch", "operator", "s3cret")
    answers.setdefault("load", answer(RUNNING))
    connection = FakeConnection(**answers)
    made._connection = connection
    made.device = Switch(connection, sudo=sudo)
    return made, connection


@pytest.mark.parametrize("seconds", [0, -1, 1.5, "60", True])
def test_revert_in_is_whole_seconds(seconds: Any) -> None:  # noqa: ANN401 - wrong on purpose
    frr, connection = driver()
    frr.load_merge_candidate(config="route-map A deny 10")
    with pytest.raises(CommitConfirmException, match="whole seconds from 1"):
        frr.commit_config(revert_in=seconds)
    assert not any(" commit " in command for command in connection.commands)


@pytest.mark.parametrize("given", [{}, {"filename": "x", "config": "y"}])
@pytest.mark.parametrize(
    ("load", "error"),
    [
        ("load_merge_candidate", MergeConfigException),
        ("load_replace_candidate", ReplaceConfigException),
    ],
)
def test_either_a_file_or_a_text(given: dict[str, str], load: str, error: type[Exception]) -> None:
    frr, connection = driver()
    with pytest.raises(error, match="either a file name or a configuration"):
        getattr(frr, load)(**given)
    assert connection.commands == []


def test_a_file_is_read(tmp_path: Path) -> None:
    frr, _ = driver()
    (tmp_path / "candidate").write_text("route-map A deny 10\n")
    frr.load_merge_candidate(filename=str(tmp_path / "candidate"))
    assert "+route-map A deny 10" in frr.compare_config()
    with pytest.raises(MergeConfigException, match="absent can't be read"):
        frr.load_merge_candidate(filename=str(tmp_path / "absent"))


def test_a_refused_candidate_leaves_nothing_behind() -> None:
    frr, connection = driver(
        load=answer(code=Outcome.SYNTAX, err="line 2: % Unknown command[4]: foo\n")
    )
    with pytest.raises(MergeConfigException, match=r"^line 2 \('foo'\): % Unknown command"):
        frr.load_merge_candidate(config="route-map A permit 10\nfoo\n")
    assert connection.locked == 0
    assert frr.compare_config() == ""


def test_somebody_elses_lock_is_named() -> None:
    frr, _ = driver(
        lock=answer(code=Outcome.LOCKED, err="the candidate is locked by ada since 9\n")
    )
    with pytest.raises(LockError, match=r"^the candidate is locked by ada since 9$"):
        frr.load_merge_candidate(config="route-map A deny 10")


def test_the_lock_lasts_from_load_to_commit() -> None:
    frr, connection = driver()
    frr.load_merge_candidate(config="route-map A deny 10")
    assert connection.locked == 1
    frr.commit_config(message="two\nlines")
    assert connection.locked == 0
    assert frr.compare_config() == ""


@pytest.mark.parametrize("code", [o for o in Outcome if o is not Outcome.DONE])
def test_a_failed_commit_says_what_the_switch_says(code: Outcome) -> None:
    frr, connection = driver(commit=answer(code=code, err="its own words\n"))
    frr.load_merge_candidate(config="route-map A deny 10")
    with pytest.raises(CommitError, match=r"^its own words$"):
        frr.commit_config()
    assert connection.locked == 0


def test_a_refusal_keeps_secrets() -> None:
    words = "line 1: % Unknown command[4]: neighbor 10.0.0.1 password s3cret\n"
    frr, _ = driver(load=answer(code=Outcome.SYNTAX, err=words))
    with pytest.raises(MergeConfigException, match="<removed>") as caught:
        frr.load_merge_candidate(config="neighbor 10.0.0.1 password s3cret")
    assert "s3cret" not in str(caught.value)


def test_nothing_to_do_is_not_sent() -> None:
    frr, connection = driver()
    frr.load_merge_candidate(config="route-map A permit 10")
    frr.commit_config(revert_in=60)
    assert not any(" commit " in command for command in connection.commands)
    assert connection.locked == 0


def test_committing_without_a_candidate() -> None:
    frr, _ = driver(pending=answer(code=Outcome.NONE_PENDING))
    with pytest.raises(CommitError, match="no candidate is loaded"):
        frr.commit_config()
    frr, _ = driver(pending=answer("a commit of ada is pending"))
    with pytest.raises(CommitError, match="a commit of ada is pending"):
        frr.commit_config()


def test_everything_runs_with_sudo_if_asked() -> None:
    pending = answer("a commit of somebody is pending")
    frr, connection = driver(sudo=True, pending=pending)
    frr.load_merge_candidate(config="route-map A deny 10")
    frr.commit_config(revert_in=5)
    frr.has_pending_commit()
    frr.confirm_commit()
    frr.get_config()
    assert len(connection.commands) == 7
    assert all(command.startswith("sudo -n ") for command in connection.commands)


def test_options_are_left_alone() -> None:
    options = {"port": 2222, "sudo": True}
    FRRDriver("switch", "operator", "", optional_args=options)
    assert options == {"port": 2222, "sudo": True}


def test_a_closed_driver_says_so() -> None:
    frr = FRRDriver("switch", "operator", "s3cret")
    assert frr.is_alive() == {"is_alive": False}
    with pytest.raises(ConnectionClosedException, match=r"open\(\) comes first"):
        frr.get_config()
    frr.close()


@pytest.mark.parametrize(
    ("running", "seconds"),
    [("", 6.0), ("bgp route-map delay-timer 2\n", 3.0), ("bgp route-map delay-timer 0\n", 1.0)],
)
def test_settling_follows_the_delay_timer(running: str, seconds: float) -> None:
    frr, _ = driver(vtysh=answer(RUNNING + running))
    assert frr.settle_seconds() == seconds


def test_every_router_is_refreshed() -> None:
    frr, connection = driver(vtysh=answer("router bgp 1\nrouter bgp 2 vrf BLUE\n"))
    frr.refresh_routes()
    assert connection.commands[1:] == [
        "vtysh -c 'clear bgp * soft'",
        "vtysh -c 'clear bgp vrf BLUE * soft'",
    ]


@pytest.mark.parametrize("name", ["10.0.0.1; reboot", "a b", "x\ny", ""])
def test_a_neighbors_name_is_checked(name: str) -> None:
    frr, connection = driver()
    with pytest.raises(ValueError, match="is not a name"):
        frr.accepted_routes(name)
    assert connection.commands == []
