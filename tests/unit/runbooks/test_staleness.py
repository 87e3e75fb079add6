"""A reviewed plan is carried out where it is still what would be planned, and nowhere else."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, Protocol

import pytest
from builders import POOLS, SITE, make_site
from paper_fleet import PaperFleet

import runbooks.deploy
from inventory.errors import InputError, RefusedError
from inventory.site import load_site
from policies.errors import LimitError
from policies.limits import ACCEPTABLE, LIMITS
from runbooks.deploy import deploy
from runbooks.plan_file import Plan, load_plan
from runbooks.planning import make_plan
from runbooks.progress import Progress
from runbooks.staleness import INFORMATIVE, KINDS, ensure_fresh, ensure_same_inputs, staleness

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from inventory.site import Site

#: A route that the guard of the nodes drops, so that the plan has something accepted in it.
ROUTES = {"tor1": {"NODES": ("9.9.9.0/24", "10.65.0.0/26")}}
ACCEPTED = ("drops-routes",)
#: A pool outside its delegation, so that the plan has a note in it, and just that one.
NOTED = POOLS.replace("delegated: [10.66.0.0/16]", "delegated: [10.66.0.0/17]")


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path / "site", pools=NOTED, site=SITE + "min_depth: 0\n")


def planned(
    site: Site, fleet: PaperFleet | None = None, accept: tuple[str, ...] = ACCEPTED
) -> Plan:
    fleet = fleet or PaperFleet(routes=ROUTES)
    return make_plan(site, fleet, Progress(quiet=True), accept=accept).plan  # type: ignore[arg-type]


class ReachedError(Exception):
    """The plan was about to be carried out."""


class Deploys(Protocol):
    def __call__(self, plan: Plan, fleet: PaperFleet | None = None) -> None: ...


@pytest.fixture
def deploys(site: Site, monkeypatch: pytest.MonkeyPatch) -> Deploys:
    """Return what deploys a plan, but for carrying it out."""

    def carry_out(*_: object) -> None:
        raise ReachedError

    monkeypatch.setattr(runbooks.deploy, "carry_out", carry_out)

    def run(plan: Plan, fleet: PaperFleet | None = None) -> None:
        deploy(
            load_site(site.path),
            fleet or PaperFleet(routes=ROUTES),  # type: ignore[arg-type]
            Progress(quiet=True),
            reviewed=plan,
            accept=(),
            agreed=lambda _: pytest.fail("nobody is to be asked"),
        )

    return run


def refused(deploys: Deploys, plan: Plan, fleet: PaperFleet | None = None) -> str:
    with pytest.raises(RefusedError) as caught:
        deploys(plan, fleet)
    return str(caught.value)


def test_a_plan_that_nothing_changed_since_is_carried_out(site: Site, deploys: Deploys) -> None:
    plan = planned(site)
    assert (plan.accepted, len(plan.findings), plan.changed[0].drops != ()) == (ACCEPTED, 1, True)
    with pytest.raises(ReachedError):
        deploys(plan)
    later = plan.model_copy(update={"created": "2001-01-01T00:00:00+00:00", "by": "else@where"})
    with pytest.raises(ReachedError):
        deploys(later)


@pytest.mark.parametrize("name", ["pools.yaml", "site.yaml", "hosts.yaml", "groups.yaml"])
def test_the_file_that_changed_is_named_before_a_device_is_asked(
    name: str, site: Site, deploys: Deploys
) -> None:
    plan, fleet = planned(site), PaperFleet(routes=ROUTES)
    with (site.path / name).open("a") as file:
        file.write("# changed\n")
    said = refused(deploys, plan, fleet)
    assert said.startswith(f"the plan is stale: {name} of the site changed since it was made;")
    assert fleet.asked == []


def test_a_file_that_came_is_named(site: Site, deploys: Deploys) -> None:
    plan = planned(site)
    (site.path / "defaults.yaml").write_text("{}\n")
    assert "stale: defaults.yaml of the site" in refused(deploys, plan)


def edited(old: str, new: str, name: str = "tor1") -> PaperFleet:
    fleet = PaperFleet(routes=ROUTES)
    assert old in fleet.texts[name]
    fleet.texts[name] = fleet.texts[name].replace(old, new)
    return fleet


@pytest.mark.parametrize(
    ("fleet", "said"),
    [
        (
            edited("route-map FROM-NODE permit 10\n", "route-map FROM-NODE permit 20\n"),
            "tor1: its route-map FROM-NODE is not what the plan was made from;",
        ),
        (
            edited("permit 192.0.2.0/24", "permit 192.0.3.0/24"),
            "tor1: its prefix-list OPERATORS (ipv4) is not what the plan was made from;",
        ),
        (
            edited("ip prefix-list OPERATORS seq 5 permit 192.0.2.0/24\n", ""),
            "tor1: its prefix-list OPERATORS (ipv4) is gone;",
        ),
        (
            edited("end\n", "ip prefix-list RF-mine seq 5 permit any\nend\n", "spine1"),
            "spine1: its prefix-list RF-mine (ipv4) is new;",
        ),
        (
            edited("  neighbor 10.255.1.0 route-map FROM-BORDER in\n", "", "spine1"),
            (
                "spine1: its route-map FROM-BORDER is gone; its ipv4 import policy of 10.255.1.0 "
                "is not what the plan was made from;"
            ),
        ),
        (
            edited(
                "  neighbor 203.0.113.1 route-map FROM-OUTSIDE in\n",
                "  neighbor 203.0.113.1 route-map FROM-SPINE in\n",
                "border1",
            ),
            None,
        ),
    ],
    ids=["route-map", "operator's list", "list gone", "list new", "policy gone", "now refused"],
)
def test_the_object_that_changed_is_named(
    fleet: PaperFleet, said: str | None, site: Site, deploys: Deploys
) -> None:
    plan = planned(site)
    if said is None:
        with pytest.raises(LimitError):
            deploys(plan, fleet)
    else:
        assert refused(deploys, plan, fleet).startswith(f"the plan is stale: {said}")


def test_routes_that_it_would_drop_now_are_named(site: Site, deploys: Deploys) -> None:
    now = {"tor1": {"NODES": ("8.8.8.0/24", "10.65.0.0/26")}}
    said = refused(deploys, planned(site), PaperFleet(routes=now))
    assert said == (
        "the plan is stale: tor1: 8.8.8.0/24 from NODES would be dropped now; 9.9.9.0/24 from "
        "NODES is not dropped any more; nothing was changed, make a new plan"
    )


def test_more_or_fewer_routes_that_stay_make_no_plan_stale(site: Site, deploys: Deploys) -> None:
    now = {"tor1": {"NODES": ("9.9.9.0/24", "10.65.0.64/26", "10.65.1.0/26")}}
    with pytest.raises(ReachedError):
        deploys(planned(site), PaperFleet(routes=now))


def test_a_diff_of_the_device_that_is_another_is_shown(site: Site, deploys: Deploys) -> None:
    fleet = PaperFleet(routes=ROUTES, diff_ends={"border1": "+one more\n"})
    said = refused(deploys, planned(site), fleet)
    assert "border1: its own diff is another one now: line " in said
    assert " was not there, and is `+one more`;" in said


def test_what_no_file_can_hold_makes_no_plan_stale(site: Site, tmp_path: Path) -> None:
    plan = planned(site)
    odd = plan.devices[0].model_copy(update={"closed": ("ipv4 import of \ud800",)})
    now = plan.model_copy(update={"devices": (odd, *plan.devices[1:])})
    (tmp_path / "plan.json").write_text(now.text(), encoding="utf-8")
    ensure_fresh(load_plan(tmp_path / "plan.json"), now)
    with pytest.raises(RefusedError, match="its closed would be another now"):
        ensure_fresh(plan, now)


def test_a_device_that_is_gone_or_new_is_named(site: Site) -> None:
    plan = planned(site)
    fewer = plan.model_copy(update={"devices": plan.devices[:2]})
    with pytest.raises(RefusedError, match="stale: border1: it is not part of this run;"):
        ensure_fresh(plan, fewer)
    with pytest.raises(RefusedError, match="it says nothing of border1; use --limit"):
        ensure_fresh(fewer, plan)


def test_a_plan_of_another_site_a_rollback_or_an_earlier_ringfence_is_refused(
    site: Site, deploys: Deploys
) -> None:
    plan = planned(site)
    for update, said in (
        ({"site": "dc2"}, "the plan is for the site dc2, this is dc1;"),
        ({"undoes": "20260101T000000Z"}, "ringfence rollback 20260101T000000Z;"),
        ({"files": ()}, "an earlier ringfence made it; make a new plan"),
        ({"limits": ()}, "an earlier ringfence made it; make a new plan"),
        ({"devices": ()}, "it names no device, or one twice;"),
        ({"devices": (*plan.devices, plan.devices[0])}, "it names no device, or one twice;"),
        ({"inputs": "sha256:0"}, "its digests of the site's files do not fit each other;"),
        ({"files": plan.files[::-1]}, "its digests of the site's files do not fit each other;"),
    ):
        assert said in refused(deploys, plan.model_copy(update=update))


CHANGED: dict[str, tuple[dict[str, Any], str]] = {
    "digest": ({"digest": "sha256:0"}, "its filters, or what they stand on, are not what"),
    "candidate": ({"candidate": "no\n"}, "it would be sent something else now: line 1 was `no`"),
    "way back": ({"way_back": ""}, "its way back is another one now: line 1 was not there"),
    "device diff": ({"device_diff": "+x"}, "its own diff is another one now: line 1 was `+x`"),
    "drops": ({"drops": ()}, "9.9.9.0/24 from NODES would be dropped now"),
    "changes": ({"changes": ()}, "10.255.11.0 ipv4 export starts or stops to let through"),
    "rest": ({"digest_after": "sha256:0", "closed": ("x",)}, "its digest_after and closed would"),
    "parts": ({"parts": ()}, "its route-map FROM-NODE is new; its route-map TO-SPINE is"),
}


@pytest.mark.parametrize("kind", KINDS)
def test_each_kind_of_difference_has_its_words(kind: str, site: Site) -> None:
    new = planned(site).devices[0]
    update, said = CHANGED[kind]
    old = new.model_copy(update=update)
    assert (staleness(old, new) or "").startswith(said)
    # Nothing else tells of it first, and without its own words it is found all the same.
    assert next(one for one in KINDS if KINDS[one](old, new)) == kind
    assert staleness(new, new) is None


def test_waves_that_are_others_are_told(site: Site) -> None:
    plan = planned(site)
    other = plan.model_copy(update={"waves": (*plan.waves[::-1], ("tor1",))})
    with pytest.raises(RefusedError, match=r"the waves were .*; then tor1, and are "):
        ensure_fresh(other, plan)


def test_long_lines_are_quoted_and_many_differences_named_in_part(site: Site) -> None:
    new = planned(site).devices[0]
    long = new.model_copy(update={"candidate": "x" * 1000})
    assert f"was `{'x' * 100}...`, and is `ip prefix-list" in (staleness(long, new) or "")
    none = new.model_copy(update={"parts": ()})
    said = staleness(none, new) or ""
    assert said.count(" is new") == 5
    assert said.endswith(f"; and {len(new.parts) - 5} more")


@pytest.mark.parametrize("name", ACCEPTABLE)
def test_what_a_plan_accepts_can_neither_be_widened_nor_narrowed(
    name: str, site: Site, deploys: Deploys
) -> None:
    plan = planned(site)
    other = tuple(sorted({*plan.accepted} ^ {name}))
    said = refused(deploys, plan.model_copy(update={"accepted": other}))
    if name in ACCEPTED:
        assert "[limit drops-routes]" in said
    else:
        assert (
            said
            == "the plan is stale: its notes are others now; nothing was changed, make a new plan"
        )


def test_an_accepted_limit_that_nothing_breaks_is_noted(site: Site) -> None:
    plan = planned(site, accept=(*ACCEPTED, "shrink"))
    assert plan.accepted == ("drops-routes", "shrink")
    assert plan.findings[1:] == ("--accept shrink was not needed: the plan keeps that limit",)


def test_a_plan_says_every_limit_its_value_and_what_was_found(site: Site) -> None:
    limits = {one.name: one for one in planned(site).limits}
    assert list(limits) == list(LIMITS)
    assert {name for name, one in limits.items() if one.state == "accepted"} == set(ACCEPTED)
    assert limits["drops-routes"].model_dump() == {
        "name": "drops-routes",
        "allows": "no route that is accepted right now is dropped",
        "setting": "always so",
        "state": "accepted",
        "flag": "--accept drops-routes",
        "found": ("tor1: routes accepted right now would be dropped: 1 from NODES: 9.9.9.0/24",),
    }
    assert limits["shrink"].allows == "25% of a cluster's addresses on a session"
    assert [one.flag for one in limits.values()].count(None) == len(LIMITS) - 1


def edits(node: Any, path: str = "") -> Iterator[tuple[str, Any]]:  # noqa: ANN401
    """Yield every document that differs from ``node`` in one place, and what that place is."""
    if isinstance(node, dict):
        for key, value in node.items():
            for at, other in edits(value, f"{path}.{key}"):
                yield at, {**node, key: other}
            yield f"{path}.{key}", {name: one for name, one in node.items() if name != key}
        yield f"{path}.more", {**node, "more": 1}
    elif isinstance(node, list):
        for index, value in enumerate(node):
            for at, other in edits(value, f"{path}[{index}]"):
                yield at, [*node[:index], other, *node[index + 1 :]]
            yield f"{path}[{index}]", [*node[:index], *node[index + 1 :]]
            yield f"{path}[{index}]", [*node[: index + 1], *node[index:]]
        if len(node) > 1:
            yield path, node[::-1]
        yield path, [*node, "x"]
    else:
        yield from ((path, other) for other in other_values(node))


def other_values(node: Any) -> list[Any]:  # noqa: ANN401
    if isinstance(node, bool):
        return [not node, None]
    if isinstance(node, int):
        return [node + 1, None]
    if isinstance(node, str):
        return [f"{node}x", f"x{node}", None, *([node[:-1]] if node else [])]
    return ["x"]


def test_a_plan_edited_in_any_one_place_is_never_carried_out(site: Site, tmp_path: Path) -> None:
    plan = planned(site)
    document = json.loads(plan.text())
    path = tmp_path / "plan.json"
    now = {plan.accepted: plan}
    carried_out = set()
    count = 0
    for at, other in edits(document):
        path.write_text(json.dumps(other), encoding="utf-8")
        count += 1
        try:
            reviewed = load_plan(path)
            ensure_same_inputs(site, reviewed)
            # A plan is made anew with what the edited one says was accepted, as `deploy` does.
            if reviewed.accepted not in now:
                now[reviewed.accepted] = planned(site, accept=reviewed.accepted)
            ensure_fresh(reviewed, now[reviewed.accepted])
        except (InputError, RefusedError):
            continue
        if reviewed != plan:
            carried_out.add(at)
    assert carried_out == {f".{name}" for name in INFORMATIVE}
    assert count > 1000
