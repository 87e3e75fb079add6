"""The virtual NX-OS as drivers see it: NX-API, the command line, and what BGP makes of it."""

from __future__ import annotations

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

import pytest
import requests
from napalm.base.exceptions import MergeConfigException
from nxos_box import CHANGE, TRANSPORTS, box, connected
from program_runner import Sample, run

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from switchbox import SwitchBox

INVALID = "% Invalid command at '^' marker."


@pytest.fixture(scope="module")
def there(tmp_path_factory: pytest.TempPathFactory) -> Iterator[SwitchBox]:
    folder: Path = tmp_path_factory.mktemp("switch")
    with box(folder) as made:
        yield made


def post(there: SwitchBox, commands: Sequence[str], method: str = "cli", **more: Any) -> Any:  # noqa: ANN401
    calls: Any = [
        {
            "jsonrpc": "2.0",
            "method": method,
            "params": {"cmd": command, "version": 1.0},
            "id": number,
        }
        for number, command in enumerate(commands, start=1)
    ]
    return requests.post(
        f"https://{there.address}:{there.ports['https']}/ins",
        **{"json": calls, "auth": (there.username, there.password)} | more,
        verify=str(there.ca_file),
        timeout=30,
    )


def test_nxapi_lets_nobody_in_without_the_password(there: SwitchBox) -> None:
    assert post(there, ["show hostname"], auth=(there.username, "a guess")).status_code == 401
    assert post(there, ["show hostname"], auth=None).status_code == 401


def test_nxapi_answers_one_command_with_no_list(there: SwitchBox) -> None:
    assert post(there, ["show hostname"]).json() == {
        "jsonrpc": "2.0",
        "result": {"body": {"hostname": "tor1"}},
        "id": 1,
    }
    assert post(there, ["show hostname"], "cli_ascii").json()["result"] == {"msg": "tor1\n"}
    assert post(there, ["terminal dont-ask"]).json()["result"] is None


def test_a_batch_ends_at_the_first_refusal_and_keeps_what_was_done(there: SwitchBox) -> None:
    answer = post(there, ["route-map BATCH permit 10", "nonsense", "route-map BATCH permit 20"])
    assert answer.status_code == 500
    assert [one.get("error", {}).get("data") for one in answer.json()] == [
        None,
        {"msg": f"{INVALID}\n"},
    ]
    assert "route-map BATCH permit 10" in there.control("running")
    assert "route-map BATCH permit 20" not in there.control("running")
    there.control("edit", lines=["no route-map BATCH"])


def test_every_request_begins_outside_of_configuration(there: SwitchBox) -> None:
    post(there, ["route-map BATCH permit 10"])
    answer = post(there, ["match ip address prefix-list A"]).json()
    assert answer["error"]["data"]["msg"] == f"{INVALID}\n"
    there.control("edit", lines=["no route-map BATCH"])


@pytest.mark.parametrize(
    ("sent", "code"), [({"data": "{", "json": None}, -32700), ({"json": [{"method": "x"}]}, -32601)]
)
def test_what_is_no_call_is_an_error(there: SwitchBox, sent: dict[str, Any], code: int) -> None:
    answer = post(there, [], **sent)
    assert (answer.status_code, answer.json()["error"]["code"]) == (400, code)


@pytest.mark.parametrize("platform", TRANSPORTS)
def test_the_driver_s_own_commit_saves_and_rolls_back_by_a_file(
    there: SwitchBox, platform: str
) -> None:
    before = there.control("running")
    with connected(there, platform) as driver:
        driver.load_merge_candidate(config=CHANGE)
        driver.commit_config()
        assert there.control("startup") == there.control("running") != before
        assert there.control("files") == ["rollback_config.txt"]
        driver.rollback()
        assert there.control("startup") == there.control("running") == before
        driver.load_merge_candidate(config="no such line\n")
        with pytest.raises(MergeConfigException):
            driver.commit_config()
        driver.discard_config()
    assert there.control("running") == before


