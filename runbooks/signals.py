"""Signals during a run: heard at once, obeyed between two steps. See :func:`held`.

Devices are worked on by threads. A KeyboardInterrupt in the middle would leave them to go on
beside whoever takes the change back, so a run only notes the wish and looks at it when every
thread has come home.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

from inventory.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wish:
    """Whether somebody asked to stop."""

    def __init__(self) -> None:
        self.name: str | None = None

    def ensure_none(self) -> None:
        """Refuse to go on once somebody asked to stop.

        Raises:
            DeviceError: names the signal.
        """
        if self.name is not None:
            raise DeviceError(f"stopped by {self.name}")


@contextmanager
def held(say: Callable[[str], None]) -> Iterator[Wish]:
    """Hold SIGINT, SIGTERM and SIGHUP back while the block runs; ``say`` tells that it was heard.

    Outside of the main thread, which alone gets signals, it does nothing.
    """
    wish = Wish()
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return

    def heard(number: int, _frame: FrameType | None) -> None:
        wish.name = signal.Signals(number).name
        say(f"{wish.name}: no further step begins; what was begun is brought to an end first")

    before = {number: signal.signal(number, heard) for number in _STOPPING}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
