"""P2 on every platform: nothing leaks and nothing legitimate is lost at any moment of a change.

Attackers announce and withdraw what they must not all the time; every route that a node or
the outside learns or loses is logged as it happens, so a window of milliseconds would show.
"""

import random
from pathlib import Path

import pytest
from lab_fixture import start_somewhere
from ruamel.yaml import YAML
from site_fixture import configurations, make_site, unfence

from inventory.site import load_site
from lab.api import Lab
from lab.attacks import ATTACKS
from lab.events import Change
from lab.fabrics import FABRICS
from lab.prefixes import ORIGINS
from lab.topology import SPEAKERS, Network
from runbooks.deploy import deploy
from runbooks.progress import Progress
from tasks.fleet import Fleet

pytestmark = pytest.mark.lab

#: How often the pools change, on which fabric; the long sweeps are for `make test-slow`.
SWEEPS = [
    ("mixed", 12),
    ("turned", 12),
    *(pytest.param(name, 50, marks=pytest.mark.slow) for name in FABRICS),
]
#: Pools that come and go; none has anything to do with what is attacked or announced.
EXTRA: dict[str, list[dict[str, object]]] = {
    "orange": [
        {"cidr": "10.70.0.0/16", "kind": "workload", "block_size": 26},
        {"cidr": "10.72.0.0/18", "kind": "workload", "block_size": 24, "host_routes": True},
        {"cidr": "191.51.102.0/24", "kind": "service"},
        {"cidr": "fd00:70::/48", "kind": "workload", "block_size": 122},
        {"cidr": "fd00:702::/112", "kind": "service", "host_routes": False},
    ],
    "blue": [
        {"cidr": "10.74.0.0/15", "kind": "workload", "block_size": 25},
        {"cidr": "191.51.104.0/22", "kind": "service"},
        {"cidr": "fd00:74::/44", "kind": "workload", "block_size": 120},
    ],
}


def _change_pools(site: Path, rng: random.Random) -> None:
    """Let a random choice of the extra pools join the lab's own."""
    yaml = YAML(typ="safe")
    original = yaml.load((site / "pools.original.yaml").read_text(encoding="utf-8"))
    for name, cluster in original["clusters"].items():
        chosen = [pool for pool in EXTRA[name] if rng.random() < 0.5]
        cluster["delegated"] += [pool["cidr"] for pool in EXTRA[name]]
        cluster["pools"] += chosen
    with (site / "pools.yaml").open("w", encoding="utf-8") as file:
        yaml.dump(original, file)


@pytest.mark.parametrize(("fabric", "changes"), SWEEPS)
def test_p2_no_leak_and_no_legitimate_withdrawal_during_random_pool_changes(
    fabric: str, changes: int, tmp_path: Path
) -> None:
    lab = start_somewhere(tmp_path / "lab", fabric)
    try:
        _change_again_and_again(lab, tmp_path, changes)
    finally:
        lab.stop()


def _change_again_and_again(lab: Lab, tmp_path: Path, changes: int) -> None:
    rng = random.Random(20260917)
    path = make_site(lab, tmp_path)
    (path / "pools.yaml").rename(path / "pools.original.yaml")
    _change_pools(path, rng)
    before = configurations(lab)
    attacks: dict[str, tuple[Network, ...]] = {
        attacker: tuple(one.prefix for one in ATTACKS if one.attacker == attacker)
        for attacker in ("rogue", "node21", "outside")
    }
    legitimate = {prefix for own in ORIGINS.values() for prefix in own}
    forbidden = {prefix for own in attacks.values() for prefix in own} - legitimate
    site = load_site(path)
    names: list[str] = []
    try:
        with Fleet(site, site.devices) as fleet:
            progress = Progress(quiet=True)
            accept = ["shrink"]
            deploy(site, fleet, progress, reviewed=None, accept=accept, agreed=lambda _: True)
            lab.await_peace()
            monitor = lab.monitor()
            with (
                lab.flapping("rogue", attacks["rogue"]) as rogue,
                lab.flapping("node21", attacks["node21"]) as node21,
                lab.flapping("outside", attacks["outside"]) as outside,
            ):
                while len(names) < changes:
                    _change_pools(path, rng)
                    done = deploy(
                        load_site(path),
                        fleet,
                        progress,
                        reviewed=None,
                        accept=accept,
                        agreed=lambda _: True,
                    )
                    if done.run is not None:
                        names.append(done.run)
                rounds = [one.rounds for one in (rogue, node21, outside)]
        assert all(one >= changes for one in rounds), rounds
        leaked, lost = [], []
        for speaker in SPEAKERS:
            own = {*ORIGINS[speaker], *attacks.get(speaker, ())}
            for event in monitor.events(speaker):
                if event.change is Change.SESSION_LOST:
                    lost.append((speaker, event))
                elif event.prefix in own:
                    continue
                elif event.prefix in forbidden and event.change is Change.ANNOUNCED:
                    leaked.append((speaker, event))
                elif event.prefix in legitimate and event.change is Change.WITHDRAWN:
                    lost.append((speaker, event))
        assert leaked == []
        assert lost == []
        assert lab.missing_routes() == []
    finally:
        unfence(lab)
    assert configurations(lab) == before
