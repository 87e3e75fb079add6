"""Who signed a plan, and whether that is enough for the site: :func:`ensure_signed`.

Signatures are OpenSSH's, of the plan's very bytes, in PLAN.sig, one block after another.
Law: the bytes that were verified are the bytes that are carried out, so whoever calls reads
the plan once; and people are counted so that nobody can be two.
"""

from __future__ import annotations

import os
import re
import stat
from dataclasses import dataclass
from itertools import combinations
from typing import TYPE_CHECKING, Final

from inventory.errors import InputError, Place, Problem, RefusedError
from runbooks import ssh_keygen

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from inventory.site import Site

#: What our signatures are for. One for git, or for a file, is none for a plan.
NAMESPACE: Final = "plan@ringfence"

#: Signatures that are looked at; no change needs as many people, and each costs processes.
_MOST = 32

#: What ssh-keygen says of a key that no line lists.
_STRANGER: Final = "No principal matched"

_BLOCK = re.compile(
    rf"({ssh_keygen.BEGIN}(?:(?!{ssh_keygen.BEGIN}).)*?{ssh_keygen.END})", re.DOTALL
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signature:
    """One block of PLAN.sig, judged.

    ``key`` is a fingerprint, empty where the block is garbled; ``people`` are the principals
    that may have made it, sorted. Without any, ``problem`` says why it does not count.
    """

    key: str
    people: tuple[str, ...] = ()
    problem: str | None = None

    def __str__(self) -> str:
        if self.problem is not None:
            return f"{self.key or 'one'}: {self.problem}"
        return f"{' or '.join(self.people)} ({self.key})"


def signature_file(plan: Path) -> Path:
    """Return where the signatures of the plan in the file ``plan`` stand."""
    return plan.with_name(plan.name + ".sig")


def ensure_signed(site: Site, plan: Path | None, content: bytes) -> tuple[Signature, ...]:
    """Return the signatures that count of ``content``, which was read from ``plan``.

    A site that demands none gets those that are there. None is a plan that is yet to be made.

    Raises:
        RefusedError: the site demands more; names the commands to go on with.
        InputError: the site's allowed_signers can't be used.
    """
    required = site.settings.signatures.required
    if plan is None:
        _ensure_no_demand(site.settings.name, required)
        return ()
    if not required and site.settings.signatures.allowed_signers is None:
        return ()
    found = signatures(site, plan, content)
    counted = tuple(one for one in found if one.problem is None)
    if enough(found, required):
        return counted
    demands = "somebody" if required == 1 else f"{required} different people"
    has = ", ".join(map(str, counted)) or "nobody"
    others = "".join(f"; not counted: {one}" for one in found if one.problem is not None)
    raise RefusedError(
        f"{plan}: the site wants it signed by {demands}, and it is by {has}{others}; nothing was "
        f"contacted; sign it with: ringfence sign {plan} --key FILE"
    )


def _ensure_no_demand(site: str, required: int) -> None:
    """Refuse to make and carry out a plan in one go where it must be signed in between."""
    if required:
        by = "somebody" if required == 1 else f"{required} different people"
        raise RefusedError(
            f"the site {site} carries out only plans that {by} signed; nothing was contacted; go "
            "on with: ringfence plan --out plan.json, then ringfence sign plan.json --key FILE, "
            "then ringfence deploy plan.json"
        )


def signatures(site: Site, plan: Path, content: bytes) -> tuple[Signature, ...]:
    """Return what every block of the signature file says of ``content``; empty without a file.

    Raises:
        RefusedError: the file holds no signature, or there is no ssh-keygen.
        InputError: the site's allowed_signers can't be used.
    """
    path = signature_file(plan)
    try:
        text = path.read_text(encoding="ascii", errors="replace")
    except FileNotFoundError:
        return ()
    except OSError as error:
        raise RefusedError(f"{path}: can't be read: {error.strerror}") from error
    found = blocks(text)
    if not found:
        raise RefusedError(f"{path}: there is no SSH signature in it; sign the plan again")
    if len(found) > _MOST:
        raise RefusedError(f"{path}: {len(found)} signatures are too many; keep {_MOST} at most")
    allowed = allowed_signers(site)
    return tuple(_judged(content, one, allowed) for one in found)


def blocks(text: str) -> tuple[str, ...]:
    """Return the armored blocks of ``text``; what stands between them as garbled ones."""
    return tuple(part.strip() + "\n" for part in _BLOCK.split(text) if part.strip())


def allowed_signers(site: Site) -> bytes:
    """Return the content of the site's allowed_signers, read once.

    Raises:
        InputError: it is not named, can't be read, or others than its owner may write it.
    """
    name = site.settings.signatures.allowed_signers
    place = Place(site.path / "site.yaml")
    if name is None:
        text = "signatures.allowed_signers: name the file of those who may sign plans"
        raise InputError(Problem(place, text))
    try:
        with site.file(name).open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except OSError as error:
        text = f"signatures.allowed_signers: {name!r} can't be read: {error.strerror}"
        raise InputError(Problem(place, text)) from error
    if mode & (stat.S_IWGRP | stat.S_IWOTH):
        text = f"signatures.allowed_signers: others may write {name!r}; chmod go-w it"
        raise InputError(Problem(place, text))
    return content


def enough(found: Sequence[Signature], required: int) -> bool:
    """Return whether at least ``required`` people must have made the signatures that count.

    The fewest people who could have: somebody who is listed with two keys is one, two who
    are listed with one key are one, and so is anybody in between who could have made all. That
    is stricter than giving each signature a name of its own.
    """
    keys: dict[str, set[str]] = {}
    for one in found:
        if one.problem is None:
            # Nobody becomes two by being written in capitals.
            keys.setdefault(one.key, set()).update(name.casefold() for name in one.people)
    names = sorted(set().union(*keys.values()))
    explained = (
        all(people.intersection(few) for people in keys.values())
        for few in combinations(names, max(0, required - 1))
    )
    return required == 0 or (bool(keys) and not any(explained))


def _judged(content: bytes, armored: str, allowed: bytes) -> Signature:
    """Return what one block says of ``content``."""
    claim = ssh_keygen.envelope(armored)
    if claim is None:
        return Signature(key="", problem="is garbled: no SSH signature can be read from it")
    key = ssh_keygen.fingerprint(claim.key)
    if claim.namespace != NAMESPACE:
        said = f"was made for {claim.namespace!r}, not for {NAMESPACE!r}"
        return Signature(key=key, problem=said)
    checked = ssh_keygen.check(content, armored, NAMESPACE)
    if not checked.good:
        said = "is of something else: the plan was changed since, or it is another plan's"
        return Signature(key=key, problem=said)
    # Of a certificate ssh-keygen tells the plain key's: both are one and the same.
    key = checked.lines[0].rpartition(" ")[2]
    listed = ssh_keygen.principals(armored, allowed)
    names = {*(listed.lines if listed.good else ()), *_named(allowed, claim.key)}
    if not names and listed.lines == (_STRANGER,):
        return Signature(key=key, problem="is of a key that is not in allowed_signers")
    people: list[str] = []
    why = [] if listed.good else [line for line in listed.lines if line != _STRANGER]
    for name in sorted(names):
        if set("*?!") & set(name):
            why.append(f"it is listed by the pattern {name!r}, which names nobody")
            continue
        verdict = ssh_keygen.verify(
            content, armored, allowed=allowed, principal=name, namespace=NAMESPACE
        )
        if verdict.good:
            people.append(name)
        else:
            why += verdict.lines
    if people:
        return Signature(key=key, people=tuple(people))
    return Signature(key=key, problem=f"does not count: {'; '.join(dict.fromkeys(why))}")


def _named(allowed: bytes, key: str) -> set[str]:
    """Return whom ``allowed`` lists with ``key``: ssh-keygen tells the first line's only."""
    lines = [line for line in allowed.decode(errors="replace").splitlines() if key in line.split()]
    firsts = [re.match(r'\s*(?:"([^"]*)"|([^#\s]\S*))', line) for line in lines]
    return {name for first in firsts if first for name in (first[1] or first[2]).split(",") if name}
