"""What HCL is made of: blocks with attributes, and expressions. Places are offsets in code points."""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct


class Literal(Struct, array_like=True, tag=1):
    """A constant, or a piece of a template that is text."""

    begin: int
    end: int
    value: str | int | float | bool | None


class Template(Struct, array_like=True, tag=2):
    """Text with gaps: `"a-${b}"`, a heredoc, or what stands between `%{ if x }` and `%{ endif }`."""

    begin: int
    end: int
    parts: list[Expression]


class Reference(Struct, array_like=True, tag=3):
    """A name, the attributes asked of it (text) and what stands in brackets behind it."""

    begin: int
    end: int
    root: str
    steps: list[Step]


class Access(Struct, array_like=True, tag=4):
    """The same of what is no name: `f(x).a[0]`."""

    begin: int
    end: int
    of: Expression
    steps: list[Step]


class Splat(Struct, array_like=True, tag=5):
    """The same of every element: `a[*].b`."""

    begin: int
    end: int
    of: Expression
    steps: list[Step]


class Call(Struct, array_like=True, tag=6):
    """A function; if `spread`, the last argument is a list of arguments."""

    begin: int
    end: int
    name: str
    arguments: list[Expression]
    spread: bool


class Items(Struct, array_like=True, tag=7):
    begin: int
    end: int
    items: list[Expression]


class Entries(Struct, array_like=True, tag=8):
    begin: int
    end: int
    entries: list[tuple[Expression, Expression]]


class For(Struct, array_like=True, tag=9):
    """A list or map made of another, or text repeated for it: then it is `joined`. A map has keys;
    if `grouped`, the values of equal keys become lists."""

    begin: int
    end: int
    key_name: str
    value_name: str
    of: Expression
    key: Expression | None
    value: Expression
    condition: Expression | None
    grouped: bool
    joined: bool


class Conditional(Struct, array_like=True, tag=10):
    begin: int
    end: int
    condition: Expression
    then: Expression
    otherwise: Expression


class Operation(Struct, array_like=True, tag=11):
    """`left` is missing where the operator has but one operand."""

    begin: int
    end: int
    operator: str
    left: Expression | None
    right: Expression


Expression: TypeAlias = (
    Literal
    | Template
    | Reference
    | Access
    | Splat
    | Call
    | Items
    | Entries
    | For
    | Conditional
    | Operation
)
Step: TypeAlias = str | Expression


class Attribute(Struct, array_like=True):
    """From the first character of its name to the last of its value."""

    begin: int
    end: int
    value: Expression


class Block(Struct, array_like=True):
    """`type "label" { ... }`; a file is a block without type."""

    begin: int
    end: int
    type: str
    labels: list[str]
    attributes: dict[str, Attribute]
    blocks: list[Block]

    def of_type(self, type: str) -> list[Block]:
        """The blocks of one type that stand in it."""
        return [block for block in self.blocks if block.type == type]
