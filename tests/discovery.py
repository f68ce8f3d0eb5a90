"""Google's own discovery documents, as google-api-python-client brings them: which method a request is, and
whether an answer is as Google's schema says."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import googleapiclient.discovery_cache
from msgspec import Struct

_FOLDER = Path(googleapiclient.discovery_cache.__file__).parent / "documents"


class Described(Struct, frozen=True):
    """A method as a document describes it."""

    document: str
    method: dict[str, Any]
    path: str
    """With what comes before it at the host."""

    @property
    def id(self) -> str:
        return str(self.method["id"])

    @property
    def response(self) -> dict[str, Any]:
        return dict(self.method.get("response", {}))

    @property
    def query(self) -> set[str]:
        """The parameters that a request may have beside its path."""
        every = {
            **self.method.get("parameters", {}),
            **document(self.document).get("parameters", {}),
        }
        return {name for name, one in every.items() if one.get("location") == "query"}


@cache
def document(name: str) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((_FOLDER / f"{name}.json").read_text("utf-8"))
    return found


@cache
def methods(name: str) -> dict[str, Described]:
    """Those of a document, by id."""
    found = document(name)

    def walk(resources: dict[str, Any]) -> Iterator[Described]:
        for one in resources.values():
            for method in one.get("methods", {}).values():
                yield Described(name, method, found["servicePath"] + method["path"])
            yield from walk(one.get("resources", {}))

    return {one.id: one for one in walk(found["resources"])}


@cache
def _routes(name: str, ids: tuple[str, ...]) -> list[tuple[str, re.Pattern[str], Described]]:
    every = methods(name)
    several = [every[id] for id in ids if id in every]
    return [(one.method["httpMethod"], _pattern(one), one) for one in several]


def _pattern(one: Described) -> re.Pattern[str]:
    """What its path may be; a name may hold slashes if the document says so."""

    def part(found: re.Match[str]) -> str:
        name = found["name"]
        said = one.method["parameters"][name].get("pattern", "")
        inside = said.strip("^$") if said else (".+" if found["slashes"] else "[^/]+")
        return f"(?P<{name}>{inside})"

    text = re.sub(r"\\\{(?P<slashes>\\\+|\+)?(?P<name>\w+)\\\}", part, re.escape(one.path))
    return re.compile(f"/{text}")


def found(
    calls: Mapping[str, tuple[str, ...]], verb: str, path: str
) -> tuple[Described, dict[str, str]] | None:
    """The method of a request, by document one of these ids, and what its path says. A path may fit several:
    `x:getIamPolicy` could be a name, too."""
    for name, ids in calls.items():
        fitting = [
            (one, fits)
            for of, pattern, one in _routes(name, ids)
            if of == verb and (fits := pattern.fullmatch(path))
        ]
        if fitting:
            one, fits = max(fitting, key=lambda each: ":" in each[0].path)
            return one, {key: _read(value) for key, value in fits.groupdict().items()}
    return None


def _read(value: str) -> str:
    """A part of a path. A slash that is encoded belongs to a name, and stays so."""
    return unquote(re.sub("%2F", "%252F", value, flags=re.IGNORECASE))


def schema(name: str, of: dict[str, Any]) -> dict[str, Any]:
    """What a reference means in a document."""
    while "$ref" in of:
        of = document(name)["schemas"][of["$ref"]]
    return of


_TYPES: dict[str, tuple[type, ...]] = {
    "string": (str,), "boolean": (bool,), "integer": (int,), "number": (int, float),
    "object": (dict,), "array": (list,), "any": (object,),
}  # fmt: skip


def wrong(name: str, of: dict[str, Any], value: Any, at: str = "$") -> Iterator[str]:
    """What in a value is not as the schema says: fields that it has not, and other types and names of
    choices."""
    said = schema(name, of)
    kind = said.get("type", "any")
    if not isinstance(value, _TYPES[kind]) or (kind == "integer" and isinstance(value, bool)):
        yield f"{at}: {type(value).__name__}, not {kind}"
        return
    if "enum" in said and value not in said["enum"]:
        yield f"{at}: {value} is none of its choices"
    if kind == "array":
        for number, one in enumerate(value):
            yield from wrong(name, said["items"], one, f"{at}[{number}]")
    if kind == "object":
        known, others = said.get("properties", {}), said.get("additionalProperties")
        for key, one in value.items():
            if key in known:
                yield from wrong(name, known[key], one, f"{at}.{key}")
            elif others is not None:
                yield from wrong(name, others, one, f"{at}.{key}")
            else:
                yield f"{at}: no {key} in {said.get('id', 'it')}"
