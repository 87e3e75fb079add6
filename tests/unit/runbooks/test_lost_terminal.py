"""A terminal that goes away in the middle of a run: the talking ends, the work does not."""

from __future__ import annotations

import errno
import io
import os
import signal
import sys
from typing import TYPE_CHECKING

import pytest
from builders import write_site

from inventory.errors import DeviceError, Exit
from runbooks import cli
from runbooks.progress import Progress
from runbooks.signals import held
from runbooks.streams import Steady
from tasks.outcome import Outcome

if TYPE_CHECKING:
    from pathlib import Path

SIGNALS = [signal.SIGINT, signal.SIGTERM, signal.SIGHUP]


class Lost(io.StringIO):
    """Takes what is written until it is lost, then raises ``error``."""

    def __init__(self, error: Exception, *, terminal: bool) -> None:
        super().__init__()
        self.error = error
        self.terminal = terminal
        self.gone = False
        self.refused = 0

    def isatty(self) -> bool:
        """Return what the test wants it to be."""
        return self.terminal

    def write(self, text: str) -> int:
        """Keep ``text`` or raise."""
        if self.gone:
            self.refused += 1
            raise self.error
        return super().write(text)


@pytest.fixture(params=[OSError(errno.EIO, "gone"), BrokenPipeError(), ValueError("closed")])
def error(request: pytest.FixtureRequest) -> Exception:
    """Return what a dead stream raises."""
    return request.param  # type: ignore[no-any-return]


@pytest.mark.parametrize("terminal", [False, True])
@pytest.mark.parametrize("when", ["before", "inside"])
def test_a_stage_goes_on_without_its_terminal(
    error: Exception, when: str, monkeypatch: pytest.MonkeyPatch, *, terminal: bool
) -> None:
    stderr = Lost(error, terminal=terminal)
    monkeypatch.setattr(sys, "stderr", stderr)
    # Rich draws no bars on a terminal that can't move its cursor.
    monkeypatch.setenv("TERM", "xterm")
    progress = Progress()
    progress.say("heard")
    stderr.gone = when == "before"
    with progress.stage("commit", ["tor1", "tor2"]) as done:
        stderr.gone = True
        done(Outcome("tor1"))
        done(Outcome("tor2", error=DeviceError("no")))
    progress.say("unheard")
    assert "heard\n" in stderr.getvalue()
    assert "unheard" not in stderr.getvalue()
    assert stderr.refused == 1


def test_a_run_without_any_stderr_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stderr", None)
    progress = Progress()
    with progress.stage("commit", ["tor1"]) as done:
        done(Outcome("tor1"))
    assert cli.run(["plan", "--site", "/nowhere"]) == Exit.BAD_INPUT


@pytest.mark.parametrize("number", SIGNALS)
def test_a_signal_is_only_noted_and_then_stops_the_run(number: signal.Signals) -> None:
    said: list[str] = []
    before = signal.getsignal(number)
    with held(said.append) as wish:
        wish.ensure_none()
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert said == []
        for _ in range(2):
            with pytest.raises(DeviceError, match=f"^stopped by {number.name}$"):
                wish.ensure_none()
    (line,) = said
    assert line.startswith(f"{number.name}: ")
    assert signal.getsignal(number) is before


def test_a_signal_after_the_last_look_is_told_of() -> None:
    said: list[str] = []
    with held(said.append):
        os.kill(os.getpid(), signal.SIGTERM)
    assert said == ["SIGTERM: came too late to stop anything"]


@pytest.mark.parametrize("look", [False, True])
def test_a_signal_that_nobody_can_be_told_of_still_stops_the_run(
    error: Exception, *, look: bool
) -> None:
    def say(_: str) -> None:
        raise error

    with held(say) as wish:
        os.kill(os.getpid(), signal.SIGHUP)
        if look:
            with pytest.raises(DeviceError, match=r"^stopped by SIGHUP$"):
                wish.ensure_none()


@pytest.mark.parametrize(
    ("arguments", "code"), [(["plan", "--site"], Exit.BAD_INPUT), (["--nonsense"], Exit.USAGE)]
)
def test_an_error_that_nobody_reads_keeps_its_code(
    arguments: list[str],
    code: int,
    error: Exception,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    site = write_site(tmp_path / "site", {"hosts.yaml": ""})
    stderr = Lost(error, terminal=False)
    stderr.gone = True
    monkeypatch.setattr(sys, "stderr", stderr)
    assert cli.run([*arguments, str(site)]) == code
    assert stderr.refused == 1


def test_what_is_stuck_in_a_lost_stream_is_dropped() -> None:
    # Python flushes its streams once more at its end, and makes an error there its exit code.
    reader, writer = os.pipe()
    os.close(reader)
    with os.fdopen(writer, "w", encoding="utf-8") as stream:
        lost: list[Exception] = []
        steady = Steady(stream, lost.append)
        steady.write("text")
        steady.flush()
        steady.write("more")
        stream.flush()
    assert [type(one) for one in lost] == [BrokenPipeError]
