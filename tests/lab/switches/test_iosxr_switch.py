"""The virtual IOS-XR as a NETCONF client sees it, and the configuration that it keeps."""

from __future__ import annotations

import time
from contextlib import contextmanager, suppress
from ipaddress import ip_address, ip_network
from typing import TYPE_CHECKING

import pytest
from iosxr_box import CHANGE, WAY_BACK, box, startup
from lxml import etree
from ncclient import manager
from ncclient.operations import RPCError
from ncclient.transport.errors import TransportError
from program_runner import Sample, run

from lab.switch.iosxr.tree import parse, show

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path
    from typing import Any

    from switchbox import SwitchBox

    Session = Any  # ncclient is not annotated

CLI = "http://cisco.com/ns/yang/Cisco-IOS-XR-cli-cfg"
TOR1 = parse(startup("tor1"))


@pytest.fixture
def switch(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SwitchBox]:
    # ncclient looks ten times a second whether it has something to say.
    monkeypatch.setattr("ncclient.transport.session.TICK", 0.005)
    with box(tmp_path) as there:
        yield there


@contextmanager
def _connect(there: SwitchBox) -> Iterator[Session]:
    session = manager.connect(
        host=there.address,
        port=there.ports["netconf"],
        username=there.username,
        password=there.password,
        hostkey_verify=False,
        allow_agent=False,
        look_for_keys=False,
        timeout=30,
    )
    yield session
    with suppress(TransportError):
        session.close_session()


def _enter(session: Session, text: str) -> None:
    config = etree.Element("config")
    etree.SubElement(config, f"{{{CLI}}}cli").text = text
    session.edit_config(etree.tostring(config).decode(), error_option="rollback-on-error")


def _cli(session: Session, source: str) -> str:
    reply = session.get_config(source=source, filter=("subtree", f'<cli xmlns="{CLI}"/>')).xml
    return str(etree.XML(reply.encode()).findtext(f".//{{{CLI}}}cli", ""))


def test_the_startup_configuration_means_the_rack(switch: SwitchBox) -> None:
    router = switch.daemon.router
    assert router is not None
    assert (router.asn, str(router.router_id)) == (65201, "10.255.255.5")
    assert {str(one.address): one.remote_asn for one in router.peers} == dict.fromkeys(
        ["10.255.11.0", "2001:db8:ff:11::1", "10.255.21.0", "2001:db8:ff:21::1"], 65000
    )
    assert {one.name: one.ranges for one in router.dynamic} == {
        "NODES": (ip_network("172.20.1.0/24"),),
        "NODES6": (ip_network("2001:db8:20:1::/64"),),
    }
    nodes = router.dynamic[0].families[4]
    assert (nodes.route_reflector_client, nodes.next_hop_self) == (True, True)
    assert nodes.import_policy is not None
    assert run(nodes.import_policy, Sample("10.65.0.0/26")) == (True, ("local-preference 200",))
    assert router.networks == (ip_network("172.20.1.0/24"), ip_network("2001:db8:20:1::/64"))


ATTACH = "router bgp 65201\n neighbor 10.255.11.0\n  address-family ipv4 unicast\n   {}\n"


DETACHED = (
    f"{ATTACH.format('no route-policy FROM-SPINE in')}"
    " neighbor 10.255.21.0\n  address-family ipv4 unicast\n   no route-policy FROM-SPINE in\n"
    " neighbor 2001:db8:ff:11::1\n  address-family ipv6 unicast\n   no route-policy X in\n"
    " neighbor 2001:db8:ff:21::1\n  address-family ipv6 unicast\n   no route-policy in\n"
    "no route-policy FROM-SPINE\nno community-set BACKUP"
)


