"""Objects that Google tells of, on their way to records: as declarations are, in the words of Google's
Terraform provider, with facts of what exists beside them in the API's own."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation

PART = "gcp"


def told(
    type: str,
    key: str,
    settings: Mapping[str, Any],
    *,
    account: str,
    name: str = "",
    empty: bool = False,
) -> Declared:
    """An object by its `key`: its full resource name mostly. What is empty is left out, as a declaration
    would, unless it says something that it is `empty`. `account` is the project, folder or organisation that it lies in."""
    place = Told.about(ServiceLocation(service=PART, account=account, resource=key))
    plain = {name: value for name, value in settings.items() if empty or value not in _EMPTY}
    return Declared(
        type=type, name=name or last(key), scope=f"{PART}:{account}", settings=place.node(plain),
        key=key, account=account,
    )  # fmt: skip


_EMPTY: tuple[Any, ...] = (None, "", [], {})


def last(name: str) -> str:
    """The end of a resource's name: `ci` of `projects/p/locations/global/workloadIdentityPools/ci`."""
    return name.rpartition("/")[2]


_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")


def snake(name: str) -> str:
    """`allowedIps` as Terraform has it: `allowed_ips`."""
    return _HUMP.sub("_", name).lower()


FREE = frozenset(
    (
        "labels",
        "metadata",
        "attributeMapping",
        "additionalTrustBundles",
        "environmentVariables",
        "resourceLabels",
        "annotations",
    )
)
"""Maps in which the user chose the names."""


def terraform(value: Any) -> Any:
    """Settings of an API as Terraform has them, however deep. What is empty is left out."""
    match value:
        case dict():
            return {
                snake(key): one if key in FREE else terraform(one)
                for key, one in value.items()
                if one not in _EMPTY
            }
        case list():
            return [terraform(one) for one in value]
        case _:
            return value


def picked(one: Mapping[str, Any], names: Iterable[str]) -> dict[str, Any]:
    """Some fields of an answer, as Terraform has them. What is empty is left out."""
    found = {name: one.get(name) for name in names}
    return {
        snake(name): value if name in FREE else terraform(value)
        for name, value in found.items()
        if value not in _EMPTY
    }


def facts(one: Mapping[str, Any], *names: str) -> dict[str, Any]:
    """Some fields of an answer, as the API has them. What is empty is left out."""
    found = {name: one.get(name) for name in names}
    return {name: value for name, value in found.items() if value not in _EMPTY}
