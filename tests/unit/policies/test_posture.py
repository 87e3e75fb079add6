"""What sessions without a policy do, in words; and that the closing lines close them."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from config_printer import print_config
from filter_sets import FRR, devices
from frr_configs import configurations
from hypothesis import Phase, given, settings
from hypothesis import strategies as st
from junos_device import JunosDevice
from junos_printer import print_junos
from line_device import LineDevice, Tree
from xr_device import XrDevice, as_sets, print_xr

from policies.accepts import session_accepts
from policies.dialects import DIALECTS
from policies.filters import Attachment, Direction, Running, Session, SessionKey
from policies.posture import Posture, posture
from policies.prefix_set import PrefixSet
from tasks.drivers.frr.config_tree import parse as frr_tree
from tasks.drivers.frr.config_tree import render
from tasks.drivers.frr.merge import merge

if TYPE_CHECKING:
    from collections.abc import Iterator

IN, OUT = Direction.IMPORT, Direction.EXPORT
GOLDEN = Path(__file__).resolve().parents[2] / "golden"
PHASES = (Phase.explicit, Phase.reuse, Phase.generate)
UNSAFE = " bgp unsafe-ebgp-policy"


class Device(LineDevice):
    """One that also knows what is said of BGP as a whole."""

    def _takes(self, mode: str, here: Tree, line: str) -> bool:
        if mode == "router" and line.startswith("bgp "):
            here[line] = {}
            return True
        return super()._takes(mode, here, line)


def operated(platform: str, text: str, lines: tuple[str, ...]) -> str:
    """Return the configuration after an operator has typed ``lines``."""
    if platform == "frr":
        return render(merge(frr_tree(text), "\n".join(lines))) + "end\n"
    typed = "".join(f"{line}\n" for line in lines)
    if platform == "junos":
        junos = JunosDevice(text)
        junos.take(typed)
        return junos.text()
    if platform == "iosxr":
        if any(line.strip().startswith("no ") for line in lines):
            assert lines[1:] == (f" no {UNSAFE.strip()}", "!")
            assert lines[0] in text
            return text.replace(f"{UNSAFE}\n", "")
        xr = XrDevice(text)
        xr.take(typed)
        return xr.text()
    device = Device(platform, text)
    device.take(typed)
    return device.text()


def postures(platform: str, text: str) -> Iterator[tuple[SessionKey, int, Direction, Posture]]:
    dialect = DIALECTS[platform]
    running = dialect.parse(text)
    for key, session in running.sessions.items():
        for version, direction in session.attachments:
            found = posture(dialect, running, session, version, direction)
            assert (found is None) == (not session.attachments[version, direction].is_empty)
            if found is not None:
                yield key, version, direction, found


def assert_closes(platform: str, text: str) -> None:
    """Assert that every posture's lines close its session, and that closed ones have none."""
    dialect = DIALECTS[platform]
    before = dialect.parse(text)
    for key, version, direction, found in postures(platform, text):
        judged = session_accepts(before, before.sessions[key], version, direction)
        assert (found.closing == ()) == (found.open is False)
        assert (found.open is False) == (not without_default(before, key, version, direction))
        if found.closing:
            after = dialect.parse(operated(platform, text, found.closing))
            what = f"{key} {version} {direction}: {found.closing}"
            assert not without_default(after, key, version, direction), what
            if found.open:
                assert judged.must == PrefixSet.everything(version)


def without_default(
    running: Running, key: SessionKey, version: int, direction: Direction
) -> PrefixSet:
    """Return what gets through beside a default route that is made up."""
    session = running.sessions[key]
    one = replace(session.attachments[version, direction], originates_default=False)
    plain = replace(session, attachments={(version, direction): one})
    return session_accepts(running, plain, version, direction).may