@pytest.mark.parametrize(
    ("entered", "says"),
    [
        (ATTACH.format("route-policy NOPE in"), "route-policy NOPE is not defined"),
        (ATTACH.format("route-policy UNFINISHED in"), "prefix-set CUSTOMER-B-ROUTES is not define"),
        ("no route-policy FROM-SPINE", "route-policy FROM-SPINE is in use"),
        ("no community-set BACKUP", "community-set BACKUP is in use"),
        ("route-policy FROM-NODE\n  apply FROM-NODE\nend-policy", "applies itself"),
        ("router bgp 65201\n neighbor 10.9.9.9\n  description x\n", "remote-as is not configured"),
        (
            "router bgp 65201\n neighbor 10.9.9.9\n  remote-as 1\n  address-family vpnv6 unicast\n",
            "The parent address family has not been initialized",
        ),
        ("router bgp 65201\n neighbor 10.255.11.0\n  use neighbor-group NO\n", "NO is not defined"),
        ("route-policy FROM-NODE\n  set tag 5\nend-policy", "is not supported"),
    ],
)
def test_a_commit_is_verified_and_refused_whole(switch: SwitchBox, entered: str, says: str) -> None:
    before = switch.control("running")
    with _connect(switch) as session:
        _enter(session, f"hostname other\n{entered}")
        with pytest.raises(RPCError) as caught:
            session.commit()
    assert caught.value.message.startswith("!! SEMANTIC ERRORS: This configuration was rejected")
    assert says in caught.value.message
    assert switch.control("running") == before
    assert len(switch.daemon.applied) == 1


@pytest.mark.parametrize(
    "entered",
    [
        "no route-policy UNFINISHED",
        "no prefix-set STORAGE",
        "route-policy MORE\n  apply NOBODY\nend-policy",
        DETACHED,
    ],
)
def test_what_nobody_attaches_may_go_or_refer_to_nothing(switch: SwitchBox, entered: str) -> None:
    with _connect(switch) as session:
        _enter(session, entered)
        session.commit()
    assert switch.control("commits") == [1000000001]


def test_text_that_is_no_command_is_refused_when_it_is_entered(switch: SwitchBox) -> None:
    with _connect(switch) as session:
        with pytest.raises(RPCError) as caught:
            _enter(session, "hostname other\nroute-policy X\n  drpo\nend-policy\n")
        assert caught.value.message.startswith("!! SYNTAX/AUTHORIZATION ERRORS")
        assert "'drpo' is no statement" in caught.value.message
        assert _cli(session, "candidate") == ""


def test_the_candidate_is_what_was_entered_and_no_more(switch: SwitchBox) -> None:
    with _connect(switch) as session, _connect(switch) as other:
        assert _cli(session, "candidate") == ""
        _enter(session, CHANGE)
        assert _cli(session, "candidate").strip().splitlines()[1:-1] == CHANGE.strip().splitlines()
        assert _cli(other, "candidate") == ""
        session.discard_changes()
        assert _cli(session, "candidate") == ""
        assert _cli(session, "running").strip() == switch.control("running").strip()


def test_a_target_is_merged_into_what_runs_when_it_is_committed(switch: SwitchBox) -> None:
    with _connect(switch) as session:
        _enter(session, CHANGE)
        switch.control("edit", lines=["hostname meanwhile"])
        session.commit()
        assert "hostname meanwhile" in _cli(session, "running")
        assert "RF-SOME" in _cli(session, "running")
        _enter(session, WAY_BACK)
        session.commit()
    expected = startup().replace("hostname tor1", "hostname meanwhile")
    assert switch.control("running").splitlines()[3:-1] == show(parse(expected)).splitlines()


def test_a_lock_keeps_everybody_else_out_and_dies_with_its_session(switch: SwitchBox) -> None:
    with _connect(switch) as other:
        with _connect(switch) as session:
            session.lock()
            for refused in (other.lock, lambda: _enter(other, "hostname other")):
                with pytest.raises(RPCError) as caught:
                    refused()
                assert caught.value.tag == "lock-denied"
            session._session.transport.close()
        _until(lambda: _locks(other))
        _enter(other, "hostname other")
        other.commit()


