"""Comparing what is rendered with what was reviewed: :func:`check_golden`.

``GOLDEN=write`` in the environment writes the files anew, to be reviewed as code.
"""

from __future__ import annotations

import os
from pathlib import Path

FOLDER = Path(__file__).resolve().parents[1] / "golden"


def check_golden(name: str, text: str) -> None:
    """Fail unless ``text`` is the content of the file ``name`` in tests/golden."""
    path = FOLDER / name
    if os.environ.get("GOLDEN") == "write":
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8")
