"""Configuration texts of the daemons, from the topology; read ``node_files`` first.

Law: pure text from data. The templates hold the operators' own configuration, none of it
ringfence's.
"""

from collections.abc import Mapping
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined

from lab.accounts import SESSION_PATH
from lab.fabrics import FRR, PLATFORMS
from lab.prefixes import CLUSTER_OF, ORIGINS
from lab.topology import LINKS, NODES, RACKS, Network, Node, rack_of, sessions_of

Community = tuple[int, int]

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    undefined=StrictUndefined,
    trim_blocks=True,
    lstrip_blocks=True,
    keep_trailing_newline=True,
    autoescape=False,  # noqa: S701 - router configurations, not HTML
)
_SWITCH_TEMPLATE: Mapping[str, str] = {
    "border1": "border.conf.j2",
    "border2": "border.conf.j2",
    "spine1": "spine.conf.j2",
    "spine2": "spine.conf.j2",
    "tor1": "tor_rack_as.conf.j2",
    "tor2": "tor_server_as.conf.j2",
}


def node_files(name: str, platform: str = FRR) -> dict[str, str]:
    """Return what lies in a node's own folder: file name -> text.

    An FRR switch has ``frr.conf``, ``vtysh.conf`` and ``sshd_config``, a virtual one ``startup``
    and ``vtysh.conf``, a speaker ``bird.conf`` and ``extra.conf``; every node has ``net.batch``,
    which ``ip -batch`` reads. ``platform`` is a switch's.
    """
    node = NODES[name]
    files = {"net.batch": _addresses(node)}
    context = {
        "node": node,
        "nodes": NODES,
        "sessions": sessions_of(name),
        "rack": rack_of(name),
    }
    if node.is_switch and platform != FRR:
        template = f"{PLATFORMS[platform].templates}/startup.j2"
        files["startup"] = _without_blank_lines(_render(template, **context))
        files["vtysh.conf"] = "service integrated-vtysh-config\n"
    elif node.is_switch:
        files["frr.conf"] = _without_blank_lines(_render(_SWITCH_TEMPLATE[name], **context))
        files["vtysh.conf"] = "service integrated-vtysh-config\n"
        files["sshd_config"] = _render("sshd_config.j2", node=node, path=SESSION_PATH)
    else:
        cluster = CLUSTER_OF.get(name)
        files["bird.conf"] = _render(
            "bird.conf.j2",
            origins=ORIGINS[name],
            pools=cluster.workloads if cluster else (),
            **context,
        )
        files["extra.conf"] = extra_announcements((), community=None)
    return files


def extra_announcements(prefixes: tuple[Network, ...], *, community: Community | None) -> str:
    """Return BIRD's text for routes that a speaker announces besides its own, perhaps tagged."""
    return _render("extra.conf.j2", prefixes=prefixes, community=community)


def _render(template: str, **context: object) -> str:
    return _TEMPLATES.get_template(template).render(**context)


def _without_blank_lines(text: str) -> str:
    return "".join(line for line in text.splitlines(keepends=True) if line.strip())


def _addresses(node: Node) -> str:
    """Return ``ip -batch`` lines which give the node's interfaces addresses and bring them up."""
    lines = ["link set dev lo up"]
    for link in LINKS:
        if node.name in {link.upper, link.lower}:
            upper = node.name == link.upper
            device = link.lower if upper else link.upper
            lines += _up(
                device,
                link.upper_v4 if upper else link.lower_v4,
                link.upper_v6 if upper else link.lower_v6,
            )
    for rack in RACKS:
        if node.name == rack.tor:
            lines.append(
                "link add name rack type bridge stp_state 0 forward_delay 0 mcast_snooping 0"
            )
            lines += [f"link set dev {member} master rack up" for member in rack.members]
            lines += _up("rack", rack.v4_of(rack.tor), rack.v6_of(rack.tor))
        elif node.name in rack.members:
            lines += _up(rack.tor, rack.v4_of(node.name), rack.v6_of(node.name))
    return "\n".join(lines) + "\n"


def _up(device: str, *addresses: object) -> list[str]:
    return [
        *(f"address add {address} dev {device}" for address in addresses),
        f"link set dev {device} up",
    ]
