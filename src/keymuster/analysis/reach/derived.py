"""The facts that policies ask for: what is surely reached from where, and how."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

from keymuster.analysis.known import Known
from keymuster.analysis.outsiders import Audience
from keymuster.analysis.reach import entries, jewels
from keymuster.analysis.reach.graph import Basis, Graph, build
from keymuster.analysis.reach.search import Path, Search
from keymuster.analysis.reach.told import steps
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import STEPS
from keymuster.model import Credential, Effect, Identity, IdentityKind, Step, Trust
from keymuster.settings import Settings


def derived(inventory: Inventory, configured: Settings, known: Known) -> dict[str, dict[str, Any]]:
    """Of credentials, trusts and identities that are surely reached: `leads_to`, of identities `reached_from`, and of
    what people look at first the way, `leads_by`."""
    basis = Basis(inventory, configured, known)
    graph = build(basis, proved=True)
    begins: dict[str, list[str]] = defaultdict(list)
    for id, word in entries.entries(graph).items():
        begins[word].append(id)
    worth: dict[str, list[str]] = defaultdict(list)
    for id, words in jewels.jewels(basis, graph).items():
        for word in words:
            worth[word].append(id)
    if not begins or not worth:
        return {}
    return _found(basis, graph, begins, worth)


def _found(
    basis: Basis, graph: Graph, begins: dict[str, list[str]], worth: dict[str, list[str]]
) -> dict[str, dict[str, Any]]:
    search = Search(graph)
    reached = {word: search.reached(begins[word]) for word in entries.WORDS if begins[word]}
    leading = {word: search.leading(worth[word]) for word in jewels.WORDS if worth[word]}
    found: dict[str, dict[str, Any]] = {}
    telling: dict[str, list[str]] = defaultdict(list)
    for one in basis.inventory.records.values():
        node = _node(one, basis)
        whence = [word for word, ids in reached.items() if node in ids]
        if not whence:
            continue
        leads_to = [word for word, ids in leading.items() if node in ids]
        if isinstance(one, Identity):
            found[one.id] = {"reached_from": whence, "leads_to": leads_to}
        elif leads_to:
            found[one.id] = {"leads_to": leads_to}
        if leads_to and _is_of_interest(one, basis):
            telling[node].append(one.id)
    for node, path in search.nearest(telling, [worth[word] for word in leading]).items():
        for id in telling[node]:
            found[id] |= _told(path, graph, basis.told(id).get(STEPS, {}))
    return found


def _is_of_interest(one: object, basis: Basis) -> bool:
    """Whether the way is told: where people look first. Of outsiders who administer other facts tell already."""
    match one:
        case Identity():
            return one.kind in (IdentityKind.AGENT, IdentityKind.WORKFLOW_JOB)
        case Trust():
            return basis.told(one.id).get("grade") != "administer"
        case _:
            return True


def _node(one: object, basis: Basis) -> str:
    """The node that a record is about; of a trust, what it lets outsiders become."""
    match one:
        case Identity():
            return one.id
        case Credential() if one.fingerprint:
            return one.id
        case Trust() if one.effect is Effect.ALLOW and _lets_in_outsiders(one, basis):
            return one.identity
        case _:
            return ""


def _lets_in_outsiders(trust: Trust, basis: Basis) -> bool:
    """For certain, as `edges/trusts.py` has it."""
    told = basis.told(trust.id)
    if told.get("in_force", "yes") != "yes":
        return False
    audience = told.get("audience")
    return audience == Audience.VENDOR or (
        audience == Audience.ANYONE and told.get("anyone") == "yes"
    )


def _told(path: Path, graph: Graph, known: Mapping[str, Any]) -> dict[str, Any]:
    """A path in words, and as evidence beside what is known already."""
    walked = steps(path, graph)
    evidence = tuple(
        Step(
            start=one.start.id, to=one.to.id, way=one.way or one.kind, does=one.says,
            records=tuple(each.record for each in one.evidence),
        )
        for one in walked
    )  # fmt: skip
    return {
        "leads_by": ", then ".join(one.says for one in walked),
        STEPS: {**known, "leads_to": (evidence,)},
    }
