"""The scenes that the on-call pages are for, set in the lab: :data:`SCENES`.

Law: a scene is the real thing: a killed process, an announced route, a switch that does not answer.
"""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from dataclasses import dataclass
from ipaddress import ip_network
from typing import TYPE_CHECKING

import pytest
from oncall import TOR1, Command, Hands, steps, text_of
from site_fixture import CHECKOUT, edit, ringfence

from lab.topology import SWITCHES
from runbooks.ledger import Record

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from lab.api import Lab

KILLED_RUN = CHECKOUT / "tests" / "support" / "killed_run.py"
#: The step on record of a deploy to six switches in two waves beside which it is killed: the first
#: wave waits for its confirmation then.
MIDDLE = 6
GREEN = "{cidr: 10.67.0.0/16, kind: workload, block_size: 26}"
#: More than anything here ever takes, on a busy machine too.
_TOO_LONG_S = 240.0


@dataclass(slots=True)
class Scene:
    """The lab, and a site of its own with short timers."""

    lab: Lab
    site: Path

    def ringfence(self, *words: str, code: int = 0) -> str:
        """Run a command that is no part of a page; return its run."""
        done = ringfence(*words, "--site", str(self.site), "--json")
        assert done.code == code, done.err
        return str(done.document.get("run"))

    def deploy(self) -> str:
        """Fence the network; return the run."""
        return self.ringfence("deploy", "--yes")

    def kill(self, *words: str, step: int) -> None:
        """Run a command that dies by SIGKILL beside the ``step``-th step of the record."""
        argv = [sys.executable, str(KILLED_RUN), "after", str(step), *words]
        ended = subprocess.run(
            [*argv, "--site", str(self.site)],
            cwd=CHECKOUT,
            env={**os.environ, "PYTHONPATH": str(CHECKOUT)},
            stdin=subprocess.DEVNULL,
            capture_output=True,
            check=False,
        )
        assert ended.returncode == -signal.SIGKILL, ended.stderr

    def by_hand(self, *lines: str) -> None:
        """Let somebody change tor1."""
        words = [word for line in ("configure terminal", *lines) for word in ("-c", line)]
        self.lab.run("tor1", ("vtysh", *words))

    def announce(self, speaker: str, prefix: str, switch: str) -> None:
        """Let a node announce ``prefix``, and wait until ``switch`` has it."""
        self.lab.announce(speaker, (ip_network(prefix),))
        self._await(lambda: prefix in self._table(switch))

    def withdraw(self, speaker: str, prefix: str, switch: str) -> None:
        """Let a node announce its own alone, and wait until ``switch`` has forgotten ``prefix``."""
        self.lab.withdraw(speaker)
        self._await(lambda: prefix not in self._table(switch))

    def _table(self, switch: str) -> set[str]:
        return {str(one) for one in self.lab.routes(switch, 4)}

    def _await(self, happened: Callable[[], bool]) -> None:
        deadline = time.monotonic() + _TOO_LONG_S
        while not happened():
            assert time.monotonic() < deadline
            time.sleep(0.2)

    def lose(self, *switches: str, step: str, **facts: object) -> None:
        """Let a deploy lose ``switches`` once ``step`` is on record; it must end with 3."""
        write = Record.write

        def written(record: Record, name: str, **said: object) -> None:
            write(record, name, **said)
            if name == step and facts.items() <= said.items():
                for switch in switches:
                    self.lab.fault(switch, "refuse")

        with pytest.MonkeyPatch.context() as patched:
            patched.setattr(Record, "write", written)
            self.ringfence("deploy", "--yes", code=3)

    def find(self) -> None:
        """Let every switch answer again."""
        for switch in SWITCHES:
            self.lab.fault(switch, "refuse", on=False)

    def hands(self, events: dict[str, Callable[[], None]] | None = None, **put_in: str) -> Hands:
        """Return the hands that follow a page here."""
        address = self.lab.address("tor1")
        return Hands(self.site, {TOR1: address, **put_in}, events or {})


def drift_found(scene: Scene) -> Hands:
    scene.deploy()
    scene.by_hand("no route-map FROM-NODE deny 1")
    return scene.hands()


def hijack_under_way(scene: Scene) -> Hands:
    scene.deploy()
    scene.by_hand("no route-map FROM-NODE deny 1")
    scene.announce("rogue", "10.66.5.0/26", "tor1")
    return scene.hands()


def deploy_failed_half_way(scene: Scene) -> Hands:
    # One that waits for its confirmation, and one whose turn it is: that makes all go back.
    scene.lose("spine1", "tor2", step="prepare", wave=2)
    (run,) = (folder.name for folder in scene.site.glob("runs/*/"))
    return scene.hands({"spine1 answers again": scene.find}, RUN=run)


def jump_host_died(scene: Scene) -> Hands:
    scene.kill("deploy", "--yes", step=MIDDLE)
    return scene.hands()


def roll_back_now(scene: Scene) -> Hands:
    return scene.hands(RUN=scene.deploy())


def replace_a_switch(scene: Scene) -> Hands:
    scene.ringfence("deploy", "--yes", "--limit", "spine,border,tor2")
    # The new machine has a key of its own: the site knows another one.
    known = scene.site / "known_hosts"
    theirs = scene.lab.known_hosts.read_text(encoding="ascii").splitlines()
    keys = {line.split()[0]: line.split(maxsplit=1)[1] for line in theirs}
    mine, other = (f"[{scene.lab.address(one)}]:2222" for one in ("tor1", "tor2"))
    keys[mine] = keys[other]
    known.write_text("".join(f"{who} {key}\n" for who, key in keys.items()), encoding="ascii")
    edit(scene.site, "site.yaml", str(scene.lab.known_hosts), "known_hosts")
    return scene.hands()


def add_a_cluster(scene: Scene) -> Hands:
    scene.deploy()
    return scene.hands(
        {
            "the first block of green appears": lambda: scene.announce(
                "node21", "10.67.1.0/26", "tor2"
            )
        }
    )


def drain_a_pool(scene: Scene) -> Hands:
    edit(scene.site, "pools.yaml", "[10.66.0.0/16, 191", "[10.66.0.0/16, 10.67.0.0/16, 191")
    first = "      - {cidr: 10.66.0.0/16, kind: workload, block_size: 26}\n"
    edit(scene.site, "pools.yaml", first, f"{first}      - {GREEN}\n")
    scene.deploy()
    scene.announce("node21", "10.67.1.0/26", "tor2")
    return scene.hands(
        {
            "the last block of the pool goes": lambda: scene.withdraw(
                "node21", "10.67.1.0/26", "tor2"
            )
        }
    )


TROUBLE = {
    "deploy-failed-half-way": deploy_failed_half_way,
    "drift-found": drift_found,
    "hijack-under-way": hijack_under_way,
    "jump-host-died": jump_host_died,
}
CHANGE = {
    "add-a-cluster": add_a_cluster,
    "drain-a-pool": drain_a_pool,
    "replace-a-switch": replace_a_switch,
    "roll-back-now": roll_back_now,
}
SCENES = {**TROUBLE, **CHANGE}


def follow(scene: Scene, page: str) -> None:
    """Set the scene of a page, and do all that it says."""
    text = text_of(page)
    hands = SCENES[page](scene)
    hands.follow(text)
    assert hands.done == [step.line for step in steps(text) if isinstance(step, Command)]
