"""What a plan says of depth."""

from __future__ import annotations

from leaf_spine import LeafSpine, fenced, open_runnings

from runbooks.shallow import shallow

SMALL = LeafSpine(borders=1, spines=1)


def test_a_plan_that_reaches_what_is_demanded_says_nothing() -> None:
    site = SMALL.site(min_depth=9)
    assert shallow(site, fenced(site, open_runnings(site))) == ()


def test_each_hijack_that_stays_too_shallow_is_a_sentence() -> None:
    site = SMALL.site(min_depth=2)
    now = open_runnings(site)
    after = {**fenced(site, now), "border0": now["border0"]}
    found = shallow(site, after)
    assert (
        "too shallow after this plan: pool-from-outside from outside to spine0: only spine0 drops "
        "10.0.0.0/20 on the way over border0 and spine0; 2 of 2 are demanded"
    ) in found
    assert all(one.startswith("too shallow after this plan: ") for one in found)
    assert len(set(found)) == len(found)


def test_a_site_that_demands_nothing_is_told_nothing() -> None:
    site = SMALL.site(min_depth=0)
    assert shallow(site, open_runnings(site)) == ()


def test_a_plan_of_some_devices_says_that_depth_was_not_measured() -> None:
    site = SMALL.site()
    some = {"tor0": open_runnings(site)["tor0"]}
    assert shallow(site, some) == (
        "depth was not measured: hijacks go by all devices, and the plan is of 1 of 4 devices",
    )
