"""Delta queries of a made-up tenant: what has changed since a token was given, as Microsoft's documents describe it."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import quote

COLLECTIONS = frozenset({"applications", "servicePrincipals", "oauth2PermissionGrants"})
"""Those that can be asked so here. Graph knows more, of which nobody asks."""


@dataclass
class Round:
    """What one token stands for: the `select` that its first request had, the objects as they were then, and
    `changes` that were not told yet."""

    name: str
    select: tuple[str, ...]
    seen: dict[str, str]
    changes: list[dict[str, Any]] = field(default_factory=list)


@dataclass
class Changes:
    """`is_gone`: the server cannot tell any more (410); `are_expired`: tokens are too old; `unsupported`: the tenant
    is of a kind that has no deltas. `replayed` changes are told again, `twice` each change with another in between.
    `purged` objects cannot be restored. `page` is how many changes are told at a time."""

    rounds: dict[str, Round] = field(default_factory=dict)
    is_gone: bool = False
    are_expired: bool = False
    unsupported: bool = False
    twice: bool = False
    replayed: list[dict[str, Any]] = field(default_factory=list)
    purged: set[str] = field(default_factory=set)
    page: int = 100
    asked: int = 0

    def answer(self, url: str, name: str, rows: list[Any], query: dict[str, str]) -> Any:
        """Status, body and headers. `rows` are the objects as they are, without what hangs on them."""
        self.asked += 1
        if self.unsupported:
            return 400, _error("Request_UnsupportedQuery"), {}
        if set(query) - {"$select", "$deltatoken", "$skiptoken"}:
            return 400, _error("BadRequest"), {}
        if "$skiptoken" in query:
            known = self.rounds.get(query["$skiptoken"])
            return self._told(url, known) if known else (400, _error("BadRequest"), {})
        token = query.get("$deltatoken", "")
        if token in ("", "latest"):
            select = tuple(one for one in query.get("$select", "").split(",") if one)
            next = Round(name, select, _states(rows, select))
            if not token:
                next.changes = [json.loads(one) for one in next.seen.values()]
            return self._told(url, next)
        if self.is_gone:
            return 410, _error("Gone"), {"Location": f"{url}?$deltatoken="}
        old = self.rounds.get(token)
        if old is None or old.name != name or self.are_expired:
            return 400, _error("syncStateNotFound"), {}
        next = Round(name, old.select, _states(rows, old.select))
        next.changes = [*self.replayed, *self._between(old, next)]
        return self._told(url, next)

    def _between(self, old: Round, next: Round) -> list[dict[str, Any]]:
        found = []
        for id, state in next.seen.items():
            before = json.loads(old.seen.get(id, "{}"))
            if old.seen.get(id) != state:
                now = json.loads(state)
                if self.twice and before:
                    found.append(before | {"id": id})
                found.append({"id": id, **{key: one for key, one in now.items() if before.get(key) != one}})  # fmt: skip
        for id in old.seen.keys() - next.seen.keys():
            reason = "deleted" if id in self.purged else "changed"
            found.append({"id": id, "@removed": {"reason": reason}})
        return found

    def _told(self, url: str, known: Round) -> Any:
        """A page has the address of the next one, or of the next round, never both."""
        now, later = known.changes[: self.page], known.changes[self.page :]
        token = f"t{len(self.rounds)}-of-{known.name}"
        self.rounds[token] = Round(known.name, known.select, known.seen, later)
        word, kind = ("$skiptoken", "nextLink") if later else ("$deltatoken", "deltaLink")
        return 200, {"value": now, f"@odata.{kind}": f"{url}?{quote(word, safe='$')}={token}"}, {}


def _states(rows: list[Any], select: tuple[str, ...]) -> dict[str, str]:
    return {
        row["id"]: json.dumps({
            key: one for key, one in row.items() if not select or key in select or key in ("id", "@odata.type")
        })
        for row in rows
    }  # fmt: skip


def _error(code: str) -> dict[str, Any]:
    return {"error": {"code": code, "message": "said by the test"}}
