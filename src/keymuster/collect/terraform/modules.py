"""Modules of Terraform: what the files of a folder declare, with the arguments of one call."""

from __future__ import annotations

import posixpath
from collections import Counter, OrderedDict
from collections.abc import Iterator
from typing import Any, Protocol

from msgspec import Struct

from keymuster import regex
from keymuster.collect.syntax import hcl
from keymuster.collect.syntax.hcl_tree import (
    Attribute,
    Block,
    Call,
    Entries,
    Expression,
    Literal,
    Reference,
)
from keymuster.collect.syntax.node import Node
from keymuster.collect.terraform import documents
from keymuster.collect.terraform.evaluation import (
    Place,
    ask,
    attempt,
    attempt_at,
    index_text,
    pairs,
)
from keymuster.collect.terraform.files import CODE, VARIABLES, Kept
from keymuster.collect.terraform.overrides import (
    STATE_PLACES,
    is_override,
    is_same_provider,
    merged,
    without_backend,
)
from keymuster.collect.terraform.values import (
    Budget,
    Made,
    Run,
    Source,
    Wrong,
    encoded,
    is_made,
    made_text,
    name_of,
    text_of,
    unknown,
    unknown_at,
)

MOST_INSTANCES = 1000
"""Of one resource or call, and of all calls of a root module."""

DEEPEST_CALL = 12

BLOCKS = "blocks"
"""The tag of a list that holds what nested blocks of one type are."""

_META = (
    "count",
    "for_each",
    "depends_on",
    "provider",
    "providers",
    "lifecycle",
    "source",
    "version",
)


class Files(Protocol):
    """What a root module needs of the files around it."""

    def code(self, folder: str) -> list[Kept]: ...

    def text(self, path: str) -> Kept | None: ...

    def downloaded(self, root: str, calls: tuple[str, ...]) -> str | None:
        """The folder of a module from elsewhere, by the calls that lead to it."""
        ...


