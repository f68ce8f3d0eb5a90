"""What follows from a resource."""

from __future__ import annotations

from datetime import datetime

import msgspec

from keymuster.evaluate import lapses, times
from keymuster.evaluate.derived.common import EXISTS, Fields, paths
from keymuster.inventory.build import Inventory
from keymuster.model import Credential, CredentialStatus, FileLocation, Resource
from keymuster.model.attestation import TYPE as ATTESTATION
from keymuster.model.attestation import attestation
from keymuster.model.registration import TYPE, registration


def _ended(record: Resource, _: Inventory, now: datetime) -> bool:
    """Whether it says of itself until when it holds, and that is past."""
    try:
        until = datetime.fromisoformat(str(record.settings.get("ValidUntil", "")))
    except ValueError:
        return False
    return until.tzinfo is not None and until < now


def _lapsed(record: Resource, _: Inventory, now: datetime) -> list[str]:
    if record.type not in (TYPE, ATTESTATION):
        return []
    try:
        if record.type == ATTESTATION:
            return ["expiry"] if attestation(record).expires < now.date() else []
        return lapses.of(registration(record), now.date())
    except msgspec.ValidationError:  # an extension may call anything by this name
        return []


def _secrets(record: Resource, inventory: Inventory, now: datetime) -> int:
    """How many secrets stand in the same file, samples aside."""
    if record.type != "agent_file" or not isinstance(record.location, FileLocation):
        return 0
    return len(
        [
            one
            for one in inventory.of(Credential)
            if one.fingerprint
            and one.status not in (CredentialStatus.SAMPLE, CredentialStatus.PUBLIC)
            and record.location.name in paths(one, inventory, now)
        ]
    )


FIELDS: Fields = {
    **EXISTS,
    "days": ("map<string, dyn>", times.days),
    "ended": ("bool", _ended),
    "lapsed": ("list<string>", _lapsed),
    "secrets": ("int", _secrets),
}
