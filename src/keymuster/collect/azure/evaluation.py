"""What a template declares, with its expressions worked out: parameters by their defaults, variables,
functions. What only a deployment knows becomes an unknown value that names what it depends on:
`${parameters.region}`, `${[vault].id}` for what is asked of a resource of the same template.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Mapping
from typing import Any, TypeAlias

from msgspec import Struct

from keymuster import regex
from keymuster.collect.azure import arm
from keymuster.collect.azure.tree import (
    Access,
    Call,
    Choice,
    Declaration,
    Entries,
    Expression,
    For,
    If,
    Items,
    Literal,
    Name,
    Operation,
    Program,
    Text,
)
from keymuster.collect.syntax.node import Node
from keymuster.model.unknown import depends_on, is_unknown, reference

MOST_STEPS = 1_000_000
"""Expressions that are worked out for one file, and values that others are used in, each time: what is
left then is unknown."""

MOST_TEXT = 4_000_000
"""Characters that functions may make."""

DEEPEST = 120

MOST_ELEMENTS = 64
"""Elements of a list that a loop goes through; longer ones are unknown."""

DEPLOYMENTS = "microsoft.resources/deployments"

Follow: TypeAlias = Callable[["Taken"], Mapping[str, Node]]
"""Deploys a module, and gives what it puts out."""

SCOPES = {
    "subscription": "/subscriptions/${subscription.id}",
    "managementgroup": "/providers/Microsoft.Management/managementGroups/${managementGroup.name}",
    "tenant": "/",
}
"""What a template is deployed to, in the words of an id. Of a resource group that goes without saying."""

_EACH = (
    "microsoft.authorization/",
    "microsoft.managedidentity/",
    "microsoft.keyvault/vaults/accesspolicies",
)
"""How types begin of which every one that a loop makes is looked at by itself: each is about somebody
else. Of others one says what all do."""

_COPY = "copy index"
"""The name of the variable of a loop in JSON, which no loop in Bicep can have."""


class Made(Struct, eq=False):
    """A resource: its whole type, its name, and its settings, which stand where it does. `parent` is
    the symbol of the resource that it is part of."""

    symbol: str
    type: str
    name: str
    settings: Node
    parent: str = ""


class Taken(Struct, eq=False):
    """A template that takes in another one: what it calls that, where that lies, what it passes, and the
    scope it is deployed to, if the template says so."""

    symbol: str
    path: str
    given: dict[str, Node]
    place: Node
    scope: str = ""


class Budget(Struct):
    """What one file may cost."""

    steps: int = MOST_STEPS
    text: int = MOST_TEXT


def unknown(name: str) -> str:
    """An unknown value that depends on this."""
    bare = re.sub(r"[${}:]", "", name)[:200]
    return "${" + (bare or "unknown") + "}"


class Deployment:
    """A template at work. `given` are parameters that somebody passes; what is not found is looked
    for in the `outer` deployment, as nested templates do."""

    def __init__(
        self,
        program: Program,
        *,
        given: Mapping[str, Node] | None = None,
        outer: Deployment | None = None,
        budget: Budget | None = None,
        follow: Follow | None = None,
        scope: str = "",
    ) -> None:
        self._program = program
        self._given = given or {}
        self._outer = outer
        self._budget = budget or Budget()
        self._follow = follow
        self.scope = scope or SCOPES.get(program.target_scope, "")
        self._outputs: dict[str, Node] = {}
        self._values: dict[str, Node] = {}
        self._busy: set[str] = set()
        self._depth = 0
        self._resources = [*self._listed(program.resources, None)]
        self._by_symbol = {one.symbol: one for one in self._resources if one.symbol}
        self._names: dict[int, Node] = {}
        self._labels: dict[int, str] = {}
        self._index: dict[tuple[str, str], _Placed] | None = None
        self._names_of: dict[str, list[_Placed]] | None = None

    # --- resources ---------------------------------------------------------------------------

    def resources(self) -> Iterator[Made]:
        """Those that are made, also by templates inside; not those that certainly are not."""
        for one in self._resources:
            if one.declaration.existing or one.declaration.module:
                continue
            for number, local in enumerate(self._rounds(one)):
                body = self._body(one.declaration.body, local)
                if body is not None:
                    yield from self._one(one, body, local, number)

    def _one(
        self, one: _Placed, body: Entries, local: Mapping[str, Node], number: int
    ) -> Iterator[Made]:
        settings = one.declaration.place.holding(
            {key: value for key, value in self._entered(body, local).items() if key not in _APART}
        )
        parent = one.parent or self._parent(one, body)
        type, name = self._type(one), self._name(one).text()
        if local and (named := settings.get("name")) is not None:
            name = named.text()
        if type.lower().endswith(_EXTENDING):
            type, settings = self._extending(type, name, settings)
        yield Made(
            symbol=self._label(one) + (f"#{number}" if number else ""), type=type, name=name,
            settings=self._scoped(type, settings), parent=self._label(parent) if parent else "",
        )  # fmt: skip
        yield from self._nested(one, settings)

    def _rounds(self, one: _Placed) -> Iterator[Mapping[str, Node]]:
        """What the variables of a loop are, each time; nothing is known of them where one resource
        stands for all."""
        body = one.declaration.body
        if isinstance(body, If):
            body = body.body
        is_each = one.declaration.module or self._type(one).lower().startswith(_EACH)
        elements: list[Mapping[str, Node]] = []
        if isinstance(body, For) and is_each:
            over = self._value(body.of, {})
            items = over.value if isinstance(over.value, list) else []
            for index, item in enumerate(items[: MOST_ELEMENTS + 1]):
                elements.append(dict(zip(body.names, (item, item.holding(index)), strict=False)))
        elif isinstance(body, Entries) and is_each and not self._program.bicep:
            copy = next((value for key, value in body.entries if _key(key) == "copy"), None)
            count = self._value(copy, {}).get("count") if copy is not None else None
            if count is not None and type(count.value) is int:
                few = range(min(count.value, MOST_ELEMENTS + 1))
                elements = [{_COPY: count.holding(index)} for index in few]
        yield from elements if 0 < len(elements) <= MOST_ELEMENTS else ({},)

    def _scoped(self, type: str, settings: Node) -> Node:
        """With what it is deployed to, where that decides what a role is assigned on."""
        if not self.scope or not type.lower().startswith("microsoft.authorization/"):
            return settings
        if settings.get("scope") is not None:
            return settings
        return settings.holding({**dict(settings.entries()), "scope": settings.holding(self.scope)})

    def _extending(self, type: str, name: str, settings: Node) -> tuple[str, Node]:
        """An assignment by the long name that says what it is on: `vaults/providers/roleAssignments`,
        named `v/Microsoft.Authorization/<guid>`."""
        above, _, last = type[: type.lower().rindex("/providers/")], "", type.rpartition("/")[2]
        on = name.lower().find("/microsoft.authorization/")
        scope = self._id(above, name[:on] if on > 0 else name)
        made = {**dict(settings.entries()), "scope": settings.holding(scope)}
        return f"Microsoft.Authorization/{last}", settings.holding(made)

    def parameters(self) -> Iterator[tuple[str, Node, Node | None, bool]]:
        """Name, place, what it is if nobody passes anything, and whether it is kept from sight."""
        for name, one in self._program.parameters.items():
            default = self._value(one.default, {}) if one.default is not None else None
            yield name, one.place, default, one.secure

    def outputs(self) -> Iterator[tuple[str, Node]]:
        for name, one in self._program.outputs.items():
            yield name, self._value(one, {})

    def modules(self) -> Iterator[tuple[str, str, Node]]:
        """Symbol, path, and what is passed to it."""
        for one in self._resources:
            body = self._body(one.declaration.body, {}) if one.declaration.module else None
            if body is not None:
                made = one.declaration.place.holding(dict(self._entered(body, {})))
                yield one.symbol, one.declaration.type, made

    def calls(self) -> Iterator[Taken]:
        """The templates that this one takes in, as often as it does."""
        for one in self._resources:
            if one.declaration.existing or not (
                one.declaration.module or self._type(one).lower() == DEPLOYMENTS
            ):
                continue
            for number, local in enumerate(self._rounds(one)):
                body = self._body(one.declaration.body, local)
                call = self._call(one, body, local, number) if body is not None else None
                if call is not None:
                    yield call

    def _call(
        self, one: _Placed, body: Entries, local: Mapping[str, Node], number: int
    ) -> Taken | None:
        place = one.declaration.place
        entered = place.holding(dict(self._entered(body, local)))
        symbol = self._label(one) + (f"#{number}" if number else "")
        if one.declaration.module:
            passed, scope = entered.get("params"), entered.get("scope")
            return Taken(
                symbol, one.declaration.type, dict(passed.entries()) if passed else {}, place,
                scope.text() if scope else "",
            )  # fmt: skip
        link = entered.get("properties", "templateLink")
        path = link and (link.get("relativePath") or link.get("uri"))
        passed = entered.get("properties", "parameters")
        if not path or not path.text():
            return None
        return Taken(symbol, path.text(), _values(passed), place)

    def _put_out(self, one: _Placed, place: Node) -> Node:
        """What a module puts out; of several made by a loop, the first."""
        if self._follow is None:
            return place.holding("${[" + self._label(one) + "].outputs}")
        if one.symbol not in self._outputs:
            self._outputs[one.symbol] = place.holding(unknown(f"{one.symbol}.outputs"))
            local = next(iter(self._rounds(one)))
            body = self._body(one.declaration.body, local)
            call = self._call(one, body, local, 0) if body is not None else None
            if call is not None and (found := self._follow(call)):
                self._outputs[one.symbol] = place.holding(dict(found))
        return self._outputs[one.symbol]

    def _listed(
        self, declarations: list[Declaration], parent: _Placed | None, depth: int = 0
    ) -> Iterator[_Placed]:
        for declaration in declarations:
            placed = _Placed(declaration, parent)
            yield placed
            body = declaration.body
            while isinstance(body, If | For):
                body = body.body
            if isinstance(body, Entries) and depth < 8:
                yield from self._listed(body.resources, placed, depth + 1)

    def _body(self, body: Expression, local: Mapping[str, Node]) -> Entries | None:
        """The settings of a resource, those of one for a loop; None if it is not made."""
        while not isinstance(body, Entries):
            if isinstance(body, If):
                if self._value(body.condition, local).value is False:
                    return None
                body = body.body
            elif isinstance(body, For):
                body = body.body
            else:
                return None
        condition = next((one for key, one in body.entries if _key(key) == "condition"), None)
        if condition is None or self._program.bicep:
            return body
        return None if self._value(condition, local).value is False else body

    def _nested(self, one: _Placed, settings: Node) -> Iterator[Made]:
        template = one.declaration.place.get("properties", "template")
        if template is None or self._type(one).lower() != DEPLOYMENTS:
            return
        scope = settings.get("properties", "expressionEvaluationOptions", "scope")
        inner = scope is not None and scope.text().lower() == "inner"
        given = _values(settings.get("properties", "parameters"))
        yield from Deployment(
            arm.program(template), given=given if inner else {}, outer=None if inner else self,
            budget=self._budget,
        ).resources()  # fmt: skip

    def _type(self, one: _Placed) -> str:
        type = one.declaration.type
        if one.parent is None:
            return type
        above = self._type(one.parent)
        is_whole = type.lower().startswith(above.lower().split("/", 1)[0] + "/")
        return type if is_whole else f"{above}/{type}"

    def _name(self, one: _Placed) -> Node:
        """Its name, with those of what it is part of: `vault/secret`."""
        if id(one) not in self._names:
            place = one.declaration.place
            self._names[id(one)] = place.holding(unknown(f"{one.symbol or 'name'}.name"))
            body = self._innermost(one.declaration.body)
            found = next((value for key, value in body if _key(key) == "name"), None)
            name = self._value(found, {}) if found is not None else place.holding(one.symbol)
            parent = one.parent or self._parent_in(body)
            if parent is not None and name.text().count("/") < self._type(one).count("/") - 1:
                name = name.holding(f"{self._name(parent).text()}/{name.text()}")
            self._names[id(one)] = name
        return self._names[id(one)]

    def _label(self, one: _Placed) -> str:
        """What the resource is called here: its symbol, or its type and name."""
        if one.symbol:
            return one.symbol
        if not self._labels:
            taken: set[str] = set()
            for other in self._resources:
                name = re.sub(r"[${}\[\]]", "", self._name(other).text())
                label = base = f"{self._type(other)}/{name}"
                number = 2
                while label in taken:
                    label, number = f"{base}#{number}", number + 1
                taken.add(label)
                self._labels[id(other)] = label
        return self._labels[id(one)]

    def _innermost(self, body: Expression) -> list[tuple[Expression, Expression]]:
        while isinstance(body, If | For):
            body = body.body
        return body.entries if isinstance(body, Entries) else []

    def _parent(self, one: _Placed, body: Entries) -> _Placed | None:
        if (found := self._parent_in(body.entries)) is not None or self._program.bicep:
            return found
        name, type = self._name(one).text(), self._type(one)
        if "/" not in name or type.count("/") < 2:
            return None
        return self._found(type.rpartition("/")[0], name.rpartition("/")[0])

    def _parent_in(self, entries: list[tuple[Expression, Expression]]) -> _Placed | None:
        written = next((value for key, value in entries if _key(key) == "parent"), None)
        return self._by_symbol.get(written.name) if isinstance(written, Name) else None

    def _found(self, type: str, name: str) -> _Placed | None:
        """The resource of a type that has this name."""
        if self._index is None:
            self._index = {}  # while their names are worked out, none is found
            self._index = {
                (self._type(one).lower(), self._name(one).text()): one for one in self._resources
            }
        return self._index.get((type.lower(), name))

    # --- values ------------------------------------------------------------------------------

    def _value(self, one: Expression, local: Mapping[str, Node]) -> Node:
        """A value with nothing left to work out. It stands where it is written."""
        self._budget.steps -= 1
        if self._budget.steps < 0 or self._depth > DEEPEST:
            return one.place.holding(unknown("too much to work out"))
        self._depth += 1
        try:
            made = self._made(one, local)
        finally:
            self._depth -= 1
        return made

    def _made(self, one: Expression, local: Mapping[str, Node]) -> Node:
        match one:
            case Literal(place, value):
                made = place.holding(value)
                made.style = place.style
                return made
            case Text(place, parts):
                return place.holding(
                    self._spent("".join(self._words(part, local) for part in parts))
                )
            case Entries(place):
                return place.holding(self._entered(one, local))
            case Items(place, items):
                return place.holding(
                    [
                        made
                        for item in items
                        if not self._is_left_out(item, local)
                        for made in [self._value(_inside(item), local)]
                    ]
                )
            case Name(place, name):
                return self._at(place, self._paid(local.get(name) or self._named(name, place)))
            case Access(place, of, key):
                return self._at(place, self._paid(self._accessed(place, of, key, local)))
            case Call(place):
                return self._at(place, self._called(one, local))
            case Choice(place, condition, yes, no):
                return self._at(place, self._chosen(place, condition, yes, no, local))
            case Operation(place, operator, operands):
                return place.holding(self._operated(operator, operands, local))
            case For():
                return self._looped(one, local)
            case If(place, _, body):
                return self._at(place, self._value(body, local))

    def _entered(self, one: Entries, local: Mapping[str, Node]) -> dict[str, Node]:
        entries: dict[str, Node] = {}
        for key, value in one.entries:
            made = self._value(value, local)
            if isinstance(key, Name):  # what is spread into the map
                entries |= dict(made.entries())
            elif (written := self._words(key, local)) and made.value is not None:
                entries[written] = made
        if (
            not self._program.bicep
            and "copy" in entries
            and isinstance(entries["copy"].value, list)
        ):
            for copied in entries["copy"].items():
                name, one_of_them = copied.get("name"), copied.get("input")
                if name is not None and one_of_them is not None and name.text():
                    entries.setdefault(name.text(), one_of_them.holding([one_of_them]))
        return entries

    def _paid(self, node: Node) -> Node:
        """A value that is used once more, if there is room for all that is in it."""
        waiting = [node]
        while waiting:
            self._budget.steps -= 1
            if self._budget.steps < 0:
                return node.holding(unknown("too much to work out"))
            match waiting.pop().value:
                case dict() as entries:
                    waiting += entries.values()
                case list() as items:
                    waiting += items
        return node

    def _source(self, one: Expression, local: Mapping[str, Node]) -> Node:
        """A value that only a part of is used."""
        match one:
            case Name(place, name):
                return local.get(name) or self._named(name, place)
            case Access(place, of, key):
                return self._accessed(place, of, key, local)
            case Call(
                place, "parameters" | "variables" as function, [Literal(_, str() as name)], None
            ):
                return self._looked_up(function, name, place)
        return self._value(one, local)

    def _looked_up(self, function: str, name: str, place: Node) -> Node:
        is_parameter = function == "parameters"
        return self._parameter(name, place) if is_parameter else self._variable(name, place)

    def _is_left_out(self, item: Expression, local: Mapping[str, Node]) -> bool:
        return isinstance(item, If) and self._value(item.condition, local).value is False

    def _at(self, place: Node, value: Node) -> Node:
        """A value that comes from elsewhere, where it is used."""
        made = place.holding(value.value)
        made.style = value.style
        return made

    def _words(self, one: Expression, local: Mapping[str, Node]) -> str:
        return _text(self._value(one, local))

    def _spent(self, text: str) -> str:
        self._budget.text -= len(text)
        return text if self._budget.text > 0 else unknown("too much text")

    def _named(self, name: str, place: Node) -> Node:
        if name in self._program.parameters:
            return self._parameter(name, place)
        if name in self._program.variables:
            return self._variable(name, place)
        if (found := self._by_symbol.get(name)) is not None:
            return place.holding("${[" + self._meant(found) + "]}")
        return place.holding(unknown(name))

    def _parameter(self, name: str, place: Node) -> Node:
        if name in self._given:
            return self._given[name]
        parameter = self._program.parameters.get(name)
        if parameter is None:
            return self._outer._parameter(name, place) if self._outer else _parameter(name, place)
        if parameter.default is None:
            return _parameter(name, place)
        return self._once(f"parameters.{name}", parameter.default)

    def _variable(self, name: str, place: Node) -> Node:
        written = self._program.variables.get(name)
        if written is None:
            if self._outer is not None:
                return self._outer._variable(name, place)
            return place.holding(unknown(f"variables.{name}"))
        return self._once(f"variables.{name}", written)

    def _once(self, name: str, written: Expression) -> Node:
        if name in self._busy:
            return written.place.holding(unknown(name))
        if name not in self._values:
            self._busy.add(name)
            self._values[name] = self._value(written, {})
            self._busy.discard(name)
        return self._values[name]

    def _accessed(
        self, place: Node, of: Expression, key: Expression, local: Mapping[str, Node]
    ) -> Node:
        if isinstance(of, Name) and of.name not in local and of.name in self._by_symbol:
            asked, step = self._by_symbol[of.name], self._value(key, local)
            if type(step.value) is int:  # one of those that a loop makes
                several = f"#{step.value}" if step.value else ""
                return place.holding("${[" + self._meant(asked) + several + "]}")
            return self._asked(asked, _text(step), place)
        if self._depth > DEEPEST:
            return place.holding(unknown("too much to work out"))
        self._depth += 1
        inside, wanted = self._source(of, local), self._value(key, local)
        self._depth -= 1
        match inside.value, wanted.value:
            case dict() as entries, str() as name:
                held: Node | None = entries.get(name)
                return place.holding(None) if held is None else held
            case list() as items, int() as index if 0 <= index < len(items):
                element: Node = items[index]
                return element
            case str() as text, _ if is_unknown(text):
                return place.holding(_further(text, wanted))
        return place.holding(unknown(f"{_text(wanted)}"))

    def _asked(self, found: _Placed, name: str, place: Node) -> Node:
        """A property of a resource, by its symbol."""
        if name == "name":
            return place.holding(self._name(found).text().rpartition("/")[2])
        if name == "id" and found.declaration.existing:
            return place.holding(self._id(self._type(found), self._name(found).text()))
        if name == "outputs" and found.declaration.module:
            return self._put_out(found, place)
        return place.holding("${[" + self._meant(found) + f"].{name}" + "}")

    def _meant(self, found: _Placed) -> str:
        """What a reference calls a resource. An identity that exists is the one of that name, wherever it
        is declared."""
        if found.declaration.existing and self._type(found).lower() == _IDENTITIES:
            name = self._name(found).text()
            if not is_unknown(name):
                return f"@azure:userAssignedIdentities/{name.rpartition('/')[2].lower()}"
        return self._label(found)

    def _id(self, type: str, name: str, scope: str = "") -> str:
        """The id that Azure gives a resource."""
        parts, names = type.split("/"), name.split("/")
        if len(names) != len(parts) - 1:
            names = [name]
        pairs = [f"{kind}/{one}" for kind, one in zip(parts[1:], names, strict=False)]
        scope = scope or "/subscriptions/${subscription.id}/resourceGroups/${resourceGroup.name}"
        return self._spent("/".join((scope, "providers", parts[0], *pairs)))

    def _chosen(
        self, place: Node, condition: Expression, yes: Expression, no: Expression,
        local: Mapping[str, Node],
    ) -> Node:  # fmt: skip
        match self._value(condition, local).value:
            case True:
                return self._value(yes, local)
            case False:
                return self._value(no, local)
        both = self._value(yes, local), self._value(no, local)
        return both[0] if both[0].plain() == both[1].plain() else place.holding(unknown("if"))

    def _operated(
        self, operator: str, operands: list[Expression], local: Mapping[str, Node]
    ) -> Any:
        values = [self._value(one, local).value for one in operands]
        if operator == "??":
            return values[1] if values[0] is None and len(values) > 1 else values[0]
        bools = [one for one in values if isinstance(one, bool)]
        match operator:
            case "&&" if False in bools:
                return False
            case "||" if True in bools:
                return True
            case "&&" | "||" if len(bools) == 2:
                return operator == "&&"
            case "!" if bools:
                return not bools[0]
            case "==" | "!=" if not any(map(_is_open, values)):
                return (values[0] == values[1]) == (operator == "==")
            case "+" | "-" if all(type(one) is int for one in values) and len(values) == 2:
                left, right = values
                return left + right if operator == "+" else left - right  # type: ignore[operator]
        return unknown("operation")

    def _looped(self, one: For, local: Mapping[str, Node]) -> Node:
        over = self._value(one.of, local)
        if not isinstance(over.value, list) or len(over.value) > MOST_ELEMENTS:
            return one.place.holding(unknown("for"))
        made = []
        for index, item in enumerate(over.value):
            names = dict(zip(one.names, (item, item.holding(index)), strict=False))
            inner = {**local, **names}
            if not self._is_left_out(one.body, inner):
                made.append(self._value(_inside(one.body), inner))
        return one.place.holding(made)

    # --- functions ---------------------------------------------------------------------------

    def _called(self, one: Call, local: Mapping[str, Node]) -> Node:
        if one.of is not None:
            of = one.of
            if isinstance(of, Name) and of.name in ("az", "sys"):
                return self._called(Call(one.place, one.name, one.arguments), local)
            asked = self._value(of, local).text()
            return one.place.holding(unknown(f"{reference(asked) or 'resource'}.{one.name}"))
        name = one.name.lower()
        if name == "if" and len(one.arguments) == 3:
            condition, yes, no = one.arguments
            return self._chosen(one.place, condition, yes, no, local)
        arguments = [self._value(each, local) for each in one.arguments[:256]]
        if name in _OPERATIONS and arguments:
            return one.place.holding(self._operated(_OPERATIONS[name], one.arguments, local))
        if name in ("parameters", "variables") and len(arguments) == 1:
            return self._paid(self._looked_up(name, arguments[0].text(), one.place))
        if name in _IDS:
            return one.place.holding(self._resource_id(name, arguments))
        if name == "copyindex" and _COPY in local:
            index, offset = local[_COPY].value, arguments[-1].value if arguments else 0
            if type(index) is int:
                return one.place.holding(index + (offset if type(offset) is int else 0))
        if name == "reference" and arguments:
            return one.place.holding(self._reference(arguments))
        made = _FUNCTIONS.get(name)
        if made is not None:
            value = made(one.place, arguments)
            if isinstance(value, str):
                value = self._spent(value)
            if value is not _NOT_KNOWN:
                return self._paid(one.place.made(value))
        return one.place.holding(_unknown_call(one.name, arguments))

    def _resource_id(self, function: str, arguments: list[Node]) -> str:
        texts = [_text(one) for one in arguments]
        at = next((at for at, text in enumerate(texts) if "/" in text and "${" not in text), 0)
        if function == "extensionresourceid":
            at = 1
        if len(texts) <= at + 1:
            return unknown(function)
        type, name = texts[at], "/".join(texts[at + 1 :])
        if at == 0 and function == "resourceid" and (found := self._found(type, name)):
            return "${[" + self._label(found) + "].id}"
        scope = {
            "tenantresourceid": "",
            "subscriptionresourceid": "/subscriptions/${subscription.id}",
        }.get(function, "/subscriptions/${subscription.id}/resourceGroups/${resourceGroup.name}")
        if function == "extensionresourceid":
            scope = texts[0]
        made = self._id(type, name, scope or "/")
        return made.replace("//", "/", 1) if made.startswith("//") else made

    def _reference(self, arguments: list[Node]) -> str:
        text, is_full = _text(arguments[0]), _text(arguments[-1]).lower() == "full"
        known = reference(text)
        label = known[: known.find("]") + 1] if known.startswith("[") else ""
        if not label and "/" not in text:
            found = self._called_so(text)
            label = f"[{self._label(found[0])}]" if len(found) == 1 else ""
        if not label:
            return unknown(f"reference.{text}")
        return "${" + label + ("}" if is_full else ".properties}")

    def _called_so(self, name: str) -> list[_Placed]:
        """The resources of this name or symbol, whatever their type."""
        if self._names_of is None:
            self._names_of = {}  # while their names are worked out, none is found
            by_name: dict[str, list[_Placed]] = {}
            for one in self._resources:
                for called in {self._name(one).text(), one.symbol} - {""}:
                    by_name.setdefault(called, []).append(one)
            self._names_of = by_name
        return self._names_of.get(name, [])


class _Placed(Struct, eq=False):
    """A declaration and what it is nested in."""

    declaration: Declaration
    parent: _Placed | None

    @property
    def symbol(self) -> str:
        return self.declaration.symbol


_APART = frozenset(("type", "apiVersion", "dependsOn", "condition", "copy", "comments"))
"""Entries of a resource that are no settings of it."""

_EXTENDING = ("/providers/roleassignments", "/providers/roledefinitions")

_IDENTITIES = "microsoft.managedidentity/userassignedidentities"

_OPERATIONS = {"and": "&&", "or": "||", "not": "!", "equals": "==", "coalesce": "??"}

_IDS = frozenset(
    (
        "resourceid", "subscriptionresourceid", "tenantresourceid", "extensionresourceid",
        "managementgroupresourceid",
    )
)  # fmt: skip

_NOT_KNOWN = object()


def _key(one: Expression) -> str:
    return str(one.value) if isinstance(one, Literal) else ""


def _inside(one: Expression) -> Expression:
    return one.body if isinstance(one, If) else one


def _values(passed: Node | None) -> dict[str, Node]:
    """Parameters as a deployment writes them."""
    return {
        key: value
        for key, node in (passed.entries() if passed else ())
        if (value := node.get("value")) is not None
    }


def abroad(node: Node, scope: str) -> Node:
    """A value as another template may use it: references are whole ids."""
    match node.value:
        case str() as value if "${[" in value:
            return node.holding(_INSIDE.sub(lambda _: "${[@" + scope + ":", value))
        case dict() as entries:
            return node.holding({key: abroad(one, scope) for key, one in entries.items()})
        case list() as items:
            return node.holding([abroad(one, scope) for one in items])
    return node


_INSIDE = regex.later(r"\$\{\[(?!@)")


def _parameter(name: str, place: Node) -> Node:
    return place.holding(unknown(f"parameters.{name}"))


def _is_open(value: Any) -> bool:
    return isinstance(value, dict | list) or is_unknown(value)


def _text(node: Node) -> str:
    """As it would be in a text; what is not known keeps its name."""
    if isinstance(node.value, dict | list):
        return unknown("value")
    return node.text()


def _further(text: str, key: Node) -> str:
    whole = reference(text)
    if not whole:
        return unknown(".".join(depends_on(text)))
    word = _text(key)
    step = f"[{word}]" if type(key.value) is int or is_unknown(word) else f".{word}"
    bare = re.sub(r"[${}:]", "", step)
    return "${" + whole[:300] + bare + "}"


def _unknown_call(name: str, arguments: list[Node]) -> str:
    on = reference(arguments[0].text()) if arguments else ""
    return "${" + f"{on}.{name}" + "}" if on.startswith("[") else unknown(name)


# --- what functions make of arguments that are worked out; `_NOT_KNOWN` if that takes a deployment ----


def _concat(place: Node, arguments: list[Node]) -> Any:
    if arguments and all(isinstance(one.value, list) for one in arguments):
        return [item for one in arguments for item in one.items()]
    return "".join(map(_text, arguments))


def _format(place: Node, arguments: list[Node]) -> Any:
    if not arguments:
        return _NOT_KNOWN
    values = [_text(one) for one in arguments[1:]]

    def one(found: re.Match[str]) -> str:
        return values[int(found[1])] if int(found[1]) < len(values) else found[0]

    return re.sub(r"\{(\d{1,3})(?::[^{}]{0,40})?\}", one, _text(arguments[0]))


def _on_text(change: Callable[[str], str]) -> Callable[[Node, list[Node]], Any]:
    def made(place: Node, arguments: list[Node]) -> Any:
        [one] = arguments if len(arguments) == 1 else [None]
        known = one is not None and isinstance(one.value, str) and not is_unknown(one.value)
        return change(one.value) if known else _NOT_KNOWN  # type: ignore[union-attr, arg-type]

    return made


def _whole(place: Node, arguments: list[Node]) -> Any:
    return arguments[0] if len(arguments) == 1 else _NOT_KNOWN


def _string(place: Node, arguments: list[Node]) -> Any:
    [one] = arguments if len(arguments) == 1 else [None]
    return _NOT_KNOWN if one is None or isinstance(one.value, dict | list) else _text(one)


def _array(place: Node, arguments: list[Node]) -> Any:
    return arguments[0].items() if len(arguments) == 1 else _NOT_KNOWN


def _object(place: Node, arguments: list[Node]) -> Any:
    keys = [_text(one) for one in arguments[::2]]
    return dict(zip(keys, arguments[1::2], strict=False))


def _union(place: Node, arguments: list[Node]) -> Any:
    if all(isinstance(one.value, dict) for one in arguments):
        return {key: value for one in arguments for key, value in one.entries()}
    if all(isinstance(one.value, list) for one in arguments):
        return [item for one in arguments for item in one.items()]
    return _NOT_KNOWN


def _empty(place: Node, arguments: list[Node]) -> Any:
    [one] = arguments if len(arguments) == 1 else [None]
    if one is None or is_unknown(one.value):
        return _NOT_KNOWN
    return not one.value


def _end(at: int) -> Callable[[Node, list[Node]], Any]:
    def made(place: Node, arguments: list[Node]) -> Any:
        one = arguments[0].value if len(arguments) == 1 else None
        return one[at] if isinstance(one, list) and one else _NOT_KNOWN

    return made


def _split(place: Node, arguments: list[Node]) -> Any:
    texts = [_text(one) for one in arguments]
    if len(texts) != 2 or any(map(is_unknown, texts)) or not texts[1]:
        return _NOT_KNOWN
    return texts[0].split(texts[1])


def _replace(place: Node, arguments: list[Node]) -> Any:
    texts = [_text(one) for one in arguments]
    if len(texts) != 3 or any(map(is_unknown, texts)) or not texts[1]:
        return _NOT_KNOWN
    return texts[0].replace(texts[1], texts[2])


def _join(place: Node, arguments: list[Node]) -> Any:
    if len(arguments) != 2 or not isinstance(arguments[0].value, list):
        return _NOT_KNOWN
    return _text(arguments[1]).join(_text(one) for one in arguments[0].items())


def _length(place: Node, arguments: list[Node]) -> Any:
    [one] = arguments if len(arguments) == 1 else [None]
    known = one is not None and isinstance(one.value, str | list | dict)
    return _NOT_KNOWN if not known or is_unknown(one.value) else len(one.value)  # type: ignore[union-attr,arg-type]


def _uri(place: Node, arguments: list[Node]) -> Any:
    texts = [_text(one) for one in arguments]
    return (
        f"{texts[0].rpartition('/')[0] or texts[0]}/{texts[1]}" if len(texts) == 2 else _NOT_KNOWN
    )


def _range(place: Node, arguments: list[Node]) -> Any:
    numbers = [one.value for one in arguments if type(one.value) is int]
    if len(numbers) != 2 or not 0 <= numbers[1] <= MOST_ELEMENTS:
        return _NOT_KNOWN
    return [*range(numbers[0], numbers[0] + numbers[1])]


def _bool(place: Node, arguments: list[Node]) -> Any:
    text = _text(arguments[0]).lower() if len(arguments) == 1 else ""
    return {"true": True, "false": False, "1": True, "0": False}.get(text, _NOT_KNOWN)


_FUNCTIONS: dict[str, Callable[[Node, list[Node]], Any]] = {
    "concat": _concat,
    "format": _format,
    "tolower": _on_text(str.lower),
    "toupper": _on_text(str.upper),
    "trim": _on_text(str.strip),
    "base64": _whole,
    "string": _string,
    "array": _array,
    "createarray": lambda place, arguments: [*arguments],
    "createobject": _object,
    "union": _union,
    "empty": _empty,
    "first": _end(0),
    "last": _end(-1),
    "split": _split,
    "replace": _replace,
    "join": _join,
    "range": _range,
    "uri": _uri,
    "length": _length,
    "bool": _bool,
    "int": _whole,
    "any": _whole,
    "true": lambda place, arguments: True,
    "false": lambda place, arguments: False,
    "null": lambda place, arguments: None,
}
