"""Whether a reviewed plan is still what would be planned now, and if not, in what it differs.

Start with :func:`ensure_same_inputs` (before any device is asked) and :func:`ensure_fresh`.
Law: a plan is carried out only where one that is made now is the same in every field but who made
it and when; so a field that was edited is found as well as a device that changed.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from inventory.errors import RefusedError
from runbooks.plan_file import Plan, input_files, inputs_digest

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from inventory.site import Site
    from runbooks.plan_file import DevicePlan

#: The fields that say nothing of what is to be done.
INFORMATIVE: Final = ("created", "by")

#: Differences of one device that a refusal names before it counts the rest.
_NAMED = 5

#: Characters of a line that a refusal quotes.
_QUOTED = 100


def ensure_same_inputs(site: Site, reviewed: Plan) -> None:
    """Refuse a plan of another site, of other inputs, or one that is no deploy's.

    Raises:
        RefusedError: names the file that changed, or the command to use instead.
    """
    if reviewed.site != site.settings.name:
        raise RefusedError(
            f"the plan is for the site {reviewed.site}, this is {site.settings.name}; "
            "nothing was contacted"
        )
    if reviewed.undoes is not None:
        raise RefusedError(
            f"the plan takes back the run {reviewed.undoes}, which is planned anew when it is "
            f"done: ringfence rollback {reviewed.undoes}; nothing was contacted"
        )
    if not reviewed.files or not reviewed.limits:
        raise RefusedError(
            "the plan does not say which files it was made from, or what it was held to: an "
            "earlier ringfence made it; make a new plan"
        )
    now = input_files(site)
    old = {one.name: one.digest for one in reviewed.files}
    new = {one.name: one.digest for one in now}
    changed = [name for name in {**new, **old} if old.get(name) != new.get(name)]
    if changed:
        raise _stale(f"{', '.join(changed)} of the site changed since it was made")
    if reviewed.files != now or reviewed.inputs != inputs_digest(now):
        raise _edited("its digests of the site's files do not fit each other")


def ensure_fresh(reviewed: Plan, now: Plan) -> None:
    """Refuse unless a plan made now is, field by field, the reviewed one.

    Raises:
        RefusedError: names the first device that differs, and in what.
    """
    # What a device shows may be more than the reviewed plan's file could hold.
    now = Plan.model_validate_json(now.text())
    names = [one.device for one in reviewed.devices]
    if not names or len(set(names)) != len(names):
        raise _edited("it names no device, or one twice")
    current = {one.device: one for one in now.devices}
    for old in reviewed.devices:
        new = current.pop(old.device, None)
        what = "it is not part of this run" if new is None else staleness(old, new)
        if what is not None:
            raise _stale(f"{old.device}: {what}")
    if current:
        raise RefusedError(f"the plan is stale: it says nothing of {min(current)}; use --limit")
    if now.waves != reviewed.waves:
        raise _stale(
            f"the waves were {_in_words(reviewed.waves)}, and are {_in_words(now.waves)} now"
        )
    if now.accepted != reviewed.accepted:
        raise _edited("what it says was accepted is not what it was made with")
    if now.limits != reviewed.limits:
        raise _stale(_limits(reviewed, now))
    if now.findings != reviewed.findings:
        raise _stale("its notes are others now")
    same = dict.fromkeys(INFORMATIVE, "")
    if now.model_copy(update=same) != reviewed.model_copy(update=same):
        raise _edited("it differs from one made now")


def staleness(old: DevicePlan, new: DevicePlan) -> str | None:
    """Return in what one device's part differs from what was reviewed, or None."""
    return next((said for kind in KINDS.values() if (said := kind(old, new))), None)


def _parts(old: DevicePlan, new: DevicePlan) -> str | None:
    was = {(one.kind, one.name): one for one in old.parts}
    now = {(one.kind, one.name): one for one in new.parts}
    found = [
        f"its {one} " + ("is gone" if key not in now else "is not what the plan was made from")
        for key, one in was.items()
        if now.get(key) != one
    ]
    found += [f"its {one} is new" for key, one in now.items() if key not in was]
    return _some(found)


