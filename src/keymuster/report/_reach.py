"""Version 1 of what `keymuster reach` tells other programs. Its shape is frozen here."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct, field

EntryWordV1 = Literal["leaked", "outside", "fork", "third-party", "agent"]
JewelWordV1 = Literal["admin", "production", "secrets", "data"]


class NodeV1(Struct, kw_only=True):
    """An identity, a credential, a workload, a resource, a file or somebody outside. `place` is where it stands, where
    that is one place."""

    id: str
    kind: str
    name: str
    place: str


class EntryV1(Struct, kw_only=True):
    """Where somebody may begin, and the words of the jewels that are reached from there."""

    node: NodeV1
    word: EntryWordV1
    reaches: list[JewelWordV1]


class JewelV1(Struct, kw_only=True):
    """What is worth going for, and the words of the entry points that lead there. A `production` jewel is an
    administrator of production."""

    node: NodeV1
    words: list[JewelWordV1]
    reached_from: list[EntryWordV1]


class EvidenceV1(Struct, kw_only=True):
    """The id of a record of the inventory that an edge rests on, and where that stands."""

    record: str
    place: str


class StepV1(Struct, kw_only=True):
    """Who has `from` gets `to`. `kind` is the sort of edge, `way` the known way of taking more rights, where it is one.
    `assumed` says what is not known where it is not `proved`, `cut` how it is cut; empty where nobody can."""

    from_: NodeV1 = field(name="from")
    to: NodeV1
    kind: str
    way: str
    says: str
    proved: bool
    assumed: str
    cut: str
    evidence: list[EvidenceV1]


class PathV1(Struct, kw_only=True):
    """The best path between two ends: fewest assumed edges first, then fewest edges. It is `proved` if each edge is.
    `entry` and `jewels` are the words for its ends, if there are any."""

    from_: str = field(name="from")
    to: str
    entry: EntryWordV1 | Literal[""]
    jewels: list[JewelWordV1]
    proved: bool
    steps: list[StepV1]


class CutV1(Struct, kw_only=True):
    """As few edges as possible without which none of the paths is left. It is `verified` if a search without them
    reaches nothing; not `possible` if there is a way that nobody can cut."""

    possible: bool
    verified: bool
    edges: list[StepV1]


class ReachV1(Struct, kw_only=True):
    """`about` is what was asked for, if anything was: then the paths lead from it, or to it; `about_is` are the words for it,
    if it is a jewel itself. `starts` and `goals`
    are the ids of all that paths were looked for between; those that are entry points or jewels are told of. `every_path` says whether
    there is one for each pair of ends; else there is one for each end. `undecided_trusts` let in nobody knows whom: they
    are no entry points."""

    version: Literal[1]
    about: list[NodeV1]
    about_is: list[JewelWordV1]
    starts: list[str]
    goals: list[str]
    nodes: int
    edges: int
    undecided_trusts: int
    entries: list[EntryV1]
    jewels: list[JewelV1]
    every_path: bool
    paths: list[PathV1]
    cut: CutV1
