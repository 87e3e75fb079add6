"""The systemd units: good by systemd's own tools, and their command runs inside their walls."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from site_fixture import edit, make_site
from systemd_unit import Unit

if TYPE_CHECKING:
    from lab.api import Lab

FOLDER = Path(__file__).resolve().parents[2] / "runbooks" / "ready" / "systemd"
UNITS = ("ringfence-audit.service", "ringfence-audit.timer", "ringfence-alert@.service")
AUDIT = Unit.read(FOLDER / UNITS[0])
#: Of 10; systemd calls what is below 2 "OK".
EXPOSURE = {"ringfence-audit.service": 1.1, "ringfence-alert@.service": 0.4}
#: SQLite gives its files to the database's owner where it runs as root, which the service does not.
OF_ROOT = {"fchown"}
#: What ProtectSystem=strict and the like do: all is read-only but the folders named.
WALLS = """\
mount --make-rprivate /
for folder in $WRITABLE; do mount --bind "$folder" "$folder"; done
while read -r _ where _; do
    case " $WRITABLE /proc /sys /dev " in
    *" $where "*) ;;
    *) case "$where" in
        /proc/* | /sys/* | /dev/*) ;;
        *) mount -o remount,bind,ro "$where" ;;
        esac ;;
    esac
done < /proc/self/mounts
exec "$@"
"""

needs_systemd = pytest.mark.skipif(
    shutil.which("systemd-analyze") is None and os.environ.get("CI") != "true",
    reason="needs systemd-analyze: apt-get install systemd",
)


def analyze(*arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    argv = ["systemd-analyze", *arguments, "--no-pager"]
    return subprocess.run(argv, cwd=cwd, capture_output=True, text=True, check=False)


def installed(folder: Path) -> Path:
    """Copy the units to where the program that they start is there."""
    for name in UNITS:
        text = (FOLDER / name).read_text(encoding="utf-8")
        text = text.replace("/opt/ringfence/bin/ringfence", sys.executable)
        (folder / name).write_text(text, encoding="utf-8")
    return folder


@needs_systemd
@pytest.mark.parametrize("unit", UNITS)
def test_systemd_takes_the_unit_without_a_word(tmp_path: Path, unit: str) -> None:
    done = analyze("verify", "--man=no", f"./{unit}", cwd=installed(tmp_path))
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@needs_systemd
@pytest.mark.parametrize("unit", EXPOSURE)
def test_little_of_the_machine_is_exposed(tmp_path: Path, unit: str) -> None:
    threshold = f"--threshold={int(EXPOSURE[unit] * 10)}"
    done = analyze("security", "--offline=true", threshold, f"./{unit}", cwd=installed(tmp_path))
    assert done.returncode == 0, done.stdout + done.stderr


@needs_systemd
def test_the_user_that_the_service_runs_as_can_be_made(tmp_path: Path) -> None:
    rules = tmp_path / "etc" / "sysusers.d"
    rules.mkdir(parents=True)
    shutil.copy(FOLDER / "ringfence.sysusers.conf", rules / "ringfence.conf")
    argv = ["systemd-sysusers", "--dry-run", f"--root={tmp_path}"]
    done = subprocess.run(argv, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert "Creating user 'ringfence'" in done.stdout + done.stderr
    assert (AUDIT.one("User"), AUDIT.one("StateDirectory")) == ("ringfence", "ringfence")


def test_the_timer_starts_the_service_and_spreads_out() -> None:
    timer = Unit.read(FOLDER / "ringfence-audit.timer")
    assert timer.settings[1:] == (
        ("OnCalendar", "hourly"),
        ("RandomizedDelaySec", "10min"),
        ("Persistent", "true"),
        ("WantedBy", "timers.target"),
    )
    assert AUDIT.one("SuccessExitStatus") == "2"
    assert AUDIT.one("OnFailure") == "ringfence-alert@%n.service"


@dataclass(frozen=True, slots=True)
class Host:
    """A jump host: where the service's folders are on this machine."""

    folder: Path
    places: dict[str, str]

    @classmethod
    def of(cls, lab: Lab, folder: Path) -> Host:
        """Install the service, its site and its credentials below ``folder``."""
        site = make_site(lab, folder)
        for name in ("state/ringfence", "metrics", "credentials"):
            (folder / name).mkdir(parents=True)
        # What LoadCredential= copies; the site itself names neither.
        shutil.copy(lab.ssh_key, folder / "credentials" / "key")
        shutil.copy(lab.network.state.password, folder / "credentials" / "password")
        edit(site, "site.yaml", f"key_file: {lab.ssh_key}", "key_file: null")
        edit(site, "site.yaml", f"password_file: {lab.network.state.password}", "")
        edit(site, "site.yaml", "runs: runs", f"runs: {folder}/state/ringfence/runs")
        program = str(Path(sys.executable).with_name("ringfence"))
        return cls(
            folder,
            {
                "%S": f"{folder}/state",
                "%d": f"{folder}/credentials",
                "/etc/ringfence/site": str(site),
                "/opt/ringfence/bin/ringfence": program,
                "/var/lib/prometheus/node-exporter": f"{folder}/metrics",
            },
        )

    def start(self) -> tuple[int, set[str], str]:
        """Run the service; return its exit code, its system calls, and what it said."""
        home, private = self.folder / "state" / AUDIT.one("StateDirectory"), self.folder / "tmp"
        private.mkdir()
        writable = [home, *(one.lstrip("-") for one in AUDIT.placed("ReadWritePaths", self.places))]
        if AUDIT.one("PrivateTmp") == "yes":
            writable.append(private)
        trace = private / "trace"
        walls = ["unshare", "--mount", "sh", "-ec", WALLS, "walls"]
        rights = ["setpriv", "--no-new-privs", "--bounding-set=-all", "--inh-caps=-all", "--"]
        traced = ["strace", "-f", "-qq", "-c", "-o", str(trace), "--"]
        done = subprocess.run(
            [*walls, *rights, *traced, *AUDIT.command(self.places)],
            cwd=AUDIT.placed("WorkingDirectory", self.places)[0],
            env={
                "PATH": "/usr/bin:/bin:/usr/sbin:/sbin",
                "WRITABLE": " ".join(map(str, writable)),
                "TMPDIR": str(private),
                **AUDIT.environment(self.places),
            },
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
        )
        table = trace.read_text(encoding="ascii")
        calls = set(re.findall(r"^ *[\d.]+ +.* (\w+)$", table, re.MULTILINE)) - {"total"}
        return done.returncode, calls, done.stdout + done.stderr


@needs_systemd
@pytest.mark.lab
@pytest.mark.skipif(os.geteuid() != 0, reason="builds the unit's walls, which takes root")
@pytest.mark.skipif(shutil.which("strace") is None, reason="needs strace: apt-get install strace")
def test_the_command_runs_inside_the_units_walls(lab: Lab, tmp_path: Path) -> None:
    host = Host.of(lab, tmp_path)
    code, calls, said = host.start()
    # Nothing is deployed: the switches differ, which is a success of the service.
    assert str(code) == AUDIT.one("SuccessExitStatus"), said
    assert calls - AUDIT.system_calls() - OF_ROOT == set()
    assert {"openat", "connect"} <= calls
    assert "</html>" in (tmp_path / "state/ringfence/audit.html").read_text(encoding="utf-8")
    metrics = (tmp_path / "metrics/ringfence.prom").read_text(encoding="utf-8")
    assert json.dumps("tor1") in metrics
    assert sorted(one.name for one in (tmp_path / "metrics").iterdir()) == ["ringfence.prom"]
