"""The Cloud Asset Inventory, asked before all else: what it tells need not be asked project by project."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from functools import partial
from typing import Any

from keymuster.collect.asking.refusals import Refused
from keymuster.collect.asking.surface import Told
from keymuster.collect.gcp.access import Access
from keymuster.collect.gcp.assets import LIST, Assets
from keymuster.collect.gcp.places import Place
from keymuster.collect.gcp.refusals import is_disabled
from keymuster.collect.gcp.scope import Scope
from keymuster.collect.gcp.surface import Surface

_NONE_SUCH = "INVALID_ARGUMENT"
"""How it answers types that it does not know."""


def scopes(
    access: Access, roots: Iterable[Place], surfaces: Iterable[Surface], assets: Assets
) -> Iterator[Scope]:
    """Two questions for each root: what there is, and who may do what there."""
    surfaces = tuple(surfaces)
    types = sorted({type for one in surfaces for type in one.assets})
    only = tuple(sorted({type for one in surfaces if one.by_inventory for type in one.types}))
    questions = [
        Surface(name="asset-inventory", calls=(LIST,), types=only, look=partial(_resources, types)),
        Surface(name="asset-inventory-policies", calls=(LIST,), types=(), look=_policies),
    ]  # fmt: skip
    for root in roots:
        for one in questions:
            yield Scope(access, root, one, assets, access.stop)


def _resources(types: list[str], ask: Scope) -> Iterator[Told]:
    """All types at once; where the inventory does not know one of them, each for itself."""
    refused = ask.assets.refused or _listed(ask, types)
    if [one.code for one in refused] == [_NONE_SUCH]:
        refused = ()
        unknown = [type for type in types if _is_unknown(ask, type)]
        if unknown:
            ask.unseen(f"the inventory does not know {', '.join(unknown)}", "Update keymuster.")
    if refused:
        _instead(
            ask, refused,
            "what is told by it alone was not looked at (keys of Cloud KMS, BigQuery, App Engine, Composer, "
            "Dataproc, secrets of one region and others); all else is asked project by project",
        )  # fmt: skip
    return iter(())


def _is_unknown(ask: Scope, type: str) -> bool:
    refused = _listed(ask, [type])
    for one in refused:
        if one.code != _NONE_SUCH:
            ask.refuse(one)
    return bool(refused)


def _listed(ask: Scope, types: list[str]) -> tuple[Refused, ...]:
    refused = _asked(ask, contentType="RESOURCE", assetTypes=types)
    if not refused:
        ask.assets.seen(ask.place, types)
    return refused


def _policies(ask: Scope) -> Iterator[Told]:
    if refused := ask.assets.refused or _asked(ask, contentType="IAM_POLICY"):
        _instead(
            ask, refused,
            "policies of topics, datasets, registries, keys of Cloud KMS and others are told by it alone, "
            "and were not looked at",
        )  # fmt: skip
    else:
        ask.assets.seen_policies(ask.place)
    return iter(())


def _asked(ask: Scope, **parameters: Any) -> tuple[Refused, ...]:
    for one in ask.pages(LIST, "assets", parent=ask.place.name, **parameters):
        ask.assets.add(one)
    refused = ask.forgiven()
    if any(is_disabled(one) for one in refused):
        ask.assets.refused = refused
    return refused


def _instead(ask: Scope, refused: tuple[Refused, ...], words: str) -> None:
    """Say what the refusal means here, once."""
    [first, *_] = refused
    ask.unseen(f"{first.call} {first.why}: {words}", f"{_ADVICE} {first.advice}")


_ADVICE = (
    "The inventory needs cloudasset.googleapis.com to be enabled in the project that calls are counted on, "
    "and its permissions on the whole organisation."
)
