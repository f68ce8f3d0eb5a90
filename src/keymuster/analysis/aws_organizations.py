"""What an organisation says of its accounts: which are ours, what limits them, what they are for."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property

from keymuster.analysis.aws_identities import Index
from keymuster.analysis.aws_policy import Statement, parse
from keymuster.inventory.build import Inventory
from keymuster.inventory.environments import named
from keymuster.model import Effect, Environment, Identity, Resource, ServiceLocation
from keymuster.model import organizations as types

LIMITS = ("SERVICE_CONTROL_POLICY", "RESOURCE_CONTROL_POLICY")
"""Kinds of policies: what principals, and what resources, of an account may take part in at most."""

_DEEPEST = 10
"""Units lie in each other five deep at most."""

_ANYTHING = Statement(effect=Effect.ALLOW, actions=("*",), resources=("*",))


class Organizations:
    """The organisations of an inventory. One that was read through its API was read whole, but for what
    it says itself; of one that is declared, more may exist than stands there."""

    def __init__(self, inventory: Inventory) -> None:
        self._by_type: dict[str, list[Resource]] = defaultdict(list)
        for one in inventory.of(Resource):
            self._by_type[one.type].append(one)
        self._of_identities = {
            one.account
            for one in inventory.of(Identity)
            if one.provider == "aws" and isinstance(one.location, ServiceLocation)
        }

    # --- ours ------------------------------------------------------------------------------------

    @cached_property
    def own(self) -> tuple[str, ...]:
        """What is ours: the accounts that were looked at, those of an organisation, and itself."""
        numbers = {
            str(one.settings.get("number", ""))
            for type in (types.ACCOUNT, types.ORGANIZATION)
            for one in self._by_type[type]
        }
        signed_in = {
            one.location.account
            for one in self._by_type["keymuster:scanner"]
            if isinstance(one.location, ServiceLocation) and one.settings.get("provider") == "aws"
        }
        return tuple(sorted({*numbers, *signed_in, *self._of_identities} - {""}))

    @property
    def are_all(self) -> bool:
        """Whether that is all there is: whoever is of another account is none of us."""
        return any(one.settings.get("listed") for one in self._by_type[types.ORGANIZATION])

    # --- what limits -----------------------------------------------------------------------------

    @cached_property
    def controls(self) -> dict[str, tuple[Index, ...]]:
        """Account -> what limits it, by each level above it: the root, its units, itself. A level that lets
        everything pass is left out."""
        accounts = {*self._accounts, *self._of_identities} - self._managing - {""}
        levels: dict[tuple[str, str], Index | None] = {}
        found = {}
        for account in accounts:
            several = []
            for place in self._above(account):
                for kind in LIMITS:
                    key = (place, kind)
                    if key not in levels:
                        levels[key] = self._level(place, kind)
                    if (level := levels[key]) is not None:
                        several.append(level)
            if several:
                found[account] = tuple(several)
        return found

    def _level(self, place: str, kind: str) -> Index | None:
        """What the policies say that are attached to a root, unit or account. Of what was not wholly read
        only the denials are sure."""
        told = self._attached.get((place, kind), [])
        statements = [
            statement
            for one in told
            for statement in parse(one.settings.get("document"), one.id)
            if not _asks_whence(statement)
        ]
        is_whole = kind in self._read and told and all(one.settings.get("document") for one in told)
        if not is_whole:
            statements = [_ANYTHING, *(one for one in statements if one.effect is Effect.DENY)]
        denials = [one for one in statements if one.effect is Effect.DENY]
        if not denials and any(map(_allows_all, statements)):
            return None
        return Index(statements)

    @cached_property
    def _read(self) -> frozenset[str]:
        """The kinds of which every policy was seen."""
        several = [one.settings.get("read") or () for one in self._numbered]
        return frozenset.intersection(*map(frozenset, several)) if several else frozenset()

    def refusals(self, account: str) -> list[Statement]:
        """What is denied to whoever uses resources of an account."""
        if account in self._managing:
            return []
        return [
            statement
            for place in self._above(account)
            for one in self._attached.get((place, LIMITS[1]), ())
            for statement in parse(one.settings.get("document"), one.id)
            if statement.effect is Effect.DENY
        ]

    @cached_property
    def _managing(self) -> frozenset[str]:
        """The accounts that no policy limits."""
        return frozenset(
            str(one.settings.get("management")) for one in self._by_type[types.ORGANIZATION]
        )

    @property
    def _numbered(self) -> list[Resource]:
        """The organisations that exist."""
        return [one for one in self._by_type[types.ORGANIZATION] if one.settings.get("number")]

    @cached_property
    def _attached(self) -> dict[tuple[str, str], list[Resource]]:
        """Root, unit or account, and kind -> the policies attached to it. Those that were read hold, and
        those that are declared where none were."""
        declared: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        live: dict[tuple[str, str], list[Resource]] = defaultdict(list)
        further: dict[str, list[str]] = defaultdict(list)
        for one in self._by_type[types.ATTACHMENT]:
            further[str(one.settings.get("policy"))] += one.settings.get("targets") or []
        for one in self._by_type[types.POLICY]:
            into = live if isinstance(one.location, ServiceLocation) else declared
            targets = [*(one.settings.get("targets") or ()), *further.get(one.id, ())]
            for target in dict.fromkeys(map(self._place, targets)):
                into[target, str(one.settings.get("kind"))].append(one)
        return {
            key: found
            for key, found in (declared | live).items()
            if key in live or key[1] not in self._read
        }

    def _above(self, account: str) -> Iterator[str]:
        """The account, and the units and the root that it is in."""
        place = account
        for _ in range(_DEEPEST):
            if not place:
                return
            yield place
            place = self._parents.get(place, "")

    @cached_property
    def _parents(self) -> dict[str, str]:
        return {
            _number(one): self._place(one.settings.get("parent", ""))
            for type in (types.UNIT, types.ACCOUNT)
            for one in self._by_type[type]
        }

    @cached_property
    def _numbers(self) -> dict[str, str]:
        """Id of a record -> what AWS calls it."""
        several = (types.UNIT, types.ACCOUNT, types.ORGANIZATION)
        return {one.id: _number(one) for type in several for one in self._by_type[type]}

    def _place(self, text: str) -> str:
        return self._numbers.get(text, text)

    # --- what is known of its principals -----------------------------------------------------------

    @cached_property
    def keys(self) -> dict[str, Mapping[str, tuple[str, ...]]]:
        """Account -> what is known of every request of its principals."""
        by_account = self._numbers_of_organizations
        return {
            account: {"aws:principalorgid": (organization,)}
            for account, organization in by_account.items()
        }

    @property
    def _numbers_of_organizations(self) -> dict[str, str]:
        """Account -> its organisation. Where there are several, whose it is was not told."""
        several = [str(one.settings["number"]) for one in self._numbered]
        if len(several) != 1:
            return {}
        return dict.fromkeys(self._accounts, several[0])

    @cached_property
    def _accounts(self) -> dict[str, Resource]:
        return {
            number: one
            for one in self._by_type[types.ACCOUNT]
            if (number := str(one.settings.get("number", "")))
        }

    # --- what they are for -------------------------------------------------------------------------

    def environment(self, account: str, words: Mapping[str, Sequence[str]]) -> Environment:
        """What an account is for, by its tags or its name, or else the nearest unit whose name says so."""
        one = self._accounts.get(account)
        if one is None:
            return Environment.UNKNOWN
        texts = [one.name, *(self._units.get(place, "") for place in self._above(account))]
        return named(one.settings.get("tags") or {}, texts, words)

    @cached_property
    def _units(self) -> dict[str, str]:
        return {_number(one): one.name for one in self._by_type[types.UNIT]}

    def name(self, account: str) -> str:
        one = self._accounts.get(account)
        return one.name if one is not None else ""


_WHENCE = ("aws:sourceip", "aws:vpcsourceip", "aws:sourcevpc", "aws:vpce")
"""How the names of keys begin that are about where a request comes from."""


def _asks_whence(one: Statement) -> bool:
    """Whether a denial is a fence around networks: it denies nothing to who is where they should be, and how
    much that is is what matters here."""
    return one.effect is Effect.DENY and any(
        str(key).lower().startswith(_WHENCE)
        for asks in one.conditions.values()
        if isinstance(asks, Mapping)
        for key in asks
    )


def _number(one: Resource) -> str:
    return str(one.settings.get("number") or one.id)


def _allows_all(one: Statement) -> bool:
    return (
        one.effect is Effect.ALLOW
        and "*" in one.actions
        and "*" in one.resources
        and not one.conditions
    )