class Work:
    """What all modules of one root share."""

    def __init__(self, files: Files, root: str, budget: Budget) -> None:
        self.files = files
        self.root = root
        self.budget = budget
        self.depth = 0
        self.visited: set[str] = set()
        self.used: set[int] = set()
        self.too_many: list[str] = []
        self.too_large: list[str] = []
        self.too_deep = False
        self.unread: dict[str, str] = {}
        self._blocks: OrderedDict[str, Block] = OrderedDict()
        self._calls = 0

    def block(self, kept: Kept) -> Block:
        if kept.path not in self._blocks:
            self._blocks[kept.path] = kept.block()
        return self._blocks[kept.path]

    def may_call(self) -> bool:
        self._calls += 1
        return self._calls <= MOST_INSTANCES

    def file_text(self, path: str, module: Module) -> Node | None:
        """The text of a file, as a value that knows where it stands; None if it was not seen."""
        kept = self._file(path, module)
        if kept is None:
            return None
        source = kept.source()
        stands = source.node(None, 0, len(kept.text))
        runs = [Run(kept.text, source, 0, True)]
        return made_text(stands, kept.text, unknown=False, runs=runs)

    def file_template(self, path: str, module: Module, names: dict[str, Node]) -> Node | None:
        """The same of a template, with its gaps filled."""
        kept = self._file(path, module)
        if kept is None:
            return None
        self.budget.spend(len(kept.text) // 10)
        try:
            template = hcl.parse_template(kept.text)
        except hcl.Mistake:
            return None
        return attempt(template, Place(module, kept.source(), names))

    def _file(self, path: str, module: Module) -> Kept | None:
        """Paths are relative to the folder where Terraform is run: mostly that of the root module."""
        for folder in (self.root, module.folder):
            kept = self.files.text(posixpath.normpath(posixpath.join(folder, path)))
            if kept is not None:
                return kept
        return None


class Declaration(Struct, eq=False):
    """A block and the file it stands in."""

    block: Block
    source: Source

    def node(self, value: Any = None) -> Node:
        return self.source.node(value, self.block.begin, self.block.end)


class Instance(Struct, eq=False):
    """One of what a resource, data or module block declares. If it stands for all of them, because
    how many there are is not known, it is `open`."""

    module: Module
    declaration: Declaration
    address: str
    names: dict[str, Node]
    open: bool = False
    attributes: dict[str, Node] = {}
    built: Node | None = None

    @property
    def place(self) -> Place:
        return Place(self.module, self.declaration.source, self.names)

    def value(self, at: Node) -> Made:
        """The whole of it, as what others ask attributes of."""
        made = unknown_at(at, "${" + self.address + "}")
        made.instance = self
        return made

    def attribute(self, key: Node, at: Node) -> Node:
        """An attribute that is set has its value; others exist only when it was made."""
        name = str(key.value)
        if not isinstance(key.value, str) or unknown(key):
            return unknown_at(at, "${" + self.address + "}")
        if name not in self.attributes:
            self.attributes[name] = self.missing(name, at)  # while it is evaluated: a cycle
            self.attributes[name] = self._evaluated(name, at)
        return self.attributes[name]

    def missing(self, name: str, at: Node) -> Node:
        return unknown_at(at, "${" + f"{self.address}.{name}" + "}")

    def _evaluated(self, name: str, at: Node) -> Node:
        block = self.declaration.block
        if block.type == "module":
            called = self.module.called(self)
            return called.output(name, at) if called is not None else self.missing(name, at)
        if name in _META:
            return self.missing(name, at)
        if block.type == "data" and block.labels[:1] == ["aws_iam_policy"]:
            self.module.work.used.add(id(block))
        if name in block.attributes:
            attribute = block.attributes[name]
            found = attempt(attribute.value, self.place.of(attribute))
            if found.value is None and not is_made(found):
                return self.missing(name, at)
            return self.missing(name, at) if _is_better_named(found) else found
        computed = _COMPUTED.get((block.type, block.labels[0], name)) if block.labels else None
        if computed is not None:
            self.module.work.used.add(id(block))
            return computed(self, at)
        if any(one.type == name for one in block.blocks):
            found_blocks = self.body().get(name)
            if found_blocks is not None:
                return found_blocks
        return self.missing(name, at)

    def body(self) -> Node:
        """All that its block says, in Terraform's own words: nested blocks as lists."""
        if self.built is None:
            self.built = body(self.declaration.block, self.place, meta=True)
        return self.built


def _is_better_named(value: Node) -> bool:
    """Whether it says more of a value which attribute it is than what it depends on: text that is not
    wholly known means nothing elsewhere, but the attribute belongs to an object."""
    if not is_made(value) or not value.unknown or value.instance is not None:
        return False
    return not name_of(value) or bool(_INPUT.search(name_of(value)))


_INPUT = regex.later(r"(?:^|\.)(?:var|local|each|count|path|terraform)\.|\(")


def body(block: Block, place: Place, *, meta: bool = False) -> Node:
    """The attributes and nested blocks of a block."""
    place.budget.spend(2 + len(block.attributes))
    entries: dict[str, Node] = {}
    for name, attribute in block.attributes.items():
        if not (meta and name in _META):
            entries[name] = _attribute(attribute, place)
    for one in block.blocks:
        if meta and one.type == "lifecycle":
            continue
        stands = place.of(one)
        if one.type == "dynamic" and one.labels:
            made = list(_dynamic(one, stands))
            name = one.labels[0]
        else:
            made = [body(one, stands)]
            name = one.type
            if one.labels and made and isinstance(made[0].value, dict):
                made[0].value["type"] = stands.source.node(one.labels[0], one.begin, one.end)
        there = entries.get(name)
        if there is not None and there.tag == BLOCKS and isinstance(there.value, list):
            there.value += made
        else:
            entries[name] = stands.source.node(made, one.begin, one.end)
            entries[name].tag = BLOCKS
    return place.source.node(entries, block.begin, block.end)


def _attribute(attribute: Attribute, place: Place) -> Node:
    place = place.of(attribute)
    return attempt_at(attribute.value, place, attribute.begin, attribute.end)


def _dynamic(block: Block, place: Place) -> Iterator[Node]:
    """The blocks that a `dynamic` block stands for."""
    over = block.attributes.get("for_each")
    contents = block.of_type("content")
    if over is None or not contents:
        return
    iterator = block.labels[0]
    if (named := block.attributes.get("iterator")) and isinstance(named.value, Reference):
        iterator = named.value.root
    at = place.source.node(None, block.begin, block.end)
    for key, value in _over(attempt(over.value, place), iterator, at):
        bound = at.holding({"key": key, "value": value})
        made = body(contents[0], place.binding({iterator: bound}))
        made.line, made.column = at.line, at.column
        yield made


def _over(over: Node, name: str, at: Node) -> list[tuple[Node, Node]]:
    """Keys and values of what is gone over; if that is not known, one of which nothing is known."""
    if not unknown(over):
        try:
            found = pairs(over)
        except Wrong:
            return []
        if len(found) <= MOST_INSTANCES:
            return found
    return [(unknown_at(at, "${" + name + ".key}"), unknown_at(at, "${" + name + ".value}"))]


class Module:
    """The files of one folder, evaluated with the arguments of one call, or as a root."""

    def __init__(
        self,
        work: Work,
        folder: str,
        files: list[Kept],
        address: str = "",
        caller: Instance | None = None,
    ) -> None:
        self.work = work
        self.folder = folder
        self.address = address
        self.caller = caller
        self.lineage: frozenset[str] = (caller.module.lineage if caller else frozenset()) | {folder}
        self.calls: tuple[str, ...] = (
            (*caller.module.calls, caller.declaration.block.labels[0]) if caller else ()
        )
        self._memo: dict[tuple[str, str], Node] = {}
        self._expanded: dict[tuple[str, ...], list[tuple[Any, Instance]] | None] = {}
        self._called: dict[str, Module | None] = {}
        self._given: dict[str, tuple[Attribute, Source]] = {}
        self.declarations: dict[tuple[str, ...], Declaration] = {}
        self.others: list[Declaration] = []
        self._doubles: Counter[tuple[str, ...]] = Counter()
        self._locals: dict[str, tuple[Attribute, Source]] = {}
        self.elsewhere: dict[int, Source] = {}
        work.visited.add(folder)
        for kept in sorted(files, key=lambda one: is_override(one.path)):
            self._take(kept)

    def _take(self, kept: Kept) -> None:
        source = kept.source()
        block = self.work.block(kept)
        if kept.kind == VARIABLES:
            if self.caller is None:
                self._given |= {name: (one, source) for name, one in block.attributes.items()}
            return
        for one in block.blocks:
            if one.type == "locals":
                self._locals |= {name: (each, source) for name, each in one.attributes.items()}
            elif is_override(kept.path) and self._override(one, source):
                continue
            elif one.type in _LABELS and len(one.labels) == _LABELS[one.type]:
                self.declarations[self._free((one.type, *one.labels))] = Declaration(one, source)
            elif one.type in ("provider", "terraform"):
                self.others.append(Declaration(one, source))

    def _override(self, block: Block, source: Source) -> bool:
        """Merge a block into that of its name; False if there is none, which Terraform refuses."""
        for piece in (*block.attributes.values(), *block.blocks):
            self.elsewhere[id(piece)] = source
        if block.type == "terraform":
            if any(one.type in STATE_PLACES for one in block.blocks):
                for one in self.others:
                    if one.block.type == "terraform":
                        one.block = without_backend(one.block)
            return False
        same: Declaration | None
        if block.type == "provider":
            providers = (one for one in self.others if one.block.type == "provider")
            same = next((one for one in providers if is_same_provider(one.block, block)), None)
        else:
            same = self.declarations.get((block.type, *block.labels))
        if same is None:
            return False
        same.block = merged(same.block, block)
        return True

    def _free(self, key: tuple[str, ...]) -> tuple[str, ...]:
        """Terraform refuses a second block of the same name; it is looked at all the same."""
        if key not in self.declarations:
            return key
        self._doubles[key] += 1
        return (*key[:-1], f"{key[-1]}#{self._doubles[key] + 1}")

    def absolute(self, name: str) -> str:
        return f"{self.address}.{name}" if self.address else name

    # --- references ----------------------------------------------------------------------------

    def resolve(self, one: Reference, place: Place, at: Node) -> Node:
        """What a name means in this module."""
        first = one.steps[0] if one.steps and isinstance(one.steps[0], str) else ""
        match one.root:
            case "var" if first:
                return ask(self.variable(first, at), one.steps[1:], place, at)
            case "local" if first:
                return ask(self.local(first, at), one.steps[1:], place, at)
            case "path":
                return self._path(first, at)
            case "module" if first:
                return self._called_value(one, first, place, at)
            case "data" if first and len(one.steps) > 1 and isinstance(one.steps[1], str):
                return self._resource(("data", first, one.steps[1]), one, 2, place, at)
            case "each" | "count" | "self" | "terraform" | "ephemeral":
                return ask(unknown_at(at, "${" + one.root + "}"), one.steps, place, at)
            case "resource" if first and len(one.steps) > 1 and isinstance(one.steps[1], str):
                return self._resource(("resource", first, one.steps[1]), one, 2, place, at)
        if first and "_" in one.root:
            return self._resource(("resource", one.root, first), one, 1, place, at)
        return ask(unknown_at(at, "${" + self.absolute(one.root) + "}"), one.steps, place, at)

    def _path(self, name: str, at: Node) -> Node:
        if name == "module":
            return at.holding(posixpath.relpath(self.folder or ".", self.work.root or "."))
        return at.holding(".") if name == "root" else unknown_at(at, "${path.cwd}")

    def _resource(
        self, key: tuple[str, ...], one: Reference, used: int, place: Place, at: Node
    ) -> Node:
        name = ".".join(key if key[0] == "data" else key[1:])
        steps = one.steps[used:]
        if key not in self.declarations:
            return ask(unknown_at(at, "${" + self.absolute(name) + "}"), steps, place, at)
        instances = self.instances(key)
        if instances is None:
            return ask(unknown_at(at, "${" + self.absolute(name) + "}"), steps, place, at)
        if len(instances) == 1 and instances[0][0] is None:
            instance = instances[0][1]
            if instance.open and steps and not isinstance(steps[0], str):
                steps = steps[1:]
            return ask(instance.value(at), steps, place, at)
        return ask(_together(instances, at), steps, place, at)

    def _called_value(self, one: Reference, name: str, place: Place, at: Node) -> Node:
        steps = one.steps[1:]
        key = ("module", name)
        instances = self.instances(key) if key in self.declarations else None
        if instances is None:
            text = "${" + self.absolute(f"module.{name}") + "}"
            return ask(unknown_at(at, text), steps, place, at)
        if len(instances) == 1 and instances[0][0] is None:
            if instances[0][1].open and steps and not isinstance(steps[0], str):
                steps = steps[1:]
            return ask(instances[0][1].value(at), steps, place, at)
        return ask(_together(instances, at), steps, place, at)

    # --- values --------------------------------------------------------------------------------

    def variable(self, name: str, at: Node) -> Node:
        key = ("var", name)
        if key not in self._memo:
            self._memo[key] = unknown_at(at, "${" + self.absolute(f"var.{name}") + "}")
            self._memo[key] = self._variable(name, self._memo[key])
        return self._memo[key]

    def _variable(self, name: str, missing: Node) -> Node:
        declaration = self.declarations.get(("variable", name))
        type = declaration.block.attributes.get("type") if declaration else None
        value = self._given_value(name)
        if value is None and declaration is not None:
            default = declaration.block.attributes.get("default")
            if default is not None:
                place = Place(self, declaration.source, {})
                value = attempt(default.value, place.of(default))
        if value is None:
            return missing
        return _completed(value, type.value, self) if type is not None else value

    def _given_value(self, name: str) -> Node | None:
        if self.caller is not None:
            declaration = self.caller.declaration
            argument = declaration.block.attributes.get(name)
            place = self.caller.place
            return attempt(argument.value, place.of(argument)) if argument else None
        if name in self._given:
            attribute, source = self._given[name]
            return attempt(attribute.value, Place(self, source, {}))
        return None

    def local(self, name: str, at: Node) -> Node:
        key = ("local", name)
        if key not in self._memo:
            self._memo[key] = unknown_at(at, "${" + self.absolute(f"local.{name}") + "}")
            if name in self._locals:
                attribute, source = self._locals[name]
                self._memo[key] = attempt(attribute.value, Place(self, source, {}))
        return self._memo[key]

    def output(self, name: str, at: Node) -> Node:
        """What the module gives to who called it."""
        key = ("output", name)
        if key not in self._memo:
            self._memo[key] = unknown_at(at, "${" + self.absolute(name) + "}")
            declaration = self.declarations.get(("output", name))
            value = declaration.block.attributes.get("value") if declaration else None
            if declaration is not None and value is not None:
                place = Place(self, declaration.source, {})
                self._memo[key] = attempt(value.value, place.of(value))
        return self._memo[key]

    # --- instances -----------------------------------------------------------------------------

    def instances(self, key: tuple[str, ...]) -> list[tuple[Any, Instance]] | None:
        """What a block declares, each with its key; the key is None for the only one. None while
        that is being found out, and asked for by itself."""
        if key not in self._expanded:
            self._expanded[key] = None
            self._expanded[key] = list(self._expand(key))
        return self._expanded[key]

    def _expand(self, key: tuple[str, ...]) -> Iterator[tuple[Any, Instance]]:
        declaration = self.declarations[key]
        name = self.absolute(".".join(key[1:] if key[0] == "resource" else key))
        place = Place(self, declaration.source, {})
        at = declaration.node()
        attributes = declaration.block.attributes
        if count := attributes.get("count"):
            yield from self._counted(attempt(count.value, place.of(count)), name, declaration)
        elif for_each := attributes.get("for_each"):
            over = attempt(for_each.value, place.of(for_each))
            for number, (one, value) in enumerate(_over(over, "each", at)):
                if unknown(over) or (unknown(one) and one.value == "${each.key}"):
                    yield None, self._open(declaration, name, {"key": one, "value": value})
                    return
                text = text_of(one, self.work.budget)
                if isinstance(over.value, list):
                    text, one = text_of(value, self.work.budget), value
                if text is None:
                    text = str(number)
                yield text, self._instance(
                    declaration, f"{name}[{index_text(text)}]", "each", {"key": one, "value": value}
                )  # fmt: skip
        else:
            yield None, Instance(self, declaration, name, {}, attributes={})

    def _counted(
        self, count: Node, name: str, declaration: Declaration
    ) -> Iterator[tuple[Any, Instance]]:
        number = count.value
        if isinstance(number, str) and number.isdigit() and len(number) < 9:
            number = int(number)
        if isinstance(number, bool) or not isinstance(number, int | float) or unknown(count):
            yield None, self._open(declaration, name, {})
            return
        if number > MOST_INSTANCES:
            self.work.too_many.append(name)
            yield None, self._open(declaration, name, {})
            return
        for index in range(int(number)):
            at = declaration.node(index)
            yield index, self._instance(declaration, f"{name}[{index}]", "count", {"index": at})

    def _instance(
        self, declaration: Declaration, address: str, name: str, bound: dict[str, Node]
    ) -> Instance:
        names = {name: declaration.node(bound)}
        return Instance(self, declaration, address, names, attributes={})

    def _open(self, declaration: Declaration, name: str, bound: dict[str, Node]) -> Instance:
        at = declaration.node()
        names = {
            "each": at.holding(bound or {}),
            "count": at.holding({"index": unknown_at(at, "${count.index}")}),
        }
        return Instance(self, declaration, name, names, open=True, attributes={})

    def called(self, instance: Instance) -> Module | None:
        """The module that an instance of a call is; None if it is not among the files."""
        if instance.address not in self._called:
            self._called[instance.address] = self._call(instance)
        return self._called[instance.address]

    def _call(self, instance: Instance) -> Module | None:
        source = self._source(instance)
        folder = self._folder(instance, source)
        files = self.work.files.code(folder) if folder is not None else []
        if folder is None or not any(kept.kind == CODE for kept in files):
            self.work.unread[instance.address] = source
            return None
        if folder in self.lineage:  # a module that calls itself, which Terraform refuses
            return None
        if len(self.calls) >= DEEPEST_CALL or not self.work.may_call():
            self.work.too_many.append(instance.address)
            return None
        return Module(self.work, folder, files, instance.address, instance)

    def _source(self, instance: Instance) -> str:
        """Where the module of a call is to be taken from."""
        attribute = instance.declaration.block.attributes.get("source")
        if attribute is None:
            return ""
        value = attempt(attribute.value, instance.place.of(attribute)).value
        return value if isinstance(value, str) else ""

    def _folder(self, instance: Instance, source: str) -> str | None:
        if is_local(source):
            folder = posixpath.normpath(posixpath.join(self.folder, source))
            return "" if folder == "." else folder
        calls = (*self.calls, instance.declaration.block.labels[0])
        return self.work.files.downloaded(self.work.root, calls)


def is_local(source: str) -> bool:
    return source in (".", "..") or source.startswith(("./", "../"))


_LABELS = {"resource": 2, "data": 2, "module": 1, "variable": 1, "output": 1}


def _together(instances: list[tuple[Any, Instance]], at: Node) -> Node:
    """All instances of a resource: a list if they are counted, a map otherwise."""
    values: list[Node] = [instance.value(at) for _, instance in instances]
    if all(isinstance(key, int) for key, _ in instances):
        return at.holding(values)
    keys = [str(key) for key, _ in instances]
    return at.holding(dict(zip(keys, values, strict=True)))


def _completed(value: Node, type: Expression, module: Module) -> Node:
    """A value with the defaults of `optional(...)` where its type has them."""
    module.work.budget.spend()
    if unknown(value) or not isinstance(type, Call) or not type.arguments:
        return value
    inner = type.arguments[0]
    if type.name in ("list", "set", "map") and isinstance(inner, Call):
        if isinstance(value.value, list):
            made = value.holding([_completed(one, inner, module) for one in value.value])
            made.tag = value.tag
            return made
        if isinstance(value.value, dict) and type.name == "map":
            each = {key: _completed(one, inner, module) for key, one in value.value.items()}
            return value.holding(each)
        return value
    if type.name != "object" or not isinstance(inner, Entries) or not isinstance(value.value, dict):
        return value
    entries = dict(value.value)
    for key, wanted in inner.entries:
        if not isinstance(key, Literal) or not isinstance(key.value, str):
            continue
        default: Expression | None = None
        if isinstance(wanted, Call) and wanted.name == "optional" and wanted.arguments:
            default = wanted.arguments[1] if len(wanted.arguments) > 1 else None
            wanted = wanted.arguments[0]
            if key.value not in entries:
                entries[key.value] = _default(default, value, module)
        if key.value in entries:
            entries[key.value] = _completed(entries[key.value], wanted, module)
    return value.holding(entries)


def _default(default: Expression | None, value: Node, module: Module) -> Node:
    if default is None:
        return value.holding(None)
    place = Place(module, Source(value.file, [0]), {})
    return standing_at(attempt(default, place), value)


def standing_at(node: Node, place: Node) -> Node:
    """All of a value said to stand at one place."""
    if isinstance(node.value, dict):
        return place.holding(
            {key: standing_at(one, place) for key, one in node.value.items()}
        )  # fmt: skip
    if isinstance(node.value, list):
        return place.holding([standing_at(one, place) for one in node.value])
    return place.holding(node.value) if not is_made(node) else unknown_at(place, str(node.value))


# --- attributes that Terraform computes from what is declared -------------------------------------


def _iam_policy(instance: Instance, at: Node) -> Node:
    tree = documents.iam_policy(instance.body(), instance.module.work.budget)
    return encoded(at, tree)


_PUBLISHED = regex.later(
    r"(?:Amazon|AWS|Cloud(?:Front|Trail|Watch))\w{1,100}|AdministratorAccess|PowerUserAccess|IAMFullAccess|"
    r"IAMReadOnlyAccess|IAMUserChangePassword|ReadOnlyAccess|ViewOnlyAccess|SecurityAudit|Billing|SupportUser|"
    r"(?:Database|Network|System)Administrator|DataScientist"
)
"""What the policies are called that AWS publishes."""


def _looked_up_policy(instance: Instance, at: Node) -> Node:
    """The ARN of a managed policy that is looked up by its name: one of AWS's own, or of this account."""
    name = instance.body().get("name")
    if name is None or unknown(name) or not isinstance(name.value, str):
        return instance.missing("arn", at)
    if _PUBLISHED.fullmatch(name.value):
        return at.holding(f"arn:aws:iam::aws:policy/{name.value}")
    return made_text(at, "arn:aws:iam::${AWS::AccountId}:policy/" + name.value, unknown=True)


def _google_policy(instance: Instance, at: Node) -> Node:
    return encoded(at, documents.google_policy(instance.body()))


def _rendered(instance: Instance, at: Node) -> Node:
    """A `template_file`: an older `templatefile`."""
    template = instance.body().get("template")
    names = instance.body().get("vars")
    missing = unknown_at(at, "${" + f"{instance.address}.rendered" + "}")
    if template is None or unknown(template) or not isinstance(template.value, str):
        return missing
    bound = dict(names.entries()) if names is not None else {}
    instance.module.work.budget.spend(len(template.value) // 10)
    run = template.runs[0] if is_made(template) and template.runs else None
    source = run.source if run else instance.declaration.source
    offset = run.offset if run else instance.declaration.block.begin
    try:
        if run and run.exact and run.text == template.value and not offset:
            parsed = hcl.parse_template(template.value)
        else:
            parsed = hcl.parse_quoted(template.value, offset, offset)
        return attempt(parsed, Place(instance.module, source, bound))
    except hcl.Mistake:
        return missing


_COMPUTED = {
    ("data", "aws_iam_policy_document", "json"): _iam_policy,
    ("data", "aws_iam_policy_document", "minified_json"): _iam_policy,
    ("data", "aws_iam_policy", "arn"): _looked_up_policy,
    ("data", "aws_iam_policy", "id"): _looked_up_policy,
    ("data", "google_iam_policy", "policy_data"): _google_policy,
    ("data", "template_file", "rendered"): _rendered,
}
