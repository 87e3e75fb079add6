"""Where a Junos session has its chain from, and what else is inherited or in doubt."""

from __future__ import annotations

import pytest
from junos_lines import GROUP, PEER, POLICY, accepted, parse

from policies.filters import Attachment, Direction, Running, SessionKey
from policies.prefix_set import PrefixSet

IMPORT, EXPORT = Direction


def here(running: Running, name: str = "10.0.0.1", way: Direction = IMPORT) -> Attachment:
    return running.sessions[SessionKey("", name)].attachments[4, way]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [
        (("protocols bgp import A", f"{GROUP} import B", f"{PEER} import C"), ("C", None)),
        (("protocols bgp import A", f"{GROUP} import B", f"{PEER} passive"), ("B", "G")),
        (("protocols bgp import A", f"{GROUP} type external", f"{PEER} passive"), ("A", "G")),
        ((f"{PEER} passive",), (None, None)),
        ((f"{PEER} import A", f"{PEER} import B"), ("A B", None)),
        ((f'{PEER} import "MY POLICY"', f"{PEER} import B"), ('"MY POLICY" B', None)),
        ((f"{GROUP} import B", f"{PEER} export C"), ("B", "G")),
    ],
)
def test_the_innermost_chain_decides(
    levels: tuple[str, ...], expected: tuple[str | None, str | None]
) -> None:
    found = here(parse(*levels))
    assert (found.route_map, found.inherited_from) == expected
    assert found.overrides == ()


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((f"{GROUP} family inet unicast", f"{PEER} family inet6 unicast"), {6}),
        ((f"{GROUP} family inet unicast", f"{PEER} passive"), {4}),
        (("protocols bgp family inet any", f"{PEER} passive"), {4}),
        ((f"{PEER} family inet unicast", f"{PEER} family inet6 unicast"), {4, 6}),
        ((f"{PEER} family evpn signaling",), set()),
        ((f"{PEER} passive",), {4}),
        ((f"{GROUP} neighbor 2001:db8::1 passive",), {6}),
    ],
)
def test_which_families_a_session_carries(lines: tuple[str, ...], expected: set[int]) -> None:
    running = parse(*lines)
    (one,) = [one for one in running.sessions.values() if not one.is_group]
    assert set(one.versions) == expected
    group = running.sessions[SessionKey("", "G")]
    assert set(group.versions) >= expected, "what a member has, its group can be given a guard for"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((f"{GROUP} type external",), True),
        ((f"{GROUP} type internal", f"{PEER} peer-as 65009"), False),
        ((f"{PEER} peer-as 65009",), True),
        ((f"{PEER} peer-as 65001",), False),
        ((f"{PEER} peer-as 65009", f"{GROUP} local-as 65009"), False),
        ((f"{PEER} passive",), None),
    ],
)
def test_who_is_external(lines: tuple[str, ...], expected: bool | None) -> None:
    running = parse(f"{PEER} passive", *lines)
    assert running.sessions[SessionKey("", "10.0.0.1")].is_external is expected


NO_POLICY = "protocols bgp defaults ebgp no-policy"


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        ((), [False, False]),
        ((f"{NO_POLICY} receive accept",), [False, False]),
        ((f"{NO_POLICY} receive reject",), [True, False]),
        ((f"{NO_POLICY} advertise reject-always",), [False, True]),
        ((f"{NO_POLICY} advertise reject-always", f"{GROUP} type internal"), [False, False]),
        ((f"{NO_POLICY} receive reject", f"{PEER} import A"), [False, False]),
    ],
)
def test_no_policy_is_open_unless_the_configuration_says_so(
    lines: tuple[str, ...], expected: list[bool]
) -> None:
    running = parse(f"{PEER} peer-as 65009", *lines)
    session = running.sessions[SessionKey("", "10.0.0.1")]
    assert [session.is_closed(4, way) for way in Direction] == expected


def test_what_the_main_instance_says_of_others_is_not_known() -> None:
    running = parse(
        f"{NO_POLICY} receive reject",
        "routing-instances BLUE protocols bgp group CE neighbor 10.0.0.2 peer-as 65009",
    )
    session = running.sessions[SessionKey("BLUE", "10.0.0.2")]
    assert [session.is_closed(4, way) for way in Direction] == [None, False]


DOUBTS = {
    "an inactive chain of its own": (
        (f"{PEER} import A", f"{GROUP} import B", f"deactivate {PEER} import"),
        "inactive: import",
    ),
    "an expression": ((f"{PEER} import ( A && B )",), 'import "(" A && B ")"'),
    "a chain that a group adds to": (
        (
            "apply-groups X",
            "groups X protocols bgp group <*> import B",
            f"{GROUP} import A",
            f"{PEER} passive",
        ),
        "import is also said by apply-groups",
    ),
    "a chain that two groups say": (
        (
            "apply-groups X",
            "apply-groups Y",
            "groups X protocols bgp group <*> import B",
            "groups Y protocols bgp group G import A",
            f"{PEER} passive",
        ),
        "import is also said by apply-groups",
    ),
    "a condition": (
        (
            "apply-groups X",
            "groups X when model mx480",
            "groups X protocols bgp group <*> import B",
            f"{PEER} passive",
        ),
        "import is also said by apply-groups",
    ),
    "a chain inside a family": (
        (f"{PEER} family inet unicast import A",),
        "family inet unicast import A",
    ),
    "a second group": (
        (f"{PEER} import A", "protocols bgp group H neighbor 10.0.0.1 import A"),
        "also in group G",
    ),
}


@pytest.mark.parametrize("case", DOUBTS)
def test_what_decides_is_never_guessed(case: str) -> None:
    lines, doubt = DOUBTS[case]
    running = parse(*lines, f"{POLICY} A then reject", f"{POLICY} B then reject")
    assert here(running).overrides == (doubt,)
    assert accepted(running, "10.0.0.1", 4, IMPORT) == PrefixSet.everything(4)


@pytest.mark.parametrize(
    ("lines", "expected"),
    [
        (("apply-groups X",), "B"),
        (("apply-groups Y", "apply-groups X"), "B"),
        ((f"{GROUP} apply-groups X",), "B"),
        (("protocols apply-groups X",), "B"),
        (('apply-groups "${node}"',), "N"),
        (("apply-groups X", f"{GROUP} apply-groups-except X"), None),
        (("apply-groups X", "deactivate apply-groups"), None),
        (("apply-groups X", "deactivate groups X"), None),
        ((), None),
    ],
)
def test_what_groups_say_is_inherited(lines: tuple[str, ...], expected: str | None) -> None:
    running = parse(
        "groups X protocols bgp group <*> import B",
        "groups X protocols bgp group <H*> import C",
        "groups Y protocols bgp group H import C",
        "groups node0 protocols bgp group G import N",
        f"{PEER} passive",
        *lines,
    )
    assert (here(running).route_map, here(running).overrides) == (expected, ())
    origin = here(running, "G").inherited_from
    assert origin == ("apply-groups" if expected else None)


def test_whole_policies_and_sessions_come_from_groups() -> None:
    running = parse(
        "apply-groups X",
        f"groups X {POLICY} A then reject",
        f"groups X {PEER} import A",
        f"groups X {POLICY} B term one then accept",
        f"{POLICY} B term two then reject",
        f"{GROUP} neighbor 10.0.0.2 import B",
    )
    assert accepted(running, "10.0.0.1", 4, IMPORT) == PrefixSet.empty(4)
    assert accepted(running, "10.0.0.2", 4, IMPORT) == PrefixSet.everything(4), "in which order?"
