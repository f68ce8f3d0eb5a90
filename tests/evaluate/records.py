"""Records made by hand."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import Any

from keymuster.model import Credential, CredentialKind, FileLocation, InlineAllow, Storage

NOW = datetime(2026, 1, 1, 12, tzinfo=UTC)


def place(path: str = "a.py", line: int = 3, **more: Any) -> FileLocation:
    return FileLocation(path=path, line=line, end_line=more.pop("end_line", line), **more)


def credential(id: str = "secret:1", **more: Any) -> Credential:
    said: dict[str, Any] = {
        "kind": CredentialKind.ACCESS_TOKEN,
        "name": "Acme token",
        "preview": "acme_****",
        "format": "acme-token",
        "storage": Storage.TREE,
        "location": place(),
    }
    return Credential(id=id, **said | more)


def allow(line: int = 3, *rules: str, path: str = "a.py", **more: Any) -> InlineAllow:
    where = place(path, line, object=more.pop("object", None))
    said: dict[str, Any] = {"until": date(2026, 6, 1), "reason": "made for a test"}
    return InlineAllow(
        id=f"allow:{path}:{where.object}:{line}", location=where,
        rules=rules or ("secret-in-tree",), **said | more,
    )  # fmt: skip
