"""Objects of a cluster on their way to records: in the words of manifests, each with the name that it alone has."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from keymuster.collect.cluster.entrance import PART
from keymuster.collect.cluster.scope import Scope
from keymuster.collect.declared import Declared
from keymuster.collect.syntax.node import Told
from keymuster.model import ServiceLocation
from keymuster.model.kubernetes import called


def told(
    ask: Scope, kind: str, one: dict[str, Any], more: Mapping[str, Any] | None = None
) -> Declared:
    """An object of a list, which does not say of each of what kind it is. `more` is what else is known of it."""
    metadata = one["metadata"]
    space, name = metadata.get("namespace"), metadata["name"]
    path = f"{kind}/{space}/{name}" if space else f"{kind}/{name}"
    key = called(path, ask.account)
    place = Told.about(ServiceLocation(service=PART, account=ask.account, resource=key))
    known = {name: value for name, value in (more or {}).items() if value not in (None, "", {})}
    return Declared(
        type=kind, name=path, scope=called(ask.account), settings=place.node({**one, **known}), key=key,
        account=ask.account,
    )  # fmt: skip
