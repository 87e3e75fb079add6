"""A deploy on real daemons: attacks blocked, legitimate routes in place, nothing else touched."""

import re

import pytest
from site_fixture import Fenced, configurations, ringfence

from inventory.site import load_site
from lab.api import Lab
from lab.attacks import ATTACKS
from lab.scoreboard import exceptions
from lab.topology import SWITCHES
from policies.accepts import Judge
from policies.dialects import DIALECTS
from policies.filters import SessionKey
from policies.guards import wanted_guards

pytestmark = pytest.mark.lab

#: Guarded sessions times families times directions, counted by hand from the matrix.
SLOTS = {"border1": 10, "border2": 10, "spine1": 12, "spine2": 12, "tor1": 6, "tor2": 8}


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
        running = DIALECTS["frr"].parse(lab.running_config(switch))
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
    def test_p5_what_is_not_ringfences_is_byte_for_byte_what_it_was(
        self, lab: Lab, fenced: Fenced, switch: str
    ) -> None:
        ours = re.compile(
            r"route-map \S+ deny \d+\n match ipv?6? address prefix-list RF-.*\nexit\n!\n"
            r"|ipv?6? prefix-list RF-.*\n"
        )
        now = lab.running_config(switch)
        assert now != fenced.before[switch]
        # FRR prints one "!" after the IPv6 lists, also where ours are the only ones.
        assert _lines(ours.sub("", now)) == _lines(fenced.before[switch])

    def test_a_second_deploy_changes_nothing_and_says_so(self, lab: Lab, fenced: Fenced) -> None:
        before = configurations(lab)
        done = ringfence("deploy", "--site", str(fenced.site), "--yes", "--json")
        assert (done.code, done.document["run"], done.document["changed"]) == (0, None, [])
        said = ringfence("deploy", "--site", str(fenced.site), "--yes")
        assert "nothing to do" in said.out
        assert configurations(lab) == before
        assert ringfence("plan", "--check", "--site", str(fenced.site)).code == 0

    @pytest.mark.usefixtures("fenced")
    def test_the_startup_configuration_has_the_guards_too(self, lab: Lab) -> None:
        for switch in SWITCHES:
            saved = lab.run(switch, ("cat", "/etc/frr/frr.conf")).stdout
            assert "RF-" in saved

    def test_audit_and_verify_are_clean(self, fenced: Fenced) -> None:
        for command in ("audit", "verify"):
            done = ringfence(command, "--site", str(fenced.site), "--json")
            assert done.code == 0
            assert {one["state"] for one in done.document["devices"]} == {"clean"}


@pytest.mark.parametrize(
    ("drift", "witness"),
    [
        ("no route-map FROM-NODE deny 1", "0.0.0.0/0"),
        ("route-map FROM-NODE permit 1", "0.0.0.0/0"),
        ("ip prefix-list {list} seq 1 deny 8.8.8.0/24", "8.8.8.0/24"),
    ],
    ids=["guard removed", "guard turned into a permit", "list tampered with"],
)
def test_drift_is_found_with_a_witness_and_mended(
    lab: Lab, fenced: Fenced, drift: str, witness: str
) -> None:
    clean = lab.running_config("tor1")
    name = re.search(r"match ip address prefix-list (RF-out-orange-v4\S+)", clean)
    assert name is not None
    words = ("-c", "configure terminal", "-c", drift.format(list=name[1]))
    lab.run("tor1", ("vtysh", *words))

    found = ringfence("audit", "--site", str(fenced.site), "--json")
    assert found.code == 2
    states = {one["device"]: one["state"] for one in found.document["devices"]}
    assert [device for device, state in states.items() if state == "differs"] == ["tor1"]
    leaking = next(one for one in found.document["devices"] if one["device"] == "tor1")["leaks"]
    assert any(witness in leak for leak in leaking), leaking

    mended = ringfence("deploy", "--site", str(fenced.site), "--yes", "--json")
    assert (mended.code, mended.document["changed"]) == (0, ["tor1"]), mended.err
    assert ringfence("audit", "--site", str(fenced.site)).code == 0


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line != "!"]
