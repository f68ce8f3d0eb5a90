"""What is kept of one file until all of them are seen."""

from __future__ import annotations

import posixpath
from itertools import accumulate
from typing import Any

import msgspec
from msgspec import Struct

from keymuster.collect.base import Blob
from keymuster.collect.syntax import hcl
from keymuster.collect.syntax.hcl_tree import (
    Attribute,
    Block,
    Entries,
    Expression,
    Items,
    Literal,
)
from keymuster.collect.syntax.json import parse as parse_json
from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.collect.terraform.values import Source

CODE, VARIABLES, TEXT, PLAN, STATE = "code", "variables", "text", "plan", "state"
DOWNLOADED = "downloaded"

DOWNLOADS = ".terraform/modules/"
"""Where `terraform init` puts modules from elsewhere; a list there says which call means which folder."""
_LIST = f"{DOWNLOADS}modules.json"

LARGEST_CODE = 5_000_000
LARGEST_APPLIED = 20_000_000
"""A plan or state."""

LARGEST_TEXT = 100_000
"""Of a file that others may read with `file` or `templatefile`."""

_TYPES = {
    "resource": 2, "data": 2, "ephemeral": 2, "module": 1, "variable": 1, "output": 1,
    "provider": 1, "check": 1, "locals": 0, "terraform": 0, "import": 0, "moved": 0, "removed": 0,
}  # fmt: skip
"""What a file of Terraform is made of, and how many labels each has."""

_ONCE = frozenset(("resource", "data", "module", "variable", "output"))
"""What is there once in a module: of a provider there are several, by their aliases."""


def is_downloaded(folder: str) -> bool:
    return f"/{DOWNLOADS}" in f"/{folder}/"


class Kept(Struct, eq=False):
    """A file that was understood; `tree` is its block, encoded: a tree of objects takes ten times
    as much. `sources` are those of its module blocks, where they are plain text; `declares` are the
    types and labels of those of its blocks that are there once in a module. `folders` are those of downloaded modules, by the calls that lead
    to them, joined by dots."""

    path: str
    kind: str
    file: File
    lines: list[int]
    changed: list[tuple[int, int]] | None = None
    tree: bytes = b""
    text: str = ""
    sources: list[str] = []
    declares: list[str] = []
    folders: dict[str, str] = {}

    def __repr__(self) -> str:  # what it holds may be secrets
        return f"Kept({self.path!r}, {self.kind})"

    @property
    def folder(self) -> str:
        return posixpath.dirname(self.path)

    def source(self) -> Source:
        return Source(self.file, self.lines, self.changed)

    def block(self) -> Block:
        block: Block = _decoder().decode(self.tree)
        return block


def _decoder() -> Any:
    global _made
    if _made is None:
        _made = msgspec.msgpack.Decoder(Block)
    return _made


_made: Any = None


def kind(path: str, data: bytes) -> str:
    """What a file is to Terraform, by its name and a look at its bytes; empty if it is nothing."""
    if path.endswith((".tf", ".tofu", ".tf.json", ".tofu.json")):
        return CODE
    if path.endswith((".tfvars", ".tfvars.json")):
        return VARIABLES
    if f"/{path}".endswith(f"/{_LIST}"):
        return DOWNLOADED if b'"Modules"' in data else ""
    if path.endswith((".tfstate", ".tfstate.backup")):
        return STATE if b'"version"' in data else ""
    if path.endswith(".json") and b'"terraform_version"' in data:
        if b'"planned_values"' in data or b'"resource_changes"' in data:
            return PLAN
        if b'"lineage"' in data and b'"resources"' in data:
            return STATE
    if len(data) <= LARGEST_TEXT and (not path.endswith(".json") or b'"Statement"' in data):
        return TEXT
    return ""


