"""A copy on IOS-XE that arrives after its timer, when somebody else's runs already."""

from __future__ import annotations

from contextlib import contextmanager
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest

from inventory.errors import DeviceError
from tasks.adapters import ios, ios_timer
from tasks.adapters.ios import IosAdapter
from tasks.errors import LockedError

if TYPE_CHECKING:
    from collections.abc import Iterator


@pytest.mark.parametrize("user", ["operator", None])
def test_somebody_elses_timer_is_not_confirmed_for_our_late_copy(
    monkeypatch: pytest.MonkeyPatch, user: str | None
) -> None:
    said: list[str] = []

    @contextmanager
    def loaded(*_: object) -> Iterator[str]:
        yield "flash:candidate"

    def ask(_: object, command: str) -> str:
        said.append(command)
        return ""

    monkeypatch.setattr(ios, "loaded", loaded)
    monkeypatch.setattr(ios, "diff_of", lambda *_: "diff")
    monkeypatch.setattr(ios, "arm", lambda *_: 0.0)
    monkeypatch.setattr(ios, "merge", lambda *_: said.append("copied"))
    monkeypatch.setattr(ios_timer, "timer_user", lambda _: user)
    monkeypatch.setattr(ios_timer, "ask", ask)
    driver: Any = SimpleNamespace(username="ringfence")
    with pytest.raises(DeviceError, match="run out before the candidate was copied") as raised:
        IosAdapter().commit(driver, "candidate", "diff", 60)
    # What was copied is ours, and waits for nothing: the caller takes it back.
    assert not isinstance(raised.value, LockedError)
    assert said == ["copied"]
