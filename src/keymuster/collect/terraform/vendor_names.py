"""Terraform's words for objects and their settings, turned into those of the vendor."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from enum import Enum
from functools import cache

from keymuster.collect.syntax.node import Broken, Node
from keymuster.collect.syntax.yaml import parse as parse_yaml
from keymuster.collect.terraform.documents import document
from keymuster.collect.terraform.modules import BLOCKS
from keymuster.collect.terraform.values import Budget, from_plain, is_made, settled, unknown
from keymuster.rules.schema import TerraformFile, TerraformObject


class Form(Enum):
    """Where settings come from: in HCL blocks are known from maps; in its JSON form they are maps,
    too; in a state or plan they are lists, and a single one is a list of one."""

    HCL = "hcl"
    JSON = "json"
    STATE = "state"


class VendorNames:
    """What the tables say, for every type there is."""

    def __init__(self, tables: Sequence[TerraformFile]) -> None:
        self._types = {name: (table, one) for table in tables for name, one in table.types.items()}
        self._own = [table for table in tables if table.words == "terraform"]
        self._modules = {name: one for table in tables for name, one in table.modules.items()}

    def modules(self) -> dict[str, list[TerraformObject]]:
        """What every known module of the public registry makes, by its address."""
        return self._modules

    def made_by(self, source: str) -> list[TerraformObject]:
        """What the module of this address makes, if it is a known one of the public registry."""
        return self._modules.get(source, [])

    def objects(
        self, type: str, settings: Node, form: Form, budget: Budget
    ) -> Iterator[tuple[str, Node]]:
        """The type and settings of what a resource is to its vendor: mostly one object."""
        if form is Form.STATE:
            settings = _with_all_tags(settings)
        if type in _SPELLED_OUT:
            yield from _SPELLED_OUT[type](settings, budget)
            return
        table, known = self._types.get(type, (None, None))
        if table is None or known is None:
            lists = frozenset(name for one in self._own for name in one.lists)
            maps = frozenset(name for one in self._own for name in one.maps)
            names = {path: name for one in self._own for path, name in one.names.items()}
            writer = _Writer(str, names, lists, maps, form, budget)
            yield type, writer.whole(settings)
            return
        names = (table.types[known.like].names if known.like else {}) | known.names
        writer = _Writer(
            _WORDS[table.words], names, frozenset(table.lists), frozenset(table.maps), form, budget,
            arm=table.words == "arm",
        )  # fmt: skip
        made = writer.whole(settings)
        assert isinstance(made.value, dict)
        for key, text in known.settings.items():
            made.value[key] = settings.holding(text)
        if table.words == "arm":
            made.value.setdefault("properties", settings.holding({}))
        for path, value in known.defaults.items():
            if made.get(*path.split(".")) is None:
                _put(made.value, path.split("."), settings.made(value), settings)
        yield known.type, made


class _Writer:
    def __init__(
        self,
        word: Callable[[str], str],
        names: dict[str, str],
        lists: frozenset[str],
        maps: frozenset[str],
        form: Form,
        budget: Budget,
        *,
        arm: bool = False,
    ) -> None:
        self._word = word
        self._names = names
        self._lists = lists
        self._maps = maps
        self._form = form
        self._budget = budget
        self._arm = arm

    def whole(self, settings: Node) -> Node:
        made = self._map(settings, "")
        return made if isinstance(made.value, dict) else settings.holding({})

    def _map(self, node: Node, path: str) -> Node:
        made = node.holding({})
        assert isinstance(made.value, dict)
        for name, value in node.entries():
            self._budget.spend()
            if value.value is None and not is_made(value):
                continue  # as if it were not there
            self._enter(made.value, name, f"{path}.{name}" if path else name, value)
        return made

    def _enter(self, entries: dict[str, Node], name: str, path: str, value: Node) -> None:
        target = self._names.get(path) or self._names.get(f"*.{name}") or self._default(name, path)
        if target == "-":
            return
        inverted = target.startswith("!")
        plain, mark = _mark(target.lstrip("!"))
        if self._arm and name == "identity" and "." not in path:
            value = _arm_identity(value)
        if inverted and isinstance(value.value, bool):
            value = value.holding(not value.value)
        _put(entries, plain.split("."), self._value(name, path, value, mark), value)

    def _default(self, name: str, path: str) -> str:
        word = self._word(name)
        if self._arm and "." not in path and name not in _ARM_TOP:
            return f"properties.{word}"
        return word

    def _value(self, name: str, path: str, value: Node, mark: str) -> Node:
        if mark in ("{}", "{+}"):
            tree = document(value, self._budget)
            if tree is None and isinstance(value.value, dict):
                tree = value
            if tree is not None:
                made = settled(tree, self._budget)
                if mark == "{+}":
                    made = _capitalised(made, self._maps)
                return _at(made, value)
            return settled(value, self._budget)
        is_list = mark == "[]" or (name in self._lists and path not in self._names)
        if isinstance(value.value, dict) and self._is_block(name, path, value):
            made = self._map(value, path)
            return value.holding([made]) if is_list else made
        if isinstance(value.value, list) and self._is_blocks(name, value):
            items = [
                self._map(one, path) if isinstance(one.value, dict) else settled(one, self._budget)
                for one in value.value
            ]
            single = value.tag == BLOCKS or self._form is Form.STATE
            if single and not is_list and len(items) == 1:
                return _at(items[0], value)
            return value.holding(items)
        made = settled(value, self._budget)
        if is_list and not isinstance(made.value, list) and not unknown(value):
            return made.holding([made])
        return made

    def _is_block(self, name: str, path: str, value: Node) -> bool:
        """Whether the keys of a map are names of the provider's."""
        if any(known.startswith(f"{path}.") for known in self._names):
            return True
        return self._form is Form.JSON and name not in self._maps

    def _is_blocks(self, name: str, value: Node) -> bool:
        items = value.value
        if value.tag == BLOCKS:
            return True
        return (
            isinstance(items, list)
            and name not in self._maps
            and bool(items)
            and all(isinstance(one.value, dict) for one in items)
        )


