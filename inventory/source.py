"""YAML whose every value remembers where it stands.

:func:`read` gives a :class:`Source`: plain data for the models, and :meth:`Source.place`,
which turns the location of a validation error into file, line and column.
"""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, TypeVar

from pydantic import BaseModel, ValidationError
from ruamel.yaml import YAML
from ruamel.yaml.comments import CommentedMap, CommentedSeq, TaggedScalar
from ruamel.yaml.error import MarkedYAMLError, YAMLError

from inventory.errors import InputError, Place, Problem

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

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
                # What `<<` brings in stands elsewhere.
                with suppress(KeyError):
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

    def problems(self, error: ValidationError, prefix: tuple[str | int, ...] = ()) -> list[Problem]:
        """Return what pydantic says of this file, or of the part of it at ``prefix``."""
        found: dict[Problem, None] = {}
        for detail in error.errors():
            location = (*prefix, *detail["loc"])
            found[self.problem(location, sentence(detail, location))] = None
        return list(found)


#: What pydantic calls Python's types, in the words of a YAML file.
_KINDS = {
    "tuple_type": "write a list, such as [a, b]",
    "dict_type": "write a mapping of keys to values",
    "mapping_type": "write a mapping of keys to values",
    "model_type": "write a mapping of keys to values",
    "string_type": "write a word, in quotes if it looks like a number",
}


def sentence(detail: ErrorDetails, location: Sequence[str | int]) -> str:
    """Return one clear sentence, on one line, for what pydantic found at ``location``."""
    keys = [part for part in location if isinstance(part, str) and part != "[key]"]
    name = keys[-1] if keys else "the file"
    if not name.isprintable():
        name = repr(name)
    if detail["type"] == "extra_forbidden":
        return f"unknown key {name!r}; check the spelling (`ringfence schema` lists the keys)"
    if detail["type"] == "missing":
        return f"the key {name!r} is missing; add it"
    if detail["type"] in _KINDS:
        shown = "the value" if name in _SECRET_KEYS else _shown(detail.get("input"))
        return f"{name}: {shown} is refused: {_KINDS[detail['type']]}"
    message = detail["msg"].removeprefix("Value error, ").removeprefix("Assertion failed, ")
    value = detail.get("input")
    named = isinstance(value, str) and repr(value) in message
    if isinstance(value, str | int | float) and not named and name not in _SECRET_KEYS:
        return f"{name}: {value!r} is refused: {message[0].lower()}{message[1:]}"
    return f"{name}: {message[0].lower()}{message[1:]}"


#: Keys whose values no message may show.
_SECRET_KEYS = frozenset({"password", "secret", "passphrase", "url", "ledger"})


def _shown(value: object) -> str:
    """Return a value as a sentence can hold it: one that is long or nested is only named."""
    if value is None:
        return "nothing"
    if isinstance(value, str | int | float):
        return repr(value)
    return "a list" if isinstance(value, list) else "a mapping" if isinstance(value, dict) else "it"


def empty(path: Path) -> Source:
    """Return the source of a file that is not there, or says nothing."""
    return Source(path, {}, CommentedMap())


def read(path: Path, *, optional: bool = False) -> Source:
    """Return the YAML file at ``path``; an ``optional`` one that is absent is an empty mapping.

    Raises:
        InputError: the file is absent, unreadable, not YAML, or not a mapping.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        if optional:
            return empty(path)
        problem = Problem(Place(path), "there is no such file; a site needs it")
        raise InputError(problem) from None
    except (OSError, UnicodeDecodeError) as error:
        raise InputError(Problem(Place(path), f"can't be read: {error}")) from error
    try:
        tree = YAML(typ="rt").load(text)
    except MarkedYAMLError as error:
        mark = error.problem_mark
        place = Place(path, mark.line + 1, mark.column + 1) if mark else Place(path)
        raise InputError(Problem(place, f"not valid YAML: {_complaint(error)}")) from error
    except RecursionError:
        raise InputError(Problem(Place(path), "not valid YAML: nested too deeply")) from None
    except ValueError as error:
        # A number beyond what Python converts (sys.set_int_max_str_digits), for one.
        problem = Problem(Place(path), f"not valid YAML: {str(error).splitlines()[0]}")
        raise InputError(problem) from error
    except YAMLError as error:
        what = str(error).splitlines()[0]
        raise InputError(Problem(Place(path), f"not valid YAML: {what}")) from error
    if tree is None:
        tree = CommentedMap()
    if not isinstance(tree, CommentedMap):
        raise InputError(Problem(Place(path, 1), "must be a mapping of keys to values"))
    return Source(path, _plain(tree), tree)


def _complaint(error: MarkedYAMLError) -> str:
    """Return what the YAML parser says, without the values that it quotes at any length."""
    text = str(error.problem or error.context or "not understood")
    if text.startswith("but "):
        text = f"{error.context}, {text}"
    return text.splitlines()[0].split(" with value ", maxsplit=1)[0]


def _plain(node: Any) -> Any:  # noqa: ANN401 - YAML is untyped until a model has seen it
    """Return ``node`` as ordinary Python values, without the positions."""
    if isinstance(node, dict):
        return {_plain(key): _plain(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_plain(item) for item in node]
    for kind in (bool, int, float, str):
        if isinstance(node, kind):
            return kind(node)
    # What `!!str` makes text of; what other tags mean nobody here knows.
    is_text = isinstance(node, TaggedScalar) and str(node.tag) == "tag:yaml.org,2002:str"
    return str(node.value) if is_text else node
