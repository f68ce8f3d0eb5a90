"""What the files of a scan declare: their root modules, evaluated with all modules they call."""

from __future__ import annotations

import posixpath
from collections import Counter
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import TypeAlias

from msgspec import Struct

from keymuster.collect.declared import Declared
from keymuster.collect.syntax.hcl_tree import Block
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform.default_tags import DefaultTags
from keymuster.collect.terraform.documents import document
from keymuster.collect.terraform.evaluation import Place
from keymuster.collect.terraform.files import (
    CODE,
    DOWNLOADED,
    TEXT,
    VARIABLES,
    Kept,
    is_downloaded,
)
from keymuster.collect.terraform.modules import (
    Declaration,
    Instance,
    Module,
    Work,
    body,
    is_local,
    standing_at,
)
from keymuster.collect.terraform.overrides import is_override
from keymuster.collect.terraform.public_modules import address, makes_role, resources, roles
from keymuster.collect.terraform.unread import Unread
from keymuster.collect.terraform.values import Budget, Exhausted, settled
from keymuster.collect.terraform.vendor_names import Form, VendorNames
from keymuster.model import Trouble
from keymuster.model.ids import in_id

PART = "terraform"

LEAST_STEPS = 400_000
STEPS_PER_BYTE = 40
STEPS_EACH = 200_000
"""For one object, which is a hundred times what a large one takes."""
MOST_STEPS = 5_000_000
MOST_STEPS_PER_BYTE = 10
"""For all root modules together."""

Found: TypeAlias = Declared | Trouble


def declarations(files: Iterable[Kept], names: VendorNames) -> Iterator[Found]:
    """Every object that files of Terraform declare, each module as often as it is called."""
    folders = _Folders(files)
    shared: set[str] = set()  # folders whose variables were told of
    unread = Unread()
    visited: set[str] = set()
    left = MOST_STEPS + MOST_STEPS_PER_BYTE * folders.size
    called = folders.called()
    roots = [folder for folder in folders.all() if folder not in called]
    for folder in (*roots, *folders.all()):
        if folder in visited:
            continue
        for scope, code in folders.roots(folder):
            size = sum(len(kept.tree) for kept in code)
            steps = min(left, LEAST_STEPS + STEPS_PER_BYTE * size)
            work = Work(folders, folder, Budget(steps, STEPS_EACH))
            yield from _root(Scope(work, scope, names, shared, unread), code)
            visited |= work.visited | {folder}
            left -= steps - max(work.budget.left, 0)
    yield from unread.troubles(PART)


class Scope(Struct):
    """What one root module is evaluated with. `shared` are the folders whose variables were told of."""

    work: Work
    id: str
    names: VendorNames
    shared: set[str]
    unread: Unread


def _root(scope: Scope, code: list[Kept]) -> Iterator[Found]:
    """What one root module declares; a Trouble if that is not all."""
    work = scope.work
    try:
        root = Module(work, work.root, code)
        for found in _module(root, scope):
            if _counts(found, work):
                yield found
    except (Exhausted, RecursionError):
        yield _trouble(
            work, "is more work to evaluate than any honest configuration; the rest was not looked at",
            "Scan the output of `terraform show -json` for a plan instead, or exclude the folder.",
        )  # fmt: skip
        return
    if work.too_large:
        yield _trouble(
            work, f"{work.too_large[0]} is more work to evaluate than any honest configuration; "
            "it was not looked at", "Scan the output of `terraform show -json` for a plan instead.",
        )  # fmt: skip
    if work.too_many:
        yield _trouble(
            work, f"{work.too_many[0]} stands for more objects than are looked at; "
            "not each of them was looked at", "Scan a plan as JSON to see each of them.",
        )  # fmt: skip
    if work.too_deep:
        yield _trouble(
            work, "values depend on each other too deeply; some were taken as not known",
            "Scan a plan as JSON instead.",
        )  # fmt: skip


def _trouble(work: Work, message: str, advice: str) -> Trouble:
    return Trouble(part=PART, scope=work.root or ".", message=message, advice=advice)


def _counts(found: Declared, work: Work) -> bool:
    """Whether an object stands, in whole or in part, in lines that count."""
    if not isinstance(work.files, _Folders) or not work.files.staged:
        return True
    return any(work.files.counts(node) for node in found.settings.walk())