def _digest(old: DevicePlan, new: DevicePlan) -> str | None:
    if new.digest == old.digest and new.parts == old.parts:
        return None
    return "its filters, or what they stand on, are not what the plan was made from"


def _candidate(old: DevicePlan, new: DevicePlan) -> str | None:
    return _lines(old.candidate, new.candidate, "it would be sent something else now")


def _way_back(old: DevicePlan, new: DevicePlan) -> str | None:
    return _lines(old.way_back, new.way_back, "its way back is another one now")


def _device_diff(old: DevicePlan, new: DevicePlan) -> str | None:
    return _lines(old.device_diff, new.device_diff, "its own diff is another one now")


def _drops(old: DevicePlan, new: DevicePlan) -> str | None:
    was, now = set(old.drops), set(new.drops)
    found = [
        f"{one.prefix} from {one.session} would be dropped now"
        for one in new.drops
        if one not in was
    ]
    found += [
        f"{one.prefix} from {one.session} is not dropped any more"
        for one in old.drops
        if one not in now
    ]
    if old.drops != new.drops and not found:
        return "the routes that it drops were edited"
    return _some(found)


def _changes(old: DevicePlan, new: DevicePlan) -> str | None:
    differ = set(old.changes) ^ set(new.changes)
    for one in (*new.changes, *old.changes):
        if one in differ:
            where = f"{one.session} ipv{one.family} {one.direction}"
            return f"{where} starts or stops to let through something else now"
    return None


def _rest(old: DevicePlan, new: DevicePlan) -> str | None:
    if old == new:
        return None
    fields = [name for name in type(old).model_fields if getattr(old, name) != getattr(new, name)]
    return f"its {' and '.join(fields)} would be another now"


#: The kinds of staleness, in the order in which they are told: each one's words, or None.
KINDS: Final[Mapping[str, Callable[[DevicePlan, DevicePlan], str | None]]] = {
    "parts": _parts,
    "digest": _digest,
    "candidate": _candidate,
    "way back": _way_back,
    "device diff": _device_diff,
    "drops": _drops,
    "changes": _changes,
    "rest": _rest,
}


def _some(found: list[str]) -> str | None:
    """Return the first of ``found`` and how many more there are, or None."""
    more = [f"and {len(found) - _NAMED} more"] if len(found) > _NAMED else []
    return "; ".join([*found[:_NAMED], *more]) or None


def _lines(old: str, new: str, said: str) -> str | None:
    """Return ``said`` with the first line that differs, or None where none does."""
    if old == new:
        return None
    was, now = old.splitlines(keepends=True), new.splitlines(keepends=True)
    at = next(
        (index for index, pair in enumerate(zip(was, now, strict=False)) if pair[0] != pair[1]),
        min(len(was), len(now)),
    )
    return f"{said}: line {at + 1} was {_quoted(was, at)}, and is {_quoted(now, at)}"


def _quoted(lines: list[str], at: int) -> str:
    if at >= len(lines):
        return "not there"
    line = lines[at].removesuffix("\n")
    return f"`{line}`" if len(line) <= _QUOTED else f"`{line[:_QUOTED]}...`"


def _limits(reviewed: Plan, now: Plan) -> str:
    old = {one.name: one for one in reviewed.limits}
    for one in now.limits:
        was = old.get(one.name)
        if was != one:
            found = f": {'; '.join(one.found)}" if one.found else ""
            return f"the limit {one.name} is {one.state} ({one.allows}) now{found}"
    return "it was held to other limits"


def _in_words(waves: tuple[tuple[str, ...], ...]) -> str:
    return "; then ".join(", ".join(wave) for wave in waves) or "none"


def _stale(what: str) -> RefusedError:
    return RefusedError(f"the plan is stale: {what}; nothing was changed, make a new plan")


def _edited(what: str) -> RefusedError:
    return RefusedError(f"the plan was edited: {what}; nothing was changed, make a new plan")
