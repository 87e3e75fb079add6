"""Signals during a run: heard between two steps; what is ignored stays so."""

from __future__ import annotations

import os
import signal

import pytest

from inventory.errors import DeviceError
from runbooks.signals import held


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP])
def test_a_signal_is_heard_between_two_steps(number: signal.Signals) -> None:
    said: list[str] = []
    with held(said.append) as wish:
        os.kill(os.getpid(), number)
        os.kill(os.getpid(), number)
        assert wish.count == 2
        with pytest.raises(DeviceError, match=f"stopped by {number.name}"):
            wish.ensure_none()
    assert len(said) == 1


def test_nobody_is_stopped_by_what_nohup_ignores() -> None:
    before = signal.signal(signal.SIGHUP, signal.SIG_IGN)
    try:
        with held(print) as wish:
            os.kill(os.getpid(), signal.SIGHUP)
            wish.ensure_none()
        assert signal.getsignal(signal.SIGHUP) is signal.SIG_IGN
    finally:
        signal.signal(signal.SIGHUP, before)
