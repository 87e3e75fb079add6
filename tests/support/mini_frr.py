"""One real FRR switch with OpenSSH in private namespaces, for the driver's tests.

`MiniFrr` is the class to read. The switch is reachable on 127.2.0.N and touches nothing of the
host: its listening socket is made outside and inherited, everything else is made inside and ends
with it. A BIRD speaker at 10.9.0.2 sends it routes.
"""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

INSTALL = "apt-get install frr bird2 iproute2 openssh-server openssh-client"
HERE = Path(__file__).parent

RUNNING = """\
frr defaults traditional
hostname mini
service integrated-vtysh-config
!
router bgp 65000
 bgp router-id 10.9.0.1
 timers bgp 3 9
 neighbor NODES peer-group
 neighbor NODES remote-as 64601
 neighbor NODES timers connect 1
 neighbor 10.9.0.2 peer-group NODES
 neighbor 10.9.0.2 description the node
 neighbor 2001:db8:9::2 remote-as 64601
 neighbor 2001:db8:9::2 timers connect 1
 neighbor 192.0.2.9 remote-as 64999
 neighbor 192.0.2.9 shutdown
 !
 address-family ipv4 unicast
  neighbor NODES route-map FROM-NODE in
  neighbor NODES route-map TO-NODE out
  no neighbor 2001:db8:9::2 activate
 exit-address-family
 !
 address-family ipv6 unicast
  neighbor 2001:db8:9::2 activate
  neighbor 2001:db8:9::2 route-map FROM-NODE in
  neighbor 2001:db8:9::2 route-map TO-NODE out
 exit-address-family
exit
!
ip prefix-list OPERATOR seq 5 permit 192.0.2.0/24
bgp as-path access-list LOOPS seq 5 permit ^64601_
bgp community-list standard BLUE seq 5 permit 65000:100
!
route-map FROM-NODE permit 10
 set local-preference 200
exit
!
route-map TO-NODE permit 10
exit
!
route-map UNUSED permit 10
 match ip address prefix-list OPERATOR
exit
!
line vty
!
"""

BIRD = """\
router id 10.9.0.2;
protocol device {}
protocol static s4 { ipv4; ROUTES4 }
protocol static s6 { ipv6; ROUTES6 }
protocol bgp b4 {
  local 10.9.0.2 as 64601; neighbor 10.9.0.1 as 65000; connect delay time 1;
  ipv4 { import all; export where source = RTS_STATIC; };
}
protocol bgp b6 {
  local 2001:db8:9::2 as 64601; neighbor 2001:db8:9::1 as 65000; connect delay time 1;
  ipv6 { import all; export where source = RTS_STATIC; };
}
"""
ROUTES4 = ("10.65.1.0/26", "10.65.2.0/26", "198.51.100.128/25")
ROUTES6 = ("fd00:65:0:1::/122", "2001:db8:100:8000::/49")

SSHD = """\
HostKey {base}/hostkey
AuthorizedKeysFile {base}/key.pub
StrictModes no
UsePAM no
PermitRootLogin yes
PasswordAuthentication yes
KbdInteractiveAuthentication no
PidFile none
PrintMotd no
"""


def missing() -> str | None:
    """One sentence naming what this machine lacks for `MiniFrr`, or None."""
    programs = {
        "/usr/lib/frr/bgpd": Path("/usr/lib/frr/bgpd").exists(),
        "/usr/sbin/sshd": Path("/usr/sbin/sshd").exists(),
        **{name: shutil.which(name) is not None for name in ("vtysh", "bird", "ip", "ssh-keygen")},
    }
    absent = [name for name, present in programs.items() if not present]
    if absent:
        return f"{', '.join(absent)} not found: {INSTALL}"
    unshare = _unshare(user_namespace=os.geteuid() != 0)
    tried = subprocess.run([*unshare, "true"], capture_output=True, text=True, check=False)
    if tried.returncode != 0:
        return f"no namespaces here ({tried.stderr.strip()}): run as root, or allow user namespaces"
    return None


def _unshare(*, user_namespace: bool) -> list[str]:
    mapping = ["--user", "--map-root-user"] if user_namespace else []
    return [
        "unshare",
        *mapping,
        "--net",
        "--mount",
        "--pid",
        "--fork",
        "--kill-child",
        "--mount-proc",
    ]


def _listen(port: int) -> socket.socket:
    """Listen on the first address of 127.2.0.0/24 that no other test uses."""
    for host in range(1, 255):
        try:
            return socket.create_server((f"127.2.0.{host}", port))
        except OSError:
            continue
    raise RuntimeError("no address of 127.2.0.0/24 is free")


