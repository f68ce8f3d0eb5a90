"""What somebody says of who owns an identity, in `.keymuster/owners.yaml`: until a day, and with their name."""

from __future__ import annotations

from datetime import date
from typing import Annotated

import msgspec
from msgspec import Meta, Struct

from keymuster.model.records import Resource

FILE = ".keymuster/owners.yaml"
NAMES = (FILE, ".keymuster/owners.yml")

TYPE = "owner_attestation"
"""The type of the resource that an entry becomes."""

OURS = ("storage", "problem")
"""Settings of that resource that are not in the entry: where it was seen, and why it counts for nothing."""

Text = Annotated[str, Meta(min_length=1)]


class Attestation(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """One entry. `what` is the id, the name or an alias of an identity or credential, or a glob over those;
    the `owner` holds until it `expires`, said `by` whom and `on` which day."""

    what: Text
    owner: Text
    by: Text
    on: date
    expires: date
    reason: Text


class Attestations(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """`.keymuster/owners.yaml`."""

    owners: tuple[Attestation, ...] = ()


def attestation(entry: Resource) -> Attestation:
    """The entry that a record was made of."""
    written = {name: one for name, one in entry.settings.items() if name not in OURS}
    return msgspec.convert(written, type=Attestation, strict=False)
