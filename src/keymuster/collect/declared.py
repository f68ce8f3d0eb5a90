"""Objects that files declare, in whatever language, on their way to records.

A reader of a language makes `Declared` of a file; `collect/meanings/` says what those are: identities,
grants, trusts. An object is spoken of in its vendor's own words, whatever the language: a role is an
`AWS::IAM::Role` with an `AssumeRolePolicyDocument` in Terraform, too.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec import Struct

from keymuster.collect.literals.sealing import Sealing
from keymuster.collect.syntax.node import Node
from keymuster.model import Location, Storage
from keymuster.model.unknown import depends_on, is_unknown, reference


class Declared(Struct, kw_only=True, eq=False):
    """One object. `settings` is a map; it stands where the object is declared. `scope` is where its
    references hold, and begins the id of every object that they can mean: `terraform:infra/prod`.
    Secrets that stand in it are told as `sealing` says. What exists has a `key`, which its vendor gave
    it in all the world (an ARN), and an `account`, whose names are none of another's."""

    type: str
    name: str
    scope: str
    settings: Node
    sealing: Sealing = Sealing()
    key: str = ""
    account: str = ""

    def __repr__(self) -> str:  # settings may be secrets
        return f"Declared({self.type}, {self.id})"

    @property
    def id(self) -> str:
        """`scope` and the name: `terraform:infra/prod:aws_iam_role.ci`; of what exists, its `key`."""
        return self.key or f"{self.scope}:{self.name}"

    @property
    def storage(self) -> Storage:
        """The kind of place that it was seen in."""
        return self.sealing.storage

    @property
    def location(self) -> Location:
        return self.settings.location()

    def get(self, *keys: str) -> Node | None:
        """The setting of this name, and what is in it under the next."""
        return self.settings.get(*keys)

    def text(self, *keys: str) -> str:
        """A setting as text; empty if it is not there."""
        node = self.get(*keys)
        return node.text() if node else ""

    def known(self, *keys: str) -> str:
        """The same, but empty if the text is not wholly known."""
        text = self.text(*keys)
        return "" if is_unknown(text) else text

    def time(self, *keys: str) -> datetime | None:
        """A setting that is a point in time, as services tell of what exists; None if there is none."""
        text = self.text(*keys)
        try:
            found = datetime.fromisoformat(text) if text else None
        except ValueError:
            return None
        return found if found is None or found.tzinfo else found.replace(tzinfo=UTC)

    def texts(self, *keys: str) -> list[str]:
        """A setting that is a list, or one where a list may be."""
        node = self.get(*keys)
        return [text for one in node.items() if (text := one.text())] if node else []

    def target(self, text: Any) -> str:
        """The id of the object that a value is taken from; empty if it is not just that."""
        name = reference(text)
        return self._id_of(name) if name and not _is_made(name) else ""

    def targets(self, text: Any) -> list[str]:
        """The ids of all objects that a text is made with."""
        if not isinstance(text, str):
            return []
        return [self._id_of(name) for name in depends_on(text) if not _is_made(name)]

    def _id_of(self, name: str) -> str:
        """The object of a name holds in this scope, unless it is a whole id: `[@scope:app_vault].id`."""
        called = _object(name)
        return called[1:] if called.startswith("@") else f"{self.scope}:{called}"


def _is_made(name: str) -> bool:
    """Whether a function made it, of whatever is named in it: `coalesce(var.a, b_c.d.id)`."""
    return "(" in name.partition("[")[0]


def _object(name: str) -> str:
    """The object that an attribute is asked of: `aws_iam_role.ci[0].arn` asks `aws_iam_role.ci[0]`,
    `Role.Arn` asks `Role`. What Terraform calls an object has a type with an underscore; other names
    may hold anything, if they stand in brackets: `[app_vault].id`."""
    if name.startswith("["):
        return name[1 : name.find("]")] if "]" in name else name
    parts = _split(name)
    length = 0
    while length + 1 < len(parts) and parts[length] == "module":
        length += 2
    if parts[length : length + 1] == ["data"]:
        length += 1
    kept = parts[: length + (2 if length or "_" in parts[0] else 1)]
    return ".".join(kept)


def _split(name: str) -> list[str]:
    """At the dots that are not inside brackets."""
    parts, depth, start = [], 0, 0
    for at, char in enumerate(name):
        depth += (char == "[") - (char == "]")
        if char == "." and not depth:
            parts.append(name[start:at])
            start = at + 1
    return [*parts, name[start:]]
