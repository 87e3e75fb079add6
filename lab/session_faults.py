"""One BGP session that goes down and stays down; read ``down`` first.

Law: the kernel of the switch does it, behind the back of the daemon and of the management: no
configuration changes. Packets to the neighbor's own address find no way out, so neither end can
connect; other sessions over the same link, and traffic through it, go on.
"""

from ipaddress import ip_address

from lab.errors import LabError
from lab.network import Network
from lab.topology import Address, sessions_of

_PREFERENCE = "77"
"""Where the rule stands among the kernel's; it also says whose it is."""


def down(network: Network, switch: str, neighbor: str | None = None) -> None:
    """Take down the session with ``neighbor``'s address, or the switch's first one.

    A session that is down already stays so. Both ends hear of it at once.
    """
    address = _neighbor(switch, neighbor)
    rule = ["rule", "add", "preference", _PREFERENCE, "to", str(address), "prohibit"]
    # Before, so that the other end hears of it; and afterwards, as either may have been quick.
    _kill(network, switch, address)
    _ip(network, switch, address, [*rule], check=False)
    _kill(network, switch, address)


def up(network: Network, switch: str, neighbor: str | None = None) -> None:
    """Let the session come up again; without ``neighbor``, all of the switch's that were down."""
    if neighbor is not None:
        address = _neighbor(switch, neighbor)
        rule = ["rule", "del", "preference", _PREFERENCE, "to", str(address)]
        _ip(network, switch, address, rule, check=False)
        return
    for version in ("-4", "-6"):
        argv = ["ip", version, "rule", "del", "preference", _PREFERENCE]
        while network.run(switch, argv, check=False).returncode == 0:
            pass


def _neighbor(switch: str, neighbor: str | None) -> Address:
    known = [one.address_of(one.peer_of(switch)) for one in sessions_of(switch)]
    if neighbor is None:
        return known[0]
    try:
        address = ip_address(neighbor)
    except ValueError:
        address = None
    if address not in known:
        words = ", ".join(map(str, known))
        raise LabError(f"{switch} has no neighbor {neighbor}: there are {words}", exit_code=5)
    return address


def _ip(network: Network, switch: str, address: Address, argv: list[str], *, check: bool) -> None:
    network.run(switch, ["ip", f"-{address.version}", *argv], check=check)


def _kill(network: Network, switch: str, address: Address) -> None:
    network.run(switch, ["ss", "--kill", "--tcp", "dst", f"[{address}]"], check=False)
