"""Ids of objects that one declaration makes many of: those of a module of Terraform that is called more
than once, those of a block with `for_each` or `count`."""

from __future__ import annotations

import re

_OBJECT = re.compile(
    r"(?:resource:)?terraform:[^:]*:(?:module\.[\w-]+(?:\[[^\]]*\])?\.)*([\w.-]+)(?:\[[^\]]*\])?(?:#.*)?",
    re.DOTALL,
)
_CALL = re.compile(r"terraform:[^:\s]*:|module\.[\w-]+(?:\[[^\]]*\])?\.|\[(?:\d+|\"[^\"\]]*\")\]")


_PATH = re.compile(r"(?:resource:)?(\w+:[^:]+):((?:module\.[\w-]+(?:\[[^\]]*\])?\.)*)")
_STEP = re.compile(r"module\.[\w-]+(?:\[[^\]]*\])?")


def declaration(id: str) -> str:
    """What an object is called where it is declared, whichever call or key made it; empty for one that
    nothing makes more than one of."""
    found = _OBJECT.fullmatch(id)
    return found[1] if found else ""


def calls(id: str) -> list[str]:
    """What an object is declared by, from outside to inside: a template or root module, and then the
    calls of modules that lead to it."""
    found = _PATH.match(id)
    return [found[1], *_STEP.findall(found[2])] if found else []


def object_name(id: str) -> str:
    """The id of the object that a record is about."""
    return id.removeprefix("resource:").partition("#")[0]


def without_calls(text: str) -> str:
    """A text without the calls and keys in the names of such objects."""
    return _CALL.sub("", text)
