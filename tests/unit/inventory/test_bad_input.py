"""Every mistake in a site's files is one sentence at its place, and nothing else happens."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from builders import FILES, edited, write_site
from ruamel.yaml import YAML

from inventory.errors import Exit, InputError
from inventory.site import load_site
from runbooks import cli

TABLE = Path(__file__).with_name("bad_input.yaml")
CASES: dict[str, dict[str, Any]] = {
    case["case"]: case for case in YAML(typ="safe").load(TABLE.read_text(encoding="utf-8"))
}


def problems(site: Path) -> list[str]:
    """Load a site that is wrong and return what is said, with the places relative to it."""
    with pytest.raises(InputError) as caught:
        load_site(site)
    assert str(caught.value) == "\n".join(str(one) for one in caught.value.problems)
    return [str(one).replace(f"{site}/", "") for one in caught.value.problems]


@pytest.mark.parametrize("name", CASES)
def test_a_mistake_is_one_sentence_at_its_place(name: str, tmp_path: Path) -> None:
    case = CASES[name]
    site = write_site(tmp_path, edited(case["file"], case["old"], case["new"]))
    said = problems(site)
    assert said == case["problems"]
    assert all(line.isprintable() for line in said)


@pytest.mark.parametrize("name", CASES)
def test_the_command_line_says_it_and_ends_with_5(
    name: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    case = CASES[name]
    site = write_site(tmp_path, edited(case["file"], case["old"], case["new"]))
    code = cli.run(["plan", "--json", "--site", str(site)])
    out, err = capsys.readouterr()
    assert code == Exit.BAD_INPUT
    expected = [f"{site}/{problem}" for problem in case["problems"]]
    assert err.splitlines() == [f"ringfence: {line}" for line in expected]
    document = json.loads(out)
    assert document == {
        "schema": "ringfence.result/v1",
        "command": "plan",
        "exit_code": 5,
        "error": expected,
    }


MISSING = "there is no such file; a site needs it"
UNREADABLE: dict[str, tuple[dict[str, str | bytes | None], list[str]]] = {
    "no-site": ({"site.yaml": None}, [f"site.yaml: {MISSING}"]),
    "no-pools": ({"pools.yaml": None}, [f"pools.yaml: {MISSING}"]),
    "no-hosts": ({"hosts.yaml": None}, [f"hosts.yaml: {MISSING}"]),
    "nothing": (dict.fromkeys(FILES), [f"{x}.yaml: {MISSING}" for x in ("site", "hosts")]),
    "empty-site": ({"site.yaml": ""}, ["site.yaml: the key 'name' is missing; add it"]),
    "empty-pools": ({"pools.yaml": ""}, ["pools.yaml: the key 'clusters' is missing; add it"]),
    "empty-hosts": ({"hosts.yaml": "# none\n"}, ["hosts.yaml: no hosts; add the switches"]),
    "a-list": ({"pools.yaml": "- 1\n"}, ["pools.yaml:1: must be a mapping of keys to values"]),
    "a-word": ({"hosts.yaml": "tor1\n"}, ["hosts.yaml:1: must be a mapping of keys to values"]),
    "not-utf-8": (
        {"hosts.yaml": b"tor1: \xff\n"},
        [
            (
                "hosts.yaml: can't be read: 'utf-8' codec can't decode byte 0xff in position 6: "
                "invalid start byte"
            )
        ],
    ),
    "binary": (
        {"pools.yaml": b"clusters: \x00\n"},
        [
            (
                "pools.yaml: not valid YAML: unacceptable character #x0000: special characters "
                "are not allowed"
            )
        ],
    ),
}


@pytest.mark.parametrize("name", UNREADABLE)
def test_a_file_that_says_nothing_is_named(name: str, tmp_path: Path) -> None:
    files, expected = UNREADABLE[name]
    assert problems(write_site(tmp_path, files)) == expected


def test_a_folder_in_the_place_of_a_file_is_named(tmp_path: Path) -> None:
    site = write_site(tmp_path, {"pools.yaml": None})
    (site / "pools.yaml").mkdir()
    (said,) = problems(site)
    assert said.startswith("pools.yaml: can't be read: ")


@pytest.mark.parametrize("kind", ["absent", "file"])
def test_a_site_that_is_no_folder_is_named(kind: str, tmp_path: Path) -> None:
    path = tmp_path / "dc9"
    if kind == "file":
        path.touch()
    expected = f"{path}: there is no such folder; name a site with --site (inventory/lab is one)"
    assert problems(path) == [expected]


def test_a_pools_file_of_another_name_is_read_and_named(tmp_path: Path) -> None:
    text = FILES["site.yaml"] + "pools: clusters/all.yaml\n"
    site = write_site(tmp_path, {"site.yaml": text, "pools.yaml": None})
    assert problems(site) == [f"clusters/all.yaml: {MISSING}"]


def test_problems_of_all_files_are_reported_at_once_in_the_order_of_the_files(
    tmp_path: Path,
) -> None:
    files: dict[str, str | bytes | None] = {}
    files |= edited("site.yaml", "settle", "setle")
    files |= edited("pools.yaml", "10.65.0.0/16, kind", "10.65.7.1/16, kind")
    files |= edited("groups.yaml", "tor:", "t!or:")
    files |= edited("hosts.yaml", "203.0.113.1", "203.0.113.256")
    site = write_site(tmp_path, files)
    assert [line.split(": ")[0] for line in problems(site)] == [
        "site.yaml:3:23",
        "pools.yaml:6:10",
        "groups.yaml:1:1",
        "hosts.yaml:3:12",
        "hosts.yaml:23:10",
    ]


def test_problems_between_the_files_are_all_reported(tmp_path: Path) -> None:
    text = FILES["hosts.yaml"].replace("[orange]", "[oragne]").replace("spine1}", "spine9}")
    said = problems(write_site(tmp_path, {"hosts.yaml": text}))
    assert [line.split(": ")[0] for line in said] == [
        "hosts.yaml:8:41",
        "hosts.yaml:9:49",
        "hosts.yaml:15:47",
        "hosts.yaml:22:32",
    ]


def test_a_mistake_that_many_hosts_inherit_is_said_once(tmp_path: Path) -> None:
    files = {"defaults.yaml": "data: {rac: r1}\n"}
    assert problems(write_site(tmp_path, files)) == [
        (
            "defaults.yaml:1:8: unknown key 'rac'; check the spelling (`ringfence schema` lists "
            "the keys)"
        )
    ]


def test_an_unknown_platform_is_named_with_its_place(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    site = write_site(
        tmp_path, edited("groups.yaml", "spine: {platform: frr}", "spine: {platform: vyos}")
    )
    assert cli.run(["audit", "--site", str(site)]) == Exit.BAD_INPUT
    said = capsys.readouterr().err
    assert said.startswith(f"ringfence: {site}/hosts.yaml:10:1: spine1: unknown platform 'vyos'")
    assert len(said.splitlines()) == 1


@pytest.mark.parametrize(
    ("timer", "takes"), [(90, "from 60 to 240 s in steps of 60"), (300, "from 60 to 240 s")]
)
def test_a_revert_timer_that_a_platform_does_not_take_is_refused_before_contact(
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
    timer: int,
    takes: str,
) -> None:
    monkeypatch.setattr("runbooks.supported.TIMERS", {"frr": range(60, 241, 60)})
    site = write_site(tmp_path, {"site.yaml": f"name: test\ntimers: {{confirm: {timer}}}\n"})
    assert cli.run(["audit", "--site", str(site)]) == Exit.BAD_INPUT
    said = capsys.readouterr().err
    assert f"timers.confirm: tor1 (frr) takes a revert timer {takes}" in said
    assert f"not {timer}" in said


def test_two_devices_at_one_address_are_refused(tmp_path: Path) -> None:
    files = edited("hosts.yaml", "spine1:\n", "spine1:\n  hostname: 127.0.0.1\n")
    assert problems(write_site(tmp_path, files)) == [
        "hosts.yaml:10:1: spine1 is reached at 127.0.0.1, as tor1 is; give each its own"
    ]
    ports = {"hosts.yaml": files["hosts.yaml"].replace("hostname", "port: 2022\n  hostname", 1)}
    load_site(write_site(tmp_path / "ports", ports))


def test_two_rows_of_the_matrix_for_one_thing_are_refused(tmp_path: Path) -> None:
    row = "{on: tor, facing: node, import: only}"
    files = {"site.yaml": f"name: test\nmatrix: [{row}, {row}]\n"}
    (said,) = problems(write_site(tmp_path, files))
    assert "two rows for a tor that faces a node; keep one" in said