def _module(module: Module, scope: Scope) -> Iterator[Declared]:
    budget = module.work.budget
    tags = DefaultTags(module)
    later: list[tuple[tuple[str, ...], Instance]] = []
    calls: list[Instance] = []
    for key in list(module.declarations):
        if key[0] not in _MADE:
            continue
        with _bounded(module, key):
            for _, instance in module.instances(key) or ():
                if key[0] == "module":
                    calls.append(instance)
                elif key[0] == "data" and key[1] in (*_DOCUMENTS, _LOOKED_UP):
                    later.append((key, instance))
                elif key[0] == "resource":
                    yield from _resource(key[1], instance, tags, scope)
    with _bounded(module, ("provider",)):
        yield from _others(module, scope.id)
    if (told := f"{module.folder} {scope.id if module.caller is None else ''}") not in scope.shared:
        scope.shared.add(told)
        with _bounded(module, ("variable",)):
            yield from _said(module, scope.id)
    for instance in calls:
        called = module.called(instance)
        if called is None:
            yield _unread(instance, scope)
            yield from _public(instance, scope)
        elif is_downloaded(called.folder) and not is_downloaded(module.folder):
            yield from _at_call(_module(called, scope), instance)
        else:
            yield from _module(called, scope)
    for key, instance in later:
        with _bounded(module, key):
            if key[1] == _LOOKED_UP:
                yield from _unused_lookup(instance, scope.id, budget)
                continue
            yield from _unused_document(key, instance, scope.id, budget)


def _at_call(found: Iterator[Declared], call: Instance) -> Iterator[Declared]:
    """What a module from elsewhere declares stands where it is called: nobody edits it where it was
    downloaded to."""
    place = call.declaration.node()
    for one in found:
        if one.type not in _SAID:
            one.settings = standing_at(one.settings, place)
            yield one


_SAID = ("terraform:variable", "terraform:output")
"""What a module says of itself."""


@contextmanager
def _bounded(module: Module, key: tuple[str, ...]) -> Iterator[None]:
    """What takes too long is left out and told of; the next is looked at again."""
    work = module.work
    work.budget.begin()
    depth = work.depth
    try:
        yield
    except (Exhausted, RecursionError):
        work.depth = depth
        name = ".".join(key[1:] if key[0] == "resource" else key)
        work.too_large.append(module.absolute(name))
        if work.budget.left <= 0:
            raise


def _resource(type: str, instance: Instance, tags: DefaultTags, scope: Scope) -> Iterator[Declared]:
    """What one instance of a resource block declares."""
    budget = scope.work.budget
    budget.begin()
    settings = tags.on(type, instance)
    objects = scope.names.objects(type, settings, _form(instance.declaration), budget)
    for number, (kind, made) in enumerate(objects):
        name = instance.address if not number else f"{instance.address}#{number}"
        yield Declared(type=kind, name=name, scope=scope.id, settings=made)
    instance.built = None  # a resource is mostly asked once for all it has


_MADE = ("resource", "data", "module")

_DOCUMENTS = {
    "aws_iam_policy_document": ("json", "PolicyDocument"),
    "google_iam_policy": ("policy_data", "policy_data"),
}


_LOOKED_UP = "aws_iam_policy"


def _unused_lookup(instance: Instance, scope: str, budget: Budget) -> Iterator[Declared]:
    """A managed policy that is looked up and attached nowhere, so far as was seen."""
    if id(instance.declaration.block) in instance.module.work.used:
        return
    settings = settled(instance.body(), budget)
    yield Declared(type=f"data.{_LOOKED_UP}", name=instance.address, scope=scope, settings=settings)


def _form(declaration: Declaration) -> Form:
    return Form.JSON if declaration.source.file.path.endswith(".json") else Form.HCL


def _unused_document(
    key: tuple[str, ...], instance: Instance, scope: str, budget: Budget
) -> Iterator[Declared]:
    """A policy that nothing takes, so far as was seen: it may be taken elsewhere."""
    if id(instance.declaration.block) in instance.module.work.used:
        return
    attribute, name = _DOCUMENTS[key[1]]
    at = instance.declaration.node()
    made = instance.attribute(at.holding(attribute), at)
    tree = getattr(made, "tree", None)
    if isinstance(tree, Node):
        settings = at.holding({name: settled(tree, budget)})
        yield Declared(type=key[1], name=instance.address, scope=scope, settings=settings)


