"""Objects that AWS tells of, on their way to records: as declarations are, in CloudFormation's words."""

from __future__ import annotations

from typing import Any

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation


def told(
    type: str, arn: str, settings: dict[str, Any], name: str = "", account: str = ""
) -> Declared:
    """An object by its ARN. What is empty is left out, as a declaration would. The `name` is the last
    of the ARN, unless another is given; `account` says whose it is if the ARN does not."""
    parts = arn.split(":", 5)
    account = (parts[4] if len(parts) == 6 else "") or account
    place = Told.about(ServiceLocation(service="aws", account=account, resource=arn))
    plain = {
        key: value
        for key, value in settings.items()
        if value not in (None, "", [], {}) and key != "ResponseMetadata"
    }
    return Declared(
        type=type, name=name or name_of(arn), scope=f"aws:{account}", settings=place.node(_plain(plain)), key=arn, account=account,
    )  # fmt: skip


def refused_value(call: str) -> str:
    """Stands for a setting that there is, and of which the call that tells it was refused: it is unknown."""
    return "${refused." + call.replace(":", ".") + "}"


def name_of(arn: str) -> str:
    """The name at the end of an ARN: `ci` of `arn:aws:iam::1:role/path/ci`."""
    return arn.rpartition("/")[2].rpartition(":")[2]


def capitalized(value: Any, *free: str) -> Any:
    """Settings of a service that writes `roleArn`, as CloudFormation has them: `RoleArn`. What is empty
    is left out. In the maps under a name that is `free` the user chose the names: those stay."""
    match value:
        case dict():
            return {
                key[:1].upper() + key[1:]: one if key in free else capitalized(one, *free)
                for key, one in value.items()
                if one not in (None, "", [], {})
            }
        case list():
            return [capitalized(one, *free) for one in value]
        case _:
            return value


def _plain(value: Any) -> Any:
    """Answers hold times; settings hold them as text."""
    match value:
        case dict():
            return {key: _plain(one) for key, one in value.items()}
        case list() | tuple():
            return [_plain(one) for one in value]
        case bool() | int() | float() | str() | None:
            return value
        case bytes():
            return value.decode("utf-8", "replace")
        case _:
            return value.isoformat() if hasattr(value, "isoformat") else str(value)
