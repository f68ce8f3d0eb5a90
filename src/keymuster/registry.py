"""Every extension point of this tool, on one page.

Built-in parts are found by folder: a module in the folder, one class in it, nothing to edit
elsewhere. Parts from other packages come by entry point, and only those that the user's settings
name, because a scanner must not run code merely for being installed.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import cache
from importlib import import_module
from typing import Any

from keymuster import modules
from keymuster.errors import PluginError

POINTS = {
    "source": "keymuster.collect.sources",
    "container": "keymuster.collect.containers",
    "reader": "keymuster.collect.readers",
    "service": "keymuster.collect.services",
    "import": "keymuster.collect.imports",
    "reporter": "keymuster.report",
    "export": "keymuster.export",
    "kind": "keymuster.estate.kinds",
    "lister": "keymuster.estate.listers",
    "channel": "keymuster.estate.channels",
}
"""Extension point -> the package whose modules are its built-in parts."""

CONTRACTS = {
    "source": ("batches", "read", "finish", "again", "counts", "folders"),
    "container": ("recognizes", "members"),
    "reader": ("reads", "read", "finish"),
    "service": ("collect", "permissions"),
    "import": ("recognizes", "read"),
    "reporter": ("write",),
    "export": ("write",),
    "kind": ("perform",),
    "lister": ("list",),
    "channel": ("send",),
}
"""Extension point -> the methods of its protocol, which lies beside the built-in parts."""


def names(point: str) -> list[str]:
    """The names of the built-in parts, without importing them."""
    return list(_names(POINTS[point]))


@cache
def _names(package: str) -> list[str]:
    return sorted(
        name.replace("_", "-")
        for name in modules.names(import_module(package).__path__)
        if name != "base" and not name.startswith("_")
    )


@cache
def part(point: str, name: str) -> type[Any]:
    """One built-in part; PluginError if there is none or its module does not hold exactly one."""
    if name not in _names(POINTS[point]):
        raise PluginError(f"there is no {point} called `{name}`")
    return _only_part(f"{POINTS[point]}.{name.replace('-', '_')}")


def builtin(point: str) -> dict[str, type[Any]]:
    """The built-in parts by name, sorted."""
    return {name: part(point, name) for name in names(point)}


def installed(point: str, allowed: Iterable[str]) -> dict[str, type[Any]]:
    """The parts other packages offer under `keymuster.<point>`, if the user's settings name them."""
    if not (wanted := set(allowed)):
        return {}
    from importlib import metadata  # slow to import, and most runs have no extensions

    offered = {entry.name: entry for entry in metadata.entry_points(group=f"keymuster.{point}")}
    parts = {}
    for name in sorted(wanted & set(offered)):
        try:
            found = offered[name].load()
        except Exception as error:  # somebody else's code may raise anything
            raise PluginError(
                f"extension {name} cannot be loaded: {type(error).__name__}"
            ) from error
        if problem := _breach(point, name, found):
            raise PluginError(f"extension {name} {problem}", "Report it to its author.")
        parts[name] = found
    return parts


def check_extensions(allowed: Iterable[str]) -> None:
    """PluginError for a name in the settings that no installed package offers."""
    if not (wanted := set(allowed)):
        return
    from importlib import metadata

    offered = {
        entry.name
        for point in POINTS
        for entry in metadata.entry_points(group=f"keymuster.{point}")
    }
    if missing := sorted(wanted - offered):
        raise PluginError(
            f"no installed package offers the extension {missing[0]}",
            "Install the package that has it, or take the name out of `extensions`.",
        )


def _breach(point: str, name: str, found: Any) -> str:
    """How an extension breaks the contract of its point; empty if it keeps it."""
    if name in names(point):
        return f"has the name of a built-in {point}"
    if getattr(found, "name", None) != name:
        return "does not carry its own name"
    if not isinstance(found, type):
        return "is not a class"
    missing = [word for word in CONTRACTS[point] if not callable(getattr(found, word, None))]
    return f"is no {point}: it has no method `{missing[0]}`" if missing else ""


def _only_part(module_name: str) -> type[Any]:
    module = import_module(module_name)
    parts = [
        value
        for value in vars(module).values()
        if isinstance(value, type)
        and value.__module__ == module_name
        and isinstance(vars(value).get("name"), str)
    ]
    if len(parts) != 1:
        raise PluginError(f"{module_name} must define exactly one class with a `name`")
    return parts[0]
