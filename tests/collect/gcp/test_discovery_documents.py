"""Every surface against Google's discovery documents: the methods that it calls, the parameters that it
gives and the fields that it reads are Google's."""

from __future__ import annotations

import pytest

import discovery
from gcp_answers import SCHEMAS, Answers, looked, place
from keymuster.collect import meanings
from keymuster.collect.declared import Declared
from keymuster.collect.gcp.methods import METHODS
from keymuster.collect.gcp.places import CALLS
from keymuster.collect.gcp.surface import Surface
from keymuster.collect.gcp.surfaces import surfaces
from keymuster.rules.schema import RuleSet

ROUNDS = 4
"""So many values of each choice are seen, and both of what is true or false."""


@pytest.mark.parametrize("id", METHODS)
def test_a_method_is_as_its_document_says(id: str) -> None:
    own = METHODS[id]
    described = discovery.methods(own.document)[id]
    root = discovery.document(own.document)["rootUrl"]
    assert (own.verb, own.path) == (described.method["httpMethod"], described.path)
    assert root == f"https://{own.host}.googleapis.com/"
    said = discovery.schema(own.document, described.response)["properties"]
    if own.size is not None:
        assert own.size[0] in described.query
    body = discovery.schema(own.document, described.method.get("request", {})).get("properties", {})
    if "nextPageToken" in said:
        assert (own.token is None) == ("pageToken" not in {*described.query, *body})
    assert not own.partial or said[own.partial]["type"] == "array"
    assert own.partial or not {"unreachable", "unreachables", "missingZones"} & said.keys()


def test_the_calls_of_the_hierarchy_are_in_the_documents() -> None:
    assert set(CALLS) <= discovery.methods("cloudresourcemanager.v3").keys()


@pytest.mark.parametrize("inventory", [True, False], ids=["inventory", "direct"])
@pytest.mark.parametrize("surface", surfaces(), ids=lambda one: str(one.name))
def test_what_a_surface_asks_and_reads_is_in_the_documents(
    surface: Surface, inventory: bool, rules: RuleSet
) -> None:
    types: set[str] = set()
    for round in range(ROUNDS):
        for level in surface.levels:
            answers = Answers(round)
            told, scope = looked(surface, answers, level, inventory=inventory)
            assert answers.unknown == set(), "the documents have no such thing"
            assert answers.cut_short() == set(), "only the first page is read"
            assert [one.message for one in scope.troubles()] == []
            objects = [one for one in told if isinstance(one, Declared)]
            assert len({one.id for one in objects}) == len(objects), "two objects have one id"
            for one in objects:
                assert one.account == place(level).account
                list(meanings.records(one, rules.resource_types))
            types |= {one.type for one in objects}
    assert types <= set(surface.types), "types are told that the surface does not name"
    assert inventory or surface.by_inventory or types, "nothing is told"


@pytest.mark.parametrize("surface", surfaces(), ids=lambda one: str(one.name))
def test_a_surface_makes_all_calls_that_it_names(surface: Surface) -> None:
    called: set[str] = {"cloudasset.assets.list"}
    for inventory, types in ((True, True), (True, False), (False, False)):
        for round in range(ROUNDS):
            for level in surface.levels:
                answers = Answers(round)
                looked(surface, answers, level, inventory=inventory, types=types)
                called |= answers.called
    assert set(surface.calls) - called == set()


def test_all_that_is_taken_from_the_inventory_is_described() -> None:
    assert {type for one in surfaces() for type in one.assets} == SCHEMAS.keys()


def test_a_field_that_no_document_has_is_noted() -> None:
    answers = Answers(0)
    one = answers.whole("iam.v1", "ServiceAccount")
    one.get("mail")
    assert answers.unknown == {"iam.v1: ServiceAccount has no mail"}


def test_a_call_that_is_not_named_is_an_error() -> None:
    def strays(ask):  # type: ignore[no-untyped-def]
        yield from ask.pages("iam.projects.roles.list", "roles", parent="projects/acme-prod")

    surface = Surface(name="stray", calls=(), types=(), look=strays)
    with pytest.raises(AssertionError, match="does not say that it calls"):
        looked(surface, Answers(0), "project", inventory=False)
