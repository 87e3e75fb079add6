"""A plan as a comment on a merge request, to be reviewed there: :func:`plan_markdown`.

First what it does, then what was accepted for it and what it drops, then each device with its own
diff to be unfolded. Law: its length is bounded, and what is left out is said; who signs a plan
reads its file, not the comment.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from runbooks.reports.markdown_text import LIMIT, Page, code, fenced, folded, prose
from runbooks.reports.page.text import clock, count, listed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from runbooks.plan_file import DevicePlan, Plan, SessionChange

_HEAD: Final = ("device", "session", "fenced as", "stops", "starts")

_MORE: Final = "**Left out here**, as a comment has no room for more ({}): see the plan's file."

#: Texts of one list that are shown.
_LIST: Final = 30


def plan_markdown(plan: Plan, limit: int = LIMIT) -> str:
    """Return ``plan`` as Markdown of at most ``limit`` bytes, which are to be some thousands."""
    page = Page(limit, _MORE)
    for block in _head(plan):
        page.add(block)
    drops = [
        f"{code(drop.prefix)} from {code(drop.session)} on {code(one.device)}"
        for one in plan.changed
        for drop in one.drops
    ]
    if drops:
        page.add("**Drops routes that are accepted right now:**")
        page.add(_listed(drops))
    rows = [(one.device, change) for one in plan.changed for change in one.changes]
    if rows:
        page.add_table(_HEAD, rows, lambda row: _row(*row), "changes in the table")
    page.add_each(plan.changed, _device, "devices' diffs")
    return page.text()


def _head(plan: Plan) -> Iterator[str]:
    what = f"rollback of run {code(plan.undoes)} on" if plan.undoes else "plan for"
    if not plan.changed:
        yield f"### ringfence {what} {code(plan.site)}: nothing to change"
        yield f"Looked at {count(len(plan.devices), 'device')}, {prose(clock(plan.created))}."
    else:
        changed = count(len(plan.changed), "device changes", "devices change")
        yield f"### ringfence {what} {code(plan.site)}: {changed}"
        waves = [
            f"{number}. {prose(listed(wave))}" for number, wave in enumerate(plan.waves, start=1)
        ]
        of = count(len(plan.devices), "device")
        yield f"Of {of}, in this order ({prose(clock(plan.created))}, by {code(plan.by)}):"
        more = [f"and {len(waves) - _LIST} more waves"] if len(waves) > _LIST else []
        yield "\n".join([*waves[:_LIST], *more])
    accepted = [
        f"**{prose(one.name)}** accepted by {code(one.flag or '')}: {prose(text)}"
        for one in plan.limits
        if one.state == "accepted"
        for text in one.found
    ]
    if accepted:
        yield "**Beyond a limit**, and accepted:"
        yield _listed(accepted)
    if plan.findings:
        yield _listed([prose(f"note: {one}") for one in plan.findings])


def _listed(texts: list[str]) -> str:
    more = [f"and {len(texts) - _LIST} more"] if len(texts) > _LIST else []
    return "\n".join(f"- {one}" for one in (*texts[:_LIST], *more))


def _row(device: str, change: SessionChange) -> tuple[str, ...]:
    return (
        code(device),
        code(f"{change.session} ipv{change.family} {change.direction}"),
        prose(change.fence),
        code(", ".join((*change.stop_examples, "..."))) if change.stops else "",
        code(", ".join((*change.start_examples, "..."))) if change.starts else "",
    )


def _device(one: DevicePlan) -> str:
    # The device's own view of the change is the one to be reviewed, where it gave any.
    title, text, language = "Its own diff:", one.device_diff, "diff"
    if not text:
        title, text, language = "What would be sent:", one.candidate, ""
    blocks = [title, fenced(text, language)]
    if one.closed:
        blocks += ["Left closed:", _listed([prose(text) for text in one.closed])]
    return folded(f"{code(one.device)}: {count(len(one.steps), 'step')}", *blocks)
