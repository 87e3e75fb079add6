"""Small sites, devices and filter sets for tests: `site_text`, `write_site`, `make_site`.

Law: a site made here is valid as it stands, so that what a test changes is all that is wrong.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from inventory.site import Site, load_site

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

SITE = """\
name: dc1
management: [192.0.2.0/24]
timers: {confirm: 60, settle: 20}
"""
POOLS = """\
clusters:
  orange:
    strict_affinity: true
    delegated: [10.65.0.0/16, 191.51.100.0/24, "fd00:65::/48"]
    pools:
      - {cidr: 10.65.0.0/16, kind: workload, block_size: 26}
      - {cidr: 191.51.100.0/24, kind: service, host_routes: false}
      - {cidr: "fd00:65::/48", kind: workload}
    infrastructure: [172.20.1.0/24]
  blue:
    delegated: [10.66.0.0/16]
    pools:
      - {cidr: 10.66.0.0/16, kind: workload}
"""
GROUPS = """\
tor: {platform: frr}
spine: {platform: frr}
border: {platform: frr}
"""
HOSTS = """\
tor1:
  hostname: 127.0.0.1
  groups: [tor]
  data:
    asn: 65201
    rack: rack1
    sessions:
      - {peer_group: NODES, role: node, clusters: [orange]}
      - {neighbor: 10.255.11.0, device: spine1, clusters: [orange]}
spine1:
  groups: [spine]
  data:
    asn: 65000
    sessions:
      - {neighbor: 10.255.11.1, device: tor1, clusters: [orange]}
      - {neighbor: 10.255.1.0, device: border1}
border1:
  groups: [border]
  data:
    asn: 65001
    sessions:
      - {neighbor: 10.255.1.1, device: spine1}
      - {neighbor: 203.0.113.1, role: external}
"""
FILES: Mapping[str, str] = {
    "site.yaml": SITE,
    "pools.yaml": POOLS,
    "groups.yaml": GROUPS,
    "hosts.yaml": HOSTS,
}


def write_site(folder: Path, files: Mapping[str, str | bytes | None] = FILES) -> Path:
    """Write a site into ``folder``: the usual files, but for those in ``files``; None is absent."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, content in {**FILES, **files}.items():
        if content is not None:
            data = content if isinstance(content, bytes) else content.encode()
            (folder / name).write_bytes(data)
    return folder


def edited(name: str, old: str, new: str) -> dict[str, str]:
    """Return the usual file ``name`` with ``old``, which is in it once, replaced by ``new``."""
    assert FILES[name].count(old) == 1, f"{name} has {old!r} {FILES[name].count(old)} times"
    return {name: FILES[name].replace(old, new)}


def make_site(folder: Path, **files: str) -> Site:
    """Return the loaded site; ``pools="..."`` is the content of pools.yaml, and so on."""
    return load_site(write_site(folder, {f"{name}.yaml": text for name, text in files.items()}))
