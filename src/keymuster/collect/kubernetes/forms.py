"""What the objects of manifests mean after all that Kustomizations do with them.

An object and what overlays make of it are one, said at its own place, under all of its names. What a patch
changes is said at the patch.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from msgspec.structs import replace

from keymuster.collect.base import Context
from keymuster.collect.declared import Declared
from keymuster.collect.kubernetes.kustomizations import Build, Origin, Patch, Thing, by_origin
from keymuster.collect.kubernetes.pieces import Piece
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Node
from keymuster.model import (
    Credential,
    FileLocation,
    Identity,
    Observation,
    Resource,
    Trouble,
)
from keymuster.model.ids import in_id

Meaning = Callable[[Declared], Iterable[Observation]]


def records(
    pieces: list[Piece], context: Context, meaning: Meaning,
    objects: Callable[[Piece], Iterable[Declared]],
) -> Iterator[Observation | Trouble]:  # fmt: skip
    """All that the files of a scan say. `objects` reads those of a manifest."""
    declared: dict[str, list[Declared]] = {}

    def nodes(piece: Piece) -> Iterator[Node]:
        declared[piece.path] = [*objects(piece)]
        return (one.settings for one in declared[piece.path])

    build = Build(pieces, nodes)
    made = by_origin(build)
    by_path = {piece.path: piece for piece in pieces}
    yield from build.troubles
    for piece in pieces:
        if piece.path in build.taken:
            for number, one in enumerate(declared[piece.path]):
                forms = made.get(Origin(piece.path, number), [])
                if _counts(one.settings, forms, by_path):
                    yield from _of_object(one, forms, meaning)
        elif piece.path not in build.patch_files:
            yield from piece.records
    for patch in {id(patch.node): patch for patch in build.unmatched}.values():
        if isinstance(patch.node.value, dict) and patch.path in by_path:
            yield from _of_patch(patch, by_path[patch.path], context, meaning)


def _counts(node: Node, forms: Iterable[tuple[str, Thing]], by_path: Mapping[str, Piece]) -> bool:
    """Whether an object, or what patches it, stands where something has changed."""
    patches = (patch for _, thing in forms for patch in thing.patches)
    return any(
        one.file.path not in by_path or by_path[one.file.path].counts(one.line, one.end_line)
        for one in (node, *patches)
    )


def _of_object(
    one: Declared, forms: list[tuple[str, Thing]], meaning: Meaning
) -> Iterator[Observation]:
    as_written = _by_id(meaning(one))
    groups: dict[Any, list[tuple[str, Thing, list[Observation]]]] = {}
    for folder, thing in sorted(forms, key=lambda form: bool(form[1].patches)):
        content = repr(thing.bare.plain()) if thing.patches else ""
        found = [*meaning(replace(one, settings=thing.node))]
        groups.setdefault(content, []).append((folder, thing, found))
    aliases = _aliases(found for group in groups.values() for _, _, found in group)
    said: set[str] = set()
    for content, [(folder, thing, found), *_] in groups.items():
        bare = _by_id(meaning(replace(one, settings=thing.bare))) if content else as_written
        here: set[str] = set()
        for record in found:
            is_changed = _judged(bare, record.id) != _judged(as_written, record.id)
            if record.id in said and not is_changed:
                continue
            here.add(record.id)
            if isinstance(record, Identity | Resource):
                record = replace(record, aliases=aliases.get(record.id, ()))
            if not is_changed:
                yield record
            else:
                yield from _changed(record, one, thing, folder if record.id in said else "")
        said |= here


def _judged(found: Mapping[str, list[Observation]], id: str) -> list[Any]:
    """What may make a difference to a policy: which image it is does not."""
    return [
        {key: value for key, value in one.settings.items() if key != "images"}
        if isinstance(one, Resource) and one.type == "Workload"
        else one
        for one in found.get(id, ())
    ]


def _changed(
    record: Observation, one: Declared, thing: Thing, folder: str
) -> Iterator[Observation]:
    """What only holds after a patch, at the patch. With a `folder` it is said of what is made there,
    besides what was said of the object already; two identities of one name nobody could tell apart."""
    if isinstance(record, Credential):
        yield record
        return
    if folder and isinstance(record, Identity):
        return
    place = one.settings.file.path
    if isinstance(record.location, FileLocation) and record.location.path == place:
        record = replace(record, location=thing.patches[-1].location())
    if folder and isinstance(record, Resource):
        record = replace(record, aliases=())
    yield replace(record, id=f"{record.id}@{folder}") if folder else record


def _by_id(found: Iterable[Observation]) -> dict[str, list[Observation]]:
    made: dict[str, list[Observation]] = {}
    for record in found:
        made.setdefault(record.id, []).append(record)
    return made


def _aliases(several: Iterable[list[Observation]]) -> dict[str, tuple[str, ...]]:
    """Every name of what has one, wherever it is deployed."""
    made: dict[str, dict[str, None]] = {}
    for found in several:
        for record in found:
            if isinstance(record, Identity | Resource):
                made.setdefault(record.id, {}).update(dict.fromkeys(record.aliases))
    return {id: tuple(names) for id, names in made.items()}


def _of_patch(
    patch: Patch, piece: Piece, context: Context, meaning: Meaning
) -> Iterator[Observation]:
    """The secrets in a patch whose object was not seen: it is no whole object, to judge as one."""
    kind = patch.node.get("kind")
    if kind is None or not piece.counts(patch.node.line, patch.node.end_line):
        return
    one = Declared(
        type=kind.text(), name=f"patch.{patch.node.line}", scope=f"kubernetes:{in_id(patch.path)}",
        settings=patch.node, sealing=Sealing.of(context, piece.blob),
    )  # fmt: skip
    yield from (record for record in meaning(one) if isinstance(record, Credential))
