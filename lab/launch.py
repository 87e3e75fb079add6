"""Start and stop a lab; read ``up`` and ``down`` first.

Law: after ``down``, or after a failed or interrupted ``up``, nothing of the lab is left on the
machine: no process, namespace, socket or file, and no line in the known_hosts file.
"""

import os
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
from lab.render import node_files
from lab.state import Settings, StateDir, remember_host_keys
from lab.topology import MANAGEMENT_PORT, NODES, SWITCHES, management_address

_START_WITHIN_S = 30.0
_STOP_WITHIN_S = 10.0
_CHECKOUT = Path(__file__).resolve().parent.parent

Progress = Callable[[str], None]
"""Is told, in a few words, what is being waited for."""


def up(
    state: StateDir, *, subnet: int, known_hosts: Path, progress: Progress = lambda _words: None
) -> bool:
    """Start the lab's daemons; return False if the lab was running already.

    The daemons are configured then, but their sessions not yet established: ``lab.readiness`` waits
    for that.
    """
    lacking = requirements.missing()
    if lacking:
        raise LabError("\n".join(lacking), exit_code=5)
    state.ensure_ours()
    settings = Settings(
        subnet=subnet,
        known_hosts=str(known_hosts.resolve()),
        user_namespace=requirements.needs_user_namespace(),
    )
    if state.is_running():
        return False
    state.remove()
    with ExitStack() as undo:
        sockets = {name: undo.enter_context(_listen(name, subnet)) for name in SWITCHES}
        state.write_settings(settings)
        undo.enter_context(_undone_on_error(state))
        lock = state.try_lock()
        if lock is None:
            raise LabError(f"another lab is being started in {state.root}", exit_code=5)
        undo.callback(os.close, lock)
        progress("writing keys and configurations")
        _write_files(state, settings)
        progress("starting daemons")
        _start_supervisor(state, sockets, lock)
    return True


def down(state: StateDir) -> bool:
    """End the lab and remove its files; return whether there was anything to end or to remove."""
    if state.settings() is None:
        return False
    if state.is_running():
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


def _listen(switch: str, subnet: int) -> socket.socket:
    address = str(management_address(switch, subnet))
    try:
        return socket.create_server((address, MANAGEMENT_PORT), backlog=64)
    except OSError as error:
        raise LabError(
            f"{address}:{MANAGEMENT_PORT}, where {switch} is to listen, can't be had "
            f"({error.strerror}): another lab may run there; end it, or give this one a --subnet",
            exit_code=5,
        ) from error


def _write_files(state: StateDir, settings: Settings) -> None:
    for folder in ("ssh", "log", "nodes"):
        (state.root / folder).mkdir(mode=0o700, exist_ok=True)
    for name in NODES:
        own = state.node(name)
        own.mkdir(mode=0o700)
        for file, text in node_files(name).items():
            (own / file).write_text(text, encoding="utf-8")
    keys = {name: state.node(name) / "host_key" for name in SWITCHES}
    _generate_keys([state.client_key, *keys.values()])
    client = state.client_key.with_suffix(".pub").read_text(encoding="ascii")
    public: dict[str, str] = {}
    for name, key in keys.items():
        (state.node(name) / "authorized_keys").write_text(client, encoding="ascii")
        kind, base64, *_ = key.with_suffix(".pub").read_text(encoding="ascii").split()
        public[name] = f"{kind} {base64}"
    remember_host_keys(Path(settings.known_hosts), settings.subnet, public)


def _generate_keys(paths: list[Path]) -> None:
    commands = [
        ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", "lab", "-f", str(path)]
        for path in paths
    ]
    running = [subprocess.Popen(command, stdin=subprocess.DEVNULL) for command in commands]
    for process in running:
        if process.wait() != 0:
            raise LabError(f"ssh-keygen failed with exit code {process.returncode}")


def _start_supervisor(state: StateDir, sockets: dict[str, socket.socket], lock: int) -> None:
    numbers = {name: listener.fileno() for name, listener in sockets.items()}
    environment = {
        "PATH": requirements.search_path(),
        "PYTHONPATH": str(_CHECKOUT),
        "PYTHONDONTWRITEBYTECODE": "1",
        "LAB_SOCKETS": ",".join(f"{name}={number}" for name, number in numbers.items()),
    }
    command = [*requirements.unshare_command(), sys.executable, "-m", "lab.supervisor"]
    with state.log("supervisor").open("ab") as log:
        process = subprocess.Popen(
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
    try:
        pid = int(state.supervisor_pid.read_text(encoding="ascii"))
    except FileNotFoundError:
        return
    # Opened before the check: whatever the number means later, the signal goes to this very
    # process.
    try:
        handle = os.pidfd_open(pid)
    except ProcessLookupError:
        return
    try:
        if str(state.root) not in _command_line(pid):
            return
        signal.pidfd_send_signal(handle, signal.SIGKILL)
    except ProcessLookupError:
        return
    finally:
        os.close(handle)
    deadline = time.monotonic() + _STOP_WITHIN_S
    while Path("/proc", str(pid)).exists() and _command_line(pid):
        if time.monotonic() > deadline:
            raise LabError(f"process {pid}, the lab's supervisor, does not end")
        time.sleep(0.01)


def _command_line(pid: int) -> list[str]:
    try:
        text = Path("/proc", str(pid), "cmdline").read_text(encoding="utf-8", errors="replace")
    except (FileNotFoundError, ProcessLookupError):
        return []
    return text.split("\0")