def _unread(instance: Instance, scope: Scope) -> Declared:
    """The call of a module that is not among the files: what it declares is not known, but what it
    is given may be policies."""
    work = scope.work
    declaration = instance.declaration
    given = body(declaration.block, instance.place)
    assert isinstance(given.value, dict)
    for name, value in given.value.items():
        tree = document(value, work.budget)
        if tree is not None and tree.get("Statement") is not None:
            given.value[name] = value.holding(tree.value)
    made = settled(given, work.budget)
    found = Declared(type="terraform:module", name=instance.address, scope=scope.id, settings=made)
    source = work.unread.get(instance.address)
    if source and _is_missed(source, found, work):
        scope.unread.add(source, found.settings)
    return found


def _is_missed(source: str, found: Declared, work: Work) -> bool:
    """Whether a module should have been there: of a change only some files are."""
    if not isinstance(work.files, _Folders) or not work.files.staged:
        return True
    return not is_local(source) and _counts(found, work)


def _public(instance: Instance, scope: Scope) -> Iterator[Declared]:
    """What a module makes whose files are not here, if it is a known one of the public registry."""
    source = address(scope.work.unread.get(instance.address, ""))
    known = scope.names.made_by(source)
    if not known and not makes_role(source):
        return
    budget = scope.work.budget
    given = body(instance.declaration.block, instance.place)
    for kind, made in roles(source, settled(given, budget)):
        name = f"{instance.address}.aws_iam_role"
        yield Declared(type=kind, name=name, scope=scope.id, settings=made)
    for resource, settings in resources(known, given):
        form = _form(instance.declaration)
        for number, (kind, made) in enumerate(
            scope.names.objects(resource, settings, form, budget)
        ):
            name = f"{instance.address}.{resource}" + (f"#{number}" if number else "")
            yield Declared(type=kind, name=name, scope=scope.id, settings=made)


def _others(module: Module, scope: str) -> Iterator[Declared]:
    """Providers and backends."""
    for one in module.others:
        place = Place(module, one.source, {})
        if one.block.type == "provider" and one.block.labels:
            name = one.block.labels[0]
            made = settled(body(one.block, place), module.work.budget)
            alias = made.get("alias")
            full = f"provider.{name}" + (f".{alias.text()}" if alias is not None else "")
            yield _own("provider", full, name, made, module, scope)
        for block in (*one.block.of_type("backend"), *one.block.of_type("cloud")):
            name = block.labels[0] if block.labels else "cloud"
            made = settled(body(block, place.of(block)), module.work.budget)
            yield _own("backend", f"backend.{name}", name, made, module, scope)


def _own(kind: str, name: str, value: str, made: Node, module: Module, scope: str) -> Declared:
    """One of Terraform's own things; what it is for is among its settings."""
    assert isinstance(made.value, dict)
    settings = made.holding({kind: made.holding(value), **_flat(made.value)})
    return Declared(
        type=f"terraform:{kind}", name=module.absolute(name), scope=scope, settings=settings
    )


def _flat(entries: dict[str, Node]) -> dict[str, Node]:
    """Blocks that stand once as maps, as in resources."""
    return {
        key: one.value[0] if isinstance(one.value, list) and _is_single(one.value) else one
        for key, one in entries.items()
    }


def _is_single(items: list[Node]) -> bool:
    return len(items) == 1 and isinstance(items[0].value, dict)


def _said(module: Module, scope: str) -> Iterator[Declared]:
    """Variables and outputs, once for each folder."""
    for key, declaration in module.declarations.items():
        if key[0] not in ("variable", "output"):
            continue
        kept = [name for name in declaration.block.attributes if name != "type"]
        made = settled(
            body(_only(declaration, kept), Place(module, declaration.source, {})),
            module.work.budget,
        )
        name = f"var.{key[1]}" if key[0] == "variable" else f"output.{key[1]}"
        yield _own(key[0], name, key[1], made, module, scope)