def test_the_command_line_has_modes_and_errors(there: SwitchBox) -> None:
    with connected(there, "nxos_ssh") as driver:
        said = driver.device.send_config_set(
            ["router bgp 65201", "neighbor 10.255.11.0", "address-family ipv4 unicast", "nonsense"]
        )
        assert driver.device.send_command("show clock | include UTC").strip()
        assert driver.device.send_command("show running-config | include switchname") == (
            "switchname tor1"
        )
    prompts = [line.partition("# ")[0] for line in said.splitlines() if "(config" in line]
    assert prompts == [
        "tor1(config)",
        "tor1(config-router)",
        "tor1(config-router-neighbor)",
        "tor1(config-router-neighbor-af)",
        "tor1(config-router-neighbor-af)",
    ]
    marker = " " * len("tor1(config-router-neighbor-af)# ") + "^"
    assert marker in said.splitlines()
    assert INVALID in said.splitlines()


def test_bgp_follows_once_a_request_is_over_and_not_before(there: SwitchBox) -> None:
    applied = len(there.daemon.applied)
    post(there, ["route-map FROM-SPINE deny 1", "no route-map FROM-SPINE deny 1"])
    assert len(there.daemon.applied) == applied, "what was between two lines is not seen"
    post(there, ["route-map FROM-SPINE deny 1"])
    assert len(there.daemon.applied) == applied + 1
    router = there.daemon.router
    assert router is not None
    spine = next(one for one in router.peers if one.address == ip_address("10.255.11.0"))
    program = spine.families[4].import_policy
    assert program is not None
    assert not run(program, Sample("10.0.0.0/8"))[0]
    there.control("edit", lines=["no route-map FROM-SPINE deny 1"])
    assert there.daemon.applied[-1] == there.daemon.applied[applied - 1]


def test_bgp_follows_a_human_who_leaves_configuration_mode_or_goes_away(there: SwitchBox) -> None:
    applied = len(there.daemon.applied)
    with connected(there, "nxos_ssh") as driver:
        driver.device.send_config_set(["route-map FROM-SPINE deny 1"])
        assert len(there.daemon.applied) == applied + 1
        driver.device.send_config_set(["no route-map FROM-SPINE deny 1"])
    assert len(there.daemon.applied) == applied + 2


@pytest.mark.parametrize(
    ("command", "refreshed"),
    [
        ("clear bgp ipv4 unicast 10.255.11.0 soft in", [("10.255.11.0", 4, True)]),
        ("clear bgp ipv6 unicast 2001:db8:ff:11::1 soft out", [("2001:db8:ff:11::1", 6, False)]),
        (
            "clear bgp ipv4 unicast 172.20.1.0/24 soft",
            [("NODES", 4, True), ("NODES", 4, False)],
        ),
        ("clear bgp ipv4 unicast 10.77.1.2 soft in vrf TENANT", []),
    ],
)
def test_a_soft_clear_asks_again(
    there: SwitchBox, command: str, refreshed: list[tuple[str, int, bool]]
) -> None:
    there.daemon.refreshed.clear()
    assert post(there, [command]).json()["result"] is None
    assert [(str(who), version, way) for who, version, way in there.daemon.refreshed] == refreshed


def test_a_job_runs_when_it_is_due_and_says_how_it_went(there: SwitchBox) -> None:
    there.control(
        "edit",
        lines=[
            "scheduler job name TRY",
            "configure terminal ;route-map BY-JOB permit 10",
            "rollback running-config checkpoint nowhere",
            "end-job",
            "scheduler schedule name TRY",
            "job name TRY",
            "time start +00:00:02",
        ],
    )
    shown = post(there, ["show scheduler schedule name TRY"], "cli_ascii").json()["result"]["msg"]
    assert "Last Execution Time : Yet to be executed" in shown
    assert 0 < there.control("pending") <= 120
    there.control("advance", seconds=121)
    assert there.control("pending") is None
    assert "route-map BY-JOB permit 10" in there.control("running")
    shown = post(there, ["show scheduler schedule name TRY"], "cli_ascii").json()["result"]["msg"]
    assert "Yet to be executed" not in shown
    assert "Failed (ERROR: Checkpoint does not exist)" in shown
    there.control("edit", lines=["no scheduler schedule name TRY", "no scheduler job name TRY"])
    there.control("edit", lines=["no route-map BY-JOB"])


def test_an_unknown_control_is_an_error(there: SwitchBox) -> None:
    with pytest.raises(ValueError, match="knows no dance"):
        there.control("dance")