class MiniFrr:
    """A running switch; `args` opens a driver on it, `vtysh` asks it behind the driver's back."""

    def __init__(self, *, running: str = RUNNING, unprivileged: bool = False) -> None:
        """Start it; `unprivileged` makes the SSH account an ordinary one of a user namespace."""
        self._user_namespace = unprivileged or os.geteuid() != 0
        self.port = 2222
        self.user = "ringfence"
        listener = _listen(self.port)
        self.address = str(listener.getsockname()[0])
        self.base = Path(tempfile.mkdtemp(prefix="mini-frr-"))
        self._write_files(running)
        settings = {
            "base": str(self.base),
            "listener": listener.fileno(),
            "user_namespace": self._user_namespace,
        }
        inside = [sys.executable, str(HERE / "mini_frr_inside.py"), json.dumps(settings)]
        with (self.base / "inside.log").open("w") as log:
            self._process = subprocess.Popen(
                [*_unshare(user_namespace=self._user_namespace), *inside],
                pass_fds=[listener.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.PIPE,
                stderr=log,
                text=True,
            )
        listener.close()
        assert self._process.stdout is not None
        if self._process.stdout.readline() != "ready\n":
            said = (self.base / "inside.log").read_text()
            self.stop()
            raise RuntimeError(f"the switch did not start:\n{said}")

    def _write_files(self, running: str) -> None:
        frr = self.base / "frr"
        frr.mkdir()
        (frr / "frr.conf").write_text(running)
        (frr / "vtysh.conf").write_text("service integrated-vtysh-config\n")
        for name in ("hostkey", "key"):
            keygen = ["ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-C", name]
            subprocess.run([*keygen, "-f", self.base / name], check=True)
        public = (self.base / "hostkey.pub").read_text()
        self.known_hosts = self.base / "known_hosts"
        self.known_hosts.write_text(f"[{self.address}]:{self.port} {public}")
        (self.base / "sshd_config").write_text(SSHD.format(base=self.base))
        self._write_bird(ROUTES4, ROUTES6)

    def _write_bird(self, routes4: tuple[str, ...], routes6: tuple[str, ...]) -> None:
        text = BIRD
        for mark, routes in (("ROUTES4", routes4), ("ROUTES6", routes6)):
            text = text.replace(mark, " ".join(f"route {route} blackhole;" for route in routes))
        (self.base / "bird.conf").write_text(text)

    def announce(self, routes4: tuple[str, ...], routes6: tuple[str, ...] = ROUTES6) -> None:
        """Make the node announce exactly these prefixes."""
        self._write_bird(routes4, routes6)
        self.inside("birdc", "-s", str(self.base / "bird.ctl"), "configure")

    @property
    def args(self) -> dict[str, Any]:
        """Keyword arguments for the driver's constructor; a fresh copy each time."""
        return {
            "hostname": self.address,
            "username": self.user,
            "password": "",
            "timeout": 20,
            "optional_args": {
                "port": self.port,
                "use_keys": True,
                "key_file": str(self.base / "key"),
                "system_host_keys": False,
                "alt_host_keys": True,
                "alt_key_file": str(self.known_hosts),
            },
        }

    def inside(self, *command: str, text: str | None = None) -> str:
        """Run a command in the switch's namespaces and return what it printed."""
        children = Path(f"/proc/{self._process.pid}/task/{self._process.pid}/children")
        target = children.read_text().split()[0]
        user = ["--user", "--preserve-credentials"] if self._user_namespace else []
        enter = ["nsenter", "-t", target, *user, "--net", "--mount", "--pid"]
        done = subprocess.run(
            [*enter, *command], capture_output=True, text=True, check=False, input=text
        )
        if done.returncode != 0:
            raise RuntimeError(f"{command}: {done.returncode}: {done.stdout}{done.stderr}")
        return done.stdout

    def vtysh(self, *commands: str) -> str:
        """Run vtysh commands on the switch, not through the driver."""
        return self.inside("vtysh", *[part for command in commands for part in ("-c", command)])

    def running(self) -> str:
        return self.vtysh("show running-config no-header")

    def kill(self, program: str) -> None:
        """End every process of this name on the switch, and wait until they are gone."""
        for entry in self.inside("ps", "ax", "-o", "pid=,comm=").splitlines():
            pid, name = entry.split(maxsplit=1)
            if name == program:
                self.inside("sh", "-c", f"kill {pid}; while kill -0 {pid}; do sleep 0.05; done")

    def wait_for_routes(self) -> None:
        """Wait until both sessions have brought the node's routes."""
        deadline = time.monotonic() + 60
        for family, neighbor in (("ipv4", "10.9.0.2"), ("ipv6", "2001:db8:9::2")):
            show = f"show bgp {family} unicast neighbors {neighbor} routes json"
            while not json.loads(self.vtysh(show)).get("routes"):
                if time.monotonic() > deadline:
                    raise RuntimeError(f"no {family} routes from the node")
                time.sleep(0.1)

    def stop(self) -> None:
        """End the switch with everything in it and remove its files."""
        self._process.kill()
        self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()
        shutil.rmtree(self.base)
