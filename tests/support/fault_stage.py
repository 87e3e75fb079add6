"""Where the cases of the fault matrix are played: :class:`Stage`, set up by :func:`rehearse`."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest
from fault_cases import PLACES
from fault_states import States, texts, traces
from fault_watch import Trips, watching
from site_fixture import edit, make_site, ringfence

from lab.topology import SWITCHES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from fault_cases import Case, Step
    from site_fixture import Ended

    from lab.api import Lab

#: Seconds for an answer: of a switch that may never give one, and of one that is well.
_SOON_S, _AT_LAST_S = 4, 30
#: How many more netmiko has.
_NETMIKO_MORE_S = 6


@dataclass(slots=True, kw_only=True)
class Stage:
    """A running lab whose switches are the old ones, and what is known of it.

    ``trips`` are the round trips that a step takes on a switch. ``usual`` is what stays behind of
    every deploy on a switch and is none of ours, such as the platform's own archive.
    """

    lab: Lab
    folder: Path
    states: States
    trips: Mapping[tuple[str, Step], int]
    usual: Mapping[str, tuple[str, ...]]
    played: int = 0
    #: Whether the last case left every switch as it found it.
    is_clean: bool = True
    #: What tests keep with it.
    more: dict[str, object] = field(default_factory=dict)

    def site(self, case: Case) -> Path:
        """Return a fresh site for ``case``, with a record of its own."""
        self.played += 1
        folder = self.folder / f"{self.played}-{case}"
        folder.mkdir()
        site = short_site(self.lab, folder, answer_s=_SOON_S)
        # What must be there when another switch fails is changed first; all else last, so that
        # something is there to be taken back.
        names = (case.switch, case.twin) if case.step.needs_a_cause else (case.twin, case.switch)
        _order(site, names)
        return site


def short_site(lab: Lab, folder: Path, *, answer_s: int = _AT_LAST_S) -> Path:
    """Return a site for ``lab`` that waits for nothing for long, and not for timers at all.

    ``answer_s`` is what it gives a switch for an answer: where none may fail, they have the time.
    """
    site = make_site(lab, folder)
    edit(site, "site.yaml", "confirm: 60, settle: 20", "confirm: 60, settle: 3, patience: 0")
    with (site / "defaults.yaml").open("a", encoding="utf-8") as file:
        file.write(f"connection_options: {{napalm: {{extras: {{timeout: {answer_s}}}}}}}\n")
    # What netmiko waits for an answer has an option of its own.
    netmikos = answer_s + _NETMIKO_MORE_S
    more = f"{{timeout: {answer_s}, optional_args: {{read_timeout_override: {netmikos}}}}}"
    head = "ios:\n  platform: ios\n"
    edit(site, "groups.yaml", head, f"{head}  connection_options: {{napalm: {{extras: {more}}}}}\n")
    return site


def _order(site: Path, names: Sequence[str]) -> None:
    """Put ``names`` in front of the site's other hosts: the waves keep that order."""
    path = site / "hosts.yaml"
    head, *blocks = re.split(r"^(?=\w+:)", path.read_text(encoding="utf-8"), flags=re.MULTILINE)
    first = [one for name in names for one in blocks if one.startswith(f"{name}:")]
    rest = [one for one in blocks if one not in first]
    path.write_text("".join([head, *first, *rest]), encoding="utf-8")


def switches_of(fabric: str) -> tuple[str, ...]:
    """Return the switches that the cases of a fabric are about."""
    pairs = [(switch, twin) for where, switch, twin in PLACES.values() if where == fabric]
    return tuple(one for one in SWITCHES if any(one in pair for pair in pairs))


def rehearse(lab: Lab, folder: Path, switches: Sequence[str]) -> Stage:
    """Deploy and roll back twice without a fault, and return what there is to know of it."""
    site = short_site(lab, folder)
    where = ("--site", str(site), "--yes", "--json")
    limit = ("--limit", ",".join(switches))
    # Once for what a platform prints only after its first change, and saves in other words.
    _well(ringfence("deploy", *where, *limit))
    _well(ringfence("rollback", *where))
    lab.await_peace()
    old = {switch: texts(lab, switch) for switch in switches}
    names = {lab.address(switch): switch for switch in switches}
    trips = Trips(
        lambda address: lab.traffic(names[address]).round_trips if address in names else 0
    )
    with pytest.MonkeyPatch.context() as patch, watching(trips, patch):
        _well(ringfence("deploy", *where, *limit))
    new = {switch: texts(lab, switch) for switch in switches}
    _well(ringfence("rollback", *where))
    lab.await_peace()
    again = {switch: texts(lab, switch) for switch in switches}
    differs = [switch for switch in switches if again[switch] != old[switch]]
    assert not differs, f"a deploy and its rollback leave something on {differs}"
    return Stage(
        lab=lab,
        folder=folder,
        states=States(old, new),
        trips={(names[address], step): count for (address, step), count in trips.found.items()},
        usual={switch: traces(lab, switch) for switch in switches},
    )


def _well(ended: Ended) -> None:
    assert ended.code == 0, ended.err
