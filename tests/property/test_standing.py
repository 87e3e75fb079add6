"""Since when findings stand, over any audits one after another, against what each of them saw."""

from __future__ import annotations

from dataclasses import dataclass

from audit_parts import make_device, make_finding, make_unknown
from audit_reports import make_report
from hypothesis import given
from hypothesis import strategies as st

from runbooks.ledger.standing import Standing, settle

DEVICES = ("a", "b", "c")
#: Two findings for each device, and two about the site.
FINDINGS = {f"{device}{number}": device for device in ("", *DEVICES) for number in (1, 2)}


@dataclass(frozen=True)
class Look:
    """What one audit looked at, whether it says that it is complete, and what it found."""

    looked: frozenset[str]
    asked: frozenset[str]
    complete: bool
    found: frozenset[str]

    def looked_at(self, device: str) -> bool:
        if device == "":
            return self.complete and self.looked == {*DEVICES}
        return device in self.looked


@st.composite
def looks(draw: st.DrawFn) -> Look:
    asked = draw(st.frozensets(st.sampled_from(DEVICES)) | st.just(frozenset(DEVICES)))
    looked = asked - draw(st.frozensets(st.sampled_from(DEVICES), max_size=1))
    # What is about the site may be found by whoever looks at a part of it.
    findable = sorted(key for key, device in FINDINGS.items() if device in {"", *looked})
    found = draw(st.frozensets(st.sampled_from(findable)))
    return Look(looked=looked, asked=asked, complete=draw(st.booleans()), found=found)


def since(audits: list[Look], key: str) -> int:
    """Return which audit was the first of those that saw ``key`` without one that missed it."""
    first = len(audits) - 1
    for number in reversed(range(len(audits))):
        if key in audits[number].found:
            first = number
        elif audits[number].looked_at(FINDINGS[key]):
            break
    return first


@given(st.lists(looks(), min_size=1, max_size=8))
def test_a_finding_stands_since_the_first_audit_of_an_unbroken_row(audits: list[Look]) -> None:
    standing: dict[str, Standing] = {}
    newest: dict[str, str] = {}
    for number, look in enumerate(audits):
        at, end = f"{number:02}", f"{number:02}e"
        report = make_report(
            id=at,
            started=at,
            ended=end,
            complete=look.complete,
            devices=tuple(
                make_device(name) if name in look.looked else make_unknown(name)
                for name in sorted(look.asked)
            ),
            findings=tuple(
                make_finding(id=key, device=FINDINGS[key]) for key in sorted(look.found)
            ),
            history=(),
        )
        settled = settle(report, standing, newest, DEVICES)
        seen = {key: f"{since(audits[: number + 1], key):02}e" for key in look.found}
        assert settled.first_seen == seen
        assert settled.late == frozenset()
        assert {one.id for one in settled.opened} == look.found - standing.keys()
        assert {one.id for one in settled.gone} == {
            key for key in standing.keys() - look.found if look.looked_at(FINDINGS[key])
        }
        for gone in settled.gone:
            del standing[gone.id]
        for key in look.found:
            standing[key] = Standing(
                id=key,
                device=FINDINGS[key],
                first_audit=at,
                first_seen=settled.first_seen[key],
                last_seen=at,
            )
        newest |= {name: at for name in ("", *DEVICES) if look.looked_at(name)}
