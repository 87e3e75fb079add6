"""The running virtual network for tests: the fixture ``lab``, and the rule for tests marked "lab".

Law: a machine that lacks something skips these tests with the sentence that says what to install;
under CI=true it fails them, so that a pipeline never passes by skipping.
"""

import os
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path

import pytest

from lab import requirements
from lab.api import Lab
from lab.errors import LabError
from lab.fabrics import FRR

_SUBNETS = range(200, 240)
"""Management subnets for tests, away from the default one of a developer's own lab."""


@cache
def _missing() -> str:
    return "\n".join(requirements.missing())


def pytest_runtest_setup(item: pytest.Item) -> None:
    """Skip, or fail, a test that needs the network on a machine that can't have one."""
    if item.get_closest_marker("lab") is None or not _missing():
        return
    if os.environ.get("CI") == "true":
        pytest.fail(_missing(), pytrace=False)
    pytest.skip(_missing())


@pytest.fixture(scope="session")
def lab(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Lab]:
    """Return a running lab of FRR alone, in peace, for the whole session; it dies with the run."""
    folder = tmp_path_factory.mktemp("lab")
    running = start_somewhere(folder)
    yield running
    running.stop()


def start_somewhere(folder: Path, fabric: str | Mapping[str, str] = FRR) -> Lab:
    """Start a lab below ``folder`` on the first management subnet that nobody else uses."""
    for subnet in _SUBNETS:
        try:
            return Lab.start(
                folder / "state",
                subnet=subnet,
                known_hosts=folder / "known_hosts",
                fabric=fabric,
                dies_with_caller=True,
            )
        except LabError as error:
            if "--subnet" not in str(error):
                raise
    raise LabError(f"all management subnets of {_SUBNETS} are in use")
