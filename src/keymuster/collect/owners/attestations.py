"""Owners that somebody stands up for, `.keymuster/owners.yaml`."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec

from keymuster.collect.base import Blob
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.collect.syntax.typed import typed
from keymuster.model import Resource
from keymuster.model.attestation import TYPE, Attestation, Attestations
from keymuster.model.ids import in_id


def attestations(blob: Blob) -> Iterator[Resource]:
    """The entries of a file, each at its place; Broken for a file that is wrong. `storage` is where the file
    was seen."""
    documents = yaml.parse(blob.text.content.decode("utf-8", "replace"), File.of(blob))
    if not documents or documents[0].value is None:
        return
    root = documents[0]
    if not isinstance(root.value, dict):
        raise Broken(root.line, "it names no owners: `owners:` is missing")
    said, nodes = typed(root, Attestations), _entries(root)
    for number, (one, node) in enumerate(zip(said.owners, nodes, strict=True)):
        yield Resource(
            id=f"resource:{TYPE}:{in_id(blob.path)}:{number}:{one.what}",
            type=TYPE,
            name=one.what,
            location=node.location(),
            settings={
                **msgspec.to_builtins(one), "storage": blob.storage.value, "problem": _problem(one),
            },
        )  # fmt: skip


def _entries(root: Node) -> list[Node]:
    found = root.get("owners")
    return found.items() if found else []


_LEAST_REASON = 3


def _problem(one: Attestation) -> str:
    """Why an entry counts for nothing; empty if it counts."""
    if one.expires < one.on:
        return "it ends before it begins"
    if len(one.reason.strip()) < _LEAST_REASON:
        return "it gives no reason"
    if not any(map(str.isalnum, one.what)):
        return "it would mean everything: name an identity, or a glob with a part of its name"
    if not one.owner.strip() or not one.by.strip():
        return "it needs an owner and who says so"
    return ""
