"""What a speaker announces besides its own; read ``announce`` first.

Law: the set given is the whole set. A change of it touches no session and none of the speaker's
other routes; ``withdraw`` is the empty set.
"""

from lab.errors import LabError
from lab.network import Network
from lab.render import Community, extra_announcements
from lab.topology import SPEAKERS
from lab.topology import Network as Prefix


def announce(
    network: Network,
    speaker: str,
    prefixes: tuple[Prefix, ...],
    *,
    community: Community | None = None,
) -> None:
    """Let ``speaker`` announce exactly ``prefixes`` besides its own, perhaps with a community."""
    if speaker not in SPEAKERS:
        raise LabError(f"{speaker} is no speaker: there are {', '.join(SPEAKERS)}", exit_code=5)
    text = extra_announcements(prefixes, community=community)
    network.path(speaker, "/run/lab/extra.conf").write_text(text, encoding="ascii")
    network.bird(speaker, "configure")


def withdraw(network: Network, speaker: str) -> None:
    """Let ``speaker`` announce its own routes only."""
    announce(network, speaker, ())
