"""Objects that Okta tells of, on their way to records: in the words of its Terraform provider, with facts
of what exists in those of its API."""

from __future__ import annotations

from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation


def told(type: str, account: str, part: str, settings: dict[str, Any], name: str) -> Declared:
    """An object of an organisation by its place there: `app/0oa1`. What has no value is left out."""
    key = f"okta:{account}:{part}"
    place = Told.about(ServiceLocation(service="okta", account=account, resource=key))
    plain = {setting: value for setting, value in settings.items() if value not in (None, "")}
    return Declared(
        type=type, name=name, scope=f"okta:{account}", settings=place.node(plain), key=key, account=account,
    )  # fmt: skip


def refused_value(what: str) -> str:
    """Stands for a setting that there is, and that was not to be had: it is unknown."""
    return f"${{refused.{what}}}"
