"""``python -m lab``: the virtual network for people; read ``main`` first.

Law: sentences, not tracebacks. Exit codes: 0 done, 1 failed, 5 something is missing or bad input,
64 usage.
"""

import json
import os
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import NoReturn

import click
from rich.console import Console

from lab import api, fabrics, faults, launch, scoreboard
from lab.attacks import ATTACKS, Kind
from lab.demo import demo as run_demo
from lab.drill import Report
from lab.drill import drill as run_drill
from lab.errors import LabError
from lab.network import Network
from lab.readiness import missing_routes, sessions_down, str_of
from lab.state import StateDir
from lab.topology import SESSIONS, SWITCHES, management_address

_USAGE = 64


@contextmanager
def _progress() -> Iterator[Callable[[str], None]]:
    """Yield what shows what is waited for: one live line on a terminal, or new ones."""
    console = Console(stderr=True)
    if console.is_terminal:
        with console.status("") as status:
            yield status.update
    else:
        said: set[str] = set()

        def say(words: str) -> None:
            if words not in said:
                said.add(words)
                print(words, file=sys.stderr, flush=True)

        yield say


@click.group(context_settings={"help_option_names": ["-h", "--help"]})
@click.option(
    "--state",
    "state_dir",
    type=click.Path(path_type=Path, file_okay=False),
    default=api.DEFAULT_STATE,
    help="Folder with the lab's keys and logs (default: .lab in the checkout).",
)
@click.pass_context
def lab(context: click.Context, state_dir: Path) -> None:
    """Run the virtual network: six switches, five servers and the outside, in namespaces."""
    context.obj = StateDir(state_dir.resolve())


@lab.command()
@click.option(
    "--subnet",
    type=click.IntRange(1, 254),
    default=1,
    show_default=True,
    help="Management addresses are 127.SUBNET.0.x; a second lab needs another one.",
)
@click.option(
    "--known-hosts",
    type=click.Path(path_type=Path, dir_okay=False),
    default=api.DEFAULT_KNOWN_HOSTS,
    help="Where the switches' host keys go (default: the lab site's known_hosts).",
)
@click.option(
    "--fabric",
    default=fabrics.DEFAULT,
    show_default=True,
    metavar="NAME[,SWITCH=PLATFORM...]",
    help=f"Which platform each switch is: {', '.join(fabrics.FABRICS)}, or as frr,spine1=eos.",
)
@click.pass_obj
def up(state: StateDir, subnet: int, known_hosts: Path, fabric: str) -> None:
    """Start it, and wait until every session is up and every route in place."""
    began = time.monotonic()
    if launch.is_up(state):
        print(f"The lab is up already, in {state.root}.")
        return
    with _progress() as progress:
        api.Lab.start(
            state.root,
            subnet=subnet,
            known_hosts=known_hosts,
            fabric=fabric,
            progress=progress,
        )
    print(
        f"The lab is up after {time.monotonic() - began:.1f} s: "
        f"{len(SESSIONS)} sessions, every route in place."
    )


@lab.command()
@click.pass_obj
def down(state: StateDir) -> None:
    """End it without a trace, also after a crash."""
    print("The lab is down." if launch.down(state) else "No lab was up.")


@lab.command()
@click.pass_obj
def status(state: StateDir) -> None:
    """Say whether it runs, and what is not as it should be."""
    network = Network.of(state)
    for switch in SWITCHES:
        address = management_address(switch, network.settings.subnet)
        platform = network.platform(switch)
        protocols = fabrics.PLATFORMS[platform].protocols
        where = ", ".join(f"{one} port {fabrics.PORTS[one]}" for one in protocols)
        print(f"{switch:8} {platform:14} {address} {where}")
    lacking = [f"session {str_of(session)} is down" for session in sessions_down(network)]
    lacking += [f"{node} has no route to {prefix}" for node, prefix in missing_routes(network)]
    if lacking:
        raise LabError("\n".join(lacking))
    print(f"{len(SESSIONS)} sessions are up and every legitimate route is in place.")


