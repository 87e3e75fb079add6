"""The conditions of GitHub's and GitLab's CI files, judged: :func:`github`, :func:`gitlab`.

As much of both languages as the ready files use. Law: what is not known is an error, never false.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_TOKEN = re.compile(
    r"\s*(?P<all>(?P<text>'[^']*'|\"[^\"]*\")|(?P<sign>&&|\|\||==|!=|!(?!=)|[(),])"
    r"|(?P<call>\w+(?=\())|(?P<name>\$?[\w.*-]+))"
)
_SIGNS = {"&&": " and ", "||": " or ", "!": " not "}


def _python(expression: str, values: dict[str, object], known: Mapping[str, object]) -> str:
    """Return ``expression`` in Python, with each name as a value of ``values``."""
    written, at = "", 0
    while expression[at:].strip():
        match = _TOKEN.match(expression, at)
        assert match is not None, f"not understood: {expression[at:]}"
        at, token = match.end(), match["all"]
        if match["sign"]:
            written += _SIGNS.get(token, token)
        elif match["text"] or match["call"]:
            written += token
        else:
            assert token in known, f"{token} is not known"
            values[f"v{len(values)}"] = known[token]
            written += f"v{len(values) - 1}"
    return written


def _judge(expression: str, known: Mapping[str, object], functions: Mapping[str, Any]) -> object:
    values: dict[str, object] = {}
    text = _python(expression, values, known)
    return eval(text, {"__builtins__": {}}, {**values, **functions})  # noqa: S307 - our own files


def github(expression: str, known: Mapping[str, object], *, failed: bool = False) -> object:
    """Return the value of an expression with or without ``${{ }}`` around it."""
    inner = re.fullmatch(r"\$\{\{(.*)\}\}", expression.strip(), re.DOTALL)
    functions = {
        "cancelled": lambda: False,
        "success": lambda: not failed,
        "join": lambda values, by: by.join(values),
    }
    words = {"true": True, "false": False}
    return _judge(inner[1] if inner else expression, {**words, **known}, functions)


def gitlab(condition: str, variables: Mapping[str, str]) -> bool:
    """Return whether a rule's ``if`` holds; a variable that is not there is null."""
    names = {name: variables.get(name[1:]) for name in re.findall(r"\$\w+", condition)}
    return bool(_judge(condition, {"null": None, **names}, {}))
