"""Pipelines of Azure DevOps as they run: with the templates of their repository in their places.

https://learn.microsoft.com/en-us/azure/devops/pipelines/process/templates
"""

from __future__ import annotations

import posixpath
import re
from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from keymuster import regex
from keymuster.collect.ci.files import Kept, above
from keymuster.collect.syntax.node import Node

_DEEPEST = 20
_MOST_FILES = 100
"""Files of one pipeline; Azure takes no more."""
_MOST_STEPS = 200_000
"""Values that are put together for one pipeline."""

_LISTS = ("stages", "jobs", "steps", "variables")
_PARAMETER = regex.later(
    r"\$\{\{\s{0,20}parameters(?:\.(\w{1,100})|\['([\w-]{1,100})'\])\s{0,20}\}\}"
)
_CONTROL = regex.later(r"\$\{\{\s{0,20}(?:if|elseif|else|each|insert)\b")


class TooMuch(Exception):
    """A pipeline that is more work to put together than any honest one."""


class Pipeline(Struct, frozen=True, eq=False):
    """A file that Azure starts with, and all that it runs, as one tree. `files` are those it is made of."""

    path: str
    root: Node
    files: tuple[str, ...]


class _Work(Struct):
    files: Mapping[str, Kept]
    seen: dict[str, None]
    left: int = _MOST_STEPS

    def spend(self) -> None:
        self.left -= 1
        if self.left < 0:
            raise TooMuch


def named(root: Node) -> Iterator[str]:
    """The templates that a file takes in."""
    for node in root.walk():
        one = node.get("template")
        if one is not None and one.text():
            yield one.text()


def local(start: str, name: str, files: Mapping[str, Kept]) -> str:
    """The file of the repository that a template is; empty if it lies elsewhere, or there is none."""
    path, _, repository = name.partition("@")
    if repository not in ("", "self") or "${{" in path:
        return ""
    if not path.startswith("/"):
        beside = posixpath.normpath(posixpath.join(posixpath.dirname(start), path))
        return beside if beside in files else ""
    for folder in above(start):
        whole = posixpath.normpath(posixpath.join(folder, path.lstrip("/")))
        if whole in files:
            return whole
    return ""


def pipelines(files: Mapping[str, Kept]) -> Iterator[Pipeline | str]:
    """Each file that no other takes in, as the pipeline it is; the path of one that is too much work."""
    sure = [path for path, kept in files.items() if kept.is_sure]
    taken = _taken(sure, files)
    for path in sure:
        if path in taken:
            continue
        for root in files[path].readable:
            work = _Work(files, {path: None})
            try:
                yield Pipeline(path, _whole(root, path, work), tuple(work.seen))
            except (TooMuch, RecursionError):
                yield path


def _taken(starts: list[str], files: Mapping[str, Kept]) -> set[str]:
    """The files that others take in. Of those that take each other in, each is also looked at alone."""
    taken: set[str] = set()
    ahead, done = list(starts), set(starts)
    while ahead:
        path = ahead.pop()
        for root in files[path].readable:
            for name in named(root):
                other = local(path, name, files)
                if other and other != path:
                    taken.add(other)
                    if other not in done:
                        done.add(other)
                        ahead.append(other)
    return set() if taken >= set(starts) else taken


def _whole(root: Node, path: str, work: _Work) -> Node:
    extends = root.get("extends")
    made = _expanded(root, path, {}, work, 0)
    name = extends.get("template") if extends is not None else None
    if extends is None or name is None:
        return made
    template = _template(name.text(), path, work)
    if template is None or not isinstance(made.value, dict):
        return made
    found, body = template
    given = _given(body, extends, {}, work)
    below = _expanded(body, found, given, work, 1)
    if isinstance(below.value, dict):
        made = replace(made, value={**below.value, **made.value})
    return made


