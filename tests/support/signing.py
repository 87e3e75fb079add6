"""Plans, keys and allowed signers for tests of signatures: :class:`Signing`. Real ssh-keygen."""

from __future__ import annotations

import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING

from builders import SITE, write_site
from plans import make_plan

from inventory.site import load_site
from runbooks.signatures import NAMESPACE, signatures

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inventory.site import Site
    from runbooks.signatures import Signature


def keygen(*arguments: str | Path) -> None:
    """Run ssh-keygen; it must succeed."""
    subprocess.run(["ssh-keygen", *map(str, arguments)], check=True, capture_output=True)  # noqa: S607


@dataclass(frozen=True, slots=True)
class Signing:
    """A site that demands signatures, in ``folder``, and a plan beside it."""

    folder: Path

    @property
    def plan(self) -> Path:
        return self.folder / "plan.json"

    @property
    def sig(self) -> Path:
        return self.folder / "plan.json.sig"

    @property
    def allowed(self) -> Path:
        return self.folder / "site" / "allowed_signers"

    @property
    def site_path(self) -> Path:
        return self.folder / "site"

    def setup(self, *, required: int = 1) -> Signing:
        """Write the site and the plan; nobody may sign yet."""
        text = SITE + f"signatures: {{allowed_signers: allowed_signers, required: {required}}}\n"
        write_site(self.site_path, {"site.yaml": text})
        self.plan.write_text(make_plan().text(), encoding="utf-8")
        self.allow()
        return self

    def allow(self, *lines: str) -> None:
        """Let exactly those of ``lines`` sign."""
        self.allowed.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        self.allowed.chmod(0o644)

    def key(self, name: str, *, passphrase: str = "", kind: str = "ed25519") -> Path:
        """Return a new private key."""
        path = self.folder / name
        keygen("-q", "-t", kind, "-N", passphrase, "-C", name, "-f", path)
        return path

    def sign(self, key: Path, *, namespace: str = NAMESPACE) -> None:
        """Add a signature of the plan as it is now, as a person does it by hand."""
        before = self.sig.read_text() if self.sig.exists() else ""
        self.sig.unlink(missing_ok=True)
        keygen("-Y", "sign", "-n", namespace, "-f", key, self.plan)
        self.sig.write_text(before + self.sig.read_text())

    def site(self) -> Site:
        """Return the site, loaded."""
        return load_site(self.site_path)

    def judged(self) -> Sequence[Signature]:
        """Return what every signature of the plan is worth."""
        return signatures(self.site(), self.plan, self.plan.read_bytes())


def public(key: Path) -> str:
    """Return ``key`` as it stands in allowed_signers."""
    return " ".join(key.with_name(key.name + ".pub").read_text().split()[:2])
