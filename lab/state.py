"""Where a lab keeps its files, and whether it runs; read ``StateDir`` first.

Law: a lab runs exactly as long as the lock file is locked. The supervisor and all its children hold
the lock open, so the kernel itself lets go of it when the last of them is dead, however it died.
"""

import fcntl
import json
import os
import shutil
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from pathlib import Path

from lab.errors import LabError
from lab.fabrics import PLATFORMS, PORTS, SSH_LIKE, Fabric
from lab.topology import SWITCHES, management_address

_MARKER = "lab.json"
_LOCK = "lock"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """What a lab was started with; kept in its state directory."""

    subnet: int
    """The second byte of the management addresses 127.SUBNET.0.x."""
    known_hosts: str
    user_namespace: bool
    fabric: Fabric


@dataclass(frozen=True, slots=True)
class StateDir:
    """The files of one lab below one folder, which belongs to the lab alone."""

    root: Path

    @property
    def client_key(self) -> Path:
        """The private key that every switch accepts for the SSH user."""
        return self.root / "ssh" / "id_ed25519"

    @property
    def password(self) -> Path:
        """The password of the virtual switches' account."""
        return self.root / "password"

    @property
    def ca_file(self) -> Path:
        """The certificate of the authority that vouches for the virtual switches."""
        return self.root / "tls" / "ca.pem"

    @property
    def pids(self) -> Path:
        """JSON, node -> process id as the host sees it; written when all daemons run."""
        return self.root / "pids.json"

    @property
    def wire(self) -> Path:
        """The socket where the wire takes commands; see ``lab.wire``."""
        return self.root / "wire"

    @property
    def supervisor_pid(self) -> Path:
        """The supervisor's process id as the host sees it."""
        return self.root / "supervisor.pid"

    def node(self, name: str) -> Path:
        """Return the folder with a node's configuration files."""
        return self.root / "nodes" / name

    def log(self, name: str) -> Path:
        """Return the log file of a node's daemons, of ``NODE-ssh``, or of the supervisor."""
        return self.root / "log" / f"{name}.log"

    def write_settings(self, settings: Settings) -> None:
        """Mark the folder as a lab's."""
        (self.root / _MARKER).write_text(json.dumps(asdict(settings)), encoding="ascii")

    def settings(self) -> Settings | None:
        """Return what the lab was started with; None where no lab was."""
        try:
            text = (self.root / _MARKER).read_text(encoding="ascii")
        except FileNotFoundError:
            return None
        return Settings(**json.loads(text))

    def node_pids(self) -> dict[str, int]:
        """Return node -> process id on the host; empty while the lab is not up."""
        try:
            found: dict[str, int] = json.loads(self.pids.read_text(encoding="ascii"))
        except FileNotFoundError:
            return {}
        return found

    def try_lock(self) -> int | None:
        """Return a file descriptor that holds the lab's lock, or None if a lab has it."""
        self.root.mkdir(parents=True, exist_ok=True)
        descriptor = os.open(self.root / _LOCK, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            os.close(descriptor)
            return None
        return descriptor

    def is_running(self) -> bool:
        """Return whether any process of the lab is alive."""
        if self.settings() is None:
            return False
        descriptor = self.try_lock()
        if descriptor is None:
            return True
        os.close(descriptor)
        return False

    def ensure_ours(self) -> None:
        """Raise unless the folder is empty, missing or a lab's: nothing else is ever removed."""
        found = {path.name for path in self.root.iterdir()} if self.root.is_dir() else set()
        if found - {_LOCK} and _MARKER not in found:
            raise LabError(
                f"{self.root} holds files that are not a lab's; give another folder with --state",
                exit_code=5,
            )

    def remove(self) -> None:
        """Remove a lab's files: the folder, and what ``up`` wrote into its known_hosts file."""
        if not self.root.is_dir():
            return
        self.ensure_ours()
        settings = self.settings()
        if settings is not None:
            forget_host_keys(Path(settings.known_hosts), settings.subnet)
        # The marker goes last, so that an interrupted removal can be finished by the next one.
        for entry in sorted(self.root.iterdir(), key=lambda entry: entry.name == _MARKER):
            if entry.is_dir():
                shutil.rmtree(entry)
            else:
                entry.unlink()
        self.root.rmdir()


def _host_names(subnet: int, switch: str, protocols: Iterable[str] = SSH_LIKE) -> list[str]:
    address = management_address(switch, subnet)
    return [f"[{address}]:{PORTS[one]}" for one in SSH_LIKE if one in protocols]


def remember_host_keys(settings: Settings, keys: dict[str, str]) -> None:
    """Write the switches' public host keys (switch -> "type base64") to the known_hosts file."""
    known_hosts = Path(settings.known_hosts)
    forget_host_keys(known_hosts, settings.subnet)
    known_hosts.parent.mkdir(parents=True, exist_ok=True)
    with known_hosts.open("a", encoding="ascii") as file:
        for switch, platform in settings.fabric.items():
            for host in _host_names(settings.subnet, switch, PLATFORMS[platform].protocols):
                file.write(f"{host} {keys[switch]}\n")


def forget_host_keys(known_hosts: Path, subnet: int) -> None:
    """Remove the lines of this lab's switches; a file with nothing else in it goes too."""
    if not known_hosts.is_file():
        return
    ours = {host for switch in SWITCHES for host in _host_names(subnet, switch)}
    lines = known_hosts.read_text(encoding="utf-8").splitlines(keepends=True)
    kept = [line for line in lines if line.split(" ", 1)[0] not in ours]
    if kept:
        known_hosts.write_text("".join(kept), encoding="utf-8")
    else:
        known_hosts.unlink()