@lab.command(name="exec", context_settings={"ignore_unknown_options": True})
@click.argument("node")
@click.argument("command", nargs=-1, required=True, type=click.UNPROCESSED)
@click.pass_obj
def exec_(state: StateDir, node: str, command: tuple[str, ...]) -> None:
    """Run COMMAND inside NODE, as in: exec tor1 -- vtysh -c "show bgp summary"."""
    argv = Network.of(state).command(node, command)
    # A home of the node's own: vtysh and shells write their history there, not to the host.
    environment = {**os.environ, "HOME": "/run"}
    os.execvpe(argv[0], argv, environment)  # noqa: S606 - an argument list, and no shell


@lab.command()
@click.option(
    "--attack",
    "kinds",
    type=click.Choice([kind.value for kind in Kind]),
    multiple=True,
    help="Only this class of hijack (may be repeated; default: all).",
)
@click.option(
    "--expect",
    type=click.Choice(["blocked", "open"]),
    help="End with exit code 1 unless every attack is blocked, or reaches its victims.",
)
@click.option("--json", "as_json", is_flag=True, help="One JSON document on stdout.")
@click.pass_obj
def drill(state: StateDir, kinds: tuple[str, ...], expect: str | None, as_json: bool) -> None:
    """Run the attacks and show which switch let them through and which dropped them."""
    network = Network.of(state)
    attacks = tuple(attack for attack in ATTACKS if not kinds or attack.kind in kinds)
    with _progress() as progress:
        report = run_drill(network, attacks, progress=progress)
    if as_json:
        print(json.dumps(scoreboard.as_document(report), indent=2))
    else:
        _show(report)
    found = scoreboard.exceptions(report, expect) if expect else []
    if found:
        raise LabError("\n".join([f"{len(found)} not as expected ({expect}):", *found]))


@lab.command()
@click.option("--list", "is_list", is_flag=True, help="Say which there are, and what they do.")
@click.option("--off", is_flag=True, help="End it.")
@click.argument("words", metavar="SWITCH FAULT [KEY=VALUE]...", nargs=-1)
@click.pass_obj
def fault(state: StateDir, words: tuple[str, ...], *, is_list: bool, off: bool) -> None:
    """Let something go wrong, as in: fault tor1 delay ms=50."""
    if is_list:
        print("\n".join(faults.listing()))
        return
    how = dict(_argument(word) for word in words[2:])
    if len(words) < len(("SWITCH", "FAULT")):
        raise click.UsageError("say which switch, and which fault (--list shows them)")
    faults.fault(Network.of(state), words[0], words[1], on=not off, how=how)


def _argument(word: str) -> tuple[str, faults.How]:
    key, is_pair, value = word.partition("=")
    if not is_pair:
        raise click.UsageError(f"{word} is no KEY=VALUE")
    for kind in (int, float):
        try:
            return key, kind(value)
        except ValueError:
            continue
    return key, value


@lab.command()
def demo() -> None:
    """Tell the whole story: hijack, plan, deploy, blocked, drift, mended, rolled back."""
    run_demo()


def _show(report: Report) -> None:
    console = Console()
    if console.is_terminal:
        for part in scoreboard.as_tables(report):
            console.print(part)
    else:
        print("\n".join(scoreboard.as_lines(report)))
    print("\n".join(scoreboard.summary(report)))


def main() -> NoReturn:
    """Run the command line and end the process with the lab's exit code."""
    try:
        lab.main(standalone_mode=False)
    except click.UsageError as error:
        error.show()
        sys.exit(_USAGE)
    except click.exceptions.Exit as error:
        sys.exit(error.exit_code)
    except (click.Abort, KeyboardInterrupt):
        print("Interrupted.", file=sys.stderr)
        sys.exit(1)
    except LabError as error:
        print(error, file=sys.stderr)
        sys.exit(error.exit_code)
    sys.exit(0)
