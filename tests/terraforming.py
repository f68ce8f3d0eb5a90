"""What files of Terraform declare, without a scan around them."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any

from keymuster.collect.base import Blob
from keymuster.collect.declared import Declared
from keymuster.collect.terraform import declarations as found
from keymuster.collect.terraform import plan, state
from keymuster.collect.terraform.files import keep, kind
from keymuster.collect.terraform.vendor_names import VendorNames
from keymuster.model import Storage, Trouble
from keymuster.rules import loader


@cache
def names() -> VendorNames:
    """The shipped tables."""
    root = loader.builtin_root() / "known"
    files = [(path, path.read_bytes()) for path in sorted(root.glob("terraform-*.yaml"))]
    return VendorNames(loader.read(files).terraform)


def blob(path: str, text: str, changed: list[tuple[int, int]] | None = None) -> Blob:
    return Blob(path=path, data=text.encode(), storage=Storage.TREE, changed=changed)


def everything(files: Mapping[str, str] | str, **changed: Any) -> list[Declared | Trouble]:
    """All that files declare, given as path -> text, or the one file `main.tf`."""
    given = {"main.tf": files} if isinstance(files, str) else files
    kept = []
    for path, text in given.items():
        one = blob(path, text, changed.get("changed", {}).get(path))
        which = kind(path, one.data)
        if which and (found_file := keep(one, which)[0]):
            kept.append(found_file)
    return list(found.declarations(kept, names()))


def objects(files: Mapping[str, str] | str, **changed: Any) -> dict[str, Declared]:
    """Every declared object by its id without `terraform:`."""
    return {
        one.id.removeprefix("terraform:"): one
        for one in everything(files, **changed)
        if isinstance(one, Declared)
    }


def settings(files: Mapping[str, str] | str, name: str) -> Any:
    """What an object of the module at the top is set to, without places."""
    return objects(files)[f".:{name}"].settings.plain()


def value(expression: str, before: str = "") -> Any:
    """The value of an expression, as an attribute of a resource."""
    return settings(f'{before}\nresource "x_y" "z" {{\n  v = {expression}\n}}\n', "x_y.z").get("v")


def planned(text: str) -> dict[str, Declared]:
    return {one.name: one for one in plan.declarations(blob("p.json", text), names())}


def applied(text: str) -> dict[str, Declared]:
    return {one.name: one for one in state.declarations(blob("s.tfstate", text), names())}
