"""Every exact link of an estate is found, and nothing is linked that is something else."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest

from estate_made import Estate, Planted
from keymuster.analysis import analysed
from keymuster.inventory.build import Inventory, build
from keymuster.model import Credential, FileLocation
from keymuster.rules.schema import RuleSet
from keymuster.settings import Settings
from repositories import Repository
from scans import context, look

NOW = datetime(2026, 3, 1, tzinfo=UTC)


class Node:
    """All records of one credential, and where they are."""

    def __init__(self, inventory: Inventory, records: list[Credential]) -> None:
        self.ids = {one.id for one in records}
        self.secrets = {one.fingerprint for one in records if one.id.startswith("secret:")}
        self.identities = {one.identity for one in records if one.identity}
        places = [
            place
            for one in records
            if one.id.startswith("secret:") or isinstance(one.location, FileLocation)
            for place in (sighting.location for sighting in inventory.sightings(one))
        ]
        self.places = {
            place.name if isinstance(place, FileLocation) else place.resource for place in places
        }
        self.told = {one for one in self.ids if not one.startswith("secret:")}


def nodes(inventory: Inventory) -> Iterator[Node]:
    left = {one.id: one for one in inventory.of(Credential)}
    while left:
        _, first = left.popitem()
        others = [left.pop(one.id) for one in inventory.counterparts(first)]
        yield Node(inventory, [first, *others])


@pytest.fixture(scope="module")
def estate(rules: RuleSet) -> Estate:
    return Estate(rules)


@pytest.fixture(scope="module")
def inventory(
    estate: Estate, rules: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> Inventory:
    root = tmp_path_factory.mktemp("estate")
    repository = Repository.create(root)
    estate.write(repository)
    code = look("worktree", rules, root)
    past = look("history", rules, root)
    told = estate.told(context(rules, root))
    made = build([*code.observed, *past.credentials, *told])
    return analysed(made, Settings(), rules, NOW)


def _node_of(one: Planted, found: list[Node]) -> list[Node]:
    own = {place for place in one.files if place.startswith(("keys/", "arn:", "old/"))}
    return [
        node
        for node in found
        if node.secrets & one.secrets or node.told & one.ids or node.places & own
    ]


def test_every_link_is_found_and_none_is_wrong(
    estate: Estate, inventory: Inventory, record_property: pytest.RecordProperty
) -> None:
    found = list(nodes(inventory))
    missing, wrong, pairs = [], [], 0
    for one in (*estate.planted, *estate.decoys):
        mine = _node_of(one, found)
        places = {place for node in mine for place in node.places}
        ids = {id for node in mine for id in node.told}
        lost = (one.files - places) | (one.ids - ids)
        if len(mine) != 1 or lost:
            missing.append((one.sort, one.name, len(mine), sorted(lost)))
        extra = (places - one.files) | (ids - one.ids)
        if extra:
            wrong.append((one.sort, one.name, sorted(extra)))
        size = len(one.files | one.ids)
        pairs += size * (size - 1) // 2
    assert (missing, wrong) == ([], [])  # recall and precision are both 1
    counts = {
        "credentials": len(estate.planted), "decoys": len(estate.decoys), "pairs of places": pairs,
        "most places": max(len(one.files | one.ids) for one in estate.planted),
    }  # fmt: skip
    for name, count in counts.items():
        record_property(name, count)
    assert counts["credentials"] == 300
    assert counts["decoys"] > 150
    assert counts["pairs of places"] > 2000
    assert counts["most places"] >= 8


def test_a_secret_proves_whom_it_is_of_and_nobody_else(
    estate: Estate, inventory: Inventory
) -> None:
    found = list(nodes(inventory))
    wrong = [
        (one.sort, one.name, node.identities)
        for one in (*estate.planted, *estate.decoys)
        for node in _node_of(one, found)
        if {who for who in node.identities if who in inventory.records}
        != ({one.identity} if one.identity else set())
    ]
    assert wrong == []
    assert len([one for one in estate.planted if one.identity]) > 150


def test_what_looks_alike_is_suggested_and_never_more(estate: Estate, inventory: Inventory) -> None:
    """Each planted client secret has the hint that Entra shows, and so has a decoy."""
    links = inventory.links
    by_fingerprint = {
        fingerprint: one for one in (*estate.planted, *estate.decoys) for fingerprint in one.secrets
    }
    hints = 0
    for id, others in links.suggested.items():
        same = {link.to for link in links.same.get(id, ())}
        assert same.isdisjoint(link.to for link in others)
        one = by_fingerprint.get(id.removeprefix("secret:"))
        hints += any("hint" in link.why for link in others) and one in estate.decoys
    assert hints == len([one for one in estate.planted if one.sort == "entra secret"]) > 10


def test_the_same_seed_makes_the_same_estate(estate: Estate, rules: RuleSet) -> None:
    again, other = Estate(rules), Estate(rules, seed=9)
    assert again.planted == estate.planted != other.planted
