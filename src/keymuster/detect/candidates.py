"""What may be a credential, and the contract of code that finds the extent of one."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TypeAlias

from msgspec import Struct

from keymuster.model import Confidence, CredentialStatus


class Candidate(Struct, frozen=True, kw_only=True):
    """The span of a secret in the content. `public` leading bytes may be shown. `status` and
    `confidence` override those of the format."""

    start: int
    end: int
    public: int = 0
    status: CredentialStatus | None = None
    confidence: Confidence | None = None
    facts: dict[str, str] = {}


ANYWHERE = 1 << 59
"""An offset behind the end of any text."""

Recognized: TypeAlias = tuple[Iterable[Candidate], int, int]
"""The candidates, the first byte that had a say, and one past the last."""


class Recognizer(Struct, frozen=True, kw_only=True):
    """`gates` are Hyperscan expressions, caseless. `recognize` gets the content, the offset one past
    a hit (or of its first byte, `from_start`), the number of the gate, and what the content calls
    itself, a path or nothing. Its answer depends on the text alone, on that between where it says."""

    gates: tuple[str, ...]
    recognize: Callable[[bytes, int, int, str], Recognized]
    from_start: bool = False
