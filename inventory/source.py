"""YAML whose every value remembers where it stands.

:func:`read` gives a :class:`Source`: plain data for the models, and :meth:`Source.place`,
which turns the location of a validation error into file, line and column.
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from inventory.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence

    from pydantic_core import ErrorDetails

_Model = TypeVar("_Model", bound=BaseModel)


@dataclass(frozen=True, slots=True)
class Source:
    """One YAML file: its plain ``data``, and the tree that knows the positions."""

    path: Path
    data: Any
    tree: Any

    def place(self, location: Sequence[str | int] = ()) -> Place:
        """Return where ``location`` stands, or the nearest thing around it that does.

        ``location`` is a path of keys and indexes, as pydantic reports it; parts that
        are not in the file (the names of union branches, missing keys) are passed over.
        """
        node, line, column = self.tree, None, None
        for part in location:
            if isinstance(node, CommentedMap) and part in node:
                line, column = node.lc.key(part)
            elif isinstance(node, CommentedSeq) and isinstance(part, int) and part < len(node):
                line, column = node.lc.item(part)
            else:
                continue
            node = node[part]
        if line is None or column is None:
            return Place(self.path)
        return Place(self.path, line + 1, column + 1)

    def problem(self, location: Sequence[str | int], text: str) -> Problem:
        """Return ``text`` as a problem at ``location``."""
        return Problem(self.place(location), text)

    def validate(self, model: type[_Model]) -> _Model:
        """Return the file as ``model``.

        Raises:
            InputError: with every problem pydantic found, each at its place.
        """
        try:
            return model.model_validate(self.data)
        except ValidationError as error:
            raise InputError(*self.problems(error)) from error

    def problems(
        self, error: ValidationError, prefix: tuple[str | int, ...] = ()
    ) -> list[Problem]:
        """Return what pydantic says of this file, or of the part of it at ``prefix``."""
        found: dict[Problem, None] = {}
        for detail in error.errors():
            text = _sentence(detail)
            found[self.problem((*prefix, *detail["loc"]), text)] = None
        return list(found)


def _sentence(detail: ErrorDetails) -> str:
    """Return one clear sentence for what pydantic found."""
    keys = [part for part in detail["loc"] if isinstance(part, str) and "[" not in part]
    name = keys[-1] if keys else "the file"
    if detail["type"] == "extra_forbidden":
        return f"unknown key {name!r}; check the spelling (`ringfence schema` lists the keys)"
    if detail["type"] == "missing":
        return f"the key {name!r} is missing; add it"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    value = detail.get("input")
    if isinstance(value, str | int | float) and repr(value) not in message:
        return f"{name}: {value!r} is refused: {message[0].lower()}{message[1:]}"
    return f"{name}: {message[0].lower()}{message[1:]}"


def read(path: Path, *, optional: bool = False) -> Source:
    """Return the YAML file at ``path``; an ``optional`` one that is absent is an empty mapping.

    Raises:
        InputError: the file is absent, unreadable, not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if optional:
            return Source(path, {}, CommentedMap())
        problem = Problem(Place(path), "there is no such file; a site needs it")
        raise InputError(problem) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(Place(path), f"can't be read: {error}")) from error
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        lines = str(error.problem or error.context).splitlines()
        what = lines[0] if lines else "not understood"
        raise InputError(Problem(place, f"not valid YAML: {what}")) from error
    except YAMLError as error:
        what = str(error).splitlines()[0]
        raise InputError(Problem(Place(path), f"not valid YAML: {what}")) from error
    if tree is None:
        tree = CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise InputError(Problem(Place(path, 1), "must be a mapping of keys to values"))
    return Source(path, _plain(tree), tree)


def _plain(node: Any) -> Any:  # noqa: ANN401 - YAML is untyped until a model has seen it
    """Return ``node`` as ordinary Python values, without the positions."""
    if isinstance(node, dict):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    return node