def _only(declaration: Declaration, names: list[str]) -> Block:
    block = declaration.block
    attributes = {name: block.attributes[name] for name in names}
    return Block(block.begin, block.end, block.type, block.labels, attributes, [])


class _Folders:
    """The files, by folder."""

    def __init__(self, files: Iterable[Kept]) -> None:
        self._code: dict[str, list[Kept]] = {}
        self._texts: dict[str, Kept] = {}
        self._downloaded: dict[str, dict[str, str]] = {}
        self._changed: dict[str, list[tuple[int, int]]] = {}
        self.staged = False
        self.size = 0
        for kept in sorted(files, key=lambda one: one.path):
            self.size += len(kept.tree)
            if kept.kind in (CODE, VARIABLES):
                self._code.setdefault(kept.folder, []).append(kept)
            elif kept.kind == TEXT:
                self._texts[kept.path] = kept
            elif kept.kind == DOWNLOADED:
                self._downloaded[posixpath.dirname(posixpath.dirname(kept.folder))] = kept.folders
            if kept.changed is not None:
                self.staged = True
                self._changed[kept.path] = kept.changed
        self._code = {folder: _effective(kept) for folder, kept in self._code.items()}

    def code(self, folder: str) -> list[Kept]:
        return self._code.get(folder, [])

    def text(self, path: str) -> Kept | None:
        return self._texts.get(path)

    def downloaded(self, root: str, calls: tuple[str, ...]) -> str | None:
        return self._downloaded.get(root, {}).get(".".join(calls))

    def all(self) -> list[str]:
        """Folders that are modules; those that were downloaded are only what is called of them."""
        return [
            folder
            for folder, files in self._code.items()
            if any(kept.kind == CODE for kept in files) and not is_downloaded(folder)
        ]

    def roots(self, folder: str) -> list[tuple[str, list[Kept]]]:
        """The root modules of a folder: one, unless files declare the same. Then they are examples
        beside each other, and each of those is one."""
        overrides = [kept for kept in self.code(folder) if is_override(kept.path)]
        files = [kept for kept in self.code(folder) if not is_override(kept.path)]
        times = Counter(name for kept in files for name in kept.declares)
        alone = [kept for kept in files if any(times[name] > 1 for name in kept.declares)]
        together = [kept for kept in files if kept not in alone]
        roots = [(f"{PART}:{in_id(kept.path)}", [kept, *_of(kept, overrides)]) for kept in alone]
        taken = [one for _, root in roots for one in root]
        together += [one for one in overrides if one not in taken]
        if any(kept.kind == CODE for kept in together):
            roots.insert(0, (f"{PART}:{in_id(folder or '.')}", together))
        return roots

    def called(self) -> set[str]:
        """Folders that another one calls as a module."""
        return {
            "" if (path := posixpath.normpath(posixpath.join(folder, source))) == "." else path
            for folder, files in self._code.items()
            for kept in files
            for source in kept.sources
            if source.startswith(".")
        }

    def counts(self, node: Node) -> bool:
        ranges = self._changed.get(node.file.path)
        if ranges is None or isinstance(node.value, dict | list):
            return False
        return any(first <= node.end_line and node.line <= last for first, last in ranges)


def _of(kept: Kept, overrides: list[Kept]) -> list[Kept]:
    """Those that override something of a file."""
    return [one for one in overrides if set(one.declares) & set(kept.declares)]


def _effective(files: list[Kept]) -> list[Kept]:
    """Those that Terraform takes by itself: not every file of variables, and OpenTofu's own file
    instead of the one it stands for."""
    paths = {kept.path for kept in files}
    taken = [
        kept
        for kept in files
        if (kept.kind == CODE and _of_opentofu(kept.path) not in paths - {kept.path})
        or (kept.kind == VARIABLES and _is_automatic(posixpath.basename(kept.path)))
    ]
    # `terraform.tfvars` comes before `a.auto.tfvars`, and what comes later counts
    return sorted(taken, key=lambda kept: ".auto." in posixpath.basename(kept.path))


def _of_opentofu(path: str) -> str:
    stem = path.removesuffix(".json").removesuffix(".tf")
    return f"{stem}.tofu.json" if path.endswith(".json") else f"{stem}.tofu"


def _is_automatic(name: str) -> bool:
    return name.startswith("terraform.tfvars") or ".auto.tfvars" in name
