"""What templates are made of, in JSON or Bicep: expressions, each with its place, and declarations.

A template is a program whose resources are its result. `place` is a node without a value of its own,
which makes nodes for what stands there.
"""

from __future__ import annotations

from typing import TypeAlias

from msgspec import Struct, field

from keymuster.collect.syntax.node import Node, Scalar


class Literal(Struct, eq=False):
    place: Node
    value: Scalar


class Text(Struct, eq=False):
    """Text with gaps: `'a-${b}'`."""

    place: Node
    parts: list[Expression]


class Name(Struct, eq=False):
    """A variable, parameter or resource of Bicep, or the variable of a loop."""

    place: Node
    name: str


class Call(Struct, eq=False):
    """A function; one of a resource, such as `vault.getSecret('x')`, has what it is asked `of`."""

    place: Node
    name: str
    arguments: list[Expression]
    of: Expression | None = None


class Access(Struct, eq=False):
    """A property or an element."""

    place: Node
    of: Expression
    key: Expression


class Items(Struct, eq=False):
    place: Node
    items: list[Expression]


class Entries(Struct, eq=False):
    """A map. Of resources that are nested in one, `resources` has the declarations."""

    place: Node
    entries: list[tuple[Expression, Expression]]
    resources: list[Declaration] = field(default_factory=list)


class Choice(Struct, eq=False):
    place: Node
    condition: Expression
    yes: Expression
    no: Expression


class Operation(Struct, eq=False):
    """One or two operands."""

    place: Node
    operator: str
    operands: list[Expression]


class For(Struct, eq=False):
    """A list made of another, or a resource that is made for each of its elements."""

    place: Node
    names: list[str]
    of: Expression
    body: Expression


class If(Struct, eq=False):
    """A resource that is made only if the condition holds, or an element of a loop."""

    place: Node
    condition: Expression
    body: Expression


Expression: TypeAlias = (
    Literal | Text | Name | Call | Access | Items | Entries | Choice | Operation | For | If
)


class Parameter(Struct, eq=False):
    """`type` is in lower case; a secure one is not shown in the portal and the logs."""

    place: Node
    type: str
    secure: bool
    default: Expression | None


class Declaration(Struct, eq=False):
    """A resource, or in Bicep a module: then `type` is its path. A type may be relative to that of
    the resource it is nested in. An existing one is only spoken of."""

    place: Node
    symbol: str
    type: str
    body: Expression
    existing: bool = False
    module: bool = False


class Program(Struct, eq=False):
    """A template. `bicep` says how it speaks of its own parts: by their bare names. `target_scope` is
    what it is deployed to, `subscription` for instance; a resource group if it is empty."""

    bicep: bool
    target_scope: str = ""
    parameters: dict[str, Parameter] = field(default_factory=dict)
    variables: dict[str, Expression] = field(default_factory=dict)
    resources: list[Declaration] = field(default_factory=list)
    outputs: dict[str, Expression] = field(default_factory=dict)
