"""What can happen to the machine under an FRR switch; read ``answer`` first.

It is the counterpart of ``lab.switch.base.VirtualSwitch.control`` and takes the same commands, but
for those that vtysh does (``lab.network``): ``fault`` (``name``, ``on``), ``reboot``, ``skew`` and
``lapse`` (``seconds``), ``pending``. Law: FRR, sshd and the shell are the real ones. A fault is a
file that an SSH session finds: sshd_config puts ``BIN`` first in its PATH, and bash reads
``SESSION_SCRIPT`` first. The lab's own looks at the switch pass by all of it.

Its own fault: ``no-save`` lets ``write memory`` fail. Its wall clock is what ``date`` says in a
session; FRR's daemons and the driver's timer count from boot. After a reboot the uptime goes on
(the machine underneath goes on), but the boot id is another, and nothing that ran goes on.
"""

import json
import os
import shutil
import socket
import subprocess
import time
import traceback
import uuid
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from lab import dead_man, kernel, routing, squatter
from lab.processes import of_this_node

AWAY = Path("/run/lab/away")
"""Exists while the machine is off or booting."""
BIN = Path("/run/lab/bin")
SESSION_SCRIPT = Path("/tmp/.bashrc")  # noqa: S108 - the account's home, in memory
"""What bash reads first: Debian's does if sshd runs it, another if BASH_ENV says so."""
_FLAGS = Path("/run/lab/faults")
_BOOT_ID = Path("/run/lab/boot_id")
_KERNEL_BOOT_ID = "/proc/sys/kernel/random/boot_id"
_KEYS = Path("/run/lab/authorized_keys")
_LOST_KEYS = Path("/run/lab/authorized_keys.lost")
_KILL_WITHIN_S = 60.0
_ROUTES = ("route", "flush", "proto", "bgp")

_BABBLE = """\
printf '\\033[2J\\r\\n~~##@@ \\376\\377 }{ 0xdeadbeef @@##~~\\r\\n'
exit 0
"""
_VTYSH = """\
#!/bin/sh
file= last= is_check=
for word; do
    [ "$last" = -f ] && file=$word
    [ "$word" = -C ] && is_check=1
    last=$word
done
if [ -e {flags}/refuse-commit ] && [ -n "$file" ] && [ -z "$is_check" ]; then
    case ${{file##*/}} in
    undo-* | base) ;; # what takes a commit back is not a commit
    *)
        printf '%% Configuration failed.\\n\\nError type: failed to allocate resource\\n'
        exit 13
        ;;
    esac
fi
case " $*" in
*' write memory'*)
    if [ -e {flags}/no-save ]; then
        echo "% Can't open configuration file /etc/frr/frr.conf.tmp: No space left on device"
        exit 1
    fi
    ;;
*' show running-config'*)
    if [ -e {flags}/cut ]; then
        whole=$(mktemp) || exit 1
        {vtysh} "$@" >"$whole"
        code=$?
        head -c "$(($(wc -c <"$whole") / 2))" "$whole"
        rm -f "$whole"
        exit "$code"
    fi
    ;;
esac
exec {vtysh} "$@"
"""
_DATE = """\
#!/bin/sh
exec {date} -d "@$(($({date} +%s) + {seconds}))" "$@"
"""
_IN_VTYSH = frozenset({"cut", "no-save", "refuse-commit"})


def answer(connection: socket.socket) -> None:
    """Do what one command on ``connection`` says, answer, and do what takes longer afterwards."""
    rest: Callable[[], None] | None = None
    try:
        question = json.loads(b"".join(iter(lambda: connection.recv(65536), b"")))
        value, rest = _do(question["command"], question["arguments"])
        said = {"value": value}
    except Exception as error:  # noqa: BLE001 - the process boundary
        traceback.print_exc()
        said = {"error": f"{type(error).__name__}: {error}"}
    connection.sendall(json.dumps(said).encode())
    connection.close()
    if rest is not None:
        rest()


