"""What `--from`, `--to` and an id mean: nodes, by the word for them, by an id, an alias or a name, or by a glob."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from fnmatch import translate
from itertools import islice
from re import compile

from keymuster.analysis.reach import entries, jewels
from keymuster.analysis.reach.graph import Basis, Graph
from keymuster.errors import SettingsError
from keymuster.model import Credential, Identity, Resource
from keymuster.nearest import nearest


class Ends:
    """The nodes of a graph by what people call them."""

    def __init__(self, basis: Basis, graph: Graph) -> None:
        self._basis = basis
        self._graph = graph
        self.entries: Mapping[str, str] = entries.entries(graph)
        self.jewels: Mapping[str, tuple[str, ...]] = jewels.jewels(basis, graph)
        self._names: dict[str, dict[str, None]] | None = None

    def starts(self, texts: Sequence[str]) -> list[str]:
        """Where to begin: without texts, wherever somebody may."""
        words = {
            word: [id for id, one in self.entries.items() if one == word] for word in entries.WORDS
        }
        return self._meant("--from", texts, words) if texts else list(self.entries)

    def goals(self, texts: Sequence[str]) -> list[str]:
        """Where to get to: without texts, to every jewel."""
        words = {
            word: [id for id, several in self.jewels.items() if word in several]
            for word in jewels.WORDS
        }
        return self._meant("--to", texts, words) if texts else list(self.jewels)

    def node(self, text: str) -> list[str]:
        """The nodes that an id, an alias, a name or a glob means; SettingsError if there is none."""
        return self._called("reach", text, ())

    def _meant(
        self, option: str, texts: Sequence[str], words: Mapping[str, list[str]]
    ) -> list[str]:
        found: dict[str, None] = {}
        for text in texts:
            if text in words:
                found |= dict.fromkeys(words[text])
            else:
                found |= dict.fromkeys(self._called(option, text, words))
        return list(found)

    def _called(self, what: str, text: str, words: Iterable[str]) -> list[str]:
        names = self._all_names()
        if text in names:
            return list(names[text])
        if set(text) & {"*", "?", "["}:
            pattern = compile(translate(text))
            found = [id for name, several in names.items() if pattern.match(name) for id in several]
            if found:
                return list(dict.fromkeys(found))
        like = (name for name in names if abs(len(name) - len(text)) <= _OTHER_LENGTH)
        close = nearest(text, [*words, *islice(like, _MOST_COMPARED)])
        said = f"did you mean `{close}`?" if close else "`keymuster inventory list` lists the ids."
        raise SettingsError(f"{what}: nothing here is called {text!r}", said[0].upper() + said[1:])

    def _all_names(self) -> dict[str, dict[str, None]]:
        """Ids before names: an id means one thing."""
        if self._names is None:
            found: dict[str, dict[str, None]] = {}
            for id in self._graph.numbers:
                found.setdefault(id, {})[id] = None
            for one in self._basis.inventory.records.values():
                if not isinstance(one, Identity | Credential | Resource):
                    continue
                id = one.id if one.id in self._graph.numbers else one.id.removeprefix("resource:")
                if id in self._graph.numbers or isinstance(one, Identity):
                    for name in (one.id, *getattr(one, "aliases", ())):
                        found.setdefault(name, {})[id] = None
            for id in self._graph.numbers:
                name = self._graph.node(id).name
                if name not in self._graph.numbers:
                    found.setdefault(name, {})[id] = None
            self._names = found
        return self._names


_OTHER_LENGTH = 4
_MOST_COMPARED = 10_000
"""Names that are held against one that nothing has: to compare them takes time."""
