"""The last look at what anybody may read: words that others wrote may hold a secret.

Reasons of inline comments, claims inside tokens, tags and names of authors and files are free text.
What the engine recognises in them is masked like everything else it finds; in names and addresses only
what it is sure of, because things are found by them.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from functools import cache, partial
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from msgspec import Struct
from msgspec.structs import replace

from keymuster.model import (
    Confidence,
    Credential,
    FileLocation,
    Finding,
    Observation,
    Report,
)
from keymuster.rules.schema import RuleSet

if TYPE_CHECKING:
    from keymuster.detect.engine import Engine
    from keymuster.inventory.build import Inventory

_FREE = frozenset(
    {"accepted", "author", "conditions", "evidence", "justification", "purpose", "reason", "tags"}
)
"""Fields and facts whose text is no name of anything."""

_OURS = frozenset(
    {
        (Report, "rules"),
        (Report, "frameworks"),
        (Finding, "remediation"),
        (FileLocation, "context"),
    }
)
"""What keymuster says itself, or has masked already."""

_Clean: TypeAlias = Callable[[str], str]
_S = TypeVar("_S", bound=Struct)


def redacted(report: Report, rules: RuleSet) -> Report:
    """The same report, without the secrets in its free text."""
    said = (report.findings, report.troubles, report.undecided, report.coverage, report.roll)
    return Redactor(rules).struct(report) if any(said) or report.signed_in_as else report


class Redactor:
    """Puts previews in the place of secrets, the same wherever a text stands: ids still lead to what
    they led to."""

    def __init__(self, rules: RuleSet, key: bytes = b"") -> None:
        """With a `key`, the previews in names have fingerprints by it: what is named after two secrets stays two."""
        from keymuster.detect.engine import Engine  # for what there is to say

        engine = Engine(rules)
        self._name: _Clean = cache(partial(_masked, engine, Confidence.HIGH, key=key))
        self._text: _Clean = cache(partial(_masked, engine, Confidence.LOW))

    def inventory(self, inventory: Inventory) -> Inventory:
        """For those who list it. Two records whose ids have become one stay two."""
        from keymuster.inventory.build import Inventory

        records: dict[str, Observation] = {}
        seen: dict[str, list[Observation]] = {}
        for id, one in inventory.records.items():
            name = self._name(id)
            shown = records[id if name in records else name] = self._record(one)
            seen.setdefault(name, []).extend(
                shown if other is one else self._record(other) for other in inventory.seen[id]
            )
        facts = self._of(inventory.facts, self._name)
        links = self.struct(inventory.links)
        return Inventory(records=records, seen=seen, links=links, facts=facts)

    def observations(self, several: Iterable[Observation]) -> Iterator[Observation]:
        """For those who make an inventory of them: then with a key."""
        return map(self._record, several)

    def _record(self, one: Observation) -> Observation:
        cleaned = self.struct(one)
        if isinstance(one, Credential) and isinstance(cleaned, Credential) and "key_id" in one.tags:
            named = {"key_id": one.tags["key_id"]}  # by which people find it at its vendor
            return replace(cleaned, tags={**cleaned.tags, **named})
        return cleaned

    def words(self, text: str) -> str:
        """A sentence that may quote names."""
        return self._name(text)

    def struct(self, one: _S) -> _S:
        """A record, with all that is in it."""
        changed: dict[str, Any] = {}
        for field, is_free in _told(type(one)):
            value = getattr(one, field)
            if not value or type(value) is int:  # most are one of both
                continue
            if (cleaned := self._of(value, self._text if is_free else self._name)) is not value:
                changed[field] = cleaned
        return replace(one, **changed) if changed else one

    def _for(self, name: str, otherwise: _Clean) -> _Clean:
        return self._text if name in _FREE else otherwise

    def _of(self, value: Any, clean: _Clean) -> Any:
        """The value itself if there is nothing to mask in it."""
        if type(value) is str:  # and no enum
            return clean(value)
        match value:
            case Struct():
                return self.struct(value)
            case dict():
                made = {
                    clean(key): self._of(one, self._for(key, clean)) for key, one in value.items()
                }
                return made if made != value else value
            case tuple() | list():
                several = [self._of(one, clean) for one in value]
                return type(value)(several) if several != [*value] else value
            case _:
                return value


@cache
def _told(kind: type[Struct]) -> list[tuple[str, bool]]:
    """The fields of a record that others may have written, and whether their text is free."""
    return [(name, name in _FREE) for name in kind.__struct_fields__ if (kind, name) not in _OURS]


def _masked(engine: Engine, least: Confidence, text: str, *, key: bytes = b"") -> str:
    """The text with every match of at least this confidence as its preview."""
    content = text.encode("utf-8", "surrogateescape")
    for match in reversed(engine.scan(content)):
        if match.confidence.rank < least.rank:
            continue
        shown = match.secret.preview + (f"~{match.secret.fingerprint(key)}" if key else "")
        preview = shown.encode()
        content = content[: match.start] + preview + content[match.end :]
    return content.decode("utf-8", "surrogateescape")
