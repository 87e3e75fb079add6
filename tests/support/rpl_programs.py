"""Made-up programs of IOS-XR's policy language, and what they do with one route at a time.

`programs` draws some that apply each other; `print_program` writes them as text; `accepts` runs
them as the platform's manual says, without set algebra. Law: shares nothing with
`policies.dialects`, whose oracle it is.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from filter_sets import UNIVERSE
from hypothesis import strategies as st

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from policies.prefix_set import Network

#: A prefix, the shortest and the longest length; an element of a set.
Element = tuple["Network", int, int]
#: ("set", name) ("inline", elements) ("other", text) ("not", x) ("and", x, y) ("or", x, y)
Condition = tuple[object, ...]
#: (word,) ("apply", name) ("if", ((condition, block), ...), block)
Statement = tuple[object, ...]
Block = tuple[Statement, ...]

POLICIES = ("P-A", "P-B", "P-C")
SETS = ("S-A", "S-B", "S-EMPTY")
MODIFIES = "set local-preference 200"
#: What no prefix can say, and what may modify a route or not.
TESTS = tuple(f"community matches-any (65000:{number})" for number in (1, 2, 3))
MAYBE = "delete community all"


@dataclass(frozen=True)
class Program:
    """Sets and policies; a policy applies only later ones."""

    sets: Mapping[str, tuple[Element, ...]]
    policies: Mapping[str, Block]


@st.composite
def elements(draw: st.DrawFn, *, above: bool) -> Element:
    """Elements; with ``above`` of lengths above the prefix's own, which means what it lies in."""
    prefix = draw(st.sampled_from(UNIVERSE[draw(st.sampled_from((4, 6)))]))
    low = draw(st.integers(max(prefix.prefixlen - 3 * above, 0), prefix.max_prefixlen))
    return prefix, low, draw(st.integers(low, prefix.max_prefixlen))


def conditions(*, unknown: bool, above: bool) -> st.SearchStrategy[Condition]:
    """Conditions; with ``unknown`` some ask what no prefix can say."""
    some = st.lists(elements(above=above), min_size=1, max_size=2).map(tuple)
    leaves = [st.sampled_from(SETS).map(lambda n: ("set", n)), some.map(lambda e: ("inline", e))]
    if unknown:
        leaves.append(st.sampled_from(TESTS).map(lambda text: ("other", text)))
    return st.recursive(
        st.one_of(*leaves),
        lambda inner: st.one_of(
            st.tuples(st.just("not"), inner),
            st.tuples(st.sampled_from(("and", "or")), inner, inner),
        ),
        max_leaves=4,
    )


def blocks(names: tuple[str, ...], *, unknown: bool, above: bool) -> st.SearchStrategy[Block]:
    """Statements that apply only ``names``."""
    words = ["pass", "drop", "done", MODIFIES, *([MAYBE] if unknown else [])]
    plain: st.SearchStrategy[Statement] = st.sampled_from(words).map(lambda word: (word,))
    if names:
        plain |= st.sampled_from(names).map(lambda name: ("apply", name))

    tests = conditions(unknown=unknown, above=above)

    def branch(inner: st.SearchStrategy[Statement]) -> st.SearchStrategy[Statement]:
        block = st.lists(inner, max_size=2).map(tuple)
        some = st.lists(st.tuples(tests, block), min_size=1, max_size=2).map(tuple)
        return st.tuples(st.just("if"), some, block)

    return st.lists(st.recursive(plain, branch, max_leaves=5), max_size=4).map(tuple)


@st.composite
def programs(draw: st.DrawFn, *, unknown: bool, above: bool = True) -> Program:
    some = st.lists(elements(above=above), min_size=1, max_size=3).map(tuple)
    return Program(
        sets={name: () if name == "S-EMPTY" else draw(some) for name in SETS},
        policies={
            name: draw(blocks(POLICIES[at:], unknown=unknown, above=above))
            for at, name in enumerate(POLICIES, start=1)
        },
    )


# Text ---------------------------------------------------------------------------------------


