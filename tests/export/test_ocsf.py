"""Events of OCSF, validated by the schemas of the OCSF project."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from functools import cache
from typing import Any

import jsonschema
import pytest
from ocsf_json_schema import OcsfJsonSchemaEmbedded, get_ocsf_schema

from export.inventories import ROLE, SECRET, written
from keymuster.export.ocsf import VERSION

CLASSES = {5003: "user_inventory", 5023: "cloud_resources_inventory_info"}


@cache
def _schema(number: int) -> Any:
    every = OcsfJsonSchemaEmbedded(get_ocsf_schema(version=VERSION))
    return every.get_class_schema(class_name=CLASSES[number])


def _validate(event: Any) -> None:
    jsonschema.Draft202012Validator(_schema(event["class_uid"])).validate(event)


def _events(at: datetime | None = None) -> list[Any]:
    events = json.loads(written("ocsf", at=at))
    for one in events:
        _validate(one)
    return list(events)


def test_every_record_is_a_valid_event() -> None:
    kinds = [one.get("resources", [{"type": "identity"}])[0]["type"] for one in _events()]
    assert kinds == ["identity", "identity", "credential", "credential", "grant", "trust", "use", "resource"]  # fmt: skip


def test_the_validator_refuses_what_is_wrong() -> None:
    [first, *_] = _events()
    for broken in ({**first, "severity_id": 77}, {**first, "extra": 1}, {**first, "user": "ci"}):
        with pytest.raises(jsonschema.ValidationError):
            _validate(broken)


def test_an_identity_is_a_user_with_what_proves_it() -> None:
    [one] = [each for each in _events() if each.get("user", {}).get("uid") == ROLE]
    assert one["user"]["account"] == {"uid": "111122223333"}
    assert (one["user"]["type_id"], one["user"]["type"]) == (4, "Service")
    assert [proof["uid"] for proof in one["user"]["programmatic_credentials"]] == ["cert:1", SECRET]
    assert one["unmapped"]["facts"]["privilege"] == "admin"


def test_the_time_is_the_one_that_is_asked_for() -> None:
    assert {one["time"] for one in _events()} == {0}
    assert {one["time"] for one in _events(datetime(2026, 1, 1, tzinfo=UTC))} == {1767225600000}
