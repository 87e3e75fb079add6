"""``ringfence`` over devices that are not there: their answers are recorded, then played.

``python played_audit.py record DEVICES CONFIGS TAPE ARGUMENTS`` asks the lab's virtual switches,
which run in this process, and keeps what they say; with ``play TAPE ARGUMENTS`` nothing else is
known. ARGUMENTS are the command line's own.
"""

from __future__ import annotations

import contextlib
import sys
import tempfile
from pathlib import Path

from played_wires import play
from tape import Tape

from runbooks import cli


def main(arguments: list[str]) -> None:
    """Run the command line, and exit with its code."""
    what, *rest = arguments
    if what == "play":
        folder, *rest = rest
        play(Tape(Path(folder)).play)
        cli.main(rest)
    devices, configs, folder, *rest = rest
    # The lab's switches are no part of what is measured.
    from asked_switches import AskedSwitches  # noqa: PLC0415

    tape = Tape(Path(folder))
    with tempfile.TemporaryDirectory() as files:
        switches = AskedSwitches(int(devices), Path(configs), Path(files))

        def ask(name: str, request: str) -> str:
            answer = switches.ask(name, request)
            tape.record(name, request, answer)
            return answer

        play(ask)
        with contextlib.closing(switches):
            cli.main(rest)


if __name__ == "__main__":
    main(sys.argv[1:])