def _do(command: str, arguments: Mapping[str, Any]) -> tuple[Any, Callable[[], None] | None]:
    match command:
        case "fault":
            _fault(arguments["name"], on=arguments["on"])
        case "pending":
            return dead_man.pending(), None
        case "lapse":
            dead_man.lapse(float(arguments["seconds"]))
        case "skew":
            _skew(int(arguments["seconds"]))
        case "reboot":
            _power_off()
            seconds = float(arguments["seconds"])
            return None, lambda: _power_on(seconds)
        case _:
            raise ValueError(f"an FRR switch has no {command}")
    return None, None


def _fault(name: str, *, on: bool) -> None:
    match name:
        case "babble" if on:
            SESSION_SCRIPT.write_text(_BABBLE, encoding="ascii")
        case "babble":
            SESSION_SCRIPT.unlink(missing_ok=True)
        case "auth-lost":
            _lose_keys(on=on)
        case "locked":
            (squatter.settle if on else squatter.leave)()
        case _ if name in _IN_VTYSH:
            _spoil_vtysh(name, on=on)
        case _:
            raise ValueError(f"an FRR switch has no fault {name}")


def _lose_keys(*, on: bool) -> None:
    before, after = (_KEYS, _LOST_KEYS) if on else (_LOST_KEYS, _KEYS)
    if before.exists():
        before.rename(after)
    if on:
        for process in of_this_node():
            if process.command == "sshd":
                process.kill()


def _spoil_vtysh(name: str, *, on: bool) -> None:
    _FLAGS.mkdir(exist_ok=True)
    if on:
        script = _VTYSH.format(flags=_FLAGS, vtysh=shutil.which("vtysh"))
        _write_program("vtysh", script)
        (_FLAGS / name).touch()
    else:
        (_FLAGS / name).unlink(missing_ok=True)
        if not any((_FLAGS / one).exists() for one in _IN_VTYSH):
            (BIN / "vtysh").unlink(missing_ok=True)


def _skew(seconds: int) -> None:
    _FLAGS.mkdir(exist_ok=True)
    kept = _FLAGS / "skew"
    seconds += int(kept.read_text(encoding="ascii")) if kept.exists() else 0
    kept.write_text(str(seconds), encoding="ascii")
    if seconds:
        _write_program("date", _DATE.format(date=shutil.which("date"), seconds=seconds))
    else:
        (BIN / "date").unlink(missing_ok=True)


def _write_program(name: str, text: str) -> None:
    """Put a program into ``BIN`` so that nobody ever runs half of it."""
    BIN.mkdir(exist_ok=True)
    partial = BIN / f".{name}"
    partial.write_text(text, encoding="ascii")
    partial.chmod(0o755)
    partial.replace(BIN / name)


def _power_off() -> None:
    """End everything that runs on this machine, at once, but who calls and the node's first."""
    AWAY.touch()
    squatter.leave()
    deadline = time.monotonic() + _KILL_WITHIN_S
    spared = {os.getpid(), os.getppid()}
    while found := [process for process in of_this_node() if process.number not in spared]:
        if time.monotonic() > deadline:
            raise TimeoutError(f"still running: {found}")
        for process in found:
            process.kill()
        time.sleep(0.01)
    # The kernel below goes on, and would go on forwarding.
    for argv in (["nexthop", "flush"], ["-4", *_ROUTES], ["-6", *_ROUTES]):
        subprocess.run(["ip", *argv], check=False, stdin=subprocess.DEVNULL)


def _power_on(seconds: float) -> None:
    """Boot after ``seconds``, with the startup configuration that is saved then."""
    time.sleep(seconds)
    is_first = not _BOOT_ID.exists()
    _BOOT_ID.write_text(f"{uuid.UUID(bytes=os.urandom(16), version=4)}\n", encoding="ascii")
    if is_first:
        kernel.bind(str(_BOOT_ID), _KERNEL_BOOT_ID)
    for leftover in Path("/run/frr").iterdir():
        leftover.unlink()
    routing.start()
    routing.boot()
    AWAY.unlink()
