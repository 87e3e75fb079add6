"""What commands print: text for people, one JSON document for programs. See :class:`Report`.

Law: what was done is not undone, nor its exit code changed, by nobody reading of it.
"""

from __future__ import annotations

import json
import sys
from collections import defaultdict
from itertools import zip_longest
from typing import TYPE_CHECKING, Any, TextIO, cast

from rich.console import Console
from rich.markup import escape

from policies.dialects.line_ends import lines_of
from runbooks.reports.page.text import count
from runbooks.streams import Steady, plain

if TYPE_CHECKING:
    from collections.abc import Sequence

    from runbooks.plan_file import DevicePlan, Plan


def _lost(error: Exception) -> None:
    """Say on stderr that stdout is lost, unless its reader left: who does that knows it."""
    if not isinstance(error, BrokenPipeError):
        stderr = Steady(sys.stderr)
        stderr.write(f"ringfence: stdout can't be written: {error}\n")
        stderr.flush()


class Report:
    """Prints to stdout, as text or, with ``as_json``, as exactly one JSON document."""

    def __init__(self, *, as_json: bool) -> None:
        self.as_json = as_json
        self._stdout = Steady(sys.stdout, _lost)
        # Rich only writes to it, asks whether it is a terminal, and for its encoding.
        self.console = Console(file=cast("TextIO", self._stdout), highlight=False)

    def document(self, command: str, exit_code: int, **content: object) -> None:
        """Print the JSON document of a command; nothing where text is wanted."""
        if self.as_json:
            head: dict[str, Any] = {"schema": "ringfence.result/v1", "command": command}
            self.text(json.dumps({**head, "exit_code": exit_code, **content}, indent=2) + "\n")

    def text(self, text: str) -> None:
        """Print ``text`` as it stands."""
        self._stdout.write(text)
        self._stdout.flush()

    def line(self, text: str, style: str = "") -> None:
        """Print one line of text; what would command the terminal is made visible."""
        if not self.as_json:
            self.console.print(escape(plain(text)), style=style, soft_wrap=True)

    def plan(self, plan: Plan, *, diffs: bool, why: Sequence[str] = ()) -> None:
        """Print a plan: what changes in prefixes, then the device's own diff.

        ``why`` says of each wave why it is one.
        """
        for finding in plan.findings:
            self.line(f"note: {finding}", "yellow")
        for limit in plan.limits:
            for text in limit.found:
                said = f"accepted by {limit.flag}" if limit.flag else f"allowed: {limit.allows}"
                self.line(f"limit {limit.name}: {text} ({said})", "yellow")
        for one in plan.changed:
            self._device(one, diffs=diffs)
        unchanged = [one.device for one in plan.devices if one.is_empty]
        if unchanged and plan.changed:
            self.line(f"nothing to change on {', '.join(unchanged)}", "dim")
        if plan.changed:
            self.line(f"{count(len(plan.changed), 'device')} to change, in this order:", "bold")
            for wave, reason in zip_longest(plan.waves, why[: len(plan.waves)]):
                self.line(f"  {', '.join(wave)}" + (f" ({reason})" if reason else ""))
        else:
            self.line(f"nothing to change on {count(len(plan.devices), 'device')}", "green")

    def _device(self, plan: DevicePlan, *, diffs: bool) -> None:
        self.line(plan.device, "bold")
        for (direction, family, fence, stops, starts), sessions in _grouped(plan).items():
            who = ", ".join(sessions)
            self.line(f"  {who}: {direction} of ipv{family} fenced as {fence}")
            if stops:
                self.line(f"      stops   {', '.join(stops)}, ...", "red")
            if starts:
                self.line(f"      starts  {', '.join(starts)}, ...", "green")
        for drop in plan.drops:
            self.line(f"  drops {drop.prefix}, accepted from {drop.session} right now", "red")
        for text in plan.closed:
            self.line(f"  left closed: {text}", "dim")
        if diffs:
            for line in lines_of(plan.device_diff):
                style = {"+": "green", "-": "red"}.get(line[:1], "dim")
                self.line(f"  {line}", style)


def _grouped(plan: DevicePlan) -> dict[tuple[Any, ...], list[str]]:
    """Return the sessions that change alike, by what changes."""
    found: dict[tuple[Any, ...], list[str]] = defaultdict(list)
    for one in plan.changes:
        alike = (one.direction, one.family, one.fence, one.stop_examples, one.start_examples)
        found[alike].append(one.session)
    return found
