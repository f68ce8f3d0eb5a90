"""CycloneDX 1.7, validated by the library of the CycloneDX project."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from msgspec.structs import replace

from export.inventories import JOB, RECORDS, ROLE, SECRET, inventory, written
from keymuster.inventory.build import build
from keymuster.model import Credential, CredentialKind, CredentialStatus, Identity, Storage

VALIDATOR = JsonStrictValidator(SchemaVersion.V1_7)


def _bom(text: str | None = None) -> Any:
    said = text or written("cyclonedx")
    assert VALIDATOR.validate_str(said) is None
    return json.loads(said)


def _component(bom: Any, reference: str) -> Any:
    [one] = [each for each in bom["components"] if each["bom-ref"] == reference]
    return one


def test_the_validator_refuses_what_is_wrong() -> None:
    broken = _bom()
    broken["components"][0]["cryptoProperties"]["assetType"] = "secret"
    assert VALIDATOR.validate_str(json.dumps(broken)) is not None


def test_a_credential_is_material_without_a_value() -> None:
    one = _component(_bom(), SECRET)
    material = one["cryptoProperties"]["relatedCryptoMaterialProperties"]
    assert material == {
        "type": "credential", "id": SECRET, "state": "compromised",
        "creationDate": "2026-01-02T03:04:05Z", "expirationDate": "2026-01-02T03:04:05Z",
    }  # fmt: skip
    assert one["evidence"]["occurrences"] == [
        {"location": "a b/é.env", "line": 3},
        {"location": "old.env", "line": 1, "additionalContext": "commit " + "c" * 40},
    ]


def test_a_certificate_is_one() -> None:
    one = _component(_bom(), "cert:1")["cryptoProperties"]
    assert one["certificateProperties"]["notValidAfter"] == "2026-01-02T03:04:05Z"


def test_an_identity_is_a_service_with_its_owner_and_the_evidence_of_that() -> None:
    [one] = [each for each in _bom()["services"] if each["bom-ref"] == ROLE]
    said = {each["name"]: each["value"] for each in one["properties"]}
    assert said["keymuster:owner"] == "platform"
    assert said["keymuster:owner-evidence"] == "platform (tag team)"
    assert said["keymuster:fact:privilege"] == "admin"


def test_dependencies_say_what_proves_whom_and_who_uses_what() -> None:
    needs = {one["ref"]: one.get("dependsOn", []) for one in _bom()["dependencies"]}
    assert needs == {ROLE: ["cert:1", SECRET], JOB: [SECRET], SECRET: [], "cert:1": []}


@pytest.mark.parametrize("kind", CredentialKind)
@pytest.mark.parametrize("status", [CredentialStatus.ACTIVE, CredentialStatus.DISABLED])
def test_every_kind_and_state_is_valid(kind: CredentialKind, status: CredentialStatus) -> None:
    record = RECORDS[2]
    assert isinstance(record, Credential)
    _bom(written("cyclonedx", inventory(replace(record, kind=kind, status=status))))


@pytest.mark.parametrize(
    ("storage", "status", "state"),
    [
        (Storage.TREE, CredentialStatus.UNKNOWN, "compromised"),
        (Storage.TREE, CredentialStatus.DISABLED, "deactivated"),
        (Storage.TREE, CredentialStatus.SAMPLE, None),
        (Storage.VAULT, CredentialStatus.ACTIVE, "active"),
        (Storage.VAULT, CredentialStatus.UNKNOWN, None),
    ],
)
def test_a_secret_in_the_open_is_compromised(
    storage: Storage, status: CredentialStatus, state: str | None
) -> None:
    record = RECORDS[2]
    assert isinstance(record, Credential)
    bom = _bom(written("cyclonedx", inventory(replace(record, storage=storage, status=status))))
    material = bom["components"][0]["cryptoProperties"]["relatedCryptoMaterialProperties"]
    assert material.get("state") == state


def test_two_names_that_are_shown_as_one_stay_two() -> None:
    first = RECORDS[0]
    assert isinstance(first, Identity)
    made = build([first])
    made.records["another key"] = replace(first, name="other")
    assert [one["bom-ref"] for one in _bom(written("cyclonedx", made))["services"]] == [
        ROLE,
        f"{ROLE}#2",
    ]


def test_a_time_is_in_it_where_it_is_asked_for() -> None:
    assert "timestamp" not in _bom()["metadata"]
    at = datetime(2026, 3, 4, tzinfo=UTC)
    assert _bom(written("cyclonedx", at=at))["metadata"]["timestamp"] == "2026-03-04T00:00:00Z"


def test_another_inventory_has_another_number() -> None:
    one, other = _bom(), _bom(written("cyclonedx", inventory(RECORDS[0])))
    assert one["serialNumber"] != other["serialNumber"]
