"""``ringfence validate``: a site's files alone, for CI."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest
from builders import POOLS, SITE, edited, write_site

from inventory.errors import Exit
from runbooks import cli

if TYPE_CHECKING:
    from pathlib import Path

MISSING_FILES = SITE + "ssh: {key_file: gone}\ncredentials: {password_file: gone}\n"


def test_a_good_site_is_in_order_also_without_its_secrets(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = str(write_site(tmp_path, {"site.yaml": MISSING_FILES}))
    assert cli.run(["validate", "--site", site]) == Exit.DONE
    said = "the site dc1 is in order: 3 devices, 6 sessions, 8 guards\n"
    assert capsys.readouterr().out == said
    assert cli.run(["validate", "--site", site, "--json"]) == Exit.DONE
    assert json.loads(capsys.readouterr().out) == {
        "schema": "ringfence.result/v1",
        "command": "validate",
        "exit_code": 0,
        "findings": [],
        "devices": 3,
        "sessions": 6,
        "guards": 8,
    }


@pytest.mark.parametrize(
    ("files", "code", "said"),
    [
        (edited("pools.yaml", "10.66.0.0/16]", "10.66.0.1/16]"), Exit.BAD_INPUT, "pools.yaml:11"),
        (edited("hosts.yaml", "device: tor1", "device: tor9"), Exit.BAD_INPUT, "hosts.yaml:15"),
        (
            edited("pools.yaml", "{cidr: 10.66.0.0/16", "{cidr: 10.65.0.0/17"),
            Exit.REFUSED,
            "overlap",
        ),
    ],
    ids=["no network", "no such device", "overlap"],
)
def test_a_mistake_is_named_with_its_place(
    tmp_path: Path,
    files: dict[str, str],
    code: Exit,
    said: str,
    capsys: pytest.CaptureFixture[str],
) -> None:
    site = str(write_site(tmp_path, files))
    assert cli.run(["validate", "--site", site]) == code
    assert said in capsys.readouterr().err


def test_a_pool_outside_its_delegation_is_a_note(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    more = POOLS + "      - {cidr: 10.67.0.0/16, kind: workload}\n"
    assert cli.run(["validate", "--site", str(write_site(tmp_path, {"pools.yaml": more}))]) == 0
    assert "note: pools.yaml:14:9: 10.67.0.0/16 of cluster blue" in capsys.readouterr().out
