"""Owners that somebody stands up for, `.keymuster/owners.yaml`."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from datetime import date
from typing import Any

import msgspec

from keymuster.collect.base import Blob
from keymuster.collect.syntax import yaml
from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.model import Resource
from keymuster.model.attestation import TYPE, Attestation, Attestations

FILE = ".keymuster/owners.yaml"
NAMES = (FILE, ".keymuster/owners.yml")


def attestations(blob: Blob) -> Iterator[Resource]:
    """The entries of a file, each at its place; Broken for a file that is wrong. `storage` is where the file
    was seen."""
    documents = yaml.parse(blob.text.content.decode("utf-8", "replace"), File.of(blob))
    if not documents or documents[0].value is None:
        return
    root = documents[0]
    if not isinstance(root.value, dict):
        raise Broken(root.line, "it names no owners: `owners:` is missing")
    said, nodes = _read(root), _entries(root)
    for number, (one, node) in enumerate(zip(said.owners, nodes, strict=True)):
        yield Resource(
            id=f"resource:{TYPE}:{blob.path}:{number}:{one.what}",
            type=TYPE,
            name=one.what,
            location=node.location(),
            settings={
                **msgspec.to_builtins(one), "storage": blob.storage.value, "problem": _problem(one),
            },
        )  # fmt: skip


def written(every: Sequence[Attestation]) -> str:
    """The text of a file, for people to read and to change."""
    import yaml as library

    plain: Any = msgspec.to_builtins(Attestations(owners=tuple(every)), builtin_types=(date,))
    text: str = library.safe_dump(
        {"owners": list(plain["owners"])}, sort_keys=False, allow_unicode=True, width=100
    )
    return text


def _entries(root: Node) -> list[Node]:
    found = root.get("owners")
    return found.items() if found else []


def _read(root: Node) -> Attestations:
    try:
        return msgspec.convert(root.plain(), type=Attestations, strict=False)
    except msgspec.ValidationError as error:
        problem, _, path = str(error).partition(" - at ")
        path = path.strip("`")
        raise Broken(
            _line(root, path), f"{_plainly(problem)} ({path.strip('$.') or 'the file'})"
        ) from None


def _line(root: Node, path: str) -> int:
    entries = _entries(root)
    index = path.partition("[")[2].partition("]")[0]
    return entries[int(index)].line if index.isdigit() and int(index) < len(entries) else root.line


_WORDS = {
    "Object contains": "there is an",
    "Object missing": "there is no",
    "Invalid RFC3339 encoded date": "not a date as in 2027-01-31",
}


def _plainly(problem: str) -> str:
    """What msgspec says of JSON, in words for somebody who writes YAML."""
    for theirs, ours in _WORDS.items():
        problem = problem.replace(theirs, ours)
    return problem


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
