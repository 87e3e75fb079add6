"""A loaded candidate: what people see of it, and what is refused before anything is sent."""

from __future__ import annotations

import pytest
from frr_configs import configurations
from hypothesis import given

from tasks.drivers.frr.candidate import merged, replaced
from tasks.drivers.frr.config_tree import Tree, flatten, parse, render

RUNNING = """\
frr version 8.4.4
hostname tor1
!
ip prefix-list OWN seq 5 permit 192.0.2.0/24
!
route-map FROM-NODE permit 10
 set local-preference 200
exit
!
route-map TO-NODE permit 10
exit
!
end
"""


def test_a_merge_reads_like_the_device_will_print_it() -> None:
    candidate = merged(
        RUNNING,
        "route-map FROM-NODE deny 1\n match ip address prefix-list RF\n"
        "ip prefix-list RF permit 0.0.0.0/0 le 32\n",
    )
    assert candidate.diff().splitlines() == [
        "--- running",
        "+++ candidate",
        "@@ -1,6 +1,11 @@",
        " frr version 8.4.4",
        " hostname tor1",
        " ip prefix-list OWN seq 5 permit 192.0.2.0/24",
        "+ip prefix-list RF seq 5 permit 0.0.0.0/0 le 32",
        "+route-map FROM-NODE deny 1",
        "+ match ip address prefix-list RF",
        "+exit",
        "+!",
        " route-map FROM-NODE permit 10",
        "  set local-preference 200",
        " exit",
    ]
    assert candidate.definitions() == ("ip prefix-list RF seq 5 permit 0.0.0.0/0 le 32",)
    assert candidate.present == (
        "ip prefix-list RF seq 5 permit 0.0.0.0/0 le 32",
        "route-map FROM-NODE deny 1",
        "route-map FROM-NODE deny 1\tmatch ip address prefix-list RF",
    )
    assert candidate.absent == ()


def test_no_difference_shows_nothing() -> None:
    assert merged(RUNNING, "route-map TO-NODE permit 10\n").diff() == ""
    assert replaced(RUNNING, RUNNING).diff() == ""


def test_a_replacement_keeps_what_the_switch_decides() -> None:
    text = "frr version 7.5\nhostname other\nroute-map TO-NODE permit 10\n"
    candidate = replaced(RUNNING, text)
    assert candidate.intended == parse(
        "frr version 8.4.4\nhostname tor1\nroute-map TO-NODE permit 10"
    )


@given(configurations(), configurations())
def test_a_replacement_is_the_whole_text(old: Tree, new: Tree) -> None:
    candidate = replaced(render(old), render(new))
    assert candidate.intended == new
    assert parse(candidate.text()) == new
    assert candidate.expected() == tuple(flatten(new))


SIBLINGS = (
    "ip prefix-list A seq 5 permit 10.0.0.0/8 le 16\nip prefix-list A seq 10 deny 10.0.0.0/8 le 24"
)


@pytest.mark.parametrize(
    ("running", "candidate"),
    [
        pytest.param(SIBLINGS, "no ip prefix-list A seq 5", id="forwards"),
        pytest.param(SIBLINGS.splitlines()[0], SIBLINGS.splitlines()[1], id="on the way back"),
    ],
)
def test_frr_forgetting_siblings_is_refused(running: str, candidate: str) -> None:
    with pytest.raises(ValueError, match=r"same prefix \(FRRouting issue 14246\).* a new name"):
        merged(running, candidate)


@pytest.mark.parametrize("candidate", ["no ip prefix-list A", "ip prefix-list B permit 10.0.0.0/8"])
def test_whole_lists_and_others_are_not(candidate: str) -> None:
    assert merged(SIBLINGS, candidate).diff() != ""
