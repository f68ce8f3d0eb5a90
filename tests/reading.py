"""What a reader says of a file that a test writes, and files that nobody would write."""

from __future__ import annotations

import json
import textwrap
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any, TypeVar

from hypothesis import strategies

from keymuster.collect.base import Blob, Context, Fragment, Observed, Reader, Selection
from keymuster.collect.syntax.node import Broken
from keymuster.model import Credential, Storage
from keymuster.rules.schema import RuleSet

_T = TypeVar("_T")

NO_RULES = RuleSet(tokens=[], policies=[], frameworks=[], mapping={}, samples={})


def blob(path: str, text: str, **more: Any) -> Blob:
    data = textwrap.dedent(text).encode("utf-8", "surrogatepass")
    return Blob(path=path, data=data, storage=more.pop("storage", Storage.TREE), **more)


def read(
    part: type[Reader], path: str, text: str, rules: RuleSet = NO_RULES, **more: Any
) -> list[Observed]:
    """All that a reader says of a file; nothing if it does not read such."""
    return read_all(part, {path: text}, rules, **more)


def read_all(
    part: type[Reader], files: Mapping[str, str], rules: RuleSet = NO_RULES, **more: Any
) -> list[Observed]:
    """All that a reader says of files together."""
    reader = part(Context(selection=Selection(root="."), rules=rules))
    observed = [
        one
        for path, text in files.items()
        if reader.reads(path)
        for one in reader.read(blob(path, text, **more))
    ]
    fragments = [one.content for one in observed if isinstance(one, Fragment)]
    rest = [one for one in observed if not isinstance(one, Fragment)]
    return [*rest, *reader.finish(fragments)] if fragments else rest


def only(kind: type[_T], observed: Sequence[Any]) -> list[_T]:
    return [one for one in observed if isinstance(one, kind)]


def said(observed: Sequence[Any]) -> list[tuple[str, int]]:
    """(name, line) of every credential."""
    return [(one.name, one.location.line) for one in only(Credential, observed)]  # type: ignore[union-attr]


def survives(part: type[Reader], path: str, value: Any, rules: RuleSet = NO_RULES) -> None:
    """A file that holds anything is read, or said to be broken."""
    with suppress(Broken):
        read(part, path, json.dumps(value, indent=1), rules)


def structures(*words: str) -> strategies.SearchStrategy[Any]:
    """Any JSON, with these words as keys and texts more often than others."""
    texts = strategies.sampled_from(words) | strategies.text(max_size=8)
    scalars = strategies.none() | strategies.booleans() | strategies.integers() | texts
    return strategies.recursive(
        scalars,
        lambda inner: (
            strategies.lists(inner, max_size=4) | strategies.dictionaries(texts, inner, max_size=5)
        ),
        max_leaves=25,
    )
