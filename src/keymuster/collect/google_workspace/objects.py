"""Objects that Google Workspace tells of, on their way to records: in the words of its APIs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation

SERVICE = "google-workspace"


def told(type: str, account: str, part: str, settings: dict[str, Any], name: str) -> Declared:
    """An object of a customer by its place there: `user/1/token/2`. What has no value is left out."""
    key = f"{SERVICE}:{account}:{part}"
    place = Told.about(ServiceLocation(service=SERVICE, account=account, resource=key))
    plain = {setting: value for setting, value in settings.items() if value not in (None, "")}
    return Declared(
        type=type, name=name, scope=f"{SERVICE}:{account}", settings=place.node(plain), key=key,
        account=account,
    )  # fmt: skip


def moment(milliseconds: Any) -> str:
    """A time that is told in milliseconds since 1970, as text; `never` for none, which is told as 0."""
    try:
        number = int(milliseconds)
        return datetime.fromtimestamp(number / 1000, UTC).isoformat() if number > 0 else "never"
    except (TypeError, ValueError, OverflowError, OSError):
        return ""
