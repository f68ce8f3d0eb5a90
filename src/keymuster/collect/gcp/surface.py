"""What is asked of Google Cloud, in parts that may fail each for itself."""

from __future__ import annotations

from typing import Literal, TypeAlias

from keymuster.collect.asking.surface import Surface as Base

Level: TypeAlias = Literal["organization", "folder", "project"]


class Surface(Base, frozen=True, kw_only=True):
    """One part of an organisation, a folder or a project: the `calls` that it makes, as method ids of
    discovery documents, and at which `levels` of the hierarchy it is looked at. `assets` are the types
    that it takes from the Cloud Asset Inventory, where that is allowed."""

    levels: tuple[Level, ...] = ("project",)
    assets: tuple[str, ...] = ()
    by_inventory: bool = False
    """Whether the inventory alone tells of it."""
    option: str = ""
    """The option without which it is not looked at."""
