"""Where somebody begins who has nothing yet: a leaked credential, a trust in outsiders, a pull request of a fork,
what was granted to a third party, the prompt of an agent."""

from __future__ import annotations

from keymuster.analysis.reach.edges.agents import AGENT
from keymuster.analysis.reach.edges.leaks import LEAKED
from keymuster.analysis.reach.edges.third_parties import THIRD_PARTY
from keymuster.analysis.reach.edges.trusts import OUTSIDE
from keymuster.analysis.reach.edges.workflows import FORK
from keymuster.analysis.reach.graph import Graph

WORDS = (LEAKED, OUTSIDE, FORK, THIRD_PARTY, AGENT)


def entries(graph: Graph) -> dict[str, str]:
    """The nodes where somebody may begin, each with the word for it."""
    return {one.id: one.entry for one in graph.made.values() if one.entry}
