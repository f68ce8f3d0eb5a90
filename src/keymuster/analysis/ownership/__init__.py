"""Who answers for each identity and credential: signs from everywhere, combined into one answer with its evidence.

    Owners(inventory, configured).of(identity)

A further sort of sign is a further module in `signals/`."""

from __future__ import annotations

from collections.abc import Iterator

from keymuster.analysis.ownership import signals as sorts
from keymuster.analysis.ownership.combination import LEFT, NAMED, Ownership, combined
from keymuster.analysis.ownership.estate import Estate, Owned
from keymuster.analysis.ownership.signal import Signal
from keymuster.analysis.ownership.signals.person import is_person
from keymuster.inventory.build import Inventory
from keymuster.inventory.facts import UNKNOWN
from keymuster.inventory.owners import is_untold
from keymuster.model import Credential, Identity
from keymuster.settings import Settings


class Owners:
    """Asked for one subject after the other. What `now` is comes from the inventory."""

    def __init__(self, inventory: Inventory, configured: Settings) -> None:
        now = inventory.now
        self.estate = Estate(inventory, configured, now.date() if now is not None else None)
        self._known: dict[str, Ownership] = {}

    def of(self, subject: Owned) -> Ownership:
        """Of an identity, by its signs and those of its twin in Entra. Of a credential, whoever answers for its
        identity, unless somebody has attested another; or else by its own places."""
        if subject.id not in self._known:
            self._known[subject.id] = (
                self._of_credential(subject) if isinstance(subject, Credential) else self._of(subject)
            )  # fmt: skip
        return self._known[subject.id]

    def is_person(self, identity: Identity) -> bool:
        """Whether it is somebody who answers for things, and nothing that is answered for."""
        return is_person(identity, self.estate)

    def _of(self, subject: Owned) -> Ownership:
        return combined(
            self._signals(subject), self.estate.directory, self.estate.inventory.now,
            is_untold=self._is_untold(subject),
        )  # fmt: skip

    def _of_credential(self, credential: Credential) -> Ownership:
        own = self._of(credential)
        identity = self.estate.inventory.records.get(credential.identity or "")
        if not isinstance(identity, Identity) or (own.best is not None and own.best.attested):
            return own
        of_identity = self.of(identity)
        return of_identity if of_identity.status in (NAMED, LEFT) else own

    def _signals(self, subject: Owned) -> Iterator[Signal]:
        for one in (subject, *self.estate.twins_of(subject)):
            for look in sorts.every():
                yield from look(one, self.estate)

    def _is_untold(self, subject: Owned) -> bool:
        """Whether somebody may be named where nobody was let look."""
        for one in (subject, *self.estate.twins_of(subject)):
            if not isinstance(one, Identity):
                continue
            if any(hint.name == UNKNOWN for hint in one.owner_hints):
                return True
            if is_untold(one.tags, self.estate.configured.owners.tags):
                return True
        return False
