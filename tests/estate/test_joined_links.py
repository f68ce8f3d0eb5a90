"""What links credentials over targets outlives the way through the store: masked, as JSON, under other paths."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

import msgspec
import pytest

from estate_made import Estate
from keymuster.estate.placing import placed
from keymuster.inventory.build import Inventory, build
from keymuster.model import Credential, FileLocation, Observation
from keymuster.model.secret import PUBLIC_KEY
from keymuster.redaction import Redactor
from keymuster.rules.schema import RuleSet
from repositories import Repository
from scans import context, look


def kept(rules: RuleSet, observed: Iterable[Observation]) -> list[Observation]:
    """As the store gives them back."""
    written = msgspec.json.encode(list(Redactor(rules, PUBLIC_KEY).observations(observed)))
    return msgspec.json.decode(written, type=list[Observation])


def of_all(inventory: Inventory) -> Iterator[tuple[set[str], set[str]]]:
    """Of each credential its places in files, and the ids by which services tell of it."""
    left = {one.id: one for one in inventory.of(Credential)}
    while left:
        _, first = left.popitem()
        records = [first, *(left.pop(one.id) for one in inventory.counterparts(first))]
        seen = [(one, at.location) for one in records for at in inventory.sightings(one)]
        files = {
            place.name if isinstance(place, FileLocation) else place.resource
            for one, place in seen
            if isinstance(place, FileLocation) or one.id.startswith("secret:")
        }
        yield files, {one.id for one in records if not one.id.startswith("secret:")}


@pytest.fixture(scope="module")
def estate(rules: RuleSet) -> Estate:
    return Estate(rules, count=150)


@pytest.fixture(scope="module")
def inventory(
    estate: Estate, rules: RuleSet, tmp_path_factory: pytest.TempPathFactory
) -> Inventory:
    root = tmp_path_factory.mktemp("estate")
    estate.write(Repository.create(root))
    code = [*look("worktree", rules, root).observed, *look("history", rules, root).credentials]
    told = list(estate.told(context(rules, root)))
    first, second = told[::2], told[1::2]  # as if two accounts had been asked
    return build(
        one.record
        for name, observed in (("acme/app", code), ("aws", first), ("entra", second))
        for one in placed(name, kept(rules, observed))
    )


def test_every_link_is_found_over_targets(
    rules: RuleSet, estate: Estate, inventory: Inventory
) -> None:
    def own(name: str) -> str:
        return name.removeprefix("acme/app/").replace(":acme/app/", ":")

    found = [({own(name) for name in files}, {own(id) for id in ids}) for files, ids in of_all(inventory)]  # fmt: skip
    named = Redactor(rules, PUBLIC_KEY).words
    missing = []
    for one in (*estate.planted, *estate.decoys):
        ids = {named(id) for id in one.ids}
        if not any(one.files <= files and ids <= known for files, known in found):
            missing.append((one.sort, one.name))
    assert missing == []
    assert len(estate.planted) == 150
