"""``python -m lab demo``: the whole story on the virtual network, told by the commands themselves.

Every step is a command that anybody can run; what is checked is what it printed and how it
ended. Read ``demo`` first. Law: it ends as it began, with the lab down.
"""

import json
import subprocess
import sys
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from rich.console import Console
from rich.table import Table

from lab import api, launch
from lab.errors import LabError
from lab.network import Network, without_stamp
from lab.state import StateDir
from lab.topology import SWITCHES

_CHECKOUT = Path(__file__).resolve().parent.parent


@dataclass(slots=True)
class _Story:
    """The demo's steps: each runs commands, and returns what they showed."""

    state: StateDir
    console: Console = field(default_factory=lambda: Console(highlight=False))
    rows: list[tuple[str, str, float]] = field(default_factory=list)
    before: dict[str, str] = field(default_factory=dict)
    run: str = ""

    def tell(self, title: str, step: Callable[[], str]) -> None:
        """Run one step under a headline, and note how long it took, in seconds."""
        self.console.rule(f"[bold]{len(self.rows) + 1}. {title}", align="left")
        began = time.monotonic()
        shown = step()
        self.rows.append((title, shown, time.monotonic() - began))

    def summary(self) -> None:
        """Print every step with what it showed."""
        table = Table(title="what you have seen", title_justify="left", box=None, pad_edge=False)
        for name in ("step", "result"):
            table.add_column(name)
        table.add_column("seconds", justify="right")
        for title, shown, seconds in self.rows:
            table.add_row(title, f"[green]{shown}[/green]", f"{seconds:.1f}")
        self.console.rule(align="left")
        self.console.print(table)

    def network_up(self) -> str:
        _lab("up")
        self.before = _configurations(self.state)
        return "six switches of six platforms, five servers, the outside: every session up"

    def hijack(self) -> str:
        _lab("drill", "--expect", "open")
        return "every attack reaches its victims"

    def plan(self) -> str:
        _ringfence("plan", "--limit", "tor1")
        return "what would change on a switch, by its own dry-run"

    def deploy(self) -> str:
        _ringfence("deploy", "--yes", "--no-diff")
        self.run = _last_run()
        return "committed with a revert timer, verified, confirmed on all six"

    def fenced(self) -> str:
        _lab("drill", "--expect", "blocked")
        return "no attack reaches anybody, every legitimate route is in place"

    def drift(self) -> str:
        words = ("-c", "configure terminal", "-c", "no route-map FROM-NODE deny 1")
        _lab("exec", "tor1", "--", "vtysh", *words)
        _ringfence("audit", expect=2)
        return "somebody removed a guard on tor1: the audit names it, with a witness"

    def mend(self) -> str:
        _ringfence("deploy", "--yes", "--no-diff")
        _ringfence("audit")
        return "mended; the audit is clean"

    def rollback(self) -> str:
        _ringfence("rollback", self.run, "--yes", "--no-diff")
        now = _configurations(self.state)
        changed = [name for name, text in now.items() if text != self.before[name]]
        if changed:
            raise LabError(f"{', '.join(changed)} is not byte for byte what it was")
        return "all six configurations are byte for byte what they were"

    def network_down(self) -> str:
        _lab("down")
        return "no process, namespace or file is left"


def _run(argv: Sequence[str], expect: int = 0) -> None:
    """Run a command as a user would, showing it and what it prints.

    Raises:
        LabError: it ended with another exit code than ``expect``.
    """
    print(f"$ {' '.join(argv)}", flush=True)
    done = subprocess.run(argv, cwd=_CHECKOUT, check=False)
    if done.returncode != expect:
        raise LabError(
            f"`{' '.join(argv)}` ended with exit code {done.returncode} instead of {expect}"
        )


def _ringfence(*arguments: str, expect: int = 0) -> None:
    _run(["ringfence", *arguments], expect)


def _configurations(state: StateDir) -> dict[str, str]:
    network = Network.of(state)
    return {switch: without_stamp(network.running_config(switch)) for switch in SWITCHES}


def _lab(*arguments: str) -> None:
    _run([sys.executable, "-m", "lab", *arguments])


def _last_run() -> str:
    """Return the name of the newest run on record."""
    argv = ("ringfence", "runs", "--json")
    done = subprocess.run(argv, cwd=_CHECKOUT, capture_output=True, text=True, check=True)
    return str(json.loads(done.stdout)["runs"][-1]["run"])


def demo() -> None:
    """Show a hijack succeed, the filters go out, the same hijack fail, drift mended, all undone.

    Raises:
        LabError: a step did not end as it should; the lab is left up for a look.
    """
    story = _Story(StateDir(api.DEFAULT_STATE))
    if story.state.is_running():
        launch.down(story.state)
    story.tell("the network", story.network_up)
    story.tell("hijacks, before", story.hijack)
    story.tell("the plan", story.plan)
    story.tell("the deploy", story.deploy)
    story.tell("the same hijacks, after", story.fenced)
    story.tell("drift", story.drift)
    story.tell("mended", story.mend)
    story.tell("rolled back", story.rollback)
    story.tell("down", story.network_down)
    story.summary()
