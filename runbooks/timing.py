"""How long the revert timers of a run are, and when a wave is too near to them: :class:`Timing`.

A timer must outlast what still has to happen before the confirmation: the commits and the
verification of every wave to come, measured by what the same devices took to be read and to make
their dry-run, once the time that routes may take to follow, and the confirmations themselves.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from inventory.errors import RefusedError
from tasks.adapters import TIMERS
from tasks.fleet import WORKERS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from inventory.site import Site

#: Part of a revert timer after which nothing is begun any more but the confirmations.
_LATE = 0.75
#: A commit and its verification ask for more than reading and a dry-run do, and machines are noisy.
_SLOWER = 2.0


class Timing:
    """What ``waves`` will take; ``took`` is what each device took to be read and to dry-run."""

    def __init__(
        self, site: Site, waves: Sequence[Sequence[str]], took: Mapping[str, float]
    ) -> None:
        self._site = site
        self._timers = site.settings.timers
        self._waves = [tuple(wave) for wave in waves]
        self._took = took
        self._longest_wave_s = 0.0

    def wave_s(self, wave: Iterable[str]) -> float:
        """Return how long one wave may take, but for routes that follow late: seconds.

        So many devices are worked on at once; more wait for their turn.
        """
        took = [self._took.get(name, 0.0) for name in wave]
        return _SLOWER * max(took, default=0.0) * math.ceil(len(took) / WORKERS)

    def needed_s(self, number: int) -> float:
        """Return how long the waves from the index ``number`` on may take, without confirming."""
        return sum(self.wave_s(wave) for wave in self._waves[number:]) + self._timers.settle

    def confirm_s(self) -> float:
        """Return how long the confirmations may take; they are made side by side."""
        return self.wave_s(name for wave in self._waves for name in wave)

    def timer_s(self, name: str, number: int) -> int:
        """Return the revert timer of the device ``name``, which is changed in wave ``number``.

        It is at least the site's ``timers.confirm``; at most ``timers.longest``, and what the
        platform takes. Longer runs are confirmed in parts.
        """
        takes = TIMERS[self._site.devices[name].platform]
        wanted = self.needed_s(number)
        wanted = max(wanted / _LATE, wanted + self.confirm_s(), self._timers.confirm)
        most = max(min(takes[-1], self._timers.longest), self._timers.confirm)
        steps = math.ceil((min(wanted, most) - takes[0]) / takes.step)
        return min(takes[0] + max(steps, 0) * takes.step, takes[-1])

    def late_s(self, timer_s: int) -> float:
        """Return after how many seconds of a timer nothing is begun but the confirmations."""
        return max(0.0, min(_LATE * timer_s, timer_s - self.confirm_s()))

    def learn(self, wave_s: float) -> None:
        """Take note of what a wave took in fact."""
        self._longest_wave_s = max(self._longest_wave_s, wave_s)

    def fits(self, number: int, left_s: float) -> bool:
        """Return whether the wave ``number`` may be begun with ``left_s`` seconds left."""
        # What was measured has the time in it that routes took to follow.
        wave_s = self.wave_s(self._waves[number]) + self._timers.settle
        return max(wave_s, self._longest_wave_s) <= left_s

    def ensure_possible(self) -> None:
        """Refuse a run of which even one wave does not fit into its revert timers.

        Raises:
            RefusedError: names the slowest device of the wave, and what to set.
        """
        for number, wave in enumerate(self._waves):
            shortest = min(wave, key=lambda name: self.timer_s(name, number))
            timer = self.timer_s(shortest, number)
            if not self.fits(number, self.late_s(timer)):
                slowest = max(wave, key=lambda name: self._took.get(name, 0.0))
                raise RefusedError(
                    f"{slowest} took {self._took.get(slowest, 0.0):.0f} s to be read and to make "
                    f"its dry-run: with timers.settle {self._timers.settle} s its wave does not "
                    f"fit into the revert timer of {shortest}, {timer} s; set a longer "
                    "timers.confirm or timers.longest in site.yaml, or smaller waves; nothing "
                    "was changed"
                )
