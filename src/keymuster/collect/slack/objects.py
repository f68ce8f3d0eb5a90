"""Objects that Slack tells of, on their way to records: in the words of its Web API."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation


def told(type: str, account: str, part: str, settings: dict[str, Any], name: str) -> Declared:
    """An object of a workspace or organisation by its place there. What has no value is left out."""
    key = f"slack:{account}:{part}"
    place = Told.about(ServiceLocation(service="slack", account=account, resource=key))
    plain = {setting: value for setting, value in settings.items() if value not in (None, "")}
    return Declared(
        type=type, name=name, scope=f"slack:{account}", settings=place.node(plain), key=key, account=account,
    )  # fmt: skip


def moment(seconds: Any) -> str:
    """A time that is told in seconds since 1970, as text."""
    try:
        return datetime.fromtimestamp(int(seconds), UTC).isoformat()
    except (TypeError, ValueError, OverflowError, OSError):
        return ""


def refused_value(what: str) -> str:
    """Stands for a setting that there is, and that was not to be had: it is unknown."""
    return f"${{refused.{what}}}"
