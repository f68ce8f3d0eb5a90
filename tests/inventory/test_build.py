"""One record per thing."""

from __future__ import annotations

from msgspec.structs import replace

from keymuster.inventory.build import build
from keymuster.model import (
    Confidence,
    Credential,
    CredentialKind,
    FileLocation,
    InlineAllow,
    Resource,
    ServiceLocation,
    Storage,
)


def _credential(id: str = "secret:1", path: str = "a.py", **more: object) -> Credential:
    return Credential(
        id=id, kind=CredentialKind.API_KEY, name="Key", location=FileLocation(path=path), **more
    )  # type: ignore[arg-type]


def test_sightings_of_one_thing_are_one_record() -> None:
    one, other = _credential(path="a.py"), _credential(path="b.py", storage=Storage.HISTORY)
    inventory = build([one, other, _credential("secret:2")])
    first, second = inventory.of(Credential)
    assert (first.id, second.id) == ("secret:1", "secret:2")
    assert inventory.sightings(first) == [one, other]


def test_the_surest_sighting_gives_the_name_and_the_first_the_place() -> None:
    unsure = _credential(path="a.py", format="generic-assignment", confidence=Confidence.LOW)
    sure = _credential(path="b.py", format="acme-key", confidence=Confidence.HIGH)
    [record] = build([unsure, sure]).of(Credential)
    assert (record.format, record.location) == ("acme-key", unsure.location)


def test_what_several_sightings_say_is_put_together_and_the_first_word_stands() -> None:
    one = _credential(tags={"account": "1", "name": "a"})
    other = _credential(tags={"account": "2", "issuer": "x"})
    [record] = build([one, other]).of(Credential)
    assert record.tags == {"account": "1", "name": "a", "issuer": "x"}


def test_other_records_keep_their_first_sighting() -> None:
    place = FileLocation(path="a.tf")
    one = Resource(id="r", type="t", name="first", location=place)
    other = Resource(id="r", type="t", name="second", location=place)
    assert list(build([one, other]).of(Resource)) == [one]


def test_comments_are_found_again() -> None:
    comment = InlineAllow(id="allow:1", location=FileLocation(path="a.py"))
    assert build([_credential(), comment]).allows == [comment]


def test_nothing_makes_an_empty_inventory() -> None:
    inventory = build([])
    assert (inventory.records, inventory.seen, inventory.allows) == ({}, {}, [])


def test_a_setting_and_the_secret_in_it_are_one_place() -> None:
    around = _credential(path="a.yaml", tags={"declared_as": "x"})
    inside = _credential(path="a.yaml", format="acme-key")
    elsewhere = _credential(path="b.yaml", tags={"declared_as": "x"})
    inventory = build([around, inside, elsewhere])
    [record] = inventory.of(Credential)
    assert record.format == "acme-key"
    assert record.tags == {"declared_as": "x"}
    assert inventory.sightings(record) == [inside, elsewhere]


def test_an_object_of_a_service_is_one_place_too() -> None:
    def told(resource: str, **more: object) -> Credential:
        place = ServiceLocation(service="aws", account="1", resource=resource)
        return replace(_credential(**more), location=place)

    around, inside, elsewhere = told("f"), told("f", format="acme-key"), told("g")
    inventory = build([around, inside, elsewhere])
    [record] = inventory.of(Credential)
    assert inventory.sightings(record) == [inside, elsewhere]
