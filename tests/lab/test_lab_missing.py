"""On machines that lack something: one sentence each, and no test that passes by skipping."""

import sys
from pathlib import Path

import pytest
from lab_command import CHECKOUT, command, in_mounts, options, run

pytestmark = pytest.mark.lab


def test_what_is_missing_is_said_with_the_command_that_installs_it(tmp_path: Path) -> None:
    state = tmp_path / "state"
    up = " ".join(command("--state", str(state), "up", *options(tmp_path)))
    result = run(in_mounts(f"mount -t tmpfs none /usr/lib/frr && exec {up}"))
    install = "apt-get install frr bird2 iproute2 openssh-server openssh-client"
    assert result.returncode == 5
    assert result.stderr.splitlines() == [
        f"The lab needs FRR (zebra), which is not on this machine: {install}",
        f"The lab needs FRR (bgpd), which is not on this machine: {install}",
    ]
    assert not state.exists()


def test_a_machine_without_namespaces_is_said(tmp_path: Path) -> None:
    state = tmp_path / "state"
    up = " ".join(command("--state", str(state), "up", *options(tmp_path)))
    # In a user namespace of its own, the number of network namespaces can be limited to none.
    limit = "echo 0 > /proc/sys/user/max_net_namespaces"
    result = run(["unshare", "--user", "--map-root-user", "sh", "-c", f"{limit} && exec {up}"])
    assert result.returncode == 5
    assert result.stderr == (
        "The lab needs network namespaces with bridges and veth pairs, which this machine refuses "
        "even to root: in a container, start it with --privileged.\n"
    )


@pytest.mark.parametrize(
    ("ci", "outcome"), [("false", "1 skipped"), ("true", "1 error")], ids=["developer", "pipeline"]
)
def test_a_test_that_lacks_something_is_skipped_but_fails_in_ci(ci: str, outcome: str) -> None:
    """The rule of the fixture's module, on a machine whose FRR is hidden."""
    name = "tests/lab/test_lab_network.py::test_nothing_is_missing_anywhere"
    pytest_ = f"{sys.executable} -m pytest -p no:cacheprovider -rsE {name}"
    script = f"mount -t tmpfs none /usr/lib/frr && cd {CHECKOUT} && exec {pytest_}"
    result = run(in_mounts(script), CI=ci)
    assert outcome in result.stdout.splitlines()[-1]
    assert "The lab needs FRR (zebra), which is not on this machine: apt-get" in result.stdout
    assert result.returncode == (0 if ci == "false" else 1)
