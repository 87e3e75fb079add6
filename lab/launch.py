"""Start and stop a lab; read ``up`` and ``down`` first.

Law: after ``down``, or after a failed or interrupted ``up``, nothing of the lab is left on the
machine: no process, namespace, socket or file, and no line in the known_hosts file.
"""

import os
import select
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

from lab import requirements
from lab.errors import LabError
from lab.fabrics import FRR, PLATFORMS, PORTS, Fabric
from lab.render import node_files
from lab.state import Settings, StateDir, remember_host_keys
from lab.switch import credentials
from lab.topology import NODES, SWITCHES, management_address

_START_WITHIN_S = 120.0
_STOP_WITHIN_S = 60.0
_CHECKOUT = Path(__file__).resolve().parent.parent

_CHILDREN: dict[Path, "subprocess.Popen[bytes]"] = {}
"""State directory -> the process that this one started, to be reaped when its lab ends."""

Progress = Callable[[str], None]
"""Is told, in a few words, what is being waited for."""


def up(
    state: StateDir,
    *,
    subnet: int,
    known_hosts: Path,
    fabric: Fabric,
    dies_with_caller: bool = False,
    progress: Progress = lambda _words: None,
) -> bool:
    """Start the lab's daemons; return False if the lab was running already.

    The daemons are configured then, but their sessions not yet established: ``lab.readiness`` waits
    for that.
    """
    lacking = requirements.missing(fabric)
    if lacking:
        raise LabError("\n".join(lacking), exit_code=5)
    state.ensure_ours()
    settings = Settings(
        subnet=subnet,
        known_hosts=str(known_hosts.resolve()),
        user_namespace=requirements.needs_user_namespace(),
        fabric=fabric,
    )
    if is_up(state):
        return False
    # Killed a moment ago, its processes may still be ending.
    _await_end(state)
    state.remove()
    with ExitStack() as undo:
        lock = state.try_lock()
        if lock is None:
            raise LabError(f"another lab is being started in {state.root}", exit_code=5)
        undo.enter_context(_undone_on_error(state))
        undo.callback(os.close, lock)
        sockets = {
            f"{name}/{protocol}": undo.enter_context(_listen(name, protocol, subnet))
            for name, platform in fabric.items()
            for protocol in PLATFORMS[platform].protocols
        }
        state.write_settings(settings)
        progress("writing keys and configurations")
        _write_files(state, settings)
        progress("starting daemons")
        _start_supervisor(state, sockets, lock, dies_with_caller=dies_with_caller)
    return True


def down(state: StateDir) -> bool:
    """End the lab and remove its files; return whether there was anything to end or to remove."""
    if state.settings() is None:
        return False
    _kill(state)
    state.remove()
    return True


@contextmanager
def _undone_on_error(state: StateDir) -> Iterator[None]:
    try:
        yield
    except BaseException:
        _kill(state)
        state.remove()
        raise


def _listen(switch: str, protocol: str, subnet: int) -> socket.socket:
    address, port = str(management_address(switch, subnet)), PORTS[protocol]
    try:
        return socket.create_server((address, port), backlog=64)
    except OSError as error:
        raise LabError(
            f"{address}:{port}, where {switch} would listen, is not free "
            f"({os.strerror(error.errno or 0)}): "
            "another lab may run there; end it, or give this one a --subnet",
            exit_code=5,
        ) from error


def _write_files(state: StateDir, settings: Settings) -> None:
    for folder in ("ssh", "tls", "log", "nodes"):
        (state.root / folder).mkdir(mode=0o700, exist_ok=True)
    for name in NODES:
        own = state.node(name)
        own.mkdir(mode=0o700)
        for file, text in node_files(name, settings.fabric.get(name, FRR)).items():
            (own / file).write_text(text, encoding="utf-8")
    client, authority = credentials.new_ssh_key(), credentials.Authority.new()
    credentials.write_secret(state.client_key, client.private)
    credentials.write_secret(state.password, credentials.new_password())
    state.ca_file.write_text(authority.pem, encoding="ascii")
    keys: dict[str, str] = {}
    for name in SWITCHES:
        keys[name] = credentials.make_files(
            state.node(name),
            name=name,
            address=str(management_address(name, settings.subnet)),
            user=client.public,
            authority=authority,
        )
        credentials.write_secret(state.node(name) / "password", state.password.read_text("ascii"))
    remember_host_keys(settings, keys)


