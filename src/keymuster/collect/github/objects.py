"""Objects that GitHub tells of, on their way to records: in the words of its Terraform provider, or its own
where that has none."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation

HIDDEN = "${hidden}"
"""Stands for a setting that there is, and that GitHub shows nobody."""


def told(type: str, key: str, account: str, settings: dict[str, Any], name: str) -> Declared:
    """An object by its key, which is the same in all the world. What is empty is left out, as a
    declaration would."""
    place = Told.about(ServiceLocation(service="github", account=account, resource=key))
    plain = {name: value for name, value in settings.items() if value not in (None, "", [], {})}
    return Declared(
        type=type, name=name, scope=f"github:{account}", settings=place.node(plain), key=key,
        account=account,
    )  # fmt: skip


def picked(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    """Some fields of an answer, those that it has."""
    return {name: answer.get(name) for name in names}


def place(url: Any) -> str:
    """Whose an address is, and no more: the rest of it may be what opens it. Of such a place, the same."""
    try:
        parts = urlsplit(str(url or ""))
        return f"{parts.scheme}://{parts.hostname}" if parts.hostname else ""
    except ValueError:
        return ""


def hidden(value: Any) -> str | None:
    """Only that there is something."""
    return HIDDEN if value else None