def _template(name: str, path: str, work: _Work) -> tuple[str, Node] | None:
    found = local(path, name, work.files)
    if not found or len(work.seen) > _MOST_FILES:
        return None
    root = next(iter(work.files[found].readable), None)
    if root is None:
        work.seen[found] = None
        return None
    work.seen[found] = None
    return found, root


def _given(body: Node, call: Node, around: Mapping[str, Node], work: _Work) -> dict[str, Node]:
    """What a template is called with; what is not given, as it is by itself."""
    values: dict[str, Node] = {}
    declared = body.get("parameters")
    for one in declared.items() if declared is not None else ():
        name, default = one.get("name"), one.get("default")
        if name is not None and default is not None:
            values[name.text()] = default
        elif name is None and isinstance(one.value, dict):
            values |= one.value
    passed = call.get("parameters")
    for key, one in passed.entries() if passed is not None else ():
        values[key] = _filled(one, around, work)
    return values


def _filled(node: Node, values: Mapping[str, Node], work: _Work) -> Node:
    """With parameters in their places: of text a part, or the whole with whatever it is."""
    work.spend()
    match node.value:
        case dict():
            made = {key: _filled(one, values, work) for key, one in node.value.items()}
            return replace(node, value=made)
        case list():
            return replace(node, value=[_filled(one, values, work) for one in node.value])
        case str() if "${{" in node.value and values:
            only = _PARAMETER.fullmatch(node.value.strip())
            if only is not None:
                return values.get(only[1] or only[2], node)
            return replace(
                node, value=_PARAMETER.sub(lambda found: _text(found, values), node.value)
            )
        case _:
            return node


def _text(found: re.Match[str], values: Mapping[str, Node]) -> str:
    node = values.get(found[1] or found[2])
    return found[0] if node is None or isinstance(node.value, dict | list) else node.text()


def _expanded(node: Node, path: str, values: Mapping[str, Node], work: _Work, depth: int) -> Node:
    """A tree with its templates in their places. What may or may not be inserted, is."""
    work.spend()
    if isinstance(node.value, dict):
        made = {}
        for key, one in node.value.items():
            if key == "parameters" and depth and "template" not in node.value:
                continue
            new = _expanded(_filled_here(one, values, work), path, values, work, depth)
            made[key] = new
        return replace(node, value=made)
    if not isinstance(node.value, list):
        return node
    items: list[Node] = []
    for one in node.value:
        items += _inserted(_filled_here(one, values, work), path, values, work, depth)
    return replace(node, value=items)


def _filled_here(node: Node, values: Mapping[str, Node], work: _Work) -> Node:
    """A text, and nothing below it: that is filled when it is reached."""
    return _filled(node, values, work) if isinstance(node.value, str) else node


def _inserted(
    item: Node, path: str, values: Mapping[str, Node], work: _Work, depth: int
) -> Iterator[Node]:
    """What an item of a list stands for."""
    work.spend()
    name = item.get("template")
    if name is not None and name.text() and depth < _DEEPEST:
        called = _filled(name, values, work).text()
        template = _template(called, path, work)
        if template is not None:
            found, body = template
            given = _given(body, item, values, work)
            for key in _LISTS:
                inner = body.get(key)
                if inner is None:
                    continue
                made = _expanded(inner, found, given, work, depth + 1)
                if isinstance(made.value, list):
                    yield from made.value
                else:
                    yield made
            return
    if isinstance(item.value, list):  # a parameter that is a list of steps
        for one in item.value:
            yield from _inserted(one, path, values, work, depth + 1 if depth < _DEEPEST else depth)
        return
    if isinstance(item.value, dict) and any(_CONTROL.match(key) for key in item.value):
        for key, one in item.value.items():
            if _CONTROL.match(key):
                for inner in one.items():
                    yield from _inserted(
                        _filled_here(inner, values, work), path, values, work, depth
                    )
            else:
                yield item.holding({key: one})
        return
    yield _expanded(item, path, values, work, depth)
