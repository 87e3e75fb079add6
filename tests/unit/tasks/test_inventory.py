"""What a fleet knows of its hosts is what Nornir would read from the same files."""

from __future__ import annotations

from typing import TYPE_CHECKING

from builders import make_site
from nornir.plugins.inventory import SimpleInventory

from tasks.inventory import SiteInventory

if TYPE_CHECKING:
    from pathlib import Path

GROUPS = """\
all: {username: everyone, connection_options: {napalm: {extras: {timeout: 7}}}}
tor: {platform: eos, groups: [all]}
fast:
  password: !!str 013
  connection_options: {napalm: {port: 4430, extras: {optional_args: {secret: !!str 0123}}}}
"""
HOSTS = """\
tor1: {hostname: 192.0.2.1, port: 0x10, groups: [fast, tor], data: {asn: 65201, sessions: []}}
tor2:
  groups: [tor]
  password: "012"
  data: {asn: 65202, rack: r2, sessions: [{peer_group: "on", role: node, clusters: [orange]}]}
"""
DEFAULTS = """\
password: hush
data: {ignore_neighbors: [192.0.2.0/24]}
connection_options: {napalm: {username: napalm}}
"""


def test_it_is_what_nornir_would_read(tmp_path: Path) -> None:
    site = make_site(tmp_path, groups=GROUPS, hosts=HOSTS, defaults=DEFAULTS)
    files = (str(site.path / f"{name}.yaml") for name in ("hosts", "groups", "defaults"))
    read, told = SimpleInventory(*files).load(), SiteInventory(**site.nornir).load()
    assert told.dict() == read.dict()
    assert told.hosts.keys() == {"tor1", "tor2"}
    for name, one in told.hosts.items():
        other = read.hosts[name]
        options = [each.get_connection_parameters("napalm").dict() for each in (one, other)]
        assert options[0] == options[1]
        assert one.password == other.password == {"tor1": "013", "tor2": "012"}[name]
        assert one.extended_data() == other.extended_data()


def test_a_number_that_names_a_switch_or_a_group_is_its_name(tmp_path: Path) -> None:
    groups = f"{GROUPS}7: {{platform: eos}}\n"
    hosts = """101: {groups: [tor, "7"], data: {asn: 65201, sessions: []}}\n"""
    site = make_site(tmp_path, groups=groups, hosts=hosts, defaults=DEFAULTS)
    told = SiteInventory(**site.nornir).load()
    assert told.hosts.keys() == site.devices.keys() == {"101"}
    assert told.hosts["101"].name == "101"
    assert [one.name for one in told.hosts["101"].groups] == ["tor", "7"]


def test_no_password_is_in_what_a_site_shows_of_itself(tmp_path: Path) -> None:
    site = make_site(tmp_path, groups=GROUPS, hosts=HOSTS, defaults=DEFAULTS)
    assert site.nornir["defaults"]["password"] == "hush"
    assert "hush" not in repr(site)
