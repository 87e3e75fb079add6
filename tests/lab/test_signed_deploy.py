"""A site that demands two signatures: nothing moves before, and the record says whose they were."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from signing import keygen, public
from site_fixture import configurations, edit, ringfence, unfence

if TYPE_CHECKING:
    from pathlib import Path

    from lab.api import Lab

pytestmark = pytest.mark.lab


def test_two_people_sign_what_is_deployed(lab: Lab, site_path: Path, tmp_path: Path) -> None:
    before = configurations(lab)
    at = ("--site", str(site_path))
    plan = str(tmp_path / "plan.json")
    keys = [tmp_path / "alice", tmp_path / "bob"]
    for key in keys:
        keygen("-q", "-t", "ed25519", "-N", "", "-f", key)
    signers = site_path / "allowed_signers"
    signers.write_text("".join(f"{key.name}@example.com {public(key)}\n" for key in keys))
    signers.chmod(0o644)
    demand = "signatures: {allowed_signers: allowed_signers, required: 2}"
    edit(site_path, "site.yaml", "runs: runs", f"runs: runs\n{demand}")
    try:
        assert ringfence("deploy", "--yes", *at).code == 4
        assert ringfence("plan", "--out", plan, *at).code == 0
        for key in keys:
            refused = ringfence("deploy", plan, *at)
            assert (refused.code, "signed by 2 different people" in refused.err) == (4, True)
            assert configurations(lab) == before
            assert ringfence("sign", plan, "--key", str(key), *at).code == 0
        done = ringfence("deploy", plan, "--json", *at)
        assert done.code == 0, done.err
        shown = ringfence("show", done.document["run"], "--json", *at).document
        begin = shown["events"][0]
        assert [one.partition(" ")[0] for one in begin["signed_by"]] == [
            "alice@example.com",
            "bob@example.com",
        ]
        # The way back stands in what they signed: it takes no more signatures.
        assert ringfence("rollback", "--yes", *at).code == 0
        assert configurations(lab) == before
    finally:
        unfence(lab)
