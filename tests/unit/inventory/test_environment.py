"""Where the SSH key and the password are, if the environment says so."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest
from builders import SITE, make_site, write_site

from inventory.errors import InputError
from inventory.site import load_site

if TYPE_CHECKING:
    from pathlib import Path

WITH_FILES = SITE + "ssh: {key_file: key}\ncredentials: {password_file: password}\n"


@pytest.fixture(autouse=True)
def bare(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("RINGFENCE_PASSWORD", "RINGFENCE_PASSWORD_FILE", "RINGFENCE_KEY_FILE"):
        monkeypatch.delenv(name, raising=False)


def secret(path: Path, text: str = "of the environment", mode: int = 0o600) -> Path:
    path.write_text(text + "\n", encoding="ascii")
    path.chmod(mode)
    return path


def test_the_environment_goes_before_the_site(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_site(tmp_path / "site", {"site.yaml": WITH_FILES})
    secret(tmp_path / "site" / "password", "of the site")
    secret(tmp_path / "password")
    assert load_site(tmp_path / "site").password() == "of the site"
    monkeypatch.setenv("RINGFENCE_PASSWORD_FILE", str(tmp_path / "password"))
    monkeypatch.setenv("RINGFENCE_KEY_FILE", str(tmp_path / "key"))
    site = load_site(tmp_path / "site")
    assert site.password() == "of the environment"
    assert site.file(site.settings.ssh.key_file or "") == tmp_path / "key"
    monkeypatch.setenv("RINGFENCE_PASSWORD", "itself")
    assert site.password() == "itself"


def test_an_empty_variable_is_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("RINGFENCE_PASSWORD_FILE", "")
    monkeypatch.setenv("RINGFENCE_KEY_FILE", "")
    site = make_site(tmp_path)
    assert (site.settings.ssh.key_file, site.settings.credentials.password_file) == (None, None)


def test_a_relative_path_starts_where_the_command_was_begun(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    write_site(tmp_path / "site", {"site.yaml": WITH_FILES})
    secret(tmp_path / "here")
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("RINGFENCE_PASSWORD_FILE", "here")
    assert load_site(tmp_path / "site").password() == "of the environment"


def test_a_file_that_is_not_there_is_told_before_anything_is_contacted(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("RINGFENCE_KEY_FILE", str(tmp_path / "gone"))
    with pytest.raises(InputError, match=r"ssh\.key_file: there is no file '.*/gone'"):
        make_site(tmp_path).ensure_trust_files()


@pytest.mark.skipif(os.getuid() != 0, reason="gives files away, which takes root")
@pytest.mark.parametrize(
    ("owner", "mode", "is_read"),
    [
        (0, 0o600, True),
        (0, 0o640, False),
        (0, 0o604, False),
        # As systemd lends a credential: of somebody else, with the ACL's mask as the group's bits.
        (1, 0o440, True),
        (1, 0o444, False),
    ],
)
def test_who_may_read_a_password(tmp_path: Path, owner: int, mode: int, *, is_read: bool) -> None:
    write_site(tmp_path / "site", {"site.yaml": WITH_FILES})
    os.chown(secret(tmp_path / "site" / "password", mode=mode), owner, -1)
    site = load_site(tmp_path / "site")
    if is_read:
        assert site.password() == "of the environment"
    else:
        with pytest.raises(InputError, match="others may read 'password'"):
            site.password()
