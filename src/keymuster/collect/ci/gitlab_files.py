"""Pipelines of GitLab CI as they run: with what they include, extend, refer to and take by default."""

from __future__ import annotations

from collections.abc import Iterator, Mapping

from msgspec import Struct
from msgspec.structs import replace

from keymuster import regex
from keymuster.collect.ci.files import Kept, found, matching
from keymuster.collect.ci.gitlab import KEYWORDS, included
from keymuster.collect.syntax.node import Node

_DEEPEST = 11
"""Jobs that extend each other; GitLab takes no more."""
_DEEPEST_REFERENCE = 10
_MOST_FILES = 200
"""Files of one pipeline; GitLab takes 150."""
_MOST_STEPS = 300_000
"""Values that are put together for one pipeline."""

_GIVEN_BY_DEFAULT = (
    "image", "services", "before_script", "after_script", "cache", "artifacts", "retry", "timeout",
    "interruptible", "tags", "hooks", "id_tokens",
)  # fmt: skip
_INPUT = regex.later(r"\$\[\[\s{0,20}inputs\.([\w-]{1,100})[^\]]{0,200}\]\]")


class TooMuch(Exception):
    """A pipeline that is more work to put together than any honest one."""


class Work(Struct):
    """What is left to do for one pipeline."""

    left: int = _MOST_STEPS

    def spend(self, steps: int = 1) -> None:
        self.left -= steps
        if self.left < 0:
            raise TooMuch


class Pipeline(Struct, frozen=True, eq=False):
    """A file that GitLab starts with, and all that it runs, as one map. `files` are those it is made of."""

    path: str
    root: Node
    files: tuple[str, ...]


def children(root: Node) -> Iterator[str]:
    """The files of pipelines that jobs start."""
    for _, job in root.entries():
        given = job.get("trigger", "include")
        for one in given.items() if given else ():
            name = (one.get("local") or one).text()
            if name and not name.startswith(("http://", "https://")):
                yield name


def local(start: str, name: str, files: Mapping[str, Kept]) -> list[str]:
    """The files of the repository that a local include means."""
    if "$" in name or not name:
        return []
    if "*" in name:
        return matching(start, name, list(files))
    path = found(start, name, files)
    return [path] if path else []


def pipelines(files: Mapping[str, Kept]) -> Iterator[Pipeline | str]:
    """Each file that no other takes in, as the pipeline it is; the path of one that is too much
    work."""
    taken: set[str] = set()
    starts = [path for path, kept in files.items() if kept.is_sure]
    for path in starts:
        taken |= _all_of(path, files)
    ahead = [path for path in starts if path not in taken]
    done = set(ahead)
    while ahead:
        path = ahead.pop(0)
        try:
            made = _pipeline(path, files)
        except (TooMuch, RecursionError):
            yield path
            continue
        for name in children(made.root):
            for child in local(path, name, files):
                if child not in done:
                    done.add(child)
                    ahead.append(child)
        yield made


def _all_of(path: str, files: Mapping[str, Kept]) -> set[str]:
    """The files that one includes, at once or through others, apart from itself."""
    known: set[str] = set()
    ahead = [path]
    while ahead and len(known) <= _MOST_FILES:
        for root in files[ahead.pop()].readable:
            for kind, name, _ in included(root):
                new = local(path, name, files) if kind == "local" else []
                ahead += [one for one in new if one not in known and one != path]
                known |= set(new) - {path}
    return known


def _pipeline(path: str, files: Mapping[str, Kept]) -> Pipeline:
    work = Work()
    seen: dict[str, None] = {path: None}
    entries = _with_includes(path, files, seen, {}, work)
    root = next(iter(files[path].readable), None)
    first = root if root is not None else Node(
        value=None, file=files[path].file, line=1, column=1, end_line=1, end_column=1
    )  # fmt: skip
    whole = {name: _job(name, entries, work) for name in entries}
    for name, node in whole.items():
        if _is_job(name, node):
            whole[name] = _with_defaults(node, whole, work)
    return Pipeline(path, first.holding(whole), tuple(seen))


def _is_job(name: str, node: Node) -> bool:
    return name not in KEYWORDS and not name.startswith(".") and isinstance(node.value, dict)


