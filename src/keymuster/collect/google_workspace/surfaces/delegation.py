"""Clients that may act as any user of the domain. Google has no list of them but in the admin console, whose
export is read; its log tells of those that were let in lately."""

from __future__ import annotations

import csv
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from keymuster.collect.asking.surface import Surface, Told
from keymuster.collect.declared import Declared
from keymuster.collect.google_workspace.calls import ACTIVITIES
from keymuster.collect.google_workspace.objects import told
from keymuster.collect.google_workspace.scope import Scope

_EVENT = "AUTHORIZE_API_CLIENT_ACCESS"
_SCOPES = re.compile(r"[\s,;]+")
_MOST_BYTES = 10_000_000


def look(ask: Scope) -> Iterator[Told]:
    export = ask.session.asked.delegation_export
    known = dict(_exported(export)) if export else {}
    for client, row in known.items():
        yield _delegation(ask, client, row)
    if not export:
        ask.unseen(
            "domain-wide delegation is told by no API; only what the log of the last 180 days says was looked at",
            "Export it (Security > API controls > Domain-wide delegation), and give --delegation-export FILE.csv.",
        )
        for client, row in _logged(ask).items():
            yield _delegation(ask, client, row)


def _exported(path: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rows of an export, whatever its columns are called in the language of the console: a client is
    a number or an address, a scope an address or one of a few words."""
    for row in csv.reader(_text(path).splitlines()):
        client = next((cell.strip() for cell in row if _CLIENT.fullmatch(cell.strip())), "")
        scopes = [scope for cell in row for scope in _SCOPES.split(cell) if _SCOPE.fullmatch(scope)]
        if client:
            others = (cell.strip() for cell in row if cell.strip() != client)
            name = next((one for one in others if one and not _SCOPE.match(one)), "")
            yield client, {"scopes": scopes, "name": name}


_CLIENT = re.compile(r"\d{15,30}|[\w-]{1,200}[.]apps[.]googleusercontent[.]com")
_SCOPE = re.compile(r"https?://[^\s,;]{1,500}|openid|email|profile")


def _text(path: str) -> str:
    with Path(path).open("rb") as file:
        return file.read(_MOST_BYTES).decode("utf-8-sig", "replace")


def _logged(ask: Scope) -> dict[str, dict[str, Any]]:
    """The newest of each client comes first."""
    found: dict[str, dict[str, Any]] = {}
    for one in ask.pages(
        ACTIVITIES,
        "items",
        userKey="all",
        applicationName="admin",
        eventName=_EVENT,
        maxResults=1000,
    ):
        for event in one.get("events") or ():
            said = {part.get("name"): part.get("value") for part in event.get("parameters") or ()}
            client = said.get("API_CLIENT_NAME")
            if event.get("name") == _EVENT and client:
                found.setdefault(
                    client,
                    {
                        "scopes": [scope for scope in _SCOPES.split(said.get("API_SCOPES") or "") if scope],
                        "authorizedBy": (one.get("actor") or {}).get("email"),
                        "authorized": (one.get("id") or {}).get("time"),
                    },
                )  # fmt: skip
    return found


def _delegation(ask: Scope, client: str, row: dict[str, Any]) -> Declared:
    return told(
        "admin.google.com/DomainWideDelegation", ask.account, f"client/{client}/delegation",
        {"clientId": client, **row}, row.get("name") or client,
    )  # fmt: skip


SURFACES = [
    Surface(
        name="delegation",
        calls=(ACTIVITIES,),
        types=("admin.google.com/DomainWideDelegation",),
        look=look,
    )
]
