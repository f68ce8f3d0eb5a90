"""What a grant lets somebody do, in one word that is the same for all vendors' scopes, permissions and roles."""

from __future__ import annotations

import re
from collections.abc import Iterable
from enum import StrEnum

from msgspec.structs import replace

from keymuster import regex
from keymuster.analysis import azure_privilege, gcp_privilege
from keymuster.analysis.aws_privilege import reads
from keymuster.analysis.known import Known
from keymuster.analysis.privilege import Level
from keymuster.inventory.build import Inventory
from keymuster.model import Grant, GrantKind
from keymuster.model.unknown import is_unknown
from keymuster.model.vendors import ApiScopes


class Grade(StrEnum):
    """From nothing to everything. Unknown stands apart: it may be any."""

    NONE = "none"
    IDENTITY = "identity"
    READ = "read"
    WRITE = "write"
    ADMINISTER = "administer"
    UNKNOWN = "unknown"

    @property
    def rank(self) -> int:
        """0 (none) to 4 (administer); unknown below all, as nothing is proved."""
        return _RANKS[self]

    @property
    def spoken(self) -> str:
        return _SPOKEN[self]


_RANKS = {one: rank for rank, one in enumerate(Grade)} | {Grade.UNKNOWN: -1}
_SPOKEN = {
    Grade.NONE: "nothing",
    Grade.IDENTITY: "read identity",
    Grade.READ: "read data",
    Grade.WRITE: "write",
    Grade.ADMINISTER: "administer",
    Grade.UNKNOWN: "not known what",
}

OF_LEVEL = {
    Level.NONE: Grade.NONE,
    Level.READ: Grade.READ,
    Level.WRITE: Grade.WRITE,
    Level.ADMIN: Grade.ADMINISTER,
    Level.UNKNOWN: Grade.UNKNOWN,
}


def gravest(several: Iterable[Grade]) -> Grade:
    """The most of several; what is not known counts unless there is an administrator anyway."""
    found = set(several)
    if Grade.ADMINISTER in found or Grade.UNKNOWN not in found:
        return max(found, key=lambda one: one.rank, default=Grade.NONE)
    return Grade.UNKNOWN


class Grades:
    """The grades of grants, by the tables that are known and by what roles come to."""

    def __init__(self, inventory: Inventory, known: Known) -> None:
        self._inventory = inventory
        self._known = known
        self._scopes: dict[tuple[str, str], Grade] = {}
        self._tables: dict[str, Table | None] = {}

    def of(self, grant: Grant) -> Grade:
        """What all of a grant lets its holder do."""
        if grant.actions and not grant.not_actions:
            return gravest(self.of_action(grant, one) for one in grant.actions)
        return self._of_role(grant)

    def of_action(self, grant: Grant, action: str) -> Grade:
        """What one scope, permission or action of a grant does."""
        if is_unknown(action):
            return Grade.UNKNOWN
        if grant.kind in _SCOPED:
            key = (grant.provider, action)  # thousands of consents are to the same few
            if key not in self._scopes:
                self._scopes[key] = self._of_scope(grant, action)
            return self._scopes[key]
        if grant.provider == "aws":
            return of_aws_action(action)
        return self._of_role(replace(grant, actions=(action,)))

    def _of_scope(self, grant: Grant, scope: str) -> Grade:
        """By the table; a permission of Microsoft Graph that is not in it by its own words."""
        table = self._table(grant.provider)
        found = table.grade(scope) if table is not None else Grade.UNKNOWN
        if found is Grade.UNKNOWN and grant.provider == "entra":
            return self._of_role(replace(grant, actions=(scope,)))
        return found

    def sensitive(self, grant: Grant) -> list[str]:
        """Its scopes that read what is nobody else's, write or administer."""
        table = self._table(grant.provider)
        return [
            one
            for one in grant.actions
            if self.of_action(grant, one).rank >= Grade.WRITE.rank
            or (table is not None and table.is_sensitive(one))
        ]

    def is_offline(self, grant: Grant) -> bool:
        """Whether it lasts until somebody ends it: the vendor gives tokens that renew themselves."""
        table = self._table(grant.provider)
        return table is not None and any(map(table.is_offline, grant.actions))

    def _table(self, provider: str) -> Table | None:
        """What is known of its scopes: most inventories have those of no provider."""
        if provider not in self._tables:
            apis = [one for one in self._known.scopes.apis if provider in one.providers]
            self._tables[provider] = Table(apis[-1]) if apis else None
        return self._tables[provider]

    def _of_role(self, grant: Grant) -> Grade:
        grants = self._inventory.grants
        if grant.provider in azure_privilege.PROVIDERS:
            # In the name of a person or alone: what it can do if somebody lets it.
            asked = replace(grant, conditions={**grant.conditions, "type": "Application"})
            if grant.kind is GrantKind.APP_INSTALLATION:
                asked = replace(asked, kind=GrantKind.OAUTH_CONSENT)
            return OF_LEVEL[azure_privilege.privilege([asked], grants, self._known.azure).level]
        if grant.provider == gcp_privilege.PROVIDER:
            return OF_LEVEL[gcp_privilege.privilege([grant], grants, self._known.gcp).level]
        return Grade.UNKNOWN


_SCOPED = (GrantKind.OAUTH_CONSENT, GrantKind.APP_INSTALLATION, GrantKind.TOKEN_SCOPE)


def of_aws_action(action: str) -> Grade:
    """On what a policy of a resource is about."""
    if action in ("*", "*:*") or action.endswith(":*"):
        return Grade.ADMINISTER
    return Grade.READ if reads(action) else Grade.WRITE


class Table:
    """The scopes of one interface."""

    def __init__(self, api: ApiScopes) -> None:
        lists = {
            Grade.IDENTITY: api.identity,
            Grade.READ: api.read,
            Grade.ADMINISTER: api.administer,
            Grade.WRITE: api.write,
        }
        self._exact = {
            one.casefold(): grade for grade, all in lists.items() for one in all if "*" not in one
        }
        self._patterns = [(_pattern(all), grade) for grade, all in lists.items()]
        self._sensitive = _pattern(api.sensitive, exact=True)
        self._offline = frozenset(one.casefold() for one in api.offline)

    def grade(self, scope: str) -> Grade:
        text = scope.casefold()[:_LONGEST]
        if text in self._exact:
            return self._exact[text]
        return next((grade for one, grade in self._patterns if one.fullmatch(text)), Grade.UNKNOWN)

    def is_sensitive(self, scope: str) -> bool:
        return self._sensitive.fullmatch(scope.casefold()[:_LONGEST]) is not None

    def is_offline(self, scope: str) -> bool:
        return scope.casefold() in self._offline


_LONGEST = 300


def _pattern(several: Iterable[str], *, exact: bool = False) -> re.Pattern[str]:
    """One expression for several patterns; without those that are written out, unless they count."""
    wanted = [one.casefold() for one in several if exact or "*" in one]
    parts = [".*".join(map(re.escape, one.split("*"))) for one in wanted]
    return regex.later("|".join(parts) or r"(?!)", re.DOTALL)
