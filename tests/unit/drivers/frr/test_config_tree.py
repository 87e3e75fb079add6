"""A configuration as a tree, and the switch's own flat form of it."""

from __future__ import annotations

import re
import subprocess
from importlib.resources import files
from pathlib import Path

import pytest
from frr_configs import configurations
from hypothesis import given, settings

from tasks.drivers.frr.config_tree import Tree, as_bytes, flatten, parse, render

RECORDED = Path(__file__).parent / "mocked_data" / "test_get_config" / "normal"


@given(configurations())
def test_a_rendered_tree_is_parsed_back(tree: Tree) -> None:
    assert parse(render(tree)) == tree


def test_levels_come_from_indentation() -> None:
    text = (
        "router bgp 65000\n"
        " neighbor 10.0.0.1 remote-as 65001\n"
        " !\n"
        " address-family ipv4 unicast\n"
        "  neighbor 10.0.0.1 route-map A in\n"
        " exit-address-family\n"
        " timers bgp 3 9\n"
        "exit\n"
        "!\n"
        "ip prefix-list A seq 5 permit any\n"
        "end\n"
    )
    assert parse(text) == {
        "router bgp 65000": {
            "neighbor 10.0.0.1 remote-as 65001": {},
            "address-family ipv4 unicast": {"neighbor 10.0.0.1 route-map A in": {}},
            "timers bgp 3 9": {},
        },
        "ip prefix-list A seq 5 permit any": {},
    }


@pytest.mark.parametrize("indent", [" ", "   ", "\t"])
def test_an_address_family_holds_what_stands_level_with_it(indent: str) -> None:
    text = (
        "router bgp 65000\n"
        f"{indent}address-family ipv4 unicast\n"
        f"{indent}neighbor 10.0.0.1 activate\n"
        f"{indent}exit-address-family\n"
        f"{indent}address-family ipv6 unicast\n"
        f"{indent}neighbor fd00::1 activate\n"
        f"{indent}exit-address-family\n"
        f"{indent}timers bgp 3 9\n"
    )
    assert parse(text) == {
        "router bgp 65000": {
            "address-family ipv4 unicast": {"neighbor 10.0.0.1 activate": {}},
            "address-family ipv6 unicast": {"neighbor fd00::1 activate": {}},
            "timers bgp 3 9": {},
        }
    }


def test_flat_lines_carry_what_they_stand_under() -> None:
    tree: Tree = {"b": {"y": {"z": {}}, "x": {}}, "a": {}}
    assert flatten(tree) == ["a", "b", "b\tx", "b\ty", "b\ty\tz"]


def _flat_by_the_switch(text: str, tmp_path: Path) -> list[str]:
    script = files("tasks.drivers.frr").joinpath("switch_state.sh").read_text()
    function = re.search(r"^flat\(\) \{.*?^\}", script, re.MULTILINE | re.DOTALL)
    assert function is not None
    (tmp_path / "config").write_bytes(as_bytes(text))
    done = subprocess.run(
        ["/bin/sh", "-c", f"LC_ALL=C\nexport LC_ALL\n{function[0]}\nflat {tmp_path / 'config'}"],
        capture_output=True,
        check=True,
    )
    return done.stdout.decode(errors="surrogateescape").removesuffix("\n").split("\n")


@settings(max_examples=20)
@given(tree=configurations())
def test_the_switch_flattens_as_we_do(tree: Tree, tmp_path_factory: pytest.TempPathFactory) -> None:
    assert _flat_by_the_switch(render(tree), tmp_path_factory.mktemp("flat")) == flatten(tree)


def test_the_switch_flattens_a_recorded_configuration_as_we_do(tmp_path: Path) -> None:
    text = (RECORDED / "show_running_config_no_header.txt").read_text()
    assert _flat_by_the_switch(text, tmp_path) == flatten(parse(text))


def test_the_switch_flattens_any_bytes_as_we_do(tmp_path: Path) -> None:
    said = (
        "\u9fffx",
        "\udce9 x",
        "\udce9\u00e9",
        "\U0001f600",
        "\uffee",
        "a\x0cb",
        "a\x85b",
        "a\xa0b",
        "c\xa0",
        "d\x85",
    )
    text = "".join(
        f"route-map M permit {seq}\n description {one}\n" for seq, one in enumerate(said)
    )
    flat = _flat_by_the_switch(text + "".join(f"hostname {one}\n" for one in said), tmp_path)
    assert flat == flatten(parse(text + "".join(f"hostname {one}\n" for one in said)))
    assert len(flat) == 3 * len(said)
