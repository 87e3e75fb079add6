"""What the machine must have for the lab; read ``missing`` first.

Law: everything that is missing is said, in one sentence each, with the command that installs it.
"""

import importlib.util
import os
import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

from lab.fabrics import FABRICS, FRR

INSTALL = "apt-get install frr bird2 iproute2 openssh-server openssh-client"
_PATH = "/usr/local/sbin:/usr/sbin:/sbin:/usr/local/bin:/usr/bin:/bin"
"""Also what an ordinary user's PATH often lacks: the daemons live in the sbin folders."""

_PROGRAMS = {
    "/usr/lib/frr/zebra": "FRR (zebra)",
    "/usr/lib/frr/bgpd": "FRR (bgpd)",
    "vtysh": "FRR's vtysh",
    "bird": "BIRD 2",
    "ip": "iproute2 (ip)",
    "/usr/sbin/sshd": "the OpenSSH server (sshd)",
    "unshare": "util-linux (unshare)",
    "setpriv": "util-linux (setpriv)",
    "nsenter": "util-linux (nsenter)",
}

_PACKAGES = ("aiohttp", "asyncssh", "lxml")
"""What the virtual switches speak with."""


def needs_user_namespace() -> bool:
    """Return whether this user may make network namespaces only inside a user namespace."""
    return os.geteuid() != 0


def unshare_command() -> list[str]:
    """Return the command in front of the supervisor's: new namespaces, which die with it."""
    user = ["--user", "--map-root-user"] if needs_user_namespace() else []
    return ["unshare", *user, "--net", "--mount", "--pid", "--fork", "--kill-child"]


def search_path() -> str:
    """Return a PATH with the system's sbin folders behind the user's own."""
    return os.pathsep.join(part for part in (os.environ.get("PATH", ""), _PATH) if part)


def missing(fabric: Mapping[str, str] = FABRICS[FRR]) -> list[str]:
    """Return a sentence for each thing that the lab needs and this machine lacks, if any.

    Args:
        fabric: switch -> platform; virtual switches need more than FRR does.
    """
    path = search_path()
    sentences = [
        f"The lab needs {what}, which is not on this machine: {INSTALL}"
        for program, what in _PROGRAMS.items()
        if shutil.which(program, path=path) is None
    ]
    if set(fabric.values()) - {FRR}:
        absent = [name for name in _PACKAGES if importlib.util.find_spec(name) is None]
        if absent:
            sentences.append(
                f"The lab's virtual switches need {', '.join(absent)}, which is not in this "
                "Python: python -m pip install -e '.[lab]'"
            )
    if shutil.which("unshare", path=path) and not _namespaces_work(path):
        sentences.append(_namespaces_sentence())
    return sentences


def _namespaces_work(path: str) -> bool:
    # A bridge and a veth pair are tried as well: a kernel may lack either.
    script = "ip link add lab0 type bridge && ip link add lab1 type veth peer name lab2"
    result = subprocess.run(
        [*unshare_command(), "sh", "-c", script],
        env={"PATH": path},
        capture_output=True,
        check=False,
    )
    return result.returncode == 0


def _namespaces_sentence() -> str:
    if not needs_user_namespace():
        return (
            "The lab needs network namespaces with bridges and veth pairs, which this machine "
            "refuses even to root: in a container, start it with --privileged."
        )
    knob = Path("/proc/sys/kernel/apparmor_restrict_unprivileged_userns")
    command = (
        f"sysctl -w kernel.{knob.name}=0"
        if knob.exists()
        else "sysctl -w kernel.unprivileged_userns_clone=1 user.max_user_namespaces=10000"
    )
    return (
        "The lab needs user namespaces, which this machine refuses to ordinary users: "
        f"run it as root, or allow them with: {command}"
    )
