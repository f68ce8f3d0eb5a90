"""What a job of CircleCI is made of: its commands, its executor, those of orbs that stand in the file, and
the parameters they are called with."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence

from msgspec import Struct

from keymuster.collect.syntax.node import Node

Values = Mapping[str, Node]
"""What parameters are."""

_PARAMETER = re.compile(r"<<\s{0,20}parameters\.([\w-]{1,100})\s{0,20}>>")
_DEEPEST = 10
_MOST = 500
"""Commands of one job that are followed."""


class Part(Struct, frozen=True, eq=False):
    """A job, command or executor, and what its parameters are where it is called."""

    node: Node
    values: Values

    def text(self, node: Node) -> str:
        """A value with its parameters in their places, as far as they are known."""
        return _PARAMETER.sub(
            lambda found: self.values[found[1]].text() if found[1] in self.values else found[0],
            node.text(),
        )


class Job(Struct, frozen=True, eq=False):
    """A job of the file or of an orb in it, under the name that workflows call it by."""

    name: str
    node: Node
    scope: Node
    orb: str = ""


def jobs(root: Node) -> Iterator[Job]:
    own = root.get("jobs")
    for name, node in own.entries() if own else ():
        if isinstance(node.value, dict):
            yield Job(name, node, root)
    orbs = root.get("orbs")
    for orb, body in orbs.entries() if orbs else ():
        inner = body.get("jobs")
        for name, node in inner.entries() if inner else ():
            if isinstance(node.value, dict):
                yield Job(f"{orb}/{name}", node, body, orb)


def parts(job: Job, root: Node, calls: Sequence[Node]) -> list[Part]:
    """All that a job runs, for each way in which workflows call it."""
    found: list[Part] = []
    for call in calls or (job.node.holding({}),):
        values = _values(job.node, call, {})
        _follow(Part(job.node, values), job, root, found, 0)
    return found


def _follow(part: Part, job: Job, root: Node, found: list[Part], depth: int) -> None:
    if len(found) >= _MOST:
        return
    found.append(part)
    if depth >= _DEEPEST:
        return
    executor = part.node.get("executor")
    if executor is not None:
        name = executor.text() or (executor.get("name") or executor.holding("")).text()
        if (node := _named("executors", name, job, root)) is not None:
            found.append(Part(node, _values(node, executor, part.values)))
    for name, call in _steps(part.node.get("steps")):
        node = _named("commands", name, job, root)
        if node is not None:
            _follow(Part(node, _values(node, call, part.values)), job, root, found, depth + 1)


def _steps(node: Node | None) -> Iterator[tuple[str, Node]]:
    """The commands that steps call, also those that run on a condition."""
    for one in node.items() if node is not None else ():
        if one.text():
            yield one.text(), one
        for name, call in one.entries():
            if name in ("when", "unless"):
                yield from _steps(call.get("steps"))
            else:
                yield name, call


def _named(kind: str, name: str, job: Job, root: Node) -> Node | None:
    """A command or executor: of the orb that the job is of, of the file, or of another orb."""
    orb, _, rest = name.partition("/")
    if rest:
        return root.get("orbs", orb, kind, rest)
    return job.scope.get(kind, name) or root.get(kind, name)


def _values(declared: Node, call: Node, around: Values) -> dict[str, Node]:
    found: dict[str, Node] = {}
    parameters = declared.get("parameters")
    for name, one in parameters.entries() if parameters else ():
        given = call.get(name)
        if given is None:
            given = one.get("default")
        elif outer := _PARAMETER.fullmatch(given.text().strip()):
            given = around.get(outer[1])
        if given is not None:
            found[name] = given
    return found
