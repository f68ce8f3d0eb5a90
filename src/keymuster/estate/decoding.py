"""A YAML file as Structs; what is wrong in it is told with its line, and with the nearest name, but never with the
value, which may be a secret."""

from __future__ import annotations

import re
import types
from collections.abc import Iterator
from enum import Enum
from typing import Any, Literal, TypeVar, Union, get_args, get_origin, get_type_hints

import msgspec
import yaml
from msgspec import Struct

from keymuster.errors import SettingsError
from keymuster.nearest import hint

_T = TypeVar("_T")

_AT = re.compile(r"(.*) - at `\$(.*)`", re.DOTALL)
_STEP = re.compile(r"\.([^.\[\]]+)|\[(\d+|\.\.\.)\]")
_ENUM = re.compile(r"Invalid (?:enum )?value '.*'", re.DOTALL)


class File:
    """What a file says, with the lines on which it says so."""

    def __init__(self, path: str, content: bytes) -> None:
        self.path = path
        loader = getattr(yaml, "CSafeLoader", yaml.SafeLoader)(content)
        try:
            self._root: yaml.Node | None = loader.get_single_node()
            self._refuse_twice(self._root)
            self.said: Any = {} if self._root is None else loader.construct_document(self._root)
        except yaml.MarkedYAMLError as error:
            line = error.problem_mark.line + 1 if error.problem_mark is not None else 1
            raise self.wrong(error.problem or "is no YAML", line) from None
        except (yaml.YAMLError, ValueError, RecursionError):
            raise SettingsError(f"{path}: is no YAML") from None
        finally:
            loader.dispose()

    def decoded(self, kind: type[_T]) -> _T:
        """SettingsError with the line of what does not fit."""
        return self.part(self.said, kind, ())

    def part(self, said: Any, kind: type[_T], steps: tuple[str | int, ...]) -> _T:
        """The same for what stands at some place of the file."""
        try:
            return msgspec.convert(said, type=kind)
        except msgspec.ValidationError as error:
            found = _AT.fullmatch(str(error))
            problem, at = (found[1], found[2]) if found else (str(error), "")
            inner = tuple(
                step[1] or (step[2] if step[2] == "..." else int(step[2]))
                for step in _STEP.finditer(at)
            )
            unknown = re.search(r"unknown field `([^`]+)`", problem)
            line = self.line((*steps, *inner, *([unknown[1]] if unknown else ())))
            name = "".join(
                f"[{one}]" if isinstance(one, int) else f".{one}" for one in (*steps, *inner)
            )
            where = f"{name.lstrip('.').replace('....', '.*')}: " if name else ""
            if unknown:
                structs = filter(_is_struct, _at(kind, inner))
                fields = [one for struct in structs for one in _fields(struct)]
                problem = f"there is no `{unknown[1]}` here{hint(unknown[1], fields)}"
            if _ENUM.fullmatch(problem):
                words = ", ".join(_choices(_at(kind, inner)))
                problem = f"is none of {words}" if words else "is none of what it may be"
            named = "Name it: `credential: {env: NAME}`." if "credential" in inner else ""
            raise self.wrong(where + problem, line, named) from None

    def wrong(self, problem: str, line: int, advice: str = "") -> SettingsError:
        """To be raised."""
        return SettingsError(f"{self.path}:{line}: {problem}", advice)

    def line(self, steps: tuple[str | int, ...]) -> int:
        """Where something stands; the nearest thing around it that is there, if it is not."""
        node, line = self._root, 1
        for step in steps:
            if node is None:
                return line
            line = node.start_mark.line + 1
            match node:
                case yaml.MappingNode(value=[*pairs]) if isinstance(step, str):
                    found = [(key, value) for key, value in pairs if step in ("...", key.value)]
                case yaml.SequenceNode(value=[*items]) if isinstance(step, int) and step < len(
                    items
                ):
                    found = [(items[step], items[step])]
                case _:
                    found = []
            if not found:
                return line
            line, node = found[0][0].start_mark.line + 1, found[0][1]
        return line

    def _refuse_twice(self, root: yaml.Node | None) -> None:
        """YAML lets the last of two win, and the first is never looked at."""
        waiting = [root]
        known: set[int] = set()
        while waiting:
            node = waiting.pop()
            if id(node) in known:  # an alias
                continue
            known.add(id(node))
            if isinstance(node, yaml.SequenceNode):
                waiting += node.value
            elif isinstance(node, yaml.MappingNode):
                names: dict[str, int] = {}
                for key, value in node.value:
                    line = key.start_mark.line + 1
                    if (
                        isinstance(key, yaml.ScalarNode)
                        and key.value in names
                        and key.value != "<<"
                    ):
                        raise self.wrong(
                            f"`{key.value}` is there twice, first on line {names[key.value]}", line,
                            "Put both together.",
                        )  # fmt: skip
                    if isinstance(key, yaml.ScalarNode):
                        names[key.value] = line
                    waiting.append(value)


def _at(kind: Any, steps: tuple[str | int, ...]) -> list[Any]:
    """What may stand at a place."""
    here = list(_alternatives(kind))
    for step in steps:
        inner: list[Any] = []
        for one in here:
            if isinstance(step, str) and step != "..." and _is_struct(one):
                if (found := get_type_hints(one).get(step)) is not None:
                    inner += _alternatives(found)
            elif get_origin(one) in (tuple, list, dict):
                words = [word for word in get_args(one) if word is not ...]
                inner += _alternatives(words[-1])
        here = inner
    return here


def _alternatives(kind: Any) -> Iterator[Any]:
    if get_origin(kind) in (Union, types.UnionType):
        for one in get_args(kind):
            yield from _alternatives(one)
    else:
        yield kind


def _choices(kinds: list[Any]) -> Iterator[str]:
    """The words of those that have a fixed set of them."""
    for kind in kinds:
        if get_origin(kind) is Literal:
            yield from map(str, get_args(kind))
        elif isinstance(kind, type) and issubclass(kind, Enum):
            yield from (str(one.value) for one in kind)


def _is_struct(kind: Any) -> bool:
    return isinstance(kind, type) and issubclass(kind, Struct)


def _fields(struct: Any) -> tuple[str, ...]:
    found: tuple[str, ...] = struct.__struct_encode_fields__
    return found
