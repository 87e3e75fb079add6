"""Any change, rendered by the dialect and taken by the virtual EOS, gives what was planned."""

from __future__ import annotations

from typing import TYPE_CHECKING

from config_printer import print_config
from filter_sets import devices, fence_books, guards_of, wishes
from hypothesis import assume, event, given, settings
from hypothesis import strategies as st

from lab.switch.eos.reading import printed, read, typed
from lab.switch.lines import Cursor
from policies.change import apply, steps
from policies.dialects.eos import EosDialect
from policies.install import install
from policies.managed import Managed, managed

if TYPE_CHECKING:
    from collections.abc import Mapping

    from policies.filters import Running
    from policies.guards import Fence

DIALECT = EosDialect()


class Eos:
    """Holds a configuration; takes candidates as the driver sends them, without indentation."""

    def __init__(self, text: str) -> None:
        self.configuration = read(text)

    def text(self) -> str:
        return printed(
            self.configuration, command="show running-config", name="tor1", release="4.32.2F"
        )

    def take(self, candidate: str) -> None:
        cursor = Cursor(self.configuration)
        for line in candidate.splitlines():
            typed(cursor, line.strip())


def real(text: str) -> str:
    """Return a made-up configuration in words that EOS has."""
    lines = [line for line in text.splitlines() if "filter-list" not in line]
    whole = (f"{line} remote-as 65001" if "listen range" in line else line for line in lines)
    return "".join(f"{line.replace('match tag', 'match as-path')}\n" for line in whole)


def carry_out(device: Eos, wanted: Managed) -> Running:
    """Take the device to ``wanted``; assert that it is what was planned."""
    before = DIALECT.parse(device.text())
    todo = steps(managed(before), wanted)
    device.take(DIALECT.render(todo, before))
    after = DIALECT.parse(device.text())
    assert after == apply(before, todo)
    assert managed(after) == wanted
    return after


@settings(max_examples=60, deadline=None)
@given(devices(shared=False), fence_books(), fence_books(), st.data())
def test_a_change_and_its_way_back(
    made_up: Running,
    first: Mapping[str, Fence],
    second: Mapping[str, Fence],
    data: st.DataObject,
) -> None:
    device = Eos(real(print_config("eos", made_up)))
    plain = device.text()
    running = DIALECT.parse(plain)
    assert read(plain).text() == device.configuration.text()
    wished = data.draw(wishes(running))
    for book in (first, second):
        wanted = install("tor1", DIALECT.parse(device.text()), guards_of(wished, book))
        assume(not wanted.violations)
        event("installed" if wanted.managed != Managed() else "nothing to do")
        carry_out(device, wanted.managed)
        assert DIALECT.foreign(device.text()) == DIALECT.foreign(plain)
    assert carry_out(device, Managed()) == running
    assert device.text() == plain
