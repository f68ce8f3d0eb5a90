"""Answers held against a vendor's OpenAPI description: form, and that every field is one of its own."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import Any

import pytest

_SHARED = Path(__file__).parents[2] / "shared/testbeds/openapi"
_KINDS = {
    "string": str, "boolean": bool, "integer": int, "number": (int, float), "array": list, "object": dict,
}  # fmt: skip


_OAUTH = ("oauth2", "slackAuth")


class Description:
    """Of answers that are `whole`, what is required must be there: fakes may leave out what nobody reads."""

    def __init__(self, name: str, whole: bool = False) -> None:
        self._is_whole = whole
        path = _SHARED / f"{name}.json"
        if not path.exists():
            pytest.skip(f"{path} is not here")
        self.document = json.loads(path.read_text(encoding="utf-8"))

    def operation(self, call: str) -> dict[str, Any]:
        method, _, path = call.partition(" ")
        found: dict[str, Any] = self.document["paths"][path][method.lower()]
        return found

    def describes(self, call: str) -> bool:
        method, _, path = call.partition(" ")
        return method.lower() in self.document["paths"].get(path, {})

    def scopes(self, call: str) -> set[str]:
        """Those of OAuth that a call needs."""
        every = self.operation(call).get("security", [])
        return {scope for one in every for kind in _OAUTH for scope in one.get(kind, ())}

    def parameters(self, call: str) -> set[str]:
        """The names of what stands in a query."""
        every = map(self._resolved, self.operation(call).get("parameters", []))
        return {one["name"] for one in every if one["in"] == "query"}

    def problems(self, call: str, answer: Any) -> list[str]:
        """What in an answer is not as described."""
        return list(self._problems(self._answered(call), answer, "$"))

    def has(self, call: str, path: tuple[str, ...]) -> bool:
        """Whether answers to a call may have a field at a path."""
        return self._has(self._answered(call), path)

    def _answered(self, call: str) -> dict[str, Any]:
        """The form of answers, as version 2 or version 3 of OpenAPI writes it."""
        said = self._resolved(self.operation(call)["responses"]["200"])
        within = said if "schema" in said else said["content"]["application/json"]
        found: dict[str, Any] = within["schema"]
        return found

    def _has(self, schema: dict[str, Any], path: tuple[str, ...]) -> bool:
        """Of several forms, one that has it is enough."""
        schema = self._resolved(schema)
        mapping = (schema.get("discriminator") or {}).get("mapping", {})
        several = [*schema.get("oneOf", ()), *schema.get("anyOf", ()), *self._alternatives(schema)]
        named = [{"$ref": one} for one in mapping.values() if "oneOf" not in schema]
        if not path or any(self._has(one, path) for one in several):
            return True
        if any(self._has_plain(self._resolved(one), path) for one in named):
            return True
        return self._has_plain(schema, path)

    def _has_plain(self, schema: dict[str, Any], path: tuple[str, ...]) -> bool:
        if path[0] == "[]":
            return "items" in schema and self._has(schema["items"], path[1:])
        known, is_open = self._properties(schema)
        if path[0] in known:
            return self._has(known[path[0]], path[1:])
        return is_open and not known

    def _resolved(self, schema: dict[str, Any]) -> dict[str, Any]:
        while "$ref" in schema:
            found = self.document
            for name in schema["$ref"].removeprefix("#/").split("/"):
                found = found[name]
            schema = found
        return schema

    def _problems(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        schema = self._chosen(self._resolved(schema), value)
        if value is None and schema.get("nullable"):
            return
        parts = [schema, *map(self._resolved, schema.get("allOf", ()))]
        if several := schema.get("oneOf") or schema.get("anyOf") or self._alternatives(schema):
            if not any(not list(self._problems(one, value, at)) for one in several):
                yield f"{at}: fits none of several"
            return
        for part in parts:
            yield from self._form(part, value, at)
        if isinstance(value, dict):
            yield from self._fields(schema, value, at)

    @staticmethod
    def _alternatives(schema: dict[str, Any]) -> list[dict[str, Any]]:
        """Slack's description writes them as the items of what is no list."""
        items = schema.get("items")
        return items if isinstance(items, list) and "type" not in schema else []

    def _chosen(self, schema: dict[str, Any], value: Any) -> dict[str, Any]:
        """Of several forms that one property tells apart, the one that it names."""
        which = schema.get("discriminator")
        if not which or not isinstance(value, dict) or "oneOf" in schema:
            return schema
        name = which.get("mapping", {}).get(value.get(which["propertyName"]))
        return self._resolved({"$ref": name}) if name else schema

    def _form(self, schema: dict[str, Any], value: Any, at: str) -> Iterator[str]:
        kind = schema.get("type")
        if isinstance(kind, str) and kind in _KINDS and not isinstance(value, _KINDS[kind]):  # type: ignore[arg-type]
            yield f"{at}: {type(value).__name__} where {kind} is due"
            return
        if "enum" in schema and value not in schema["enum"]:
            yield f"{at}: {value!r} is none of the enum"
        if schema.get("format") == "date-time" and isinstance(value, str):
            try:
                datetime.fromisoformat(value)
            except ValueError:
                yield f"{at}: {value!r} is no time"
        if isinstance(value, list) and "items" in schema:
            for number, one in enumerate(value):
                yield from self._problems(schema["items"], one, f"{at}[{number}]")

    def _fields(self, schema: dict[str, Any], value: dict[str, Any], at: str) -> Iterator[str]:
        known, is_open = self._properties(schema)
        for name in schema.get("required", ()):
            if self._is_whole and name not in value:
                yield f"{at}.{name}: is missing"
        for name, one in value.items():
            if name in known:
                yield from self._problems(known[name], one, f"{at}.{name}")
            elif not is_open and known:
                yield f"{at}.{name}: there is no such property"

    def _properties(self, schema: dict[str, Any]) -> tuple[dict[str, Any], bool]:
        """Those of a schema and of all that it is made of, and whether there may be others."""
        schema = self._resolved(schema)
        found, is_open = (
            dict(schema.get("properties", {})),
            bool(schema.get("additionalProperties")),
        )
        for part in schema.get("allOf", ()):
            more, also = self._properties(part)
            found = {**more, **found}
            is_open = is_open or also
        return found, is_open
