"""The whole answer: who gets where, by which path, and what to cut."""

from __future__ import annotations

from collections.abc import Sequence, Set

from msgspec import Struct

from keymuster.analysis.reach import entries, jewels
from keymuster.analysis.reach.cuts import Cut, cut
from keymuster.analysis.reach.ends import Ends
from keymuster.analysis.reach.graph import Basis, Graph, build
from keymuster.analysis.reach.search import Path, Search


class Answer(Struct, frozen=True, kw_only=True):
    """Between `starts` and `goals`, both ids of nodes. `paths` are the best ones, the surest first; `every` if there is
    one for each pair of ends, else there is one for each end. `about` are the nodes that were asked for, if any were."""

    graph: Graph
    ends: Ends
    about: tuple[str, ...]
    starts: tuple[str, ...]
    goals: tuple[str, ...]
    paths: tuple[Path, ...]
    every: bool
    cut: Cut
    leads_to: dict[str, tuple[str, ...]]
    """Of each of `starts`: the words of the goals that it leads to."""
    reached_from: dict[str, tuple[str, ...]]
    """Of each of `goals`: the words of the entry points among `starts` that lead to it."""


def answer(
    basis: Basis, *, about: str = "", starts: Sequence[str] = (), goals: Sequence[str] = (), proved: bool = False
) -> Answer:  # fmt: skip
    """Who begins at `starts` and gets to `goals`, in the words of `Ends`; of one that is asked `about`, what it gets to and
    who gets to it. SettingsError for what nothing is called. If `proved`, no edge that is assumed is followed."""
    graph = build(basis, proved=proved)
    ends = Ends(basis, graph)
    nodes = ends.node(about) if about else []
    begins, kept = ends.starts(starts), ends.goals(goals)
    search = Search(graph)
    if not nodes:
        found = search.paths(begins, kept)
        paths, every, parted = found.paths, found.every, cut(graph, begins, kept)
    else:
        from_it, to_it = search.paths(nodes, kept), search.paths(begins, nodes)
        paths, every = [*from_it.paths, *to_it.paths], from_it.every and to_it.every
        parted = cut(graph, begins, nodes) if to_it.paths else cut(graph, nodes, kept)
    passed = set(kept).difference(nodes)
    paths = [one for one in paths if not _goes_on(one, ends, passed)]
    if not goals:  # who is there already gets nothing by that
        paths = [one for one in paths if not _is_there(one, ends)]
    paths.sort(key=lambda one: _rank(one, ends))
    return Answer(
        graph=graph, ends=ends, about=tuple(nodes), starts=tuple(begins), goals=tuple(kept),
        paths=tuple(paths), every=every, cut=parted, leads_to=_leads_to(search, ends, begins, kept),
        reached_from=_reached_from(search, ends, begins, kept),
    )  # fmt: skip


def _leads_to(
    search: Search, ends: Ends, begins: Sequence[str], kept: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    several = {
        word: [id for id in kept if word in ends.jewels.get(id, ())] for word in jewels.WORDS
    }
    leading = {word: search.leading(ids) for word, ids in several.items() if ids}
    return {id: tuple(word for word, ids in leading.items() if id in ids) for id in begins}


def _reached_from(
    search: Search, ends: Ends, begins: Sequence[str], kept: Sequence[str]
) -> dict[str, tuple[str, ...]]:
    several = {
        word: [id for id in begins if ends.entries.get(id) == word] for word in entries.WORDS
    }
    reached = {word: search.reached(ids) for word, ids in several.items() if ids}
    return {id: tuple(word for word, ids in reached.items() if id in ids) for id in kept}


def _goes_on(path: Path, ends: Ends, goals: Set[str]) -> bool:
    """Whether a path only leads on from one goal to another of the same sort: who is an administrator has the rest."""
    words = set(ends.jewels.get(path.end, ()))
    return bool(words) and any(
        edge.to in goals and words <= set(ends.jewels.get(edge.to, ())) for edge in path.edges[:-1]
    )


def _is_there(path: Path, ends: Ends) -> bool:
    words = set(ends.jewels.get(path.end, ()))
    return bool(words) and words <= set(ends.jewels.get(path.start, ()))


def _rank(path: Path, ends: Ends) -> tuple[bool, int, int, str, str]:
    words = ends.jewels.get(path.end, ())
    gravest = min((jewels.WORDS.index(word) for word in words), default=len(jewels.WORDS))
    return not path.is_proved, gravest, len(path.edges), path.start, path.end
