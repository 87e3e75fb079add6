"""What an IOS-XE switch answers to a command, over the driver's own connection: :func:`ask`.

The driver takes only "Invalid input" for a refusal; "% Incomplete command", "Insertion failed" and
the like it passes over. It waits long for a dead connection. So its connection alone is used, and
whoever asks reads what the switch says.
"""

from __future__ import annotations

import re
import time
from typing import TYPE_CHECKING

from policies.redact import redact
from tasks.adapters.ssh_channel import alive

if TYPE_CHECKING:
    from tasks.adapters.base import Driver

#: Seconds that a command may take which writes a file or applies one.
SLOW = 100

#: Seconds between two looks for an answer, soon and at last.
_LOOK_AGAIN, _LOOK_SELDOM = 0.002, 0.05
_LONGEST_PROMPT = 200


def ask(driver: Driver, command: str) -> str:
    """Return what the switch prints for a command, up to its next prompt.

    Raises:
        ConnectionResetError: the connection ended meanwhile, which netmiko waits out.
        TimeoutError: no prompt came.
    """
    said, prompt = ask_once(driver, command)
    if "(config" in prompt:
        # Something went wrong while the timer was armed, and left the terminal in that mode.
        ask_once(driver, "end")
        said, _ = ask_once(driver, command)
    return said


def ask_once(driver: Driver, command: str) -> tuple[str, str]:
    """Return what the switch prints for a command, and its next prompt.

    Raises:
        ConnectionResetError, TimeoutError: as :func:`ask`.
    """
    device = driver.device
    prompt = re.compile(rf"(?:\A|\n){re.escape(device.base_prompt)}\S*[#>]\s*\Z")
    with alive():
        device.write_channel(f"{command}\n")
    said = ""
    wait = _LOOK_AGAIN
    deadline = time.monotonic() + SLOW
    while True:
        with alive():
            new = str(device.read_channel())
        said += new
        _, echo, output = said.partition(command)
        if echo and (end := prompt.search(output[-_LONGEST_PROMPT:])):
            return output[: len(output) - len(end[0])].lstrip("\n"), end[0].strip()
        if not new:
            if not device.remote_conn.transport.is_active():
                raise ConnectionResetError("the connection ended")
            if time.monotonic() > deadline:
                raise TimeoutError(f"no prompt came within {SLOW} s")
            time.sleep(wait)
            wait = min(2 * wait, _LOOK_SELDOM)


def words(said: str) -> str:
    """Return the switch's words on one line, secrets hidden."""
    return " ".join(redact(said).split())


def is_lock(said: str) -> bool:
    """Return whether the switch says that somebody holds its configuration."""
    return "Configuration mode locked" in said
