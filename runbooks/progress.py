"""What a person sees while devices are worked on: :class:`Progress`.

Bars where a terminal is, a line per device where not; always on stderr, so that stdout
stays free for results. Told from many threads at once. Where nobody can be told any more, as
after a lost terminal, it is quiet; it never raises.
"""

from __future__ import annotations

import sys
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO, cast

from rich.console import Console
from rich.markup import escape
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeElapsedColumn
from rich.progress import Progress as Bars

from runbooks.streams import Steady, plain

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tasks.outcome import Outcome


class Progress:
    """Announces stages and the devices that finish them."""

    def __init__(self, *, quiet: bool = False) -> None:
        # Rich only writes to it, asks whether it is a terminal, and for its encoding.
        stderr = cast("TextIO", Steady(sys.stderr))
        self.console = Console(file=stderr, highlight=False, quiet=quiet)
        self._started = time.monotonic()

    def say(self, text: str) -> None:
        """Print one line."""
        self.console.print(escape(plain(text)), soft_wrap=True)

    @contextmanager
    def stage(
        self, title: str, names: Sequence[str]
    ) -> Iterator[Callable[[Outcome[object]], None]]:
        """Announce a stage over the devices ``names``; call what it yields as each ends."""
        if not names:
            yield lambda _: None
            return
        if not self.console.is_terminal:
            yield lambda outcome: self._line(title, outcome)
            return
        columns = (
            TextColumn("{task.description:<16}"),
            BarColumn(bar_width=24),
            MofNCompleteColumn(),
            TimeElapsedColumn(),
            TextColumn("[dim]{task.fields[last]}"),
        )
        with Bars(*columns, console=self.console) as bars:
            task = bars.add_task(title, total=len(names), last="")

            def done(outcome: Outcome[object]) -> None:
                mark = "[red]failed[/red] " if outcome.failed else ""
                bars.update(task, advance=1, last=f"{mark}{escape(outcome.device)}")

            yield done

    def _line(self, title: str, outcome: Outcome[object]) -> None:
        elapsed = time.monotonic() - self._started
        state = "failed" if outcome.failed else "ok"
        self.say(f"{elapsed:6.1f}s  {title:<16} {outcome.device:<16} {state}")
