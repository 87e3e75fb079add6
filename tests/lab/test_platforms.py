"""The promises on every platform: one suite over two fabrics, in which each has two roles.

Every test runs over the whole fabric, whose six switches are of six platforms; what it says of
one switch is parametrised over them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from lab_fixture import start_somewhere
from site_fixture import Fenced, configurations, edit, ringfence, unfence

from inventory.site import load_site
from lab.attacks import ATTACKS
from lab.scoreboard import exceptions
from lab.topology import SWITCHES
from policies.accepts import Judge
from policies.dialects import DIALECTS
from policies.filters import SessionKey
from policies.guards import wanted_guards

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from lab.api import Lab

pytestmark = pytest.mark.lab

#: Guarded sessions times families times directions, counted by hand from the matrix.
SLOTS = {"border1": 10, "border2": 10, "spine1": 12, "spine2": 12, "tor1": 6, "tor2": 8}
#: What stands on a session of a platform where the guard goes ahead of the policy.
ATTACHED = {"iosxr_netconf": "route-policy ", "junos": " import ", "frr": None}


@pytest.fixture(scope="module", params=["mixed", "turned"])
def lab(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    running = start_somewhere(tmp_path_factory.mktemp("fabric"), request.param)
    yield running
    running.stop()


def test_before_a_deploy_every_attack_reaches_its_victims(lab: Lab) -> None:
    assert exceptions(lab.drill(), "open") == []


class TestFenced:
    @pytest.mark.usefixtures("fenced")
    def test_no_attack_reaches_anybody_and_every_legitimate_route_is_in_place(
        self, lab: Lab
    ) -> None:
        report = lab.drill()
        assert len(report.results) == len(ATTACKS)
        assert exceptions(report, "blocked") == []
        assert report.missing == ()

    @pytest.mark.parametrize("switch", SWITCHES)
    def test_p1_what_the_running_configuration_accepts_is_inside_the_pools(
        self, lab: Lab, fenced: Fenced, switch: str
    ) -> None:
        # What is guarded is read off the site and the switch here, not off what was installed.
        running = DIALECTS[lab.platform(switch)].parse(lab.running_config(switch))
        judge = Judge(running)
        judged = []
        for guard in wanted_guards(load_site(fenced.site))[switch]:
            for session in running.sessions.values():
                if guard.session not in {session.key, SessionKey("", session.group or "")}:
                    continue
                for version in session.versions:
                    may = judge.session(session, version, guard.direction).may
                    outside = may - guard.fence.allowed[version]
                    assert not outside, (session.key, guard.direction, outside.witness())
                    judged.append((session.key.name, version, guard.direction))
        assert {version for _, version, _ in judged} == {4, 6}
        assert len(judged) == SLOTS[switch]

    @pytest.mark.parametrize("switch", SWITCHES)
    def test_p5_what_is_not_ringfences_is_line_for_line_what_it_was(
        self, lab: Lab, fenced: Fenced, switch: str
    ) -> None:
        before, now = fenced.before[switch].splitlines(), configurations(lab)[switch].splitlines()
        assert now != before
        gone = lost_lines(before, now)
        ahead = ATTACHED.get(lab.platform(switch))
        # A guard ahead of a policy takes its place on the session, and nothing else moves.
        assert all(ahead is not None and ahead.strip() in line for line in gone), gone

    def test_a_second_deploy_changes_nothing_and_says_so(self, lab: Lab, fenced: Fenced) -> None:
        before = configurations(lab)
        done = ringfence("deploy", "--site", str(fenced.site), "--yes", "--json")
        assert (done.code, done.document["run"], done.document["changed"]) == (0, None, [])
        assert configurations(lab) == before
        assert ringfence("plan", "--check", "--site", str(fenced.site)).code == 0

    @pytest.mark.usefixtures("fenced")
    def test_what_was_confirmed_is_saved(self, lab: Lab) -> None:
        for switch in SWITCHES:
            assert "RF-" in lab.control(switch, "startup"), switch

    def test_audit_and_verify_are_clean(self, fenced: Fenced) -> None:
        for command in ("audit", "verify"):
            done = ringfence(command, "--site", str(fenced.site), "--json")
            assert done.code == 0
            assert {one["state"] for one in done.document["devices"]} == {"clean"}

    def test_drift_is_found_on_every_switch_with_a_witness_and_mended(
        self, lab: Lab, fenced: Fenced
    ) -> None:
        clean = configurations(lab)
        unfence(lab)
        found = ringfence("audit", "--site", str(fenced.site), "--json")
        assert found.code == 2
        for one in found.document["devices"]:
            assert one["state"] == "differs"
            findings = [
                each for each in found.document["findings"] if each["device"] == one["device"]
            ]
            assert {each["kind"] for each in findings} == {"missing"}, findings
            leaks = [each for each in findings if each["effect"] == "weakened"]
            assert "0.0.0.0/0" in {each["witness"] for each in leaks}, findings
            assert all(each["lines"] for each in leaks), leaks
        mended = ringfence("deploy", "--site", str(fenced.site), "--yes", "--json")
        assert (mended.code, sorted(mended.document["changed"])) == (0, sorted(SWITCHES))
        assert configurations(lab) == clean

    def test_a_change_of_the_pools_and_its_rollback(self, lab: Lab, fenced: Fenced) -> None:
        first = configurations(lab)
        site = str(fenced.site)
        old, new = "10.65.0.0/16, kind: workload", "10.65.0.0/17, kind: workload"
        edit(fenced.site, "pools.yaml", old, new)
        try:
            changed = ringfence("deploy", "--site", site, "--yes", "--accept", "shrink")
            assert changed.code == 0, changed.err
            assert all(configurations(lab)[switch] != first[switch] for switch in SWITCHES)
            back = ringfence("rollback", "--site", site, "--yes")
            assert back.code == 0, back.err
            now = configurations(lab)
            for switch in SWITCHES:
                if lab.platform(switch) == "junos":
                    # Junos keeps policies in the order of their making: ours come last again.
                    assert sorted(now[switch].splitlines()) == sorted(first[switch].splitlines())
                else:
                    assert now[switch] == first[switch]
        finally:
            edit(fenced.site, "pools.yaml", new, old)


def lost_lines(before: Sequence[str], now: Sequence[str]) -> list[str]:
    """Return the lines of ``before`` that ``now`` does not have in their order."""
    lost, at = [], 0
    for line in before:
        try:
            at = now.index(line, at) + 1
        except ValueError:
            lost.append(line)
    return lost
