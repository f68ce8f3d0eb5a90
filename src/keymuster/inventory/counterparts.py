"""Where code declares what a service tells of: there it is mended, and there a reader of code looks."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from keymuster import regex
from keymuster.inventory.names import is_unique
from keymuster.model import FileLocation, Identity, Observation, Resource, ServiceLocation
from keymuster.model.kubernetes import PROVIDER

_OF_ACCOUNT = regex.later(
    r"(?P<provider>[a-z]+):(?P<account>\d{12}|[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}):(?P<name>.+)"
)
"""An account of AWS, a tenant of Entra, a subscription of Azure or a cluster of Kubernetes."""


def declared_at(records: Iterable[Observation], *, told: bool = False) -> dict[str, FileLocation]:
    """What a service calls a thing -> where it is declared: by a name that it alone has, or by one within its
    account, and by account where the declaration tells it. What has the name of two things of the service,
    or of two declarations, is none of them. If the account must be `told`, a name alone is none, either."""
    declared: dict[str, list[tuple[str, FileLocation]]] = defaultdict(list)
    live: dict[str, list[tuple[str, str]]] = defaultdict(list)
    alone: dict[str, str] = {}
    for one in records:
        if not isinstance(one, Identity | Resource):
            continue
        # Of Kubernetes it is a namespace, which is part of the name; files do not tell the cluster.
        account = "" if getattr(one, "provider", "") == PROVIDER else getattr(one, "account", "")
        if isinstance(one.location, ServiceLocation):
            alone[one.id] = one.location.resource
        for alias in one.aliases:
            found = _OF_ACCOUNT.fullmatch(alias)
            if isinstance(one.location, FileLocation) and not found:
                declared[alias].append((account, one.location))
            elif isinstance(one.location, ServiceLocation) and found:
                name = f"{found['provider']}:{found['name']}"
                live[name].append((found["account"], one.location.resource))
    by_id = {
        resource: declared[id][0][1]
        for id, resource in alone.items()
        if len(declared.get(id, ())) == 1 and (is_unique(id) or not told)
    }
    return by_id | {
        resource: places[0]
        for name, several in live.items()
        for account, resource in several
        if (places := _meant(account, declared.get(name, ()), alone=len(several) == 1 and not told))
    }


def _meant(
    account: str, declared: Iterable[tuple[str, FileLocation]], *, alone: bool
) -> list[FileLocation]:
    """The one declaration that may be of an account; of one that tells none, if no other has the name."""
    sure = [place for said, place in declared if said == account]
    maybe = [place for said, place in declared if not said] if alone else []
    found = sure or maybe
    return found if len(found) == 1 else []
