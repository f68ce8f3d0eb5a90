"""What Kustomizations make of the objects in the files that they name: bases, overlays, components.

https://kubectl.docs.kubernetes.io/references/kustomize/kustomization/
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Mapping
from posixpath import normpath

from msgspec import Struct
from msgspec.structs import replace

from keymuster import regex
from keymuster.collect.kubernetes.patches import merged, operated
from keymuster.collect.kubernetes.pieces import Kind, Piece
from keymuster.collect.kubernetes.renaming import Called, Names, called, renamed
from keymuster.collect.syntax import documents, yaml
from keymuster.collect.syntax.node import Broken, Node
from keymuster.model import Trouble

DEEPEST = 20
"""Kustomizations on top of each other."""

MOST_THINGS = 100_000
"""Objects that all Kustomizations of a scan make together."""

_REMOTE = regex.later(
    r"[a-z][a-z0-9+.-]{1,20}://|git@|[\w.-]{1,100}\.(?:com|org|io)[/:]|.*\?ref=|.*//"
)

_WITHOUT_SCHEMA = ("Rollout", "DeploymentConfig", "Configuration", "Revision")


class Origin(Struct, frozen=True):
    """An object as a file has it: the file, and which of its objects."""

    path: str
    number: int


class Thing(Struct, frozen=True, kw_only=True):
    """An object on its way through Kustomizations: as it is now (`node`), the same without new names
    (`bare`), what patched it, and what it was called on the way."""

    origin: Origin
    node: Node
    bare: Node
    patches: tuple[Node, ...] = ()
    names: tuple[Called, ...] = ()


class Patch(Struct, frozen=True, kw_only=True):
    """One document of a patch, and what it is for: a `target`, or what it is named after."""

    node: Node
    target: Node | None
    is_operations: bool
    path: str = ""


class Layer(Struct, frozen=True, kw_only=True):
    """A `kustomization.yaml`."""

    piece: Piece
    root: Node

    @property
    def folder(self) -> str:
        return self.piece.folder

    @property
    def is_component(self) -> bool:
        return self.root.text("kind") == "Component"

    def texts(self, *keys: str) -> Iterator[Node]:
        for key in keys:
            found = self.root.get(key)
            yield from (one for one in (found.items() if found else ()) if one.text())

    def path(self, text: str) -> str:
        """A path of this file as the scan has it; empty if it leads out of what was scanned."""
        joined = normpath(f"{self.folder}/{text}" if self.folder else text)
        return "" if joined.startswith(("..", "/")) != joined.startswith("/") else joined


class Build:
    """All Kustomizations of a scan. `objects` gives the objects of a manifest."""

    def __init__(self, pieces: Iterable[Piece], objects: Callable[[Piece], Iterable[Node]]) -> None:
        self._pieces = {one.path: one for one in pieces}
        self._objects = objects
        self._parsed: dict[str, list[Node]] = {}
        self._made: dict[str, list[Thing]] = {}
        self._room = MOST_THINGS
        self.troubles: list[Trouble] = []
        self.layers = {
            layer.folder: layer
            for piece in self._pieces.values()
            if piece.kind is Kind.KUSTOMIZATION
            for layer in self._layer(piece)
        }
        self.patch_files: set[str] = set()
        """Files that are patches, and no objects."""
        self.taken: set[str] = set()
        """Files that Kustomizations take objects from."""
        self.unmatched: list[Patch] = []
        """Patches whose objects were not seen."""

    def _layer(self, piece: Piece) -> Iterator[Layer]:
        try:
            root = next(iter(documents.documents(piece.blob)), None)
        except Broken as error:
            self._trouble(piece, error.message)
            return
        if root is not None and isinstance(root.value, dict):
            yield Layer(piece=piece, root=root)

    def roots(self) -> Iterator[tuple[Layer, list[Thing]]]:
        """The Kustomizations that nobody builds on, and what they make."""
        used: set[str] = set()
        resources: set[str] = set()
        for layer in self.layers.values():
            for one in layer.texts("resources", "bases", "components"):
                used.add(layer.path(one.text()))
                resources.add(layer.path(one.text()))
            for _, path in _patch_paths(layer):
                self.patch_files.add(layer.path(path))
        self.patch_files -= resources
        for folder, layer in self.layers.items():
            if folder not in used and not layer.is_component:
                yield layer, self._things(layer, 0)
        for folder, layer in self.layers.items():  # what stands in a circle, or too deep
            if folder not in self._made and not layer.is_component:
                yield layer, self._things(layer, 0)

    # --- building ----------------------------------------------------------------------------

    def _things(self, layer: Layer, depth: int) -> list[Thing]:
        if layer.folder in self._made or depth > DEEPEST:
            return self._made.get(layer.folder, [])
        self._made[layer.folder] = []  # what builds on itself makes nothing
        made = self._applied(layer, [], depth)
        self._made[layer.folder] = made
        return made

    def _applied(self, layer: Layer, things: list[Thing], depth: int) -> list[Thing]:
        """What there is already, and what a Kustomization adds, after all that it does to it."""
        listed = [*things, *self._resources(layer, depth)]
        things = [*{(one.origin, called(one.node)): one for one in listed}.values()]
        for one in layer.texts("components"):
            found = self.layers.get(layer.path(one.text()))
            if found is not None and depth < DEEPEST and found.folder != layer.folder:
                things = self._applied(found, things, depth + 1)
            elif found is None:
                self._unread(layer, one)
        for patch in self._patches(layer):
            things = self._patched(things, patch)
        things = self._replaced(layer, things)
        names = Names(
            layer.root.text("namespace"),
            layer.root.text("namePrefix"),
            layer.root.text("nameSuffix"),
        )
        if not names:
            return things
        nodes = renamed([one.node for one in things], names)
        return [
            replace(one, node=node, names=(*one.names, called(one.node)))
            for one, node in zip(things, nodes, strict=True)
        ]

    def _resources(self, layer: Layer, depth: int) -> Iterator[Thing]:
        if layer.root.get("helmCharts") is not None:
            self._trouble(layer.piece, "takes objects from a chart; what it makes was not read")
        for one in layer.texts("resources", "bases"):
            path = layer.path(one.text())
            below, piece = self.layers.get(path), self._pieces.get(path)
            if below is not None and below.folder != layer.folder:
                yield from self._paid(self._things(below, depth + 1))
            elif piece is not None and piece.kind is Kind.MANIFEST:
                yield from self._paid(self._of_file(piece))
            else:
                self._unread(layer, one)

    def _paid(self, things: Iterable[Thing]) -> Iterator[Thing]:
        for one in things:
            self._room -= 1
            if self._room < 0:
                return
            yield one

    def _of_file(self, piece: Piece) -> Iterator[Thing]:
        self.taken.add(piece.path)
        for number, node in enumerate(self.nodes(piece)):
            yield Thing(origin=Origin(piece.path, number), node=node, bare=node)

    def nodes(self, piece: Piece) -> list[Node]:
        """The objects of a manifest, parsed once."""
        if piece.path not in self._parsed:
            try:
                self._parsed[piece.path] = [*self._objects(piece)]
            except Broken:
                self._parsed[piece.path] = []  # its reader has said so
        return self._parsed[piece.path]

    def _unread(self, layer: Layer, one: Node) -> None:
        """Files of other repositories are said to be unread; others may just not be scanned."""
        if _REMOTE.match(one.text()) and layer.piece.counts(one.line, one.end_line):
            self._trouble(
                layer.piece, f"line {one.line}: takes objects from elsewhere; they were not read"
            )

    def _trouble(self, piece: Piece, message: str) -> None:
        advice = "Scan the output of `kustomize build`, which holds everything."
        self.troubles.append(
            Trouble(part="kubernetes", scope=piece.path, message=message, advice=advice)
        )

    # --- patches -----------------------------------------------------------------------------

    def _patches(self, layer: Layer) -> Iterator[Patch]:
        """In the order that Kustomize applies them in."""
        for one in layer.texts("patchesStrategicMerge"):
            yield from self._documents(layer, one, None)
        for key in ("patches", "patchesJson6902"):
            found = layer.root.get(key)
            for one in found.items() if found else ():
                written, path = one.get("patch"), one.get("path")
                if (text := written or path) is not None:
                    yield from self._documents(layer, text, one.get("target"))

    def _documents(self, layer: Layer, one: Node, target: Node | None) -> Iterator[Patch]:
        """Of a patch that stands in the Kustomization, or in a file of its own."""
        piece = self._pieces.get(layer.path(one.text()))
        if piece is not None:
            roots = self.nodes(piece) if piece.kind is Kind.MANIFEST else _operations(piece)
            path = piece.path
        else:
            roots, path = _inline(one), layer.piece.path
        for root in roots:
            is_list = isinstance(root.value, list)
            if isinstance(root.value, dict) or is_list:
                yield Patch(node=root, target=target, is_operations=is_list, path=path)

    def _patched(self, things: list[Thing], patch: Patch) -> list[Thing]:
        made, is_matched = [], False
        for one in things:
            if not _is_meant(patch, one):
                made.append(one)
                continue
            is_matched = True
            node, bare = _with(patch, one.node), _with(patch, one.bare)
            if node is not None and bare is not None:
                made.append(replace(one, node=node, bare=bare, patches=(*one.patches, patch.node)))
        if not is_matched:
            self.unmatched.append(patch)
        return made

    def _replaced(self, layer: Layer, things: list[Thing]) -> list[Thing]:
        """Fields that take the value of another one: nobody works those out here."""
        found = layer.root.get("replacements")
        for one in found.items() if found else ():
            targets = one.get("targets")
            for target in targets.items() if targets else ():
                paths = target.get("fieldPaths")
                pointers = [
                    "/" + path.text().replace(".", "/") for path in (paths.items() if paths else ())
                ]
                unknown = one.made(
                    [
                        {"op": "replace", "path": pointer, "value": "${kustomize.replacement}"}
                        for pointer in pointers
                    ]
                )
                select = target.get("select")
                if select is not None:
                    patch = Patch(node=unknown, target=select, is_operations=True)
                    if any(_is_meant(patch, thing) for thing in things):
                        things = self._patched(things, patch)
        return things


def _patch_paths(layer: Layer) -> Iterator[tuple[Node, str]]:
    for one in layer.texts("patchesStrategicMerge"):
        yield one, one.text()
    for key in ("patches", "patchesJson6902"):
        found = layer.root.get(key)
        for one in found.items() if found else ():
            if path := one.text("path"):
                yield one, path


def _inline(one: Node) -> list[Node]:
    """The documents of a patch that stands in the file. In a block they begin on the next line."""
    text = one.text()
    if ":" not in text:
        return []
    above = one.line if one.style in ("|", ">") else one.line - 1
    try:
        return yaml.parse("\n" * above + text, one.file)
    except Broken:
        return []


def _operations(piece: Piece) -> list[Node]:
    try:
        return documents.documents(piece.blob)
    except Broken:
        return []


def _with(patch: Patch, node: Node) -> Node | None:
    if patch.is_operations:
        return operated(node, patch.node)
    kept = {key: one for key, one in patch.node.entries() if key not in ("apiVersion", "kind")}
    if (metadata := kept.get("metadata")) is not None and isinstance(metadata.value, dict):
        kept["metadata"] = metadata.holding(
            {key: one for key, one in metadata.entries() if key not in ("name", "namespace")}
        )
    has_schema = node.text("kind") not in _WITHOUT_SCHEMA
    return merged(node, patch.node.holding(kept), has_schema=has_schema)


def _is_meant(patch: Patch, thing: Thing) -> bool:
    names = (*thing.names, called(thing.node))
    if patch.target is not None:
        return _is_selected(patch.target, thing.node, names)
    if patch.is_operations:
        return False
    meant = called(patch.node)
    return any(
        (one.kind, one.name) == (meant.kind, meant.name)
        and (not meant.namespace or meant.namespace == one.namespace or not one.namespace)
        for one in names
    )


def _is_selected(target: Node, node: Node, names: Iterable[Called]) -> bool:
    group, _, version = node.text("apiVersion").rpartition("/")
    return (
        _fits(target.text("group"), group)
        and _fits(target.text("version"), version)
        and any(
            _fits(target.text("kind"), one.kind)
            and _fits(target.text("name"), one.name)
            and _fits(target.text("namespace"), one.namespace)
            for one in names
        )
        and _has_all(target.text("labelSelector"), node, "labels")
        and _has_all(target.text("annotationSelector"), node, "annotations")
    )


_PLAIN = regex.later(r"(?:[\w-]|\\?\.(?![*+?])|\.[*+])*")


def _fits(pattern: str, text: str) -> bool:
    """Whether a name is one of those that a selector means: alternatives with `.*` in them. Other
    expressions select nothing that we know of."""
    if not pattern:
        return True
    bare = pattern.removeprefix("^").removesuffix("$")
    if bare.startswith("(") and bare.endswith(")"):
        bare = bare[1:-1]
    return any(_means(one, text) for one in bare.split("|") if _PLAIN.fullmatch(one))


def _means(pattern: str, text: str) -> bool:
    pieces = re.split(r"(?:\.[*+])+", pattern[:300])
    return regex.is_made_of(text, *(one.replace("\\", "") for one in pieces))


def _has_all(selector: str, node: Node, where: str) -> bool:
    """Labels or annotations, all of which an object must have: `a=b,c!=d,e`."""
    for term in filter(None, (one.strip() for one in selector.split(","))):
        name, is_not, value = term.partition("!=")
        if not is_not:
            name, _, value = term.replace("==", "=").partition("=")
        held = node.get("metadata", where, name.strip())
        if not value and not is_not:
            if held is None:
                return False
        elif (held is not None and held.text() == value.strip()) == bool(is_not):
            return False
    return True


Things = Mapping[Origin, list[tuple[str, Thing]]]


def by_origin(build: Build) -> Things:
    """The objects that Kustomizations make, each with the folder it is made in, by what they are
    made of."""
    found: dict[Origin, list[tuple[str, Thing]]] = {}
    for layer, things in build.roots():
        for one in things:
            found.setdefault(one.origin, []).append((layer.folder, one))
    return found
