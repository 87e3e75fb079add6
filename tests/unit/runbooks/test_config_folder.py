"""Configurations from a folder of files: whose they are, and what is wrong with them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from builders import make_site
from paper_fleet import TEXTS

from inventory.errors import DeviceError, InputError
from policies.dialects import DIALECTS
from runbooks.config_folder import ConfigFolder

if TYPE_CHECKING:
    from pathlib import Path

    from inventory.site import Site


@pytest.fixture
def site(tmp_path: Path) -> Site:
    return make_site(tmp_path / "site")


def folder(tmp_path: Path, **files: str | bytes) -> Path:
    """Make a folder; ``__`` in a name stands for a dot, ``___`` for a slash."""
    made = tmp_path / "configs"
    for name, content in files.items():
        path = made / name.replace("___", "/").replace("__", ".")
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content.encode() if isinstance(content, str) else content)
    return made


@pytest.mark.parametrize(
    "name",
    ["tor1", "tor1__cfg", "TOR1__conf", "tor1__dc1__example__net__cfg", "pod3___tor1__txt"],
)
def test_a_file_belongs_to_the_device_of_its_name(site: Site, tmp_path: Path, name: str) -> None:
    made = ConfigFolder(site, folder(tmp_path, **{name: TEXTS["tor1"]}), ["tor1"])
    found = made.read("tor1")
    assert found.snapshot.running == DIALECTS["frr"].parse(TEXTS["tor1"])
    assert found.numbers is None
    assert made.stray == ()


def test_a_device_that_contains_another_s_name_is_not_it(site: Site, tmp_path: Path) -> None:
    files = {"tor11__cfg": TEXTS["tor1"], "x-tor1": "", "spine1": TEXTS["spine1"]}
    made = ConfigFolder(site, folder(tmp_path, **files), ["tor1", "spine1"])
    assert made.stray == ("tor11.cfg", "x-tor1")
    with pytest.raises(DeviceError, match=r"^tor1: no file in .*configs is its own$"):
        made.read("tor1")


def test_hidden_files_and_folders_are_passed_over(site: Site, tmp_path: Path) -> None:
    files = {"__git___tor1": "junk", "__tor1__swp": "junk", "tor1": TEXTS["tor1"]}
    made = ConfigFolder(site, folder(tmp_path, **files), ["tor1"])
    assert made.read("tor1").snapshot.text == TEXTS["tor1"]
    assert made.stray == ()


@pytest.mark.parametrize(
    ("files", "said"),
    [
        ({}, r"configs: there is no such folder; --configs names one"),
        ({"x": ""}, r"configs: no file in it has the name of a device of the site, such as tor1"),
        ({"tor1": "", "tor1__cfg": ""}, r"tor1\.cfg: .*configs/tor1 is tor1's too; leave one"),
    ],
)
def test_a_folder_that_can_t_be_meant_is_bad_input(
    site: Site, tmp_path: Path, files: dict[str, str], said: str
) -> None:
    made = folder(tmp_path, **files)
    with pytest.raises(InputError, match=said):
        ConfigFolder(site, made, list(site.devices))


@pytest.mark.parametrize(
    ("content", "said"),
    [
        ("", r"no FRR running configuration: the line `frr version` is missing"),
        (TEXTS["tor1"].removesuffix("end\n"), r"the FRR running configuration is cut short"),
        (b"\x00\xff" * 100, r"no FRR running configuration"),
        (
            TEXTS["tor1"].replace("seq 5 permit 192", "seq 5 permit x"),
            r"line 13 `ip prefix-list OPERATORS .* makes no sense",
        ),
    ],
)
def test_what_is_no_configuration_is_unknown_and_names_the_file(
    site: Site, tmp_path: Path, content: str | bytes, said: str
) -> None:
    made = ConfigFolder(site, folder(tmp_path, tor1__cfg=content), ["tor1"])
    with pytest.raises(DeviceError, match=rf"^tor1: .*configs/tor1\.cfg: .*{said}"):
        made.read("tor1")


@pytest.mark.parametrize(
    "mark",
    [
        " --More-- ",
        "--More--",
        "\x1b[7m--More--\x1b[m",
        " --More-- \x08\x08\x08\x08         \x08\x08",
        "---(more 14%)---",
        "\x08\x08\x08",
    ],
)
def test_what_a_pager_spoilt_is_unknown(site: Site, tmp_path: Path, mark: str) -> None:
    stranger = f"{mark} neighbor 192.0.2.9 remote-as 64666\n bgp listen"
    text = TEXTS["tor1"].replace(" bgp listen", stranger)
    made = ConfigFolder(site, folder(tmp_path, tor1=text), ["tor1"])
    with pytest.raises(DeviceError, match="line 7 holds what a pager wrote: capture it without"):
        made.read("tor1")


@pytest.mark.parametrize("error", [ValueError("12x"), KeyError("x"), RecursionError()])
def test_a_reader_that_fails_leaves_the_device_unknown(
    site: Site, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, error: Exception
) -> None:
    def fail(_: str) -> None:
        raise error

    configs = ConfigFolder(site, folder(tmp_path, tor1=TEXTS["tor1"]), ["tor1"])
    monkeypatch.setattr(type(DIALECTS["frr"]), "parse", lambda _, text: fail(text))
    with pytest.raises(DeviceError, match=r"^tor1: .*configs/tor1: some line makes no sense"):
        configs.read("tor1")


def test_words_of_a_pager_in_a_description_are_no_pager(site: Site, tmp_path: Path) -> None:
    said = " neighbor NODES description see --More-- below\n bgp listen"
    text = TEXTS["tor1"].replace(" bgp listen", said)
    made = ConfigFolder(site, folder(tmp_path, tor1=text), ["tor1"])
    assert made.read("tor1").snapshot.text == text


def test_an_frr_conf_cut_behind_its_sessions_is_unknown(site: Site, tmp_path: Path) -> None:
    whole = TEXTS["tor1"].removesuffix("end\n")
    sessions = whole[: whole.index("ip prefix-list")]
    made = folder(tmp_path, tor1=f"{sessions}!\n", spine1=f"{whole}!\n")
    configs = ConfigFolder(site, made, ["tor1", "spine1"])
    assert configs.read("spine1").snapshot.running == DIALECTS["frr"].parse(TEXTS["tor1"])
    with pytest.raises(DeviceError, match="the FRR running configuration is cut short"):
        configs.read("tor1")


def test_line_ends_marks_and_old_encodings_are_no_matter(site: Site, tmp_path: Path) -> None:
    text = TEXTS["tor1"].replace(
        "remote-as 65000", "remote-as 65000\n neighbor 10.255.11.0 description Zürich", 1
    )
    plain = DIALECTS["frr"].parse(text)
    for content in (
        text.encode(),
        b"\xef\xbb\xbf" + text.encode(),
        text.encode("latin-1"),
        text.replace("\n", "\r\n").encode(),
    ):
        made = ConfigFolder(site, folder(tmp_path, tor1=content), ["tor1"])
        assert made.read("tor1").snapshot.running == plain


def test_a_file_that_may_not_be_read_is_unknown(site: Site, tmp_path: Path) -> None:
    made = folder(tmp_path, tor1=TEXTS["tor1"])
    configs = ConfigFolder(site, made, ["tor1"])
    (made / "tor1").unlink()
    with pytest.raises(DeviceError, match=r"tor1: .*can't be read: No such file"):
        configs.read("tor1")
