"""The list of a Junos device's commits, and whether the last one waits: :func:`read_commits`.

``show system commit`` marks a commit as "rollback pending" for as long as it can be confirmed, and
no longer (Juniper's command reference; replies of Junos 23.2 to 26.2 that others captured). Its
comment, "commit confirmed, rollback in 5mins", stays for good, and the device's clock says nothing:
it may be put right meanwhile, and the rollback comes half a minute late. NAPALM's driver looks at
those two.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tasks.adapters.junos_words import NonsenseError, expected, own_words
from tasks.errors import VerifyError

if TYPE_CHECKING:
    from tasks.adapters.base import Driver


@dataclass(frozen=True, slots=True, kw_only=True)
class Commit:
    """One commit: who made it, through what, and when by the device's clock."""

    user: str
    client: str
    at: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commits:
    """The commits, the last one first; ``waits`` is whether that waits for its confirmation."""

    listed: tuple[Commit, ...]
    waits: bool

    @property
    def last(self) -> Commit:
        """The last commit."""
        return self.listed[0]

    def ensure_ours_since(self, before: Commits) -> None:
        """Raise unless all that was committed since ``before`` is by who made its last commit.

        Commits of one second look the same, so the lists are laid side by side.

        Raises:
            VerifyError: it is not; at worst the timer, which is root's, was faster.
        """
        listed, ours = self.listed, before.last
        new = next(
            number
            for number in range(len(listed) + 1)
            if listed[number:] == before.listed[: len(listed) - number]
        )
        for one in listed[:new]:
            if (one.user, one.client) != (ours.user, ours.client):
                raise VerifyError(f"the commit did not wait any more: {one.user} made one after it")


def read_commits(driver: Driver) -> Commits:
    """Return the commits that the device lists, at most 50.

    Raises:
        NonsenseError: what it answers is no such list.
        DeviceError: it does not list them for this user.
    """
    with own_words():
        reply = driver.device.rpc.get_commit_information()
    listed = expected(reply, "commit-information").findall("commit-history")
    if not listed:
        raise NonsenseError("the device lists no commits")
    found = tuple(
        Commit(
            user=(one.findtext("user") or "").strip(),
            client=(one.findtext("client") or "").strip(),
            at=(one.findtext("date-time") or "").strip(),
        )
        for one in listed
    )
    return Commits(listed=found, waits=listed[0].find("commit-confirmed") is not None)
