"""The driver with an ordinary account: one that vtysh serves, and that owns nothing else."""

from __future__ import annotations

from typing import TYPE_CHECKING

import mini_frr
import pytest
from frr_guard import GUARD

from tasks.drivers.frr.config_tree import parse
from tasks.drivers.frr.driver import FRRDriver

if TYPE_CHECKING:
    from mini_frr import MiniFrr

pytestmark = pytest.mark.lab


def test_an_ordinary_account_commits_confirms_and_rolls_back(switch: MiniFrr) -> None:
    del switch  # skips where nothing of the kind runs
    ordinary = mini_frr.MiniFrr(unprivileged=True)
    try:
        before = ordinary.running()
        with FRRDriver(**ordinary.args) as frr:
            assert frr.cli(["show version"])["show version"].startswith("FRRouting ")
            frr.load_merge_candidate(config=GUARD)
            frr.commit_config(revert_in=60)
            frr.confirm_commit()
            assert "RF-OUT6" in frr.get_config()["startup"]
            frr.rollback()
        assert ordinary.running() == before
        assert parse(ordinary.inside("cat", "/etc/frr/frr.conf")) == parse(before)
    finally:
        ordinary.stop()
