"""The types of single values in a site's files: networks, names, roles, paths, a database's URL.

Start with :data:`NetworkField` and :data:`Name`. A refusal is one sentence that says what to
write instead, and never quotes what may hold a secret.
"""

from __future__ import annotations

import re
from enum import StrEnum
from ipaddress import IPv4Network, IPv6Network, ip_address, ip_network
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field

Network = IPv4Network | IPv6Network


class Model(BaseModel):
    """The common rules: frozen, nothing unknown, defaults checked too.

    What pydantic quotes of the input could be a secret in the wrong place: it quotes nothing.
    """

    model_config = ConfigDict(
        frozen=True, extra="forbid", validate_default=True, hide_input_in_errors=True
    )


class Role(StrEnum):
    """What a switch is, or what a session faces."""

    TOR = "tor"
    SPINE = "spine"
    BORDER = "border"
    NODE = "node"
    EXTERNAL = "external"


DEVICE_ROLES = (Role.TOR, Role.SPINE, Role.BORDER)


def _strict_network(value: object) -> Network:
    """Return ``value`` as a network; one sentence for what is not one."""
    if isinstance(value, IPv4Network | IPv6Network):
        return value
    if not isinstance(value, str) or not re.fullmatch(r"[0-9A-Fa-f.:]+/\d{1,3}", value):
        raise ValueError("not a network; write address/length, such as 10.65.0.0/16")
    try:
        return ip_network(value)
    except ValueError as error:
        try:
            meant = ip_network(value, strict=False)
        except ValueError:
            raise ValueError(f"not a network: {error}") from None
        raise ValueError(f"not a network: it has host bits set; did you mean {meant}?") from None


def plain_name(value: str) -> str:
    """Return ``value`` if it can stand in a switch's configuration as one plain word.

    Raises:
        ValueError: it can't, and why.
    """
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,62}", value):
        raise ValueError(
            "not a name: use 1 to 63 letters, digits and . _ : / -, a letter or digit first"
        )
    return value


def _cluster_name(value: str) -> str:
    if not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_-]*", value):
        raise ValueError("not a cluster's name: use letters, digits, _ and -, no more")
    return value


def _role(value: object) -> object:
    if isinstance(value, str) and value not in set(Role):
        raise ValueError(f"unknown role; the roles are {', '.join(Role)}")
    return value


def _neighbor(value: str) -> str:
    """Return a neighbor as a device prints it: an address, or an interface's name.

    A link-local address may say its interface (RFC 4007, section 11: ``fe80::1%Ethernet1``).
    """
    address, zone, interface = value.partition("%")
    plain_name(address)
    if zone:
        plain_name(interface)
    try:
        return str(ip_address(address)) + zone + interface
    except ValueError:
        if zone or value[0].isdigit():
            raise ValueError("neither an address nor the name of an interface") from None
        return value


def _neighbor_or_range(value: str) -> str:
    """Return a neighbor, or a range that a device takes dynamic neighbors from."""
    try:
        return str(ip_network(value)) if "/" in value else _neighbor(value)
    except ValueError:
        return _neighbor(value)


#: Junos has instances in logical systems and tenants, which are called by both names.
_IN_VRF = re.compile(
    r"(?P<name>\S+) \(vrf (?P<vrf>logical-systems \S+|(?:(?:logical-systems|tenants) \S+ )?\S+)\)"
)


def _ignored(value: str) -> str:
    """Return a neighbor, peer group or range, with ``(vrf NAME)`` behind it if it says so."""
    found = _IN_VRF.fullmatch(value)
    if not found:
        return _neighbor_or_range(value)
    for word in found["vrf"].split():
        plain_name(word)
    return f"{_neighbor_or_range(found['name'])} (vrf {found['vrf']})"


NetworkField = Annotated[Network, BeforeValidator(_strict_network)]
RoleField = Annotated[Role, BeforeValidator(_role)]
Name = Annotated[str, AfterValidator(plain_name)]
ClusterName = Annotated[str, Field(max_length=24), AfterValidator(_cluster_name)]
NeighborField = Annotated[str, AfterValidator(_neighbor)]
IgnoredField = Annotated[str, AfterValidator(_ignored)]


def _line(value: str) -> str:
    if not value or not value.isprintable():
        raise ValueError("must be one line of printable characters")
    return value


def _path(value: str) -> str:
    """Return a path that can be looked up at all."""
    try:
        Path(_line(value)).expanduser()
    except RuntimeError:
        raise ValueError("there is no such home directory") from None
    return value


#: One line of text, such as a user's name.
Line = Annotated[str, AfterValidator(_line)]
#: A path, relative to the site's folder unless it begins with / or ~.
PathField = Annotated[str, AfterValidator(_path)]


def _database_url(value: str) -> str:
    """Return the URL of a PostgreSQL database that holds no password."""
    scheme, found, rest = _line(value).partition("://")
    if scheme not in {"postgresql", "postgres"} or not found:
        raise ValueError("not a database's URL; write postgresql://USER@HOST/DATABASE")
    authority, query = re.split(r"[/?#]", rest)[0], rest.partition("?")[2]
    # A password with a slash in it ends the authority early, so the rest is looked at too.
    if re.match(r"[^@:]*:[^@]*@", rest) or re.search(r"(?i)(^|[&;])[^=&;]*pass(word|wd)", query):
        raise ValueError(
            "a URL in site.yaml holds no password; take it out and set RINGFENCE_LEDGER_PASSWORD, "
            "or name a file with ledger.password_file, or use libpq's own ~/.pgpass"
        )
    host = authority.rpartition("@")[2]
    if not re.fullmatch(r"([A-Za-z0-9._-]*|\[[0-9A-Fa-f:.]+\])(:\d{1,5})?", host):
        raise ValueError("not a database's URL; write postgresql://USER@HOST/DATABASE")
    return value


#: The URL of a database of PostgreSQL, without a password.
DatabaseUrl = Annotated[str, AfterValidator(_database_url)]
