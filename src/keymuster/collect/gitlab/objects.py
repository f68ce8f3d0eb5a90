"""Objects that GitLab tells of, on their way to records: in the words of its Terraform provider."""

from __future__ import annotations

from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation

UNTOLD = "${untold}"
"""Stands for a setting of which GitLab does not tell whether there is one."""

LEVELS = {
    5: "minimal", 10: "guest", 15: "planner", 20: "reporter", 25: "security manager", 30: "developer", 40: "maintainer",
    50: "owner",
}  # fmt: skip
"""Numbers of roles -> their names, as Terraform writes them."""


def told(type: str, key: str, account: str, settings: dict[str, Any], name: str) -> Declared:
    """An object by its key, which is the same in all the world. What is empty is left out, as a
    declaration would."""
    place = Told.about(ServiceLocation(service="gitlab", account=account, resource=key))
    plain = {name: value for name, value in settings.items() if value not in (None, "", [], {})}
    return Declared(
        type=type, name=name, scope=f"gitlab:{account}", settings=place.node(plain), key=key,
        account=account,
    )  # fmt: skip


def picked(answer: dict[str, Any], *names: str) -> dict[str, Any]:
    """Some fields of an answer, those that it has."""
    return {name: answer.get(name) for name in names}
