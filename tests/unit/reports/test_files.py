"""A report's file is the old one or the new one, whole, and what can't be written is left."""

from __future__ import annotations

import os
import stat
import threading
from typing import TYPE_CHECKING

import pytest

from inventory.errors import InputError
from runbooks.reports.files import write_atomically

if TYPE_CHECKING:
    from pathlib import Path


def test_the_text_is_there_for_everybody_to_read(tmp_path: Path) -> None:
    umask = os.umask(0o077)
    try:
        write_atomically(tmp_path / "r.prom", "é\n")
    finally:
        os.umask(umask)
    assert (tmp_path / "r.prom").read_bytes() == b"\xc3\xa9\n"
    assert stat.S_IMODE((tmp_path / "r.prom").stat().st_mode) == 0o644
    assert [one.name for one in tmp_path.iterdir()] == ["r.prom"]


def test_a_reader_never_sees_half_of_it(tmp_path: Path) -> None:
    path = tmp_path / "r.html"
    texts = {letter * 200_000 for letter in "abcd"}
    write_atomically(path, "a" * 200_000)
    stop = threading.Event()
    seen: set[str] = set()
    names: set[str] = set()

    def read() -> None:
        while not stop.is_set():
            seen.add(path.read_text())
            names.update(one.name for one in tmp_path.iterdir())

    reader = threading.Thread(target=read)
    reader.start()
    try:
        for _ in range(20):
            for text in sorted(texts):
                write_atomically(path, text)
    finally:
        stop.set()
        reader.join()
    assert seen <= texts
    # What is written meanwhile is no *.html, and no *.prom, to a collector.
    assert {name for name in names if name.endswith((".html", ".prom"))} == {"r.html"}


def test_a_link_stays_a_link(tmp_path: Path) -> None:
    (tmp_path / "there").mkdir()
    (tmp_path / "link").symlink_to(tmp_path / "there" / "r")
    write_atomically(tmp_path / "link", "x")
    assert (tmp_path / "link").is_symlink()
    assert (tmp_path / "there" / "r").read_text() == "x"


def test_a_pipe_is_written_to(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    seen: list[str] = []
    reader = threading.Thread(target=lambda: seen.append((tmp_path / "pipe").read_text()))
    reader.start()
    write_atomically(tmp_path / "pipe", "x")
    reader.join()
    assert seen == ["x"]
    assert (tmp_path / "pipe").is_fifo()


def test_what_utf_8_can_not_hold_does_not_lose_the_report(tmp_path: Path) -> None:
    write_atomically(tmp_path / "r", "a\ud800b")
    assert (tmp_path / "r").read_text() == "a?b"


@pytest.mark.parametrize("where", ["", "no/r", "file/r", "loop", "x" * 300])
def test_what_can_not_be_written_is_one_sentence(where: str, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    (tmp_path / "loop").symlink_to(tmp_path / "loop")
    before = sorted(tmp_path.iterdir())
    with pytest.raises(InputError) as caught:
        write_atomically(tmp_path / where, "x")
    (line,) = str(caught.value).splitlines()
    assert line.startswith(f"{tmp_path / where}: can't be written: ")
    assert sorted(tmp_path.iterdir()) == before


def test_a_full_disk_leaves_the_old_report(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomically(tmp_path / "r", "old")

    def full(_file: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(InputError, match=r"can't be written: No space left on device$"):
        write_atomically(tmp_path / "r", "new")
    assert [(one.name, one.read_text()) for one in tmp_path.iterdir()] == [("r", "old")]
