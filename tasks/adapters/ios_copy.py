"""A candidate copied to an IOS-XE switch, over a connection of its own: :func:`copy_there`.

Law: a switch that refuses the file is a :class:`~tasks.errors.RejectedError`, with its words; one
that is gone, or says nothing, is not. The SCP client raises the same for all three.
"""

from __future__ import annotations

import tempfile
import threading
from typing import Any

from netmiko.scp_handler import SCPConn
from scp import SCPException  # type: ignore[import-untyped]

from policies.redact import redact
from tasks.adapters.ssh_channel import alive
from tasks.errors import RejectedError

#: Seconds until a connection that ended is known to have ended.
_MOMENT = 5
#: How the SCP client tells of a channel that was closed without a word of the switch.
_NO_WORDS = "No response from server"


def copy_there(device: Any, candidate: str, path: str, *, patience: float) -> None:  # noqa: ANN401 - netmiko is loosely typed
    """Write ``candidate`` to the file ``path`` of the switch that ``device`` is connected to.

    The driver would look for the file, for room, for a line of the configuration and for a digest:
    a file that is not whole has no "end", without which the switch shows no diff. ``patience`` is
    how many seconds the switch may take for each of its answers.

    Raises:
        RejectedError: the switch takes no file.
        ConnectionResetError: the connection ended; a part of the file may be there.
        TimeoutError: the switch did not answer; so with this.
    """
    with tempfile.NamedTemporaryFile("w", encoding="utf-8", prefix="rf-") as file:
        file.write(candidate)
        file.flush()
        with alive():
            connection = SCPConn(device, socket_timeout=patience)
        # Its last wait, for the switch to end the copy, has no end of its own.
        end = threading.Timer(2 * patience, connection.close)
        end.daemon = True
        end.start()
        try:
            with alive():
                connection.scp_put_file(file.name, path)
        except SCPException as error:
            raise _meaning(connection, error, patience) from error
        finally:
            end.cancel()
            connection.close()


def _meaning(connection: SCPConn, error: Exception, patience: float) -> Exception:
    if isinstance(error.__context__, TimeoutError):
        return TimeoutError(f"the switch took no file within {patience} s")
    if error.args == (_NO_WORDS,) and _has_ended(connection):
        return ConnectionResetError("the connection ended")
    return RejectedError(f"the switch takes no file: {' '.join(redact(str(error)).split())}")


def _has_ended(connection: SCPConn) -> bool:
    """Return whether the whole connection ended; paramiko closes its channels just before."""
    transport = connection.scp_conn.get_transport()
    if transport is not None:
        transport.join(_MOMENT)
    return transport is None or not transport.is_active()