@st.composite
def texts(draw: st.DrawFn, platform: str) -> str:
    if platform == "frr":
        tree = draw(configurations())
        off = draw(st.sampled_from([None, "no bgp ebgp-requires-policy"]))
        for line, below in tree.items():
            if line.startswith("router bgp") and off:
                tree[line] = {off: {}, **below}
        return render(tree) + "end\n"
    if platform == "junos":
        return print_junos(draw(devices(shared=False)))
    if platform == "iosxr":
        text = print_xr(as_sets(draw(devices(shared=False))))
        router = "router bgp 65001\n"
        return text.replace(router, f"{router}{UNSAFE}\n") if draw(st.booleans()) else text
    return print_config(platform, draw(devices()))


@pytest.mark.parametrize("platform", ["eos", "frr", "ios", "iosxr", "junos", "nxos"])
@settings(max_examples=30, deadline=None, phases=PHASES)
@given(data=st.data())
def test_the_closing_lines_close(platform: str, data: st.DataObject) -> None:
    assert_closes(platform, data.draw(texts(platform)))


HEADS = {
    "eos": "! device: leaf1 (vEOS-lab, EOS-4.32.2F)\n",
    "frr": "frr version 8.4.4\nfrr defaults datacenter\n",
    "ios": "version 17.9\n",
    "iosxr": "!! IOS XR Configuration 7.3.2\n",
    "junos": "set version 22.4R1\nset routing-options autonomous-system 65000\n",
    "nxos": "version 10.3(4a) Bios:version\n",
}
ROUTER = "router bgp 65000\n neighbor 10.0.0.1 remote-as {asn}\n"
BODIES = {
    **dict.fromkeys(("eos", "frr", "ios"), ROUTER),
    "iosxr": "router bgp 65000\n neighbor 10.0.0.1\n  remote-as {asn}\n"
    "  address-family ipv4 unicast\n",
    "junos": "set protocols bgp group A neighbor 10.0.0.1 peer-as {asn}\n",
    "nxos": "router bgp 65000\n  neighbor 10.0.0.1\n    remote-as {asn}\n"
    "    address-family ipv4 unicast\n",
}


def one_session(platform: str, asn: int, *, direction: Direction = IN) -> Posture | None:
    text = HEADS[platform] + BODIES[platform].format(asn=asn) + "end\n" * (platform != "junos")
    running = DIALECTS[platform].parse(text)
    (key,) = (one for one in running.sessions if one.name == "10.0.0.1")
    return posture(DIALECTS[platform], running, running.sessions[key], 4, direction)


EXTERNAL = {
    "eos": ("router bgp 65000", "   bgp missing-policy direction in action deny"),
    "frr": ("router bgp 65000", " bgp ebgp-requires-policy", "exit"),
    "ios": ("router bgp 65000", " bgp safe-ebgp-policy"),
    "iosxr": (),
    "junos": ("set protocols bgp defaults ebgp no-policy receive reject",),
    "nxos": (
        "route-map DENY-ALL deny 10",
        "router bgp 65000",
        "  neighbor 10.0.0.1",
        "    address-family ipv4 unicast",
        "      route-map DENY-ALL in",
    ),
}


@pytest.mark.parametrize("platform", EXTERNAL)
def test_of_ebgp_the_platforms_setting_is_named(platform: str) -> None:
    found = one_session(platform, 65001)
    assert found is not None
    assert found.closing == EXTERNAL[platform]
    assert found.open is (platform != "iosxr")
    assert "RFC 8212" in found.text
    knob = DIALECTS[platform].knob
    assert (knob is not None and knob.name in found.text) == (platform not in ("iosxr", "nxos"))


@pytest.mark.parametrize("platform", EXTERNAL)
def test_of_ibgp_only_a_policy_helps(platform: str) -> None:
    found = one_session(platform, 65000, direction=OUT)
    assert found is not None
    assert found.open is True
    assert "iBGP" in found.text
    assert any("DENY-ALL" in line for line in found.closing)


