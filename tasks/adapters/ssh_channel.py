"""Ears for netmiko: :func:`watched` lets a terminal notice that its connection is gone.

:func:`alive` gives that one name.

netmiko reads what there is, and waits for more until its patience is over: of a channel that the
device has closed there is never more, for minutes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from netmiko.exceptions import ReadException

if TYPE_CHECKING:
    from collections.abc import Iterator


class _Watched:
    """A netmiko channel that raises once the other end is gone and all it said is read."""

    def __init__(self, channel: Any) -> None:  # noqa: ANN401 - netmiko's own class
        self._channel = channel

    def __getattr__(self, name: str) -> Any:  # noqa: ANN401 - the channel's own attributes
        return getattr(self._channel, name)

    def read_buffer(self) -> str:
        """Return what there is now."""
        return self._heard(str(self._channel.read_buffer()))

    def read_channel(self) -> str:
        """Return all that there is now."""
        return self._heard(str(self._channel.read_channel()))

    def _heard(self, text: str) -> str:
        end = self._channel.remote_conn
        if not text and end is not None and end.closed and not end.recv_ready():
            raise ReadException("the device closed the connection")
        return text


def watched(device: Any) -> None:  # noqa: ANN401 - netmiko is loosely typed
    """Let an open netmiko connection notice from now on that it is gone."""
    if not isinstance(device.channel, _Watched):
        device.channel = _Watched(device.channel)


@contextmanager
def alive() -> Iterator[None]:
    """Tell the end of a connection by one name: paramiko has several, by what it heard of it."""
    try:
        yield
    except (ConnectionError, TimeoutError):
        raise
    except (OSError, EOFError) as error:
        raise ConnectionResetError("the connection ended") from error
