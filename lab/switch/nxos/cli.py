"""The command line of the virtual NX-OS over SSH: :class:`NxosCli`."""

from __future__ import annotations

from typing import TYPE_CHECKING

from lab.switch.https import LostAnswerError
from lab.switch.lines import RefusedError
from lab.switch.nxos.device import INVALID, banner_end
from lab.switch.terminal import Cli, HangUpError

if TYPE_CHECKING:
    from collections.abc import Callable

    from lab.switch.nxos.switch import NxosSwitch
    from lab.switch.ssh import Client

#: What a line in trouble brings.
_NOISE = "~~}r4%\x7f{{x)~ (3@@@ ^^^^ ~}x\n"


class NxosCli(Cli):
    """A terminal session; what is typed is done by a :class:`~lab.switch.nxos.session.Session`."""

    def __init__(self, switch: NxosSwitch, client: Client) -> None:
        del client
        self._switch = switch
        self._session = switch.session()
        self._banner: list[str] = []
        self._is_last: Callable[[str], bool] | None = None

    def greeting(self) -> str:
        """Return what the platform prints at login."""
        return "\nCisco Nexus Operating System (NX-OS) Software\n"

    def prompt(self) -> str:
        """Return the prompt; there is none while a banner is typed."""
        return "" if self._banner else self._switch.device.prompt(self._session.cursor)

    async def line(self, text: str) -> str:
        """Do one command."""
        command = self._gathered(text.replace("\0", ""))
        if command is None:
            return ""
        words = command.split()
        if words[:2] == ["terminal", "length"] and words[2:]:
            self.page_length = int(words[2])
        if words in (["exit"], ["quit"], ["logout"]) and self._session.cursor is None:
            self.is_over = True
            return ""
        if command.startswith("!"):
            return ""
        if "babble" in self._switch.device.faults:
            return _NOISE
        try:
            reply = await self._switch.asked(
                lambda: self._session.run(command), follow=self._session.cursor is None
            )
        except RefusedError as error:
            caret = " " * len(self.prompt()) + "^\n" if str(error) == INVALID else ""
            return f"{caret}{error}\n"
        except LostAnswerError:
            raise HangUpError from None
        finally:
            self._switch.settle_soon()
        return reply.text

    def _gathered(self, text: str) -> str | None:
        """Return the command that ``text`` completes; None in the middle of a banner."""
        if self._is_last is None:
            self._is_last = banner_end(text)
            if self._is_last is None:
                return text
            self._banner = [text]
            return None
        self._banner.append(text)
        if not self._is_last(text):
            return None
        command = "\n".join(self._banner)
        self._banner, self._is_last = [], None
        return command

    async def closed(self) -> None:
        """Let BGP follow what was typed last."""
        await self._switch.in_turn(lambda: None)