def print_program(program: Program) -> str:
    """Return the program in a configuration, laid out without any care."""
    lines = ["!! IOS XR Configuration 7.3.2", "hostname a"]
    for name, some in program.sets.items():
        lines += [f"prefix-set {name}", "  # a remark, with (", *_set(some), "end-set", "!"]
    for name, block in program.policies.items():
        lines += [f"route-policy {name}", *_block(block), "end-policy", "!"]
    return "\n".join((*lines, "end", ""))


def _set(some: tuple[Element, ...]) -> Iterator[str]:
    for number, one in enumerate(some, start=1):
        yield f"  {_element(one)}{',' if number < len(some) else ''}"


def _element(one: Element) -> str:
    prefix, low, high = one
    if low == high == prefix.prefixlen:
        return str(prefix)
    return f"{prefix} eq {low}" if low == high else f"{prefix} ge {low} le {high}"


def _block(block: Block) -> Iterator[str]:
    for statement in block:
        if statement[0] == "apply":
            yield f"apply {statement[1]}"
        elif statement[0] == "if":
            _, branches, otherwise = statement
            for number, (condition, inner) in enumerate(branches):  # type: ignore[arg-type, var-annotated]
                yield f"{'elseif' if number else 'if'} {_condition(condition)} then"
                yield from _block(inner)
            if otherwise:
                yield "else"
                yield from _block(otherwise)  # type: ignore[arg-type]
            yield "endif"
        else:
            yield f"  {statement[0]}  # why"


def _condition(one: Condition) -> str:
    match one:
        case ("set", name):
            return f"destination in {name}"
        case ("inline", tuple(some)):
            return f"destination in ({', '.join(_element(e) for e in some)})"
        case ("other", text):
            return str(text)
        case ("not", tuple(inner)):
            # "not" binds closest, "and" before "or": nothing else needs parentheses.
            return f"not {_condition(inner)}" if len(inner) == 2 else f"not ({_condition(inner)})"
        case ("and", tuple(left), tuple(right)):
            return f"{_inside(left)} and {_inside(right)}"
        case (_, tuple(left), tuple(right)):
            return f"{_condition(left)} or {_condition(right)}"
    raise AssertionError(one)


def _inside(one: Condition) -> str:
    return f"({_condition(one)})" if one[0] == "or" else _condition(one)


# Meaning ------------------------------------------------------------------------------------


class _Ended(Exception):  # noqa: N818 - how a policy ends at once, not an error
    """The route's fate is sealed: ``args[0]`` says whether it is accepted."""


def accepts(program: Program, name: str, route: Network, holds: frozenset[str]) -> bool:
    """Return whether the policy accepts ``route``, which ``holds`` everything in it."""
    try:
        return _run(program, program.policies[name], route, holds, passed=False)
    except _Ended as ended:
        return bool(ended.args[0])


def _run(
    program: Program, block: Block, route: Network, holds: frozenset[str], *, passed: bool
) -> bool:
    for statement in block:
        match statement:
            case ("drop",):
                raise _Ended(False)
            case ("done",):
                raise _Ended(True)
            case ("apply", str(name)):
                passed = _run(program, program.policies[name], route, holds, passed=passed)
            case ("if", tuple(branches), tuple(otherwise)):
                taken = (inner for test, inner in branches if _true(program, test, route, holds))
                passed = _run(program, next(taken, otherwise), route, holds, passed=passed)
            case (word,):
                passed = passed or word != MAYBE or MAYBE in holds
    return passed


def _true(program: Program, one: Condition, route: Network, holds: frozenset[str]) -> bool:
    match one:
        case ("set", str(name)):
            return any(_holds(element, route) for element in program.sets[name])
        case ("inline", tuple(some)):
            return any(_holds(element, route) for element in some)
        case ("other", text):
            return text in holds
        case ("not", tuple(inner)):
            return not _true(program, inner, route, holds)
        case (word, tuple(left), tuple(right)):
            first = _true(program, left, route, holds)
            second = _true(program, right, route, holds)
            return (first and second) if word == "and" else (first or second)
    raise AssertionError(one)


def _holds(element: Element, route: Network) -> bool:
    prefix, low, high = element
    if route.version != prefix.version or not low <= route.prefixlen <= high:
        return False
    shift = route.max_prefixlen - min(prefix.prefixlen, route.prefixlen)
    return int(route.network_address) >> shift == int(prefix.network_address) >> shift
