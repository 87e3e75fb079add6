"""The network, the site and the reviewer that the CI files are tried on: :class:`Scene`."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest
from signing import keygen, public
from site_fixture import edit, make_site, unfence

if TYPE_CHECKING:
    from pathlib import Path

    from lab.api import Lab

#: What somebody does by hand who takes a guard off.
DRIFT = "no route-map FROM-NODE deny 1"
#: The label on a request that closes more than the site's limit lets it.
LABEL = "accept-shrink"


@dataclass(frozen=True, slots=True)
class Scene:
    """A repository with the lab's site in it; the record is elsewhere, as on a jump host."""

    lab: Lab
    folder: Path

    @classmethod
    def of(cls, lab: Lab, folder: Path) -> Scene:
        """Make the repository; its site demands that one reviewer signs."""
        lacking = [tool for tool in ("curl", "jq") if shutil.which(tool) is None]
        if lacking and os.environ.get("CI") != "true":
            pytest.skip(f"needs {', '.join(lacking)}: apt-get install {' '.join(lacking)}")
        repository = folder / "repository"
        repository.mkdir()
        site = make_site(lab, repository)
        edit(site, "site.yaml", "runs: runs", f"runs: {folder}/runs\n{_DEMAND}")
        # The secrets are the CI's: the site names neither key nor password.
        edit(site, "site.yaml", f"key_file: {lab.ssh_key}", "key_file: null")
        edit(site, "site.yaml", f"password_file: {lab.network.state.password}", "")
        keygen("-q", "-t", "ed25519", "-N", "", "-f", folder / "alice")
        signers = site / "allowed_signers"
        signers.write_text(f"alice@example.com {public(folder / 'alice')}\n", encoding="ascii")
        signers.chmod(0o644)
        return cls(lab, folder)

    @property
    def repository(self) -> Path:
        return self.folder / "repository"

    @property
    def site(self) -> Path:
        return self.repository / "site"

    def shrink(self, *, back: bool = False) -> None:
        """Take half of a pool away, or give it back."""
        whole, half = "10.65.0.0/16, kind: workload", "10.65.0.0/17, kind: workload"
        edit(self.site, "pools.yaml", *((half, whole) if back else (whole, half)))

    def drift(self, *lines: str) -> None:
        """Let somebody change tor1 by hand."""
        words = [word for line in ("configure terminal", *lines) for word in ("-c", line)]
        self.lab.run("tor1", ("vtysh", *words))

    def signature(self, plan: bytes) -> str:
        """Return what the reviewer puts into a comment, as a web form hands it over."""
        file = self.folder / "downloaded.json"
        file.write_bytes(plan)
        sig = file.with_name("downloaded.json.sig")
        sig.unlink(missing_ok=True)
        keygen("-Y", "sign", "-n", "plan@ringfence", "-f", self.folder / "alice", file)
        armored = sig.read_text(encoding="ascii")
        return f"Looks good.\n\n```\n{armored}```\n".replace("\n", "\r\n")

    def close(self) -> None:
        """Take everything off the switches."""
        unfence(self.lab)
        self.lab.await_peace()


_DEMAND = "signatures: {allowed_signers: allowed_signers, required: 1}"