def keep(blob: Blob, kind: str) -> tuple[Kept | None, list[Broken]]:
    """What is kept of a file, and what is wrong with it; nothing of one that is none of Terraform's.
    Broken for one that is too large, or is no JSON where it should be."""
    if len(blob.data) > LARGEST_CODE:
        raise Broken(1, "is larger than what is read as Terraform")
    text = blob.text.content.decode("utf-8", "replace")
    kept = Kept(
        path=blob.path,
        kind=kind,
        file=File.of(blob),
        lines=_line_starts(text),
        changed=None if (changed := blob.changes()) is None else list(changed),
    )
    if kind == TEXT:
        kept.text = text
        return kept, []
    if kind == DOWNLOADED:
        kept.folders = _folders(parse_json(text, kept.file), blob.path.removesuffix(_LIST))
        return kept, []
    if blob.path.endswith(".json"):
        block, mistakes = _from_json(text, kept)
    else:
        block, found = hcl.parse(text)
        mistakes = [Broken(kept.source().place(one.at)[0], one.problem) for one in found]
    if kind == CODE and mistakes and not any(_is_known(one) for one in block.blocks):
        return None, []
    kept.sources = [source for one in block.of_type("module") if (source := _source(one))]
    kept.declares = sorted(
        {".".join((one.type, *one.labels)) for one in block.blocks if one.type in _ONCE}
    )
    kept.tree = msgspec.msgpack.encode(block)
    return kept, mistakes[:1]


def _line_starts(text: str) -> list[int]:
    lengths = [len(line) + 1 for line in text.split("\n")]
    return list(accumulate(lengths[:-1], initial=0))


def _folders(listing: Node, root: str) -> dict[str, str]:
    modules = listing.get("Modules")
    return {
        key.text(): posixpath.normpath(posixpath.join(root, folder.text()))
        for one in (modules.items() if modules is not None else ())
        if (key := one.get("Key")) and key.text() and (folder := one.get("Dir"))
    }


def _is_known(block: Block) -> bool:
    return _TYPES.get(block.type) == len(block.labels)


def _source(block: Block) -> str:
    attribute = block.attributes.get("source")
    value = attribute.value.value if attribute and isinstance(attribute.value, Literal) else None
    return value if isinstance(value, str) else ""


# --- the JSON form -------------------------------------------------------------------------------


def _from_json(text: str, kept: Kept) -> tuple[Block, list[Broken]]:
    block = Block(0, len(text), "", [], {}, [])
    tree = parse_json(text, kept.file)
    if not isinstance(tree.value, dict):
        return block, []
    reader = _Json(kept.lines)
    for name, value in tree.entries():
        if kept.kind == VARIABLES:
            block.attributes[name] = reader.attribute(value)
        elif name in _TYPES:
            block.blocks += reader.blocks(name, value, _TYPES[name])
    return block, []


class _Json:
    """Blocks out of the maps that stand for them."""

    def __init__(self, lines: list[int]) -> None:
        self._lines = lines

    def blocks(
        self, type: str, value: Node, labels: int, given: tuple[str, ...] = ()
    ) -> list[Block]:
        if labels:
            return [
                block
                for one in value.items()
                for label, inner in one.entries()
                for block in self.blocks(type, inner, labels - 1, (*given, label))
            ]
        return [self._block(type, list(given), one) for one in value.items()]

    def _block(self, type: str, labels: list[str], node: Node) -> Block:
        begin, end = self._span(node)
        attributes = {name: self.attribute(one) for name, one in node.entries() if name != "//"}
        block = Block(begin, end, type, labels, attributes, [])
        for name in ("dynamic", *_NESTED.get(type, ())):
            if name in attributes:
                found = node.get(name)
                del attributes[name]
                labelled = 1 if name in ("dynamic", "backend", "provisioner") else 0
                block.blocks += self.blocks(name, found, labelled) if found else []
        return block

    def attribute(self, node: Node) -> Attribute:
        begin, end = self._span(node)
        return Attribute(begin, end, self._expression(node))

    def _expression(self, node: Node) -> Expression:
        begin, end = self._span(node)
        match node.value:
            case dict():
                entries: list[tuple[Expression, Expression]] = [
                    (Literal(*self._span(one), key), self._expression(one))
                    for key, one in node.value.items()
                ]
                return Entries(begin, end, entries)
            case list():
                return Items(begin, end, [self._expression(one) for one in node.value])
            case str() if "${" in node.value or "%{" in node.value:
                try:
                    return hcl.parse_quoted(node.value, begin, end)
                except hcl.Mistake:
                    return Literal(begin, end, node.value)
            case _:
                return Literal(begin, end, node.value)

    def _span(self, node: Node) -> tuple[int, int]:
        begin = self._lines[node.line - 1] + node.column - 1
        return begin, self._lines[node.end_line - 1] + node.end_column - 1


_NESTED = {"terraform": ("backend", "cloud"), "dynamic": ("content",)}
"""Blocks in the JSON form that mean something here; other maps may be attributes as well."""
