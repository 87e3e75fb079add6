"""What tells the platforms apart, as data."""

from __future__ import annotations

from pathlib import Path

import pytest

from policies.dialects import DIALECTS

GOLDEN = Path(__file__).resolve().parents[2] / "golden"
CONFS = {
    "eos": "eos/tor3",
    "frr": "frr/tor1.before",
    "ios": "ios/border2",
    "junos": "junos/border1",
    "nxos": "nxos/spine2",
    "iosxr": "xr/border3",
}
IOS_GROUP = """version 17.9
router bgp 65000
 neighbor SPINES peer-group
 neighbor 10.0.0.1 peer-group SPINES
end
"""


@pytest.mark.parametrize("platform", CONFS)
def test_a_member_has_the_outbound_map_of_its_group_on_ios_alone(platform: str) -> None:
    text = (GOLDEN / f"{CONFS[platform]}.conf").read_text(encoding="utf-8")
    semantics = DIALECTS[platform].parse(text).semantics
    assert semantics.members_follow_outbound is (platform == "ios")


def test_an_ios_member_names_its_peer_group_and_a_user_of_a_template_none() -> None:
    template = " template peer-policy SPINES\n exit-peer-policy\n"
    by_template = IOS_GROUP.replace(" neighbor SPINES peer-group\n", template).replace(
        "10.0.0.1 peer-group", "10.0.0.1 inherit peer-policy"
    )
    texts = (IOS_GROUP, by_template)
    running = [DIALECTS["ios"].parse(text) for text in texts]
    assert [{str(key): one.group for key, one in of.sessions.items()} for of in running] == [
        {"SPINES": None, "10.0.0.1": "SPINES"},
        {"10.0.0.1": None},
    ]