def _with_all_tags(settings: Node) -> Node:
    """With the tags that the provider adds among those of the object."""
    tags = settings.get("tags_all")
    if tags is None or not isinstance(tags.value, dict) or not isinstance(settings.value, dict):
        return settings
    kept = {name: one for name, one in settings.value.items() if name != "tags_all"}
    return settings.holding({**kept, "tags": tags})


def _mark(target: str) -> tuple[str, str]:
    for mark in ("[]", "{+}", "{}"):
        if target.endswith(mark):
            return target.removesuffix(mark), mark
    return target, ""


def _put(entries: dict[str, Node], path: list[str], made: Node, place: Node) -> None:
    for name in path[:-1]:
        inner = entries.get(name)
        if inner is None or not isinstance(inner.value, dict):
            inner = entries[name] = place.holding({})
        assert isinstance(inner.value, dict)
        entries = inner.value
    there = entries.get(path[-1])
    if there is not None and isinstance(there.value, list) and isinstance(made.value, list):
        made = there.holding([*there.value, *made.value])
    if there is not None and isinstance(there.value, dict) and isinstance(made.value, dict):
        made = there.holding({**there.value, **made.value})
    entries[path[-1]] = made


def _at(made: Node, place: Node) -> Node:
    """A map or list under a key stands where that key does."""
    return place.holding(made.value)


_ARM_TOP = frozenset(
    ("name", "location", "tags", "identity", "kind", "sku", "zones", "plan", "id", "type", "scope")
)


def _arm_identity(value: Node) -> Node:
    """The `identity` block of a resource, as ARM has it: the assigned ones are keys of a map."""
    block = value.value[0] if isinstance(value.value, list) and value.value else value
    if not isinstance(block.value, dict):
        return value
    entries = {key: one for key, one in block.value.items() if key != "identity_ids"}
    ids = block.get("identity_ids")
    if ids is not None and isinstance(ids.value, list):
        assigned = {one.text(): one.holding({}) for one in ids.value if one.text()}
        entries["userAssignedIdentities"] = ids.holding(assigned)
    elif ids is not None:
        entries["userAssignedIdentities"] = ids
    return value.holding(entries)


@cache
def _pascal(name: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in name.split("_"))


@cache
def _camel(name: str) -> str:
    made = _pascal(name)
    return made[:1].lower() + made[1:]


_WORDS: dict[str, Callable[[str], str]] = {
    "pascal": _pascal, "camel": _camel, "arm": _camel, "terraform": str,
}  # fmt: skip


def _capitalised(node: Node, maps: frozenset[str]) -> Node:
    match node.value:
        case dict():
            return node.holding(
                {
                    key[:1].upper() + key[1:]: one if key in maps else _capitalised(one, maps)
                    for key, one in node.value.items()
                }
            )
        case list():
            return node.holding([_capitalised(one, maps) for one in node.value])
        case _:
            return node


# --- objects that are spelled out in an attribute -------------------------------------------------


def _manifest(settings: Node, budget: Budget) -> Iterator[tuple[str, Node]]:
    manifest = settings.get("manifest")
    if manifest is not None and isinstance(manifest.value, dict):
        yield from _kubernetes(settled(manifest, budget), settings)


def _yaml_manifest(settings: Node, budget: Budget) -> Iterator[tuple[str, Node]]:
    written = settings.get("yaml_body")
    if written is None:
        return
    if is_made(written) and written.tree is not None:
        yield from _kubernetes(settled(written.tree, budget), settings)
        return
    text = settled(written, budget).text()
    budget.spend(len(text) // 5)
    try:
        documents = parse_yaml(text, settings.file)
    except Broken:
        return
    for one in documents:
        budget.spend(len(text) // 20)
        yield from _kubernetes(settled(from_plain(written, one.plain()), budget), settings)


def _kubernetes(manifest: Node, settings: Node) -> Iterator[tuple[str, Node]]:
    kind = manifest.get("kind")
    if kind is not None and kind.text() and isinstance(manifest.value, dict):
        yield kind.text(), settings.holding(manifest.value)


_SPELLED_OUT: dict[str, Callable[[Node, Budget], Iterator[tuple[str, Node]]]] = {
    "kubernetes_manifest": _manifest,
    "kubectl_manifest": _yaml_manifest,
}
