"""Signals during a run: heard at once, obeyed between two steps. See :func:`held`.

Devices are worked on by threads. A KeyboardInterrupt in the middle would leave them to go on
beside whoever takes the change back, so a run only notes the wish and looks at it when every
thread has come home. The handler says nothing: it runs in the middle of whatever the main
thread does, also of a write to the very stream, and an error in it would be one of the run's.
"""

from __future__ import annotations

import signal
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

from inventory.errors import DeviceError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from types import FrameType

_STOPPING = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class Wish:
    """Whether somebody asked to stop, how often; ``say`` tells, once, what becomes of it."""

    def __init__(self, say: Callable[[str], None]) -> None:
        self.name: str | None = None
        self.count = 0
        self._say: Callable[[str], None] | None = say

    def ensure_none(self) -> None:
        """Refuse to go on once somebody asked to stop.

        Raises:
            DeviceError: names the signal.
        """
        if self.name is not None:
            self.tell("what was begun has come to its end, and no further step begins")
            raise DeviceError(f"stopped by {self.name}")

    def tell(self, text: str) -> None:
        """Say what becomes of the signal, if one came and nothing was said of it yet."""
        if self.name is not None and self._say is not None:
            say, self._say = self._say, None
            with suppress(Exception):
                say(f"{self.name}: {text}")


@contextmanager
def held(say: Callable[[str], None], *, once: bool = False) -> Iterator[Wish]:
    """Hold SIGINT, SIGTERM and SIGHUP back while the block runs; with ``once``, the first alone.

    ``say`` tells what becomes of one, between two steps; nothing that it raises gets out.
    A second one raises KeyboardInterrupt then: for a block that loses nothing but words.
    Outside of the main thread, which alone gets signals, it does nothing.
    """
    wish = Wish(say)
    if threading.current_thread() is not threading.main_thread():
        yield wish
        return

    def heard(number: int, _frame: FrameType | None) -> None:
        wish.name = signal.Signals(number).name
        wish.count += 1
        if once and wish.count > 1:
            raise KeyboardInterrupt

    # What is ignored stays so, as under nohup.
    stopping = [one for one in _STOPPING if signal.getsignal(one) is not signal.SIG_IGN]
    before = {number: signal.signal(number, heard) for number in stopping}
    try:
        yield wish
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)
        wish.tell("came too late to stop anything")
