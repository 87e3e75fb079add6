"""An attacker that never rests; read ``Flapper`` first.

Law: it announces and withdraws, again and again, so that a window in which a filter is off, however
short, is likely to be found; it stops by itself after its time, and what it announced is gone
afterwards.
"""

import threading
import time
from typing import Self

from lab.announce import announce, withdraw
from lab.attacks import MARKS
from lab.drill import await_gone
from lab.network import Network
from lab.topology import Network as Prefix


class Flapper:
    """Announces ``prefixes`` every ``every_s`` seconds while the ``with`` block runs."""

    def __init__(
        self,
        network: Network,
        attacker: str,
        prefixes: tuple[Prefix, ...],
        *,
        every_s: float = 0.3,
        at_most_s: float = 300.0,
    ) -> None:
        self.rounds = 0
        """How often the prefixes have been announced so far."""
        self._network = network
        self._attacker = attacker
        self._prefixes = prefixes
        self._every_s = every_s
        self._at_most_s = at_most_s
        self._stop = threading.Event()
        self._failure: Exception | None = None
        self._thread = threading.Thread(target=self._run, name=f"flapper-{attacker}", daemon=True)

    @property
    def is_running(self) -> bool:
        """Whether it still announces; false after its time, after a failure, and at the end."""
        return self._thread.is_alive()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_exception: object) -> None:
        self._stop.set()
        self._thread.join()
        withdraw(self._network, self._attacker)
        await_gone(self._network, self._attacker)
        if self._failure is not None:
            raise self._failure

    def _run(self) -> None:
        try:
            self._flap()
        except Exception as error:  # noqa: BLE001 - the thread boundary: raised again by __exit__
            self._failure = error

    def _flap(self) -> None:
        deadline = time.monotonic() + self._at_most_s
        while time.monotonic() < deadline:
            announce(self._network, self._attacker, self._prefixes, community=MARKS[self._attacker])
            self.rounds += 1
            if self._stop.wait(self._every_s / 2):
                return
            withdraw(self._network, self._attacker)
            if self._stop.wait(self._every_s / 2):
                return
