"""The inventory in our own JSON."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import msgspec
import pytest

import keymuster
from export.inventories import RECORDS, ROLE, SECRET, inventory, written
from keymuster import registry
from keymuster.export._shape import InventoryV1
from keymuster.inventory.build import build

PUBLISHED = Path(keymuster.__file__).parents[2] / "docs/schemas/inventory-v1.json"


def _json() -> Any:
    return json.loads(written("json"))


def test_every_kind_is_told_with_its_links_facts_and_places() -> None:
    said = _json()
    [one] = [each for each in said["identities"] if each["id"] == ROLE]
    assert (one["owner"], one["environment"], one["credentials"]) == ("platform", "production", ["cert:1", SECRET])  # fmt: skip
    assert (one["grants"], one["trusts"]) == (["grant:1"], ["trust:1"])
    assert one["facts"]["escalations"] == ["iam:PassRole"]
    [secret] = [each for each in said["credentials"] if each["id"] == SECRET]
    assert [(place["path"], place.get("commit")) for place in secret["places"]] == [
        ("a b/é.env", None),
        ("old.env", "c" * 40),
    ]
    assert secret["storages"] == ["history", "tree"]
    assert [len(said[kind]) for kind in ("grants", "trusts", "uses", "resources")] == [1, 1, 1, 1]


def test_settings_are_told_by_their_names_alone() -> None:
    [one] = _json()["resources"]
    assert one["settings"] == {"list": ["****", {"deep": "****"}], "open": True, "password": "****"}


def test_it_keeps_the_schema_of_its_type() -> None:
    jsonschema.validate(_json(), msgspec.json.schema(InventoryV1))


@pytest.mark.skipif(
    not PUBLISHED.exists(), reason="docs/schemas/inventory-v1.json is not generated"
)
def test_it_keeps_the_published_schema() -> None:
    schema = json.loads(PUBLISHED.read_text(encoding="utf-8"))
    jsonschema.validate(_json(), schema)
    broken = _json()
    broken["credentials"][0]["confidence"] = "sure"
    with pytest.raises(jsonschema.ValidationError):
        jsonschema.validate(broken, schema)


@pytest.mark.parametrize("format", registry.names("export"))
def test_the_order_of_what_was_seen_does_not_matter(format: str) -> None:
    turned = [*RECORDS[4:], *RECORDS[:4]]
    assert written(format, inventory(*turned)) == written(format) == written(format)


@pytest.mark.parametrize("format", registry.names("export"))
def test_an_empty_inventory_is_written(format: str) -> None:
    said = written(format, build([]))
    assert said.endswith("\n")
    if format != "csv":
        json.loads(said)
