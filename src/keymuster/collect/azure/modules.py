"""Templates that take in others: modules of Bicep, linked templates. Each is looked at as it is deployed,
with what is passed to it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from posixpath import normpath
from typing import Any

from msgspec import Struct
from msgspec.structs import replace

from keymuster import regex
from keymuster.collect.azure import objects
from keymuster.collect.azure.evaluation import Budget, Deployment, Taken, abroad
from keymuster.collect.azure.tree import Program
from keymuster.collect.base import Blob, Context
from keymuster.collect.declared import Declared
from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Node
from keymuster.model import Credential, Observation, Resource, Storage
from keymuster.model.ids import in_id

DEEPEST = 12
"""Modules inside each other."""

MOST_CALLS = 40
"""Times that one module is looked at with other parameters."""

MOST_STEPS = 20_000_000
"""Expressions that are worked out for all modules of a scan."""

Meaning = Callable[[Declared], Iterable[Observation]]


class Template(Struct, frozen=True, kw_only=True):
    """A file, what it says by itself, and the paths that it takes templates from."""

    path: str
    data: bytes
    storage: Storage
    member: str = ""
    object: str | None = None
    changed: Sequence[tuple[int, int]] | None = None
    records: tuple[Observation, ...] = ()
    takes: tuple[str, ...] = ()

    def __repr__(self) -> str:  # without its text
        return f"Template({self.path!r})"

    @property
    def blob(self) -> Blob:
        return Blob(
            path=self.path, data=self.data, storage=self.storage, member=self.member,
            object=self.object,
        )  # fmt: skip

    def counts(self, first: int, last: int) -> bool:
        """Whether a span of lines touches what has changed."""
        return self.changed is None or any(a <= last and first <= b for a, b in self.changed)


class _Done(Struct, eq=False):
    """A template as it was deployed once."""

    scope: str
    given: str
    outputs: dict[str, Node]
    objects: list[Declared]


class Modules:
    """All templates of a scan. `types` are those known, by their lower case."""

    def __init__(
        self, templates: Iterable[Template], context: Context, types: Mapping[str, str]
    ) -> None:
        self._templates = {one.path: one for one in templates}
        self._context = context
        self._types = types
        self._programs: dict[str, Program | None] = {}
        self._done: dict[str, list[_Done]] = {}
        self._left = MOST_STEPS

    def records(self, meaning: Meaning) -> Iterator[Observation]:
        """What the templates say. Those that others take in say it as they are deployed there."""
        taken = {
            path
            for one in self._templates.values()
            for text in one.takes
            if (path := self._path(one, text)) and path != one.path
        }
        for one in self._templates.values():
            if one.path in taken:
                continue
            if not any(self._path(one, text) for text in one.takes):
                yield from one.records
                continue
            self._deploy(one, {}, "", "", ())
        for path in taken:
            if path not in self._done:  # in a circle, or too deep, or in what is not made
                yield from self._templates[path].records
        for path, several in self._done.items():
            yield from self._said(self._templates[path], several, meaning)

    def _path(self, template: Template, text: str) -> str:
        """The file that is taken in; of an address the end of it, as far as it is a file here."""
        folder = template.path.rpartition("/")[0]
        if "://" not in text and not text.startswith("${"):
            path = normpath(f"{folder}/{text}" if folder else text)
            return path if path in self._templates else ""
        parts = text.rpartition("}")[2].lstrip("/").split("/")
        for begin in range(max(0, len(parts) - 6), len(parts)):
            end = "/".join(parts[begin:]).partition("?")[0]
            path = normpath(f"{folder}/{end}" if folder else end)
            if path in self._templates and path != template.path:
                return path
        return ""

    def _deploy(
        self, template: Template, given: dict[str, Node], caller: str, scope: str,
        above: tuple[str, ...],
    ) -> dict[str, Node]:  # fmt: skip
        """What a template puts out; what it declares is kept."""
        program = self._program(template)
        several = self._done.setdefault(template.path, [])
        passed = repr([sorted((key, repr(one.plain())) for key, one in given.items()), scope])
        for one in several:
            if one.given == passed:
                return one.outputs
        if program is None or len(several) >= MOST_CALLS or self._left <= 0:
            return several[0].outputs if several else {}
        own = f"azure-resource-manager:{in_id(template.path)}"
        done = _Done(f"{own}@{caller}" if several else own, passed, {}, [])
        several.append(done)
        budget = Budget()
        before = budget.steps
        follow = partial(self._follow, template, done.scope, (*above, template.path))
        work = Deployment(program, given=given, budget=budget, follow=follow, scope=scope)
        for call in work.calls():
            follow(call)
        sealing = Sealing.of(self._context, template.blob)
        found = objects.declared(work, done.scope, sealing, self._types)
        done.objects = [one for one in found if isinstance(one, Declared)]
        done.outputs = {name: abroad(value, done.scope) for name, value in work.outputs()}
        self._left -= before - budget.steps
        return done.outputs

    def _follow(
        self, template: Template, scope: str, above: tuple[str, ...], call: Taken
    ) -> dict[str, Node]:
        path = self._path(template, call.path)
        if not path or path in above or len(above) > DEEPEST:
            return {}
        given = {key: abroad(one, scope) for key, one in call.given.items()}
        caller = f"{template.path}.{call.symbol}"
        return self._deploy(self._templates[path], given, caller, _scope(call.scope), above)

    def _program(self, template: Template) -> Program | None:
        if template.path not in self._programs:
            self._programs[template.path] = objects.program_of(template.blob)
        return self._programs[template.path]

    def _said(
        self, template: Template, several: list[_Done], meaning: Meaning
    ) -> Iterator[Observation]:
        """What a template declares, each time it is deployed: what is the same each time, once."""
        said: dict[str, list[Any]] = {}
        for number, done in enumerate(several):
            for one in done.objects:
                if not template.counts(one.settings.line, one.settings.end_line):
                    continue
                first = replace(one, scope=several[0].scope) if number else one
                for record, same in zip(meaning(one), meaning(first), strict=True):
                    judged = _judged(same)
                    before = said.setdefault(same.id, [])
                    if judged in before and isinstance(record, Resource | Credential):
                        continue
                    before.append(judged)
                    yield record


_NAMING = frozenset(("name", "location", "tags", "parent", "scope"))
_WORD = regex.later(r"[A-Za-z]\w{0,40}")


def _judged(record: Observation) -> Any:
    """What of an object may make a difference to a policy: not what it is called, and where it is."""
    if not isinstance(record, Resource):
        return record
    kept = {key: value for key, value in record.settings.items() if key not in _NAMING}
    return _shape(kept)


def _shape(value: Any) -> Any:
    match value:
        case dict():
            return {key: _shape(one) for key, one in value.items()}
        case list():
            return [_shape(one) for one in value]
        case str():
            return value if _WORD.fullmatch(value) else ""
    return value


def _scope(text: str) -> str:
    """What a module is deployed to, if its template says so in words that say how much that is."""
    lower = text.lower()
    if lower.startswith(("${subscription", "/subscriptions/")) and "resourcegroup" not in lower:
        return "/subscriptions/${subscription.id}"
    return "/" if lower.startswith("${tenant") else ""