def _with_includes(
    path: str,
    files: Mapping[str, Kept],
    seen: dict[str, None],
    inputs: Mapping[str, Node],
    work: Work,
) -> dict[str, Node]:
    """What a file says, over what it includes."""
    entries: dict[str, Node] = {}
    start = next(iter(seen))
    for root in _configuration(files[path].readable, inputs, work):
        for kind, name, entry in included(root):
            for one in local(start, name, files) if kind == "local" else ():
                if one in seen or len(seen) > _MOST_FILES:
                    continue
                seen[one] = None
                given = dict((entry.get("inputs") or entry.holding({})).entries())
                _over(entries, _with_includes(one, files, seen, given, work), work)
        _over(entries, {key: one for key, one in root.entries() if key != "include"}, work)
    return entries


def _configuration(documents: list[Node], inputs: Mapping[str, Node], work: Work) -> Iterator[Node]:
    """The documents of a file without the head that declares its inputs, those put in."""
    values: dict[str, str] = {}
    for root in documents:
        declared = root.get("spec", "inputs")
        if root.get("spec") is not None:
            for name, one in declared.entries() if declared else ():
                given = inputs.get(name) or one.get("default")
                if given is not None:
                    values[name] = given.text()
            continue
        yield _filled(root, values, work) if values else root


def _filled(node: Node, values: Mapping[str, str], work: Work) -> Node:
    work.spend()
    match node.value:
        case dict():
            return replace(
                node,
                value={
                    _fill(key, values): _filled(one, values, work)
                    for key, one in node.value.items()
                },
            )
        case list():
            return replace(node, value=[_filled(one, values, work) for one in node.value])
        case str() if "$[[" in node.value:
            return replace(node, value=_fill(node.value, values))
        case _:
            return node


def _fill(text: str, values: Mapping[str, str]) -> str:
    if "$[[" not in text:
        return text
    return _INPUT.sub(lambda match: values.get(match[1], match[0]), text)


def _over(below: dict[str, Node], above: Mapping[str, Node], work: Work) -> None:
    """Put one map over another: maps in it are put together, all else is replaced."""
    for key, node in above.items():
        work.spend()
        old = below.get(key)
        below[key] = _merged(old, node, work) if old is not None else node


def _merged(below: Node, above: Node, work: Work) -> Node:
    if not (isinstance(below.value, dict) and isinstance(above.value, dict)):
        return above
    entries = dict(below.value)
    work.spend(len(entries))
    _over(entries, above.value, work)
    return replace(above, value=entries)


def _job(name: str, entries: Mapping[str, Node], work: Work) -> Node:
    return _referred(_extended(entries[name], entries, work, 0), entries, work, 0)


def _extended(node: Node, entries: Mapping[str, Node], work: Work, depth: int) -> Node:
    """A job over those that it extends."""
    extends = node.get("extends")
    if extends is None or depth > _DEEPEST:
        return node
    below: Node | None = None
    for one in extends.items():
        work.spend()
        parent = entries.get(one.text())
        if parent is not None and isinstance(parent.value, dict):
            parent = _extended(parent, entries, work, depth + 1)
            below = parent if below is None else _merged(below, parent, work)
    return node if below is None else _merged(below, node, work)


def _referred(node: Node, entries: Mapping[str, Node], work: Work, depth: int) -> Node:
    """With what `!reference` names in its place; a list in a list becomes a part of it."""
    work.spend()
    if node.tag == "!reference":
        target = _target(node, entries)
        if target is None or depth > _DEEPEST_REFERENCE:
            return node.holding(None)
        return _referred(target, entries, work, depth + 1)
    match node.value:
        case dict():
            made = {key: _referred(one, entries, work, depth) for key, one in node.value.items()}
            return replace(node, value=made)
        case list():
            items: list[Node] = []
            for one in node.value:
                new = _referred(one, entries, work, depth)
                is_list = one.tag == "!reference" and isinstance(new.value, list)
                items += new.value if is_list and isinstance(new.value, list) else [new]
            return replace(node, value=items)
        case _:
            return node


def _target(node: Node, entries: Mapping[str, Node]) -> Node | None:
    names = [one.text() for one in node.items()]
    target = entries.get(names[0]) if names else None
    return target.get(*names[1:]) if target is not None else None


def _with_defaults(job: Node, entries: Mapping[str, Node], work: Work) -> Node:
    """A job with what it has by default. What is said at the top of the file is an older way to say so."""
    default = entries.get("default")
    kept = job.get("inherit", "default")
    added: dict[str, Node] = {}
    for key in _GIVEN_BY_DEFAULT:
        work.spend()
        node = (default.get(key) if default else None) or entries.get(key)
        if node is None or job.get(key) is not None:
            continue
        if kept is None or kept.value is True or key in [one.text() for one in kept.items()]:
            added[key] = node
    if not added or not isinstance(job.value, dict):
        return job
    return replace(job, value={**job.value, **added})
