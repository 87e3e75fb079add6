"""A drill's report for people and for programs; read ``as_lines`` first.

Law: pure text from a report. What people see and what programs get is the same judgement.
"""

from typing import Any

from rich.table import Table

from lab.attacks import MEANING
from lab.drill import Report
from lab.topology import SWITCHES
from lab.verdicts import AttackResult, Verdict

SCHEMA = "ringfence.drill/v1"

_CELL = {
    Verdict.PASSED: "[red]pass[/]",
    Verdict.DROPPED_IN: "[green]✗in[/]",
    Verdict.DROPPED_OUT: "[green]✗out[/]",
    Verdict.OUTVOTED: "[yellow]kept[/]",
    Verdict.NOT_REACHED: "[dim]·[/]",
}
_LEGEND = (
    "pass: let it through   ✗in, ✗out: dropped it on import, export   "
    "kept: took it but kept to another path   ·: never saw it"
)


def as_tables(report: Report) -> list[Table | str]:
    """Return the scoreboard for a terminal: a table for each attacker, and a legend."""
    attackers = dict.fromkeys(result.attack.attacker for result in report.results)
    return [*(_table(report, attacker) for attacker in attackers), _LEGEND]


def _table(report: Report, attacker: str) -> Table:
    table = Table(
        title=f"\n{attacker} announces", title_justify="left", box=None, padding=(0, 1, 0, 0)
    )
    table.add_column("prefix", no_wrap=True)
    table.add_column("attack")
    table.add_column("hits", no_wrap=True)
    # Headings are broken before their number, so that a row fits 80 columns.
    for switch in SWITCHES:
        table.add_column(f"{switch[:-1]}\n{switch[-1]}", no_wrap=True)
    for result in report.results:
        if result.attack.attacker == attacker:
            colour = "green" if result.is_blocked else "red"
            table.add_row(
                str(result.attack.prefix),
                result.attack.kind.replace("-", " "),
                f"[{colour}]{len(result.reached)}/{len(result.attack.victims)}[/]",
                *(_CELL[result.switches[switch].verdict] for switch in SWITCHES),
            )
    return table


def as_lines(report: Report) -> list[str]:
    """Return the scoreboard as plain lines, one for each attack."""
    return [_line(result) for result in report.results]


def _line(result: AttackResult) -> str:
    attack = result.attack
    outcome = f"hijacks {', '.join(result.reached)}" if result.reached else "reaches no victim"
    if result.reached and result.spared:
        outcome += f", not {', '.join(result.spared)}"
    by_verdict = {
        verdict: [name for name in SWITCHES if result.switches[name].verdict is verdict]
        for verdict in Verdict
    }
    switches = "; ".join(
        f"{', '.join(names)} {verdict}" for verdict, names in by_verdict.items() if names
    )
    what = f"{attack.attacker} announces {attack.prefix} ({MEANING[attack.kind]})"
    return f"{what}: {outcome}; {switches}"


def summary(report: Report) -> list[str]:
    """Return the last lines for people: how many attacks got through, and what is missing."""
    total = len(report.results)
    blocked = sum(result.is_blocked for result in report.results)
    complete = sum(result.is_open for result in report.results)
    some = total - complete - blocked
    noun = "attack" if total == 1 else "attacks"
    lines = [f"{total} {noun}: {complete} reached every victim, {blocked} none, {some} some."]
    if report.missing:
        lines += [f"Missing: {node} has no route to {prefix}" for node, prefix in report.missing]
    else:
        lines.append("Every legitimate route is where it was.")
    return lines


def exceptions(report: Report, expected: str) -> list[str]:
    """Return a sentence for each attack that did not end as ``expected`` ("blocked" or "open").

    A missing legitimate route is an exception to either.
    """
    found = [
        _line(result)
        for result in report.results
        if not (result.is_blocked if expected == "blocked" else result.is_open)
    ]
    return found + [f"{node} has no route to {prefix}" for node, prefix in report.missing]


def as_document(report: Report) -> dict[str, Any]:
    """Return the report for JSON; prefixes as texts, verdicts as their constants' names."""
    return {
        "schema": SCHEMA,
        "attacks": [_result(result) for result in report.results],
        "missing_routes": [
            {"node": node, "prefix": str(prefix)} for node, prefix in report.missing
        ],
    }


def _result(result: AttackResult) -> dict[str, Any]:
    return {
        "kind": result.attack.kind.value,
        "attacker": result.attack.attacker,
        "prefix": str(result.attack.prefix),
        "victims": list(result.attack.victims),
        "hijacked": list(result.reached),
        "switches": {
            name: {
                "verdict": switch.verdict.name.lower(),
                "passed_to": list(switch.passed_to),
                "withheld_from": list(switch.withheld_from),
            }
            for name, switch in result.switches.items()
        },
    }
