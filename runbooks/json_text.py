"""A document as the text of its file: :func:`json_text`."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from pydantic_core import PydanticSerializationError

if TYPE_CHECKING:
    from pydantic import BaseModel


def json_text(document: BaseModel) -> str:
    """Return ``document`` as JSON.

    What UTF-8 can't hold, which a device may send all the same, becomes a question mark.
    """
    try:
        return document.model_dump_json(by_alias=True, indent=2) + "\n"
    except PydanticSerializationError:
        text = json.dumps(document.model_dump(by_alias=True), indent=2, ensure_ascii=False)
        return writable(text) + "\n"


def writable(text: str) -> str:
    """Return ``text`` with a question mark for each character that UTF-8 can't hold."""
    return text.encode("utf-8", "replace").decode()