def _start_supervisor(
    state: StateDir, sockets: dict[str, socket.socket], lock: int, *, dies_with_caller: bool
) -> None:
    numbers = {name: listener.fileno() for name, listener in sockets.items()}
    environment = {
        "PATH": requirements.search_path(),
        "PYTHONPATH": os.pathsep.join(
            part for part in (str(_CHECKOUT), os.environ.get("PYTHONPATH", "")) if part
        ),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAB_SOCKETS": ",".join(f"{name}={number}" for name, number in numbers.items()),
    }
    leash = ["setpriv", "--pdeathsig", "KILL"] if dies_with_caller else []
    command = [*leash, *requirements.unshare_command(), sys.executable, "-m", "lab.supervisor"]
    if before := _CHILDREN.pop(state.root, None):
        # Its lab is gone, or its lock would not be ours: it is dying, and wants to be reaped.
        before.wait(_STOP_WITHIN_S)
    with state.log("supervisor").open("ab") as log:
        process = _CHILDREN[state.root] = subprocess.Popen(
            [*command, str(state.root)],
            stdin=subprocess.DEVNULL,
            stdout=log,
            stderr=log,
            cwd="/",
            env=environment,
            start_new_session=True,
            pass_fds=(lock, *numbers.values()),
        )
    deadline = time.monotonic() + _START_WITHIN_S
    while not state.pids.exists():
        if process.poll() is not None or time.monotonic() > deadline:
            raise LabError(f"the lab's daemons did not start:\n{_logs(state)}")
        time.sleep(0.02)


def _logs(state: StateDir) -> str:
    """Return the last lines of the supervisor's log and of every log that tells of an error."""
    found: list[str] = []
    for path in sorted((state.root / "log").glob("*.log")):
        lines = path.read_text(encoding="utf-8", errors="replace").splitlines()[-8:]
        if path == state.log("supervisor") or any("rror" in line for line in lines):
            found += [f"{path.stem}: {line}" for line in lines]
    return "\n".join(found)


def _kill(state: StateDir) -> None:
    """Kill the supervisor, with which all processes of the lab end, and wait for their end."""
    _kill_supervisor(state)
    child = _CHILDREN.pop(state.root, None)
    if child is not None:
        child.wait(_STOP_WITHIN_S)


def _kill_supervisor(state: StateDir) -> None:
    pid = _supervisor(state)
    if pid is None:
        return
    # Opened before the check: whatever the number means later, the signal goes to this process.
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if str(state.root) not in _command_line(pid):
            return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
        # A process-id namespace's first process is gone only after all the others.
        select.select([handle], [], [], _STOP_WITHIN_S)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
    _await_end(state)


def _await_end(state: StateDir) -> None:
    deadline = time.monotonic() + _STOP_WITHIN_S
    while state.is_running():
        if time.monotonic() > deadline:
            raise LabError(f"the lab in {state.root} was killed, but its processes do not end")
        time.sleep(0.01)


def is_up(state: StateDir) -> bool:
    """Return whether a lab runs, or is being started, and no one has killed it."""
    pid = _supervisor(state) if state.is_running() else None
    # The command line of a process that is ending is empty.
    return pid is not None and str(state.root) in _command_line(pid)


def _supervisor(state: StateDir) -> int | None:
    """Return the supervisor's process id; a lab that is just being started may not have one yet."""
    deadline = time.monotonic() + _STOP_WITHIN_S
    while not state.supervisor_pid.exists():
        if not state.is_running() or time.monotonic() > deadline:
            return None
        time.sleep(0.01)
    return int(state.supervisor_pid.read_text(encoding="ascii"))


def _command_line(pid: int) -> list[str]:
    try:
        text = Path("/proc", str(pid), "cmdline").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.split("\0")
