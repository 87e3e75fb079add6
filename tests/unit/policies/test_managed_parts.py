"""What a plan was made from, object by object, and the digest that stands on it."""

from __future__ import annotations

import pytest
from bgp_texts import TEXTS
from paper_fleet import TEXTS as SWITCHES

from policies.dialects import DIALECTS
from policies.managed import digest, parts

TOR = SWITCHES["tor1"].replace(
    "end\n",
    "ip prefix-list RF-in-x-v4-1 seq 5 permit 10.0.0.0/8\n"
    "ip prefix-list ELSEWHERE seq 5 permit 10.0.0.0/8\n"
    "route-map UNUSED permit 10\nexit\nend\n",
)


def changed(old: str, new: str) -> list[str]:
    """Return the parts that differ once ``old`` is replaced in the ToR."""
    assert old in TOR
    was, now = (parts(DIALECTS["frr"].parse(text)) for text in (TOR, TOR.replace(old, new)))
    return sorted({str(one) for one in set(was) ^ set(now)})


@pytest.mark.parametrize(
    ("old", "new", "expected", "decides"),
    [
        ("FROM-NODE permit 10", "FROM-NODE permit 11", ["route-map FROM-NODE"], True),
        ("x-v4-1 seq 5 permit", "x-v4-1 seq 5 deny", ["prefix-list RF-in-x-v4-1 (ipv4)"], True),
        ("NODE in", "NODE2 in", ["ipv4 import policy of NODES", "route-map FROM-NODE"], True),
        (
            "10.255.11.0 remote-as 65000\n",
            "10.255.11.0 remote-as 65000\n neighbor 10.255.11.0 peer-group NODES\n",
            ["ipv4 import policy of 10.255.11.0", "neighbor 10.255.11.0"],
            True,
        ),
        # The operator's own list changes what the plan means; taking a run back does not undo it.
        ("permit 192.0.2.0/24", "permit 192.0.3.0/24", ["prefix-list OPERATORS (ipv4)"], False),
        ("ELSEWHERE seq 5 permit", "ELSEWHERE seq 5 deny", [], False),
        ("UNUSED permit", "UNUSED deny", [], False),
        (" bgp listen", " bgp log-neighbor-changes\n bgp listen", [], False),
    ],
)
def test_each_object_has_its_digest(old: str, new: str, expected: list[str], decides: bool) -> None:
    assert changed(old, new) == expected
    texts = (TOR, TOR.replace(old, new))
    assert len({digest(DIALECTS["frr"].parse(text)) for text in texts}) == 1 + decides


@pytest.mark.parametrize("platform", TEXTS)
def test_names_tell_objects_apart_and_the_same_text_is_the_same(platform: str) -> None:
    one, other = (parts(DIALECTS[platform].parse(TEXTS[platform])) for _ in range(2))
    assert one == other != ()
    assert len({(part.kind, part.name) for part in one}) == len(one)
