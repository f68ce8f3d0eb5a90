"""What is asked of AWS, in parts that may fail each for itself."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, TypeAlias

from msgspec import Struct

from keymuster.collect.declared import Declared
from keymuster.collect.meanings import aws
from keymuster.model import Observation

if TYPE_CHECKING:
    from keymuster.collect.aws.scope import Scope

Told: TypeAlias = Declared | Observation
"""What a surface tells: objects in the words of CloudFormation, or records where it has none for them."""


class Surface(Struct, frozen=True, kw_only=True):
    """One part of an account: the `calls` that it makes, as `service:Operation` in botocore's words, the
    `types` of CloudFormation that it tells of, and the function that looks at it. One that is not
    `regional` is the same in all regions, and asked for once; one that is to be looked at `once` is the
    same for all accounts, and asked for in the one that the user signs in to. The answers are taken from `ask`, which
    makes troubles of what is refused."""

    name: str
    calls: tuple[str, ...]
    types: tuple[str, ...]
    look: Callable[[Scope], Iterator[Told]]
    regional: bool = True
    wants: frozenset[str] = frozenset()
    """Options that the user gave and that cost more calls than most would have made."""
    once: bool = False

    @property
    def subjects(self) -> tuple[str, ...]:
        """The sorts of records that are made of what it tells, as policies call them."""
        return aws.subjects(self.types)
