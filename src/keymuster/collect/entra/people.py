"""Who owns things, and who answers for agents: what a policy must know of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from itertools import chain
from typing import Any

from keymuster.collect.entra.objects import refused_value
from keymuster.collect.entra.scope import Scope, filters

USERS = "GET /v1.0/users"
MFA = "GET /v1.0/reports/authenticationMethods/userRegistrationDetails/{id}"
CALLS = (USERS, MFA)

_FIELDS = ("accountEnabled", "userType")


class People:
    """Those that a surface came across, each asked for once by all of them. What failed once, failed for all."""

    def __init__(self, ask: Scope) -> None:
        self._ask = ask
        self._met = ask.session.met

    def told(self, word: str, refs: list[Any] | None, call: str) -> dict[str, Any]:
        """The settings that say who: ids by a word, `owners`, and beside what is known of each,
        `ownerDetails`. Without an answer to the `call` that tells who, both are unknown."""
        beside = f"{word.removesuffix('s')}Details"
        if refs is None:
            return {word: refused_value(call), beside: refused_value(call)}
        return {word: [one["id"] for one in refs], beside: [self._details(one) for one in refs]}

    def meet(self, refs: Iterable[Any]) -> None:
        """Ask about those that are not known yet, all at once."""
        users = dict.fromkeys(one["id"] for one in refs if _type(one) == "user")
        if not users:
            return
        with self._met.lock:
            asker = self._met.asker = self._met.asker or self._ask.apart()
            self._meet(asker, [id for id in users if id not in self._met.known])
            self._ask.share(asker.refusals())

    def _meet(self, ask: Scope, ids: Sequence[str]) -> None:
        if not ids:
            return
        found = {id: dict[str, Any]() for id in ids}
        select = ["id", "userPrincipalName", *_FIELDS]
        lists = [rows for _, rows in ask.lists(USERS, filters(ids), select=select)]
        for row in chain.from_iterable(rows or () for rows in lists):
            found.setdefault(row["id"], {}).update(
                name=row.get("userPrincipalName"), **{key: row.get(key) for key in _FIELDS}
            )
        if None in lists:
            for one in found.values():
                for key in _FIELDS:
                    one.setdefault(key, refused_value(USERS))
        for id, answer in ask.each(MFA, ids, select=["id", "isMfaRegistered"]):
            said = refused_value(MFA) if answer is None else answer.get("isMfaRegistered")
            found[id]["isMfaRegistered"] = said
        self._met.known |= found

    def _details(self, one: dict[str, Any]) -> dict[str, Any]:
        known = self._met.known.get(one["id"], {})
        whole = {"id": one["id"], "type": _type(one), "name": one.get("displayName"), **known}
        return {key: value for key, value in whole.items() if value is not None}


def _type(one: dict[str, Any]) -> str:
    return str(one.get("@odata.type", "")).rpartition(".")[2]
