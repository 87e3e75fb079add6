"""A deploy on FRR to the byte, and drift found and mended; the promises are in test_platforms."""

import re

import pytest
from site_fixture import Fenced, ringfence

from lab.api import Lab
from lab.topology import SWITCHES

pytestmark = pytest.mark.lab


class TestFenced:
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

    @pytest.mark.usefixtures("fenced")
    def test_the_startup_configuration_has_the_guards_too(self, lab: Lab) -> None:
        for switch in SWITCHES:
            saved = lab.run(switch, ("cat", "/etc/frr/frr.conf")).stdout
            assert "RF-" in saved


@pytest.mark.parametrize(
    ("drift", "witness", "kind"),
    [
        ("no route-map FROM-NODE deny 1", "0.0.0.0/0", "missing"),
        ("route-map FROM-NODE permit 1", "0.0.0.0/0", "foreign-line"),
        ("ip prefix-list {list} seq 1 deny 8.8.8.0/24", "8.8.8.0/24", "tampered-list"),
    ],
    ids=["guard removed", "guard turned into a permit", "list tampered with"],
)
def test_drift_is_found_with_a_witness_and_mended(
    lab: Lab, fenced: Fenced, drift: str, witness: str, kind: str
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
    leaking = [one for one in found.document["findings"] if one["effect"] == "weakened"]
    assert {one["kind"] for one in leaking if one["device"] == "tor1"} == {kind}
    assert witness in {one["witness"] for one in leaking}, leaking

    mended = ringfence("deploy", "--site", str(fenced.site), "--yes", "--json")
    assert (mended.code, mended.document["changed"]) == (0, ["tor1"]), mended.err
    assert ringfence("audit", "--site", str(fenced.site)).code == 0


def _lines(text: str) -> list[str]:
    return [line for line in text.splitlines() if line != "!"]
