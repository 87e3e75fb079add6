"""RPL of the virtual IOS-XR: what is refused, and what a policy does with a route."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from program_runner import Sample, run

from lab.switch.iosxr.policies import FaultyPolicyError, Library, UnsupportedError
from lab.switch.iosxr.rpl import parse_policy, prefix_range
from lab.switch.iosxr.tree import parse

#: Statements or a condition as hypothesis makes them: lists, tuples and words in each other.
Block = Any

SETS = """\
prefix-set V4
  10.0.0.0/8 ge 24 le 26,
  192.0.2.0/24
end-set
!
prefix-set BOTH
  10.0.0.0/8 le 32,
  2001:db8::/32 eq 48
end-set
!
prefix-set NOTHING
end-set
!
community-set TAGS
  65000:1,
  65000:2
end-set
!
as-path-set OURS
  ios-regex '^64496_'
end-set
!
route-policy DROPS
  drop
end-policy
!
route-policy SILENT
end-policy
!
route-policy DONE
  done
end-policy
!
route-policy PASSES
  pass
end-policy
!
route-policy SETS($value, $set)
  if community matches-any $set then
    set med $value
  endif
end-policy
!
"""
TEN = "10.1.2.0/24"
ELSE = "203.0.113.0/24"
TAGGED = Sample(TEN, frozenset({"65000:1"}))


def _does(body: str, route: Sample, name: str = "X") -> tuple[bool, tuple[str, ...]]:
    library = Library.of(parse(f"{SETS}route-policy {name}\n{body}\nend-policy\n"))
    return run(library.program(name), route)


@pytest.mark.parametrize(
    ("body", "prefix", "verdict"),
    [
        ("", TEN, (False, ())),
        ("pass", TEN, (True, ())),
        ("pass drop", TEN, (False, ())),
        ("drop pass", TEN, (False, ())),
        ("set med 5", TEN, (True, ("metric 5",))),
        ("set med 5 drop", TEN, (False, ())),
        ("done drop", TEN, (True, ())),
        ("if destination in V4 then pass endif", TEN, (True, ())),
        ("if destination in V4 then pass endif", "10.0.0.0/8", (False, ())),
        ("if destination in V4 then pass endif", "192.0.2.0/24", (True, ())),
        ("if destination in V4 then pass endif", "192.0.2.0/25", (False, ())),
        ("if not destination in V4 then drop endif pass", ELSE, (False, ())),
        ("if not destination in V4 then drop endif pass", TEN, (True, ())),
        ("if destination in BOTH then pass endif", "2001:db8:1::/48", (True, ())),
        ("if destination in BOTH then pass endif", "2001:db8:1::/49", (False, ())),
        ("if destination in NOTHING then pass else set med 1 endif", TEN, (True, ("metric 1",))),
        ("if destination in (10.0.0.0/8 le 24, ::/0) then pass endif", TEN, (True, ())),
        ("if destination in (0.0.0.0/0 le 32) then drop endif pass", "2001:db8::/32", (True, ())),
        (
            "if destination in V4 then pass elseif destination in BOTH then drop else pass endif",
            "10.0.0.0/8",
            (False, ()),
        ),
        ("apply DROPS pass", TEN, (False, ())),
        ("pass apply SILENT", TEN, (True, ())),
        ("apply SILENT", TEN, (False, ())),
        ("apply PASSES", TEN, (True, ())),
        ("apply DONE drop", TEN, (True, ())),
        ("prepend as-path 65000 2", TEN, (True, ("as-path prepend 65000 65000",))),
        ("delete community all", TEN, (True, ("community none",))),
        ("# drop\npass", TEN, (True, ())),
    ],
)
def test_a_policy_ends_as_the_language_says(
    body: str, prefix: str, verdict: tuple[bool, tuple[str, ...]]
) -> None:
    assert _does(body, Sample(prefix)) == verdict


@pytest.mark.parametrize(
    ("condition", "holds"),
    [
        ("community matches-any TAGS", True),
        ("community matches-any (65000:3, 65000:1)", True),
        ("community matches-every TAGS", False),
        ("community matches-every (65000:1)", True),
        ("as-path in OURS", True),
        ("as-path originates-from '64500'", True),
        ("as-path passes-through '64500'", True),
        ("as-path neighbor-is '64500'", False),
        ("not community matches-any TAGS or as-path in OURS", True),
        ("not (community matches-any TAGS or as-path in OURS)", False),
        ("destination in V4 and community matches-any (65000:9) or as-path in OURS", True),
        ("destination in V4 and (community matches-any (65000:9) or as-path in OURS)", True),
        ("afi is ipv6", False),
    ],
)
def test_a_condition_holds(condition: str, *, holds: bool) -> None:
    route = Sample(TEN, frozenset({"65000:1"}), "64496 64500")
    assert _does(f"if {condition} then pass else drop endif", route)[0] is holds


def test_arguments_reach_conditions_and_actions() -> None:
    assert _does("apply SETS(70, TAGS)", TAGGED) == (True, ("metric 70",))
    assert _does("apply SETS(70, TAGS)", Sample(TEN)) == (False, ())
    library = Library.of(parse(SETS))
    assert run(library.program("SETS(7, TAGS)"), TAGGED) == (True, ("metric 7",))


@pytest.mark.parametrize(
    "body",
    [
        "drpo",
        "if destination in V4 pass endif",
        "if destination in V4 then pass",
        "endif",
        "if destination then pass endif",
        "set local-prefrence 5",
        "if destination in (10.0.0.0/8,, 11.0.0.0/8) then pass endif",
        "if as-path passes-through '64500 then pass endif",
    ],
)
def test_what_is_no_rpl_is_refused(body: str) -> None:
    with pytest.raises(FaultyPolicyError):
        parse_policy("route-policy X", body.splitlines())


@pytest.mark.parametrize(
    "member",
    ["10.0.0.0/33", "10.0.0.0/24 le 16", "10.0.0.0/8 ge 26 le 24", "ten", "10.0.0.0/8 eq 26 le 28"],
)
def test_what_is_no_member_of_a_prefix_set_is_refused(member: str) -> None:
    with pytest.raises(FaultyPolicyError):
        prefix_range(member)


@pytest.mark.parametrize(
    "body", ["set med igp-cost", "set tag 5", "if med ge 5 then pass endif", "set community (*:5)"]
)
def test_what_has_no_counterpart_is_refused_rather_than_guessed(body: str) -> None:
    with pytest.raises(UnsupportedError):
        _does(body, TAGGED)


@dataclass
class _State:
    """What an interpreter of statements, one after the other, knows."""

    passed: bool = False
    changes: list[str] = field(default_factory=list)


class _EndError(Exception):
    def __init__(self, *, accept: bool) -> None:
        self.accept = accept


_SETS = {"V4": ((TEN, True), (ELSE, False)), "TAGS": ()}
_conditions = st.recursive(
    st.sampled_from([("destination in V4", "ten"), ("community matches-any TAGS", "tag")]),
    lambda inner: st.one_of(
        st.tuples(st.just("not"), inner),
        st.tuples(st.sampled_from(["and", "or"]), inner, inner),
    ),
    max_leaves=5,
)
_plain = st.sampled_from(["pass", "drop", "done", "set med 1", "set local-preference 2"])
_blocks = st.recursive(
    st.lists(_plain, max_size=3),
    lambda block: st.lists(
        st.one_of(
            _plain,
            st.tuples(
                st.lists(st.tuples(_conditions, block), min_size=1, max_size=3),
                st.none() | block,
            ),
        ),
        max_size=4,
    ),
    max_leaves=8,
)


def _condition_text(condition: Block) -> str:
    if condition[0] == "not":
        return f"not ({_condition_text(condition[1])})"
    if condition[0] in {"and", "or"}:
        left, right = (_condition_text(one) for one in condition[1:])
        return f"({left} {condition[0]} {right})"
    return str(condition[0])


def _text(block: Block) -> str:
    lines = []
    for one in block:
        if isinstance(one, str):
            lines.append(one)
            continue
        branches, otherwise = one
        for number, (condition, inside) in enumerate(branches):
            word = "elseif" if number else "if"
            lines += [f"{word} {_condition_text(condition)} then", _text(inside)]
        lines += ["endif"] if otherwise is None else ["else", _text(otherwise), "endif"]
    return "\n".join(lines)


def _true(condition: Block, facts: dict[str, bool]) -> bool:
    if condition[0] == "not":
        return not _true(condition[1], facts)
    if condition[0] in {"and", "or"}:
        left, right = (_true(one, facts) for one in condition[1:])
        return (left and right) if condition[0] == "and" else (left or right)
    return facts[str(condition[1])]


def _interpret(block: Block, facts: dict[str, bool], state: _State) -> None:
    words = {"set med 1": "metric 1", "set local-preference 2": "local-preference 2"}
    for one in block:
        if isinstance(one, str):
            if one in {"drop", "done"}:
                raise _EndError(accept=one == "done")
            state.passed = True
            state.changes += [words[one]] if one in words else []
        else:
            branches, otherwise = one
            taken = next((inside for test, inside in branches if _true(test, facts)), otherwise)
            _interpret(taken or [], facts, state)


@given(block=_blocks, ten=st.booleans(), tag=st.booleans())
def test_a_compiled_policy_does_what_its_statements_do(
    block: Block, *, ten: bool, tag: bool
) -> None:
    route = Sample(TEN if ten else ELSE, frozenset({"65000:1"} if tag else ()))
    state = _State()
    try:
        _interpret(block, {"ten": ten, "tag": tag}, state)
        accept = state.passed
    except _EndError as end:
        accept = end.accept
    assert _does(_text(block), route) == (accept, tuple(state.changes) if accept else ())