def _locks(session: Session) -> bool:
    try:
        session.lock()
    except RPCError:
        return False
    return True


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 60
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def test_a_confirmed_commit_stays_once_it_is_confirmed(switch: SwitchBox) -> None:
    with _connect(switch) as session:
        _enter(session, CHANGE)
        session.commit(confirmed=True, timeout="30")
        assert 0 < switch.control("pending") <= 30
        assert "RF-SOME" not in switch.control("startup")
        session.commit()
    assert switch.control("pending") is None
    assert "RF-SOME" in switch.control("startup") == switch.control("running")


@pytest.mark.parametrize("how", ["the session drops", "the time is over", "it is cancelled"])
def test_a_confirmed_commit_is_taken_back_unless_it_is_confirmed(
    switch: SwitchBox, how: str
) -> None:
    before = switch.control("running")
    with _connect(switch) as session:
        _enter(session, CHANGE)
        session.commit(confirmed=True, timeout="600")
        assert "RF-SOME" in switch.control("running")
        changed = switch.daemon.router
        if how == "the session drops":
            session._session.transport.close()
        elif how == "it is cancelled":
            session.cancel_commit()
        else:
            # A moment is left for the timer itself.
            switch.control("lapse", seconds=599.8)
        _until(lambda: switch.control("pending") is None)
        assert _content(switch.control("running")) == _content(before)
        assert switch.daemon.router == switch.daemon.applied[0] != changed


def _content(text: str) -> list[str]:
    return [line for line in text.splitlines() if not line.startswith("!!")]


def test_nobody_else_commits_while_a_confirmation_is_waited_for(switch: SwitchBox) -> None:
    with _connect(switch) as session, _connect(switch) as other:
        _enter(session, CHANGE)
        session.commit(confirmed=True, timeout="600")
        _enter(other, "hostname other")
        for refused in (other.commit, other.lock, other.cancel_commit):
            with pytest.raises(RPCError) as caught:
                refused()
            assert caught.value.tag == "in-use"


def test_a_persistent_confirmed_commit_outlives_its_session(switch: SwitchBox) -> None:
    with _connect(switch) as session:
        _enter(session, CHANGE)
        session.commit(confirmed=True, timeout="600", persist="token")
    with _connect(switch) as other:
        with pytest.raises(RPCError):
            other.commit(persist_id="wrong")
        other.commit(persist_id="token")
    assert switch.control("pending") is None
    assert "RF-SOME" in switch.control("startup")


@pytest.mark.parametrize("timeout", ["0", "-5", "soon"])
def test_a_confirm_timeout_that_is_none_is_refused(switch: SwitchBox, timeout: str) -> None:
    with _connect(switch) as session:
        _enter(session, CHANGE)
        with pytest.raises(RPCError) as caught:
            session.commit(confirmed=True, timeout=timeout)
        assert caught.value.tag == "invalid-value"
    assert switch.control("commits") == []


def test_a_rollback_undoes_the_last_commit_whoever_made_it(switch: SwitchBox) -> None:
    with _connect(switch) as session:
        _enter(session, CHANGE)
        session.commit()
        switch.control("edit", lines=["hostname somebody-else"])
        roll_back = "http://cisco.com/ns/yang/Cisco-IOS-XR-cfgmgr-rollback-act"
        operation = etree.Element(f"{{{roll_back}}}roll-back-configuration-last")
        etree.SubElement(operation, f"{{{roll_back}}}count").text = "1"
        session.dispatch(operation)
        running = _cli(session, "running")
    assert "hostname tor1" in running
    assert "RF-SOME" in running
    assert switch.control("commits") == [1000000001, 1000000002, 1000000003]


def test_a_dynamic_neighbor_is_told_of(switch: SwitchBox) -> None:
    assert switch.daemon.router is not None
    assert ip_address("172.20.1.11") in switch.daemon.router.dynamic[0].ranges[0]