def test_a_vrf_has_a_router_of_its_own() -> None:
    vrf = ROUTER.format(asn=65001).replace("65000", "65000 vrf BLUE")
    text = f"{HEADS['frr']}{ROUTER.format(asn=65001)}exit\n{vrf}exit\nend\n"
    found = {(at[0].vrf, at[2]): at[3].closing for at in postures("frr", text)}
    assert found["", IN] == EXTERNAL["frr"]
    assert found["BLUE", IN] == ("router bgp 65000 vrf BLUE", *EXTERNAL["frr"][1:])
    assert_closes("frr", text)


def test_of_a_vrf_on_eos_the_setting_is_not_known() -> None:
    lines = ROUTER.format(asn=65001).splitlines()
    text = "\n".join(
        (HEADS["eos"].rstrip(), lines[0], "   vrf BLUE", f"     {lines[1]}", "end", "")
    )
    ((*_, found), _) = postures("eos", text)
    assert "route-map DENY-ALL deny 10" in found.closing
    assert_closes("eos", text)


def test_a_member_that_follows_its_group_is_closed_with_it() -> None:
    text = HEADS["ios"] + (
        "router bgp 65000\n neighbor NODES peer-group\n neighbor NODES remote-as 65000\n"
        " neighbor 10.0.0.1 peer-group NODES\nend\n"
    )
    found = {(at[0].name, at[2]): at[3].closing for at in postures("ios", text)}
    assert "  neighbor NODES route-map DENY-ALL out" in found["10.0.0.1", OUT]
    assert "  neighbor 10.0.0.1 route-map DENY-ALL in" in found["10.0.0.1", IN]
    assert_closes("ios", text)


def test_frr_depends_on_its_profile() -> None:
    text = HEADS["frr"].replace("datacenter", "traditional") + ROUTER.format(asn=65001) + "end\n"
    found = {at[2]: at[3] for at in postures("frr", text)}
    assert {way: one.open for way, one in found.items()} == {IN: False, OUT: False}
    assert found[IN].text == "no policy, so nothing is accepted, as RFC 8212 asks of eBGP"
    assert found[OUT].text == "no policy, so nothing is announced, as RFC 8212 asks of eBGP"


def test_a_name_that_is_taken_is_not_used_again() -> None:
    text = HEADS["nxos"] + "route-map DENY-ALL permit 10\n" + BODIES["nxos"].format(asn=65001)
    ((*_, found), _) = postures("nxos", text)
    assert found.closing[0] == "route-map DENY-ALL-2 deny 10"
    text = HEADS["nxos"] + "route-map DENY-ALL deny 10\n" + BODIES["nxos"].format(asn=65001)
    ((*_, found), _) = postures("nxos", text)
    assert found.closing[0] == "router bgp 65000"
    assert_closes("nxos", text)


def test_who_has_a_policy_or_lacks_the_family_has_no_posture() -> None:
    at = {(4, IN): Attachment(route_map="RM")}
    one = Session(
        key=SessionKey("", "10.0.0.1"),
        is_group=False,
        group=None,
        is_external=True,
        closed_without_policy=False,
        attachments=at,
    )
    running = Running(lists={}, route_maps={}, sessions={one.key: one}, semantics=FRR)
    assert posture(DIALECTS["frr"], running, one, 4, IN) is None
    assert posture(DIALECTS["frr"], running, one, 6, IN) is None


def test_a_default_route_goes_past_a_closed_session() -> None:
    text = HEADS["frr"].replace("datacenter", "traditional") + ROUTER.format(asn=65001)
    text += (
        " address-family ipv4 unicast\n  neighbor 10.0.0.1 default-originate\n"
        " exit-address-family\nend\n"
    )
    found = {at[2]: at[3] for at in postures("frr", text)}
    assert found[OUT].text.endswith("; a default route is announced all the same")
    assert not found[IN].text.endswith("all the same")
