"""From a file of a CI system to records, for those whose files are YAML."""

from __future__ import annotations

from collections.abc import Callable, Container, Iterable, Iterator

from msgspec import Struct

from keymuster.collect.base import Blob
from keymuster.collect.ci.common import Pipeline, is_written_secret, records, written_secret
from keymuster.collect.ci.places import Places
from keymuster.collect.ci.things import Seen, Thing, resources
from keymuster.collect.syntax.node import Broken, File, Node
from keymuster.collect.syntax.yaml import parse
from keymuster.model import Confidence, Credential, Observation
from keymuster.model.ids import in_id
from keymuster.model.location import span

LARGEST = 4 * 1024 * 1024
"""Bytes of a file; nobody writes a larger one."""


class System(Struct, frozen=True):
    """How the files of one CI system are read. `written` are the variables whose values stand there."""

    name: str
    pipelines: Callable[[Node, str, Places], Iterator[Pipeline]]
    things: Callable[[Node, Places], Iterator[Thing]]
    written: Callable[[Node], Iterator[tuple[str, Node, str]]]


def read(
    system: System, blob: Blob, wanted: Container[str], key: bytes, *, is_sure: bool
) -> Iterator[Observation]:
    """What a file says; Broken for one that is not well-formed, if it `is_sure` to be of this system."""
    if blob.core is not None or blob.text.binary:
        return
    if len(blob.text.content) > LARGEST:
        if is_sure:
            raise Broken(1, "is too large to be read as a whole")
        return
    text = blob.text.content.decode("utf-8", "replace")
    try:
        documents = parse(text, File.of(blob))
    except Broken:
        if is_sure:
            raise
        return
    places = Places(text)
    scope = f"{system.name}:{in_id(blob.path)}"
    for root in documents:
        if not isinstance(root.value, dict):
            continue
        yield from resources(scope, system.things(root, places), wanted, blob)
        for job in system.pipelines(root, scope, places):
            if blob.counts(*span(job.location)):
                yield from records(job)
        yield from written_secrets(system.written(root), blob, key)


def written_secrets(
    written: Iterable[tuple[str, Node, str]], seen: Blob | Seen, key: bytes
) -> Iterator[Credential]:
    """The secrets among variables whose values stand in the file."""
    done: set[int] = set()
    for name, node, value in written:
        if id(node) in done or not seen.counts(node.line, node.end_line):
            continue
        done.add(id(node))
        if is_written_secret(name, value):
            yield written_secret(name, value, node.location(), seen, key, Confidence.MEDIUM)
